//! A world for one conversation: the real machine, turns, store and outbox, a clock that is set, and X in memory.
//!
//! The store is the one in memory, since a crash of the process is what a conversation can notice; that the disk keeps what was
//! committed is shown by the store's own tests. But each restart reads all of it back from its bytes, as from a disk.

mod mailbox;
mod said;
mod servers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::bot::Program;
use crate::clock::{Clock as _, ManualClock};
use crate::conversation::{Event, Lateness, Origin, Rendering, State};
use crate::model::{AppId, Attachment, EventId, Incoming, Key, MessageId, Profile, Tap, Timestamp, UserId};
use crate::outbox::{Outbox, Settings};
use crate::pace::{Limits, Pace};
use crate::store::{Commit, Entry, EntryKind, MemoryStore, Record, Store, StoreError};
use crate::turn::{Arrival, TurnError, Turns};
use mailbox::Mailbox;
use servers::Servers;

pub use said::Reached;
pub(super) use said::Said;

/// The account that the bot answers for.
const ACCOUNT: UserId = UserId(906_948_460_078_698_496);
/// The person who talks with it.
const PERSON: UserId = UserId(1_900_000_000_000_000_007);
/// The app that sends.
const APP: AppId = AppId(16_777_259);
/// The conversation.
pub(super) const KEY: Key = Key { account: ACCOUNT, peer: PERSON };

/// When every test begins: 2026-01-01, midnight UTC.
const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// How long the bot is waited for: for its servers, its holds and its repetitions, not for its reminders.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long after its attempt a send whose process ended is looked after.
const LOST_AFTER: Duration = Duration::from_secs(30);

