//! What the strangers' clients need, installed below the target folder, and their scripts run.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How long a script may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often a script that runs is looked after.
const LOOK: Duration = Duration::from_millis(50);

/// The language of a client, with all that its scripts need.
pub(crate) struct Workshop {
    interpreter: PathBuf,
    packages: PathBuf,
}

impl Workshop {
    /// Node with npm's packages; `None`, said loudly, where they cannot be had.
    pub(crate) fn node() -> Option<Self> {
        let (folder, _lock) = folder("node");
        let install = || {
            fs::copy(scripts().join("package.json"), folder.join("package.json"))?;
            fs::copy(scripts().join("package-lock.json"), folder.join("package-lock.json"))?;
            let npm = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=60000"];
            succeeds(Command::new("npm").args(npm).current_dir(&folder))
        };
        installed(&folder, "package-lock.json", install)?;
        Some(Workshop { interpreter: "node".into(), packages: folder.join("node_modules") })
    }

    /// Python with its packages; `None`, said loudly, where they cannot be had.
    pub(crate) fn python() -> Option<Self> {
        let (folder, _lock) = folder("python");
        let interpreter = folder.join("bin/python");
        let install = || {
            succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=60", "-r"];
            succeeds(Command::new(&interpreter).args(pip).arg(scripts().join("requirements.txt")))
        };
        installed(&folder, "requirements.txt", install)?;
        Some(Workshop { packages: folder.join("lib"), interpreter })
    }

    /// Runs a script to its end. One that fails shows what it said.
    pub(crate) async fn run(&self, script: &str, given: &Value) {
        let mut said = tempfile::tempfile().unwrap();
        let mut command = self.command(script, given);
        command.stdout(said.try_clone().unwrap()).stderr(said.try_clone().unwrap());
        let mut running = Running(command.spawn().unwrap());
        let ended = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(status) = running.0.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(LOOK).await;
            }
        })
        .await;
        let succeeded = matches!(ended, Ok(status) if status.success());
        io::Seek::rewind(&mut said).unwrap();
        assert!(
            succeeded,
            "{script} {}:\n{}",
            ended.map_or("did not end".to_owned(), |end| end.to_string()),
            io::read_to_string(said).unwrap()
        );
    }

    /// Starts a script that goes on until it is dropped; its output can be read.
    pub(crate) fn start(&self, script: &str, given: &Value) -> Running {
        Running(self.command(script, given).stdout(Stdio::piped()).spawn().unwrap())
    }

    fn command(&self, script: &str, given: &Value) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(scripts().join(script)).arg(given.to_string()).stdin(Stdio::null());
        // The scripts lie among our sources, where nothing may be left behind.
        command.env("NODE_PATH", &self.packages).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// A script that is ended when it is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers")
}

/// Where a language's packages go. Nobody else installs there as long as the file is held.
fn folder(language: &str) -> (PathBuf, File) {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("strangers");
    let folder = all.join(language);
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(all.join(format!("{language}.lock"))).unwrap();
    lock.lock().unwrap();
    (folder, lock)
}

/// Installs, unless exactly this `list` is installed already.
fn installed(folder: &Path, list: &str, install: impl FnOnce() -> io::Result<()>) -> Option<()> {
    let wanted = fs::read_to_string(scripts().join(list)).unwrap();
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Some(());
    }
    let _ = fs::remove_file(&mark);
    match install() {
        Ok(()) => fs::write(mark, wanted).unwrap(),
        Err(error) => return skipped(list, &error),
    }
    Some(())
}

fn skipped(list: &str, error: &io::Error) -> Option<()> {
    assert!(!required(), "tests/strangers/{list} cannot be installed: {error}");
    // Not by a macro: what a test that passes prints so is not shown.
    let mut shown = io::stderr();
    writeln!(
        shown,
        "\nSKIPPED: clients that nobody here wrote, for tests/strangers/{list} cannot be installed: {error}\n\
         Needed are node, npm and python3 with venv, and a way to the npm registry and PyPI.\n"
    )
    .unwrap();
    None
}

#[expect(clippy::disallowed_methods, reason = "whoever starts the tests decides whether they may be skipped")]
fn required() -> bool {
    std::env::var_os("STRANGERS").is_some_and(|value| value == "required")
}

fn succeeds(command: &mut Command) -> io::Result<()> {
    let program = command.get_program().display().to_string();
    let output = command.output().map_err(|error| io::Error::other(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{program}: {}: {}", output.status, said.trim())))
}
