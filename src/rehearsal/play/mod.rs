//! Plays one test in one rendering.
//!
//! What the person does is delivered and acknowledged at once, and the bot speaks when the test looks: so two messages in a row are
//! two messages in a row, and a crash finds something to interrupt.

mod expect;
mod place;
mod shuffle;
mod tap;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::script::{CrashPoint, Step, Suite, Test, What, Written};
use super::world::{Reached, Said, World, WorldError};
use super::{Failure, Look, finding};
use crate::bot::{Diagnostic, Program};
use crate::conversation::Lateness;
use crate::model::{Attachment, MediaKind, MessageId};

/// How a test ended.
pub(super) struct Played {
    /// What went wrong, if anything.
    pub(super) result: Result<(), Failure>,
    /// What it reached.
    pub(super) reached: Reached,
    /// How late each tap was, by its place in the file.
    pub(super) taps: Taps,
    /// Where it stopped, since what follows cannot be done in this rendering.
    pub(super) cut: Option<Range<usize>>,
}

/// How late taps were, by their places in the file.
pub(super) type Taps = BTreeMap<usize, Lateness>;

/// What a step comes to.
enum Went {
    On,
    /// The rendering has no way to do this: a number or a label that is typed is never late.
    Nowhere,
}

/// Why a step did not go on.
enum Stop {
    Failed(Box<Diagnostic>),
    World(WorldError),
}

impl From<WorldError> for Stop {
    fn from(error: WorldError) -> Self {
        Stop::World(error)
    }
}

/// A test being played.
struct Player<'a> {
    world: World,
    suite: &'a Suite,
    test: &'a Test,
    look: Look,
    /// How late taps were where options are buttons.
    native: Option<&'a Taps>,
    /// How many messages of the bot were looked at.
    seen: usize,
    /// Those that no step has asked for yet.
    unread: VecDeque<usize>,
    /// Those that only showed another page.
    pages: BTreeSet<usize>,
    named: BTreeMap<String, usize>,
    tapped: Vec<(usize, MessageId)>,
    /// How late a tap was that first had to turn pages.
    turned_late: Option<Lateness>,
    lines: Vec<String>,
}

/// Plays a test.
pub(super) async fn play(program: &Arc<Program>, suite: &Suite, test: &Test, look: Look, native: Option<&Taps>) -> Played {
    let mut player = Player::new(program, suite, test, look, native);
    let ended = player.all().await;
    let mut cut = None;
    let result = match ended {
        Ok(at) => {
            cut = at;
            Ok(())
        }
        Err(stop) => Err(player.failure(stop)),
    };
    let late = player.world.lateness();
    let taps = player.tapped.iter().filter_map(|(at, id)| Some((*at, *late.get(id)?))).collect();
    Played { result, reached: player.world.reached().clone(), taps, cut }
}

impl<'a> Player<'a> {
    fn new(program: &Arc<Program>, suite: &'a Suite, test: &'a Test, look: Look, native: Option<&'a Taps>) -> Self {
        let mut world = World::new(program.clone(), look.rendering());
        suite.stubs.iter().for_each(|stub| world.servers.stub(stub));
        Player {
            world,
            suite,
            test,
            look,
            native,
            seen: 0,
            unread: VecDeque::new(),
            pages: BTreeSet::new(),
            named: BTreeMap::new(),
            tapped: Vec::new(),
            turned_late: None,
            lines: Vec::new(),
        }
    }

    /// Takes every step; then nothing may be left that no step asked for.
    async fn all(&mut self) -> Result<Option<Range<usize>>, Stop> {
        for step in &self.test.steps {
            match self.take(step).await? {
                Went::On => {}
                Went::Nowhere => return Ok(Some(step.at.clone())),
            }
        }
        self.settle(&self.test.at.clone()).await?;
        self.nothing_more(&self.test.at.clone())?;
        if let Some(fault) = self.world.reached().faults.first() {
            return Err(self.wrong(&self.test.at, format!("the script went wrong: {fault}"), None));
        }
        Ok(None)
    }

    /// Takes the steps before a place, as another run did.
    async fn until(&mut self, end: usize) -> Result<(), Stop> {
        for step in self.test.steps.iter().take_while(|step| step.at.start < end) {
            self.take(step).await?;
        }
        Ok(())
    }