/// What went wrong in the world itself; no test should see it.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A turn was not taken.
    #[error("{0}")]
    Turn(#[from] TurnError),
    /// The store refused.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The world of one conversation.
pub(super) struct World {
    program: Arc<Program>,
    rendering: Rendering,
    clock: Arc<ManualClock>,
    mailbox: Arc<Mailbox>,
    store: Arc<MemoryStore>,
    process: Option<Process>,
    pub(super) servers: Servers,
    /// All that X has delivered, or tried to.
    delivered: Vec<Arrival>,
    /// What X could not deliver yet.
    undelivered: VecDeque<Arrival>,
    echoed: usize,
    said: said::Ledger,
}

/// What a crash ends.
struct Process {
    turns: Arc<Turns>,
    outbox: Arc<Outbox>,
}

impl World {
    pub(super) fn new(program: Arc<Program>, rendering: Rendering) -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let mut world = World {
            program,
            rendering,
            mailbox: Arc::new(Mailbox::new(clock.clone())),
            clock,
            store: Arc::new(MemoryStore::new()),
            process: None,
            servers: Servers::default(),
            delivered: Vec::new(),
            undelivered: VecDeque::new(),
            echoed: 0,
            said: said::Ledger::default(),
        };
        world.process = Some(world.start());
        world
    }

    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// What the bot has said so far, as X has it.
    pub(super) fn said(&self) -> &[Said] {
        self.said.said()
    }

    /// What the conversation has reached so far.
    pub(super) fn reached(&self) -> &Reached {
        self.said.reached()
    }

    /// How late the taps were, by their messages.
    pub(super) fn lateness(&self) -> &BTreeMap<MessageId, Lateness> {
        self.said.lateness()
    }

    /// All that X has delivered, or tried to.
    pub(super) fn delivered(&self) -> &[Arrival] {
        &self.delivered
    }

    /// How the conversation stands.
    pub(super) async fn state(&self) -> Result<Option<State>, WorldError> {
        Ok(self.store.load(KEY).await?.map(|record| record.state))
    }

    /// The person writes or taps; nothing is answered before somebody looks.
    pub(super) async fn hear(&mut self, text: &str, tap: Option<Tap>, attachment: Option<Attachment>) -> Result<(), WorldError> {
        let arrival = self.heard(text, tap, attachment);
        self.deliver(arrival).await
    }

    /// What the person writes or taps, as X is going to deliver it.
    pub(super) fn heard(&mut self, text: &str, tap: Option<Tap>, attachment: Option<Attachment>) -> Arrival {
        self.clock.advance(Duration::from_millis(1));
        let (id, sent_at) = (self.mailbox.mint(), self.clock.now());
        let message = Incoming { id, sent_at, text: text.to_owned(), tap, attachment };
        let event = Event::Message { message, from: person(), overtaken: false, waited: false };
        Arrival { key: KEY, id: EventId::message(ACCOUNT, id), event, peer: person() }
    }

    /// Somebody writes from the account, with another app.
    pub(super) async fn speak(&mut self, text: &str) -> Result<(), WorldError> {
        self.clock.advance(Duration::from_millis(1));
        let message = Incoming { id: self.mailbox.mint(), sent_at: self.clock.now(), text: text.to_owned(), tap: None, attachment: None };
        let echo = echo(message, Origin::Other);
        self.deliver(echo).await
    }

    /// Something else happens at the account.
    pub(super) async fn happen(&mut self, kind: &str) -> Result<(), WorldError> {
        self.clock.advance(Duration::from_millis(1));
        let id = EventId::tie(ACCOUNT, self.clock.now(), PERSON.0 << 3);
        let event = Event::Account { kind: kind.to_owned(), from: person() };
        self.deliver(Arrival { key: KEY, id, event, peer: person() }).await
    }

    /// X delivers an event, or keeps it until the process is back.
    pub(super) async fn deliver(&mut self, arrival: Arrival) -> Result<(), WorldError> {
        self.delivered.push(arrival.clone());
        self.undelivered.push_back(arrival);
        self.deliver_all().await
    }

    /// X delivers again what it delivered before; says how much that was.
    pub(super) async fn redeliver(&mut self, all: bool) -> Result<usize, WorldError> {
        let first = if all { 0 } else { self.delivered.len().saturating_sub(1) };
        self.undelivered.extend(self.delivered[first..].iter().cloned());
        self.deliver_all().await?;
        Ok(self.delivered.len() - first)
    }

    async fn deliver_all(&mut self) -> Result<(), WorldError> {
        while let Some(process) = &self.process
            && let Some(arrival) = self.undelivered.pop_front()
        {
            process.turns.arrive(vec![arrival]).await?;
        }
        Ok(())
    }

    /// Changes where the conversation stands, as if it had come there before the test.
    pub(super) async fn put(&mut self, change: impl FnOnce(&mut State, Timestamp)) -> Result<(), WorldError> {
        let now = self.clock.now();
        let stored = self.store.load(KEY).await?;
        let base = stored.as_ref().map_or(0, |record| record.revision);
        let mut record = stored.unwrap_or_else(|| Record::new(State::new(person(), now)));
        record.revision = base + 1;
        change(&mut record.state, now);
        record.due = record.state.due(LOST_AFTER);
        let entry = Entry {
            kind: EntryKind::Turns,
            key: KEY,
            at: now,
            events: Vec::new(),
            forgotten: Vec::new(),
            turns: Vec::new(),
            record,
            sealed: None,
        };
        self.store.commit(vec![Commit { base, entry }]).await?;
        Ok(())
    }

    /// Lets the bot do all that it does without further ado: it is waited for, as long as it waits for no reminder.
    pub(super) async fn settle(&mut self) -> Result<(), WorldError> {
        self.start_again().await?;
        let limit = self.clock.now().plus(PATIENCE);
        loop {
            self.serve().await?;
            match self.next(false).await?.filter(|next| *next <= limit) {
                Some(next) => self.clock.set(next),
                None => return Ok(()),
            }
        }
    }

    /// Lets time pass, and everything happen whose time comes.
    pub(super) async fn wait(&mut self, span: Duration) -> Result<(), WorldError> {
        self.start_again().await?;
        let until = self.clock.now().plus(span);
        loop {
            self.serve().await?;
            match self.next(true).await?.filter(|next| *next <= until) {
                Some(next) => self.clock.set(next),
                None => break,
            }
        }
        self.clock.set(until);
        self.serve().await
    }

    /// Sets the clock on, without anything being done meanwhile.
    pub(super) fn set_clock(&self, now: Timestamp) {
        self.clock.set(now.max(self.clock.now()));
    }

    /// The process ends when nothing was sent yet.
    pub(super) fn crash(&mut self) {
        self.process = None;
        self.servers.forget_open();
    }

    /// The process ends once X has taken a message; says whether there was one.
    pub(super) async fn crash_after_send(&mut self) -> Result<bool, WorldError> {
        self.start_again().await?;
        self.mailbox.keep_silent(true);
        let mailbox = self.mailbox.clone();
        let taken = tokio::select! {
            biased;
            settled = self.settle() => settled.map(|()| false),
            () = mailbox.taken.notified() => Ok(true),
        };
        self.mailbox.keep_silent(false);
        self.crash();
        taken
    }

    /// The process ends once a server was asked; says whether one was.
    pub(super) async fn crash_after_lookup(&mut self) -> Result<bool, WorldError> {
        self.start_again().await?;
        let asked = loop {
            let Some(process) = &self.process else { break false };
            let errands = process.outbox.serve_due().await?;
            errands.iter().for_each(|errand| self.servers.count(&errand.name));
            if !errands.is_empty() {
                break true;
            }
            match self.next(false).await? {
                Some(next) => self.clock.set(next),
                None => break false,
            }
        };
        self.crash();
        Ok(asked)
    }

    /// The process ends, if it runs, and starts again: all that it knows is read from its bytes.
    pub(super) async fn restart(&mut self) -> Result<(), WorldError> {
        self.crash();
        let store = MemoryStore::new();
        let mut entries = Vec::new();
        self.store.replay(Timestamp::default(), &mut |entry| entries.push(entry)).await?;
        for entry in entries {
            let entry = Entry::decode(&entry.encode()?)?;
            store.commit(vec![Commit { base: entry.revision() - 1, entry }]).await?;
        }
        self.store = Arc::new(store);
        self.process = Some(self.start());
        self.deliver_all().await
    }

    async fn start_again(&mut self) -> Result<(), WorldError> {
        if self.process.is_none() { self.restart().await } else { Ok(()) }
    }

    fn start(&self) -> Process {
        let programs = BTreeMap::from([(ACCOUNT, self.program.clone())]);
        // Nobody listens: what is due is looked for.
        let (turns, _) = Turns::new(self.store.clone(), self.clock.clone(), programs, LOST_AFTER);
        let turns = Arc::new(turns.showing(self.rendering));
        let settings = Settings {
            owner: "rehearsal".to_owned(),
            resend: true,
            echo_wait: Duration::from_secs(10),
            resend_after: Duration::from_secs(30),
            in_flight: 1,
            picture_bytes: 0,
            free_replies: true,
        };
        let (apps, pace) = (BTreeMap::from([(ACCOUNT, APP)]), Pace::new(Limits { per_account: None, per_app: None }));
        let (x, servers) = (self.mailbox.clone(), Arc::new(servers::Nobody));
        let outbox = Outbox::new(turns.clone(), x, servers, self.clock.clone(), apps, pace, settings);
        Process { turns, outbox }
    }

    /// Does all that is due now.
    async fn serve(&mut self) -> Result<(), WorldError> {
        loop {
            let Some(process) = &self.process else { return Ok(()) };
            let (turns, outbox) = (process.turns.clone(), process.outbox.clone());
            let now = self.clock.now();
            let errands = outbox.serve_due().await?;
            let answers = self.servers.answers(errands, now);
            let sent = self.mailbox.sent_from(self.echoed);
            if answers.is_empty() && sent.is_empty() {
                break;
            }
            for (errand, answer) in answers {
                outbox.answer(errand, answer).await?;
            }
            self.echoed += sent.len();
            for sent in &sent {
                let echo = echo(sent.echo(), Origin::Ours);
                self.delivered.push(echo.clone());
                turns.arrive(vec![echo]).await?;
            }
        }
        self.said.read(self.store.as_ref(), &self.mailbox).await?;
        Ok(())
    }

    /// When something happens next, later than now; reminders and the like only where time passes by itself.
    async fn next(&self, timers: bool) -> Result<Option<Timestamp>, WorldError> {
        let now = self.clock.now();
        let state = self.state().await?;
        let due = state.and_then(|mut state| {
            if !timers {
                state.timers.clear();
            }
            // What is due already and not done waits for something else.
            let timer = state.timers.iter().map(|timer| timer.at).min();
            [state.due(LOST_AFTER), timer].into_iter().flatten().filter(|at| *at > now).min()
        });
        Ok(due.into_iter().chain(self.servers.next()).filter(|at| *at > now).min())
    }
}

/// The person.
fn person() -> Profile {
    Profile { id: PERSON, name: "Ada".to_owned(), screen_name: "ada".to_owned() }
}

fn echo(message: Incoming, origin: Origin) -> Arrival {
    let id: MessageId = message.id;
    Arrival { key: KEY, id: EventId::message(ACCOUNT, id), event: Event::Echo { message, origin }, peer: Profile::unknown(PERSON) }
}
