//! Rehearsals: conversation tests against the real machine, turns, store and outbox, on a virtual clock, with X in memory.
//!
//! # The language of tests
//!
//! A bot's tests are files `*.test.kdl` in its folder. At the top stand `stub`, `test` and `covers`; a test has a name and steps:
//!
//! | step | meaning |
//! |---|---|
//! | `user "TEXT"` | the person writes; `photo="a.jpg"` hangs a picture on it, `place="46.95,7.45 Bern"` a place (degrees north, east, name) |
//! | `tap "LABEL"` | the person taps the newest option of that label; `of="m1"` that of the message that `as="m1"` named |
//! | `tap "LABEL" metadata="…"` | the option is of a menu that is not ours, for `on metadata=` rules |
//! | `tap "LABEL" was="shop/menu"` | the option is of a menu that an older version of the script had in that state: a retired one |
//! | `bot "TEXT"` | the bot's next message contains the text; beside it or alone: `state=` the state after the turn that says it, `options=` how many options its prompt has on all pages (or the first page shows as buttons), `late=` how late the tap was that led to it, `media="a.jpg"` or `media=#true`, `links=`, `as=` names it for later taps |
//! | `bot "TEXT" count=N` | of all messages so far N contain the text; everything that was said so far is read then |
//! | `silent` | the bot has nothing more to say |
//! | `given state="order" at="confirm" as="c" map="asp" qty=2` | the person is in that state, with these slots, before a prompt that was just shown: the one named `at`, else the first whose slot is not given. Its message is read |
//! | `wait "31m"` | time passes; reminders and other timers whose time comes go off |
//! | `stub "NAME" ok=#true new=4 wind.speed=2` | from here on, or for all tests of the file, a lookup is answered so; `json=#"…"#` gives an answer whole, `status=` its status, `delay="5s"` the time it takes |
//! | `stub "NAME" ok=#false` | or it fails: `reason=` is `refused` (as it stands), `timeout`, `unreachable`, `too_large`, `unreadable` |
//! | `calls "NAME" count=1` | so often a lookup was really carried out; without a count, at least once |
//! | `redeliver` | X delivers everything again that it delivered before; `redeliver last=#true` only the last event |
//! | `crash after="commit"` | the process ends: what came is durable, and nothing was sent for it; `after="send"`: X has taken a message and nobody noted it; `after="lookup"`: a server was asked and nobody noted its answer |
//! | `restart` | the process starts again; after a crash the next step that looks at the bot does it too |
//! | `operator "TEXT"` | somebody writes from the account with another app |
//! | `event "follow"` | something else happens at the account |
//! | `shuffle seeds=200 within="300ms" { user …; tap … }` | the steps are done in order, then their deliveries are made in other orders (all of them, where they are no more than `seeds`): each has to end alike in state, slots and open prompt, as is promised within the bot's `reorder`. What is said meanwhile is read |
//! | `end state="photo" map="asp"` | how the conversation stands: `state=""` is no state, a slot that is `""` is not set |
//!
//! What the person does is delivered and acknowledged at once; the bot speaks when the test looks: at `bot`, `silent`, `wait`,
//! `calls`, `end`, a `tap` without `of=`, and at the end. So two messages in a row are two messages in a row, and a crash finds
//! something to interrupt. A message that no `bot` asked for is a failure, at the next `bot`, at `silent`, and at the end. The bot is
//! waited for over its holds, its servers and its repetitions, at most ten minutes of its time, but never for a reminder.
//!
//! Every test is played three times: with options as **native** buttons; **numbered**, where a tap becomes the number of an option of
//! the open prompt or the typed label of an older one, and `late=` is asked only of those; and **paged**, where a message shows six
//! options and a tap on another turns pages until it shows. A tap that typing cannot express, on an expired, foreign or retired
//! option, ends the numbered play of its test.
//!
//! `covers states="90%" options="100%" late="superseded consumed"` asks for what all tests of the bot together have to reach.

mod coverage;
mod names;
mod play;
pub mod script;
mod world;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::bot::{Diagnostic, Program, Severity};
use crate::conversation::Rendering;
use play::play;
use script::{Suite, Test};

pub use coverage::{Coverage, Item, coverage};
pub use names::check;
pub use world::{Reached, WorldError};

/// Options of a message where pages are turned.
const PAGED: usize = 6;

/// How menus are shown in a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// As buttons.
    Native,
    /// As numbered lines.
    Numbered,
    /// As buttons, few on a page.
    Paged,
}

impl Look {
    /// Every rendering.
    pub const ALL: [Look; 3] = [Look::Native, Look::Numbered, Look::Paged];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Look::Native => "native",
            Look::Numbered => "numbered",
            Look::Paged => "paged",
        }
    }

    fn rendering(self) -> Rendering {
        match self {
            Look::Native => Rendering::default(),
            Look::Numbered => Rendering { numbered: true, ..Rendering::default() },
            Look::Paged => Rendering { options: PAGED, ..Rendering::default() },
        }
    }
}

/// What went wrong in a test.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Where, and what was expected.
    pub diagnostic: Diagnostic,
    /// In which rendering.
    pub look: Look,
    /// What was said until then, a line each or more.
    pub transcript: Vec<String>,
}

/// What became of a test.
#[derive(Debug)]
pub struct Report {
    /// The first thing that went wrong in each rendering.
    pub failures: Vec<Failure>,
    /// What it reached where options are buttons.
    pub reached: Reached,
    /// Where in the file it stopped in a rendering that has no way to go on, in bytes.
    pub cut: Vec<(Look, usize)>,
}

/// Plays a test in these renderings.
pub fn run(program: &Arc<Program>, suite: &Suite, test: &Test, looks: &[Look]) -> io::Result<Report> {
    // No time passes and nothing is waited for, so one thread does.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let native = runtime.block_on(play(program, suite, test, Look::Native, None));
    let mut report = Report { failures: Vec::new(), reached: native.reached, cut: Vec::new() };
    if looks.contains(&Look::Native) {
        report.failures.extend(native.result.err());
    }
    for look in looks.iter().filter(|look| **look != Look::Native) {
        let played = runtime.block_on(play(program, suite, test, *look, Some(&native.taps)));
        report.failures.extend(played.result.err());
        report.cut.extend(played.cut.map(|at| (*look, at.start)));
    }
    Ok(report)
}

/// Something that is wrong with a test, or that a test has shown.
fn finding(code: &'static str, file: &str, at: &Range<usize>, message: String, help: Option<String>) -> Diagnostic {
    let (severity, label, witness) = (Severity::Error, String::new(), Vec::new());
    Diagnostic { code, severity, file: file.to_owned(), span: at.clone(), message, label, help, witness }
}
