//! `junco`: parse the command line, run one subcommand.

use std::process::ExitCode;

fn main() -> ExitCode {
    junco::cli::main()
}