    async fn take(&mut self, step: &Step) -> Result<Went, Stop> {
        let at = &step.at;
        match &step.what {
            What::User(written) => self.write(written).await?,
            What::Tap(tap) => return self.tap(at, tap).await,
            What::Bot(expected) => self.expect(at, expected).await?,
            What::Silent => {
                self.settle(at).await?;
                self.nothing_more(at)?;
            }
            What::Given(given) => self.put(at, given).await?,
            What::Wait(span) => {
                self.world.wait(*span).await?;
                self.listen(at)?;
            }
            What::Redeliver { all } => {
                let count = self.world.redeliver(*all).await?;
                self.lines.push(format!("     ({count} events were delivered again)"));
            }
            What::Crash(point) => self.crash(at, *point).await?,
            What::Restart => self.world.restart().await?,
            What::Calls { name, count } => self.calls(at, name, *count).await?,
            What::Stub(stub) => self.world.servers.stub(stub),
            What::Shuffle(shuffle) => self.shuffle(at, shuffle).await?,
            What::End(end) => self.end(at, end).await?,
            What::Operator(text) => {
                self.lines.push(format!("     (somebody writes from the account: {text})"));
                self.world.speak(text).await?;
            }
            What::Event(kind) => {
                self.lines.push(format!("     (event: {kind})"));
                self.world.happen(kind).await?;
            }
        }
        Ok(Went::On)
    }

    async fn write(&mut self, written: &Written) -> Result<(), Stop> {
        self.lines.push(format!("you  {}", written.text));
        self.world.hear(&written.text, None, attachment(written)).await?;
        Ok(())
    }

    async fn crash(&mut self, at: &Range<usize>, point: CrashPoint) -> Result<(), Stop> {
        self.lines.push("     (the process ends without a word)".to_owned());
        let met = match point {
            CrashPoint::Commit => {
                self.world.crash();
                true
            }
            CrashPoint::Send => self.world.crash_after_send().await?,
            CrashPoint::Lookup => self.world.crash_after_lookup().await?,
        };
        if met {
            return Ok(());
        }
        let (what, help) = match point {
            CrashPoint::Lookup => ("no server was to be asked", "put it right behind what makes the bot ask one"),
            _ => ("nothing was to be sent", "put it right behind what the bot answers"),
        };
        Err(self.wrong(at, format!("the crash never came: {what}"), Some(help.to_owned())))
    }

    /// Lets the bot speak, and listens.
    async fn settle(&mut self, at: &Range<usize>) -> Result<(), Stop> {
        self.world.settle().await?;
        self.listen(at)
    }

    /// Takes note of what the bot has said.
    fn listen(&mut self, at: &Range<usize>) -> Result<(), Stop> {
        let new: Vec<String> = self.world.said()[self.seen..].iter().map(shown).collect();
        for line in new {
            self.lines.push(line);
            self.unread.push_back(self.seen);
            self.seen += 1;
        }
        match self.world.servers.unknown() {
            Some(name) => {
                let help = format!("say it: stub \"{name}\" ok=#true, or ok=#false");
                Err(self.wrong(at, format!("the bot asks `{name}`, and no stub says what is answered"), Some(help)))
            }
            None => Ok(()),
        }
    }

    fn nothing_more(&self, at: &Range<usize>) -> Result<(), Stop> {
        let Some(said) = self.unread.front().map(|place| &self.world.said()[*place]) else { return Ok(()) };
        let message = format!("the bot said more than the test expects: {}", quoted(&said.message.text));
        Err(self.wrong(at, message, Some("ask for each message with a `bot`".to_owned())))
    }

    fn wrong(&self, at: &Range<usize>, message: String, help: Option<String>) -> Stop {
        Stop::Failed(Box::new(self.diagnostic(at, message, help)))
    }

    fn diagnostic(&self, at: &Range<usize>, message: String, help: Option<String>) -> Diagnostic {
        finding("test", &self.suite.file, at, message, help)
    }

    fn failure(&self, stop: Stop) -> Failure {
        let diagnostic = match stop {
            Stop::Failed(diagnostic) => *diagnostic,
            Stop::World(error) => self.diagnostic(&self.test.at, format!("the rehearsal itself went wrong: {error}"), None),
        };
        Failure { diagnostic, look: self.look, transcript: self.lines.clone() }
    }
}

/// A text as a failure shows it.
fn quoted(text: &str) -> String {
    format!("`{}`", text.replace('\n', "⏎"))
}

fn shown(said: &Said) -> String {
    let mut line = format!("bot  {}", said.message.text.replace('\n', "\n     "));
    if let Some(file) = &said.message.media {
        line.push_str(&format!("\n     ({file})"));
    }
    if !said.message.options.is_empty() && !said.message.numbered {
        let labels: Vec<&str> = said.message.options.iter().map(|option| option.label.as_str()).collect();
        line.push_str(&format!("\n     [{}]", labels.join("] [")));
    }
    for link in &said.message.links {
        line.push_str(&format!("\n     → {} {}", link.label, link.url));
    }
    line
}

fn attachment(written: &Written) -> Option<Attachment> {
    let photo = written.photo.as_ref().map(|name| {
        // Any number will do, as long as another picture has another.
        let id = name.bytes().fold(1u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) >> 1;
        Attachment::Media { id, kind: MediaKind::Photo, url: format!("https://ton.x.com/{name}") }
    });
    let place = written.place.as_ref();
    photo.or(place.map(|(latitude, longitude, name)| Attachment::Place { longitude: *longitude, latitude: *latitude, name: name.clone() }))
}
