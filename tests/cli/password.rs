//! `junco password`, typed and from a pipe.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use super::program::Place;

/// Somebody at a terminal, who is asked for a password.
struct Typing {
    terminal: File,
    asked: Child,
}

impl Typing {
    fn begin(place: &Place) -> Typing {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let keyboard = File::options().read(true).write(true).open(name).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.arg("password").current_dir(place.path()).stdin(keyboard.try_clone().unwrap());
        let asked = command.stderr(keyboard).stdout(Stdio::piped()).spawn().unwrap();
        Typing { terminal: terminal.into(), asked }
    }

    /// All that the terminal shows up to a text.
    fn shown_until(&mut self, text: &str) -> String {
        let mut shown = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&shown).ends_with(text) {
            self.terminal.read_exact(&mut byte).unwrap();
            shown.push(byte[0]);
        }
        String::from_utf8(shown).unwrap()
    }

    fn types(&mut self, line: &str) {
        writeln!(self.terminal, "{line}").unwrap();
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut out = String::new();
        self.asked.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.asked.wait().unwrap().code(), out)
    }
}

#[test]
fn a_password_does_not_show_and_is_typed_twice() {
    let place = Place::new();
    for (second, code) in [("correct horse", Some(0)), ("correct hrose", Some(1))] {
        let mut typing = Typing::begin(&place);
        typing.shown_until("show): ");
        typing.types("correct horse");
        let shown = typing.shown_until("more: ");
        typing.types(second);
        let shown = shown + &typing.shown_until("\n");
        assert!(!shown.contains("horse"), "{shown:?}");
        let terminal = typing.terminal.try_clone().unwrap();
        let (exit, out) = typing.end();
        assert_eq!((exit, out.contains("password_hash = \"$argon2id$")), (code, code == Some(0)), "{out}");
        assert!(tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO), "the terminal is as it was");
    }
}

#[test]
fn a_terminal_that_is_left_shows_again_what_is_typed() {
    let place = Place::new();
    let mut typing = Typing::begin(&place);
    typing.shown_until("show): ");
    assert!(!typing.shows_what_is_typed());
    let interrupted = Command::new("kill").args(["-INT", &typing.asked.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    typing.shown_until("no password was typed");
    let terminal = typing.terminal.try_clone().unwrap();
    assert_eq!(typing.end(), (Some(1), String::new()));
    assert!(tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO));
}

#[test]
fn a_password_may_come_through_a_pipe() {
    let ran = Place::new().run_typing(&["password"], "correct horse\n");
    assert!(ran.code == Some(0) && ran.out.starts_with("$argon2id$"), "{ran:?}");
    let nothing = Place::new().run_typing(&["password"], "");
    assert!(nothing.code == Some(1) && nothing.err.contains("no password came"), "{nothing:?}");
}
