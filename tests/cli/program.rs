//! Runs the binary in a folder of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder that goes away with the test, and what ran in it.
pub(crate) struct Place {
    folder: TempDir,
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A bot that can run.
pub(crate) const BOT: &str = r#"bot "echo" version=1
on "hi" { goto "home" }
state "home" { say "Hello." "Hello again."; option "Once more" goto="home"; option "Bye" goto="bye" }
state "bye" { say "So long."; option "Home" goto="home" }
fallback { say "Say hi." }
"#;

/// A bot with a mistake in line 3.
pub(crate) const WRONG: &str = r#"bot "wrong" version=1
on "hi" { goto "home" }
state "home" { say "Hello."; option "Once more" goto="hoem" }
"#;

impl Place {
    pub(crate) fn new() -> Self {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A place with a bot in `bots/NAME`.
    pub(crate) fn with_bot(name: &str, script: &str) -> Self {
        let place = Place::new();
        place.write(&format!("bots/{name}/bot.kdl"), script);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("the file can be read")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.args(arguments).current_dir(self.path()).env_remove("RUST_LOG");
        command
    }

    /// Runs to the end, with nothing to read from.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_typing(arguments, "")
    }

    /// Runs to the end and types a text.
    pub(crate) fn run_typing(&self, arguments: &[&str], typed: impl AsRef<[u8]>) -> Ran {
        let mut command = self.command(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the binary starts");
        // One that ends before it has read everything is judged by what it says.
        let _ = child.stdin.take().expect("a standard input").write_all(typed.as_ref());
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Starts a service and waits until it listens.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let child = self.command(arguments).stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut running = Running { child: child.expect("the binary starts"), address: String::new() };
        let log = running.child.stderr.take().expect("a standard error");
        let mut lines = BufReader::new(log).lines().map(|line| line.expect("a log of UTF-8"));
        let line = lines.find(|line| line.contains("listening")).expect("it says where it listens");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        running.address = address.to_owned();
        // Its log is read to the end, so that it never waits for somebody to read it.
        std::thread::spawn(move || lines.for_each(drop));
        running
    }
}

/// A service under way; it is ended with the test.
pub(crate) struct Running {
    child: Child,
    /// Its IP and port.
    pub(crate) address: String,
}

impl Running {
    /// Asks it to end, and gives its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(asked.success(), "the service was still running");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
