//! The hinge: an event finds its conversation, is taken through the machine, and is durable before anything comes of it.
//!
//! One turn at a time per conversation, held until its commit is durable. Everything that changes a conversation passes here: what
//! people write, echoes, and what became of sends.

mod account;
mod hold;
mod recall;
mod waiting;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;

use crate::bot::Program;
use crate::clock::Clock;
use crate::conversation::{self, Action, Asking, Context, Event, Lateness, Outcome, Rendering, State};
use crate::metrics::Metrics;
use crate::model::{EventId, Key, MessageId, Profile, Timestamp, UserId};
use crate::store::{Commit, Committed, Entry, EntryKind, Memory, Record, Store, StoreError, TurnLog};
use account::Accounts;
use hold::Holds;

/// What is due so soon is told to those who would look for it too late by themselves.
const SOON: Duration = Duration::from_secs(1);

/// So many commits may be on their way to those who watch; whoever falls behind further is told that some are missing.
const WATCHED: usize = 1024;

/// Why a turn was not taken. It left no trace: the same event may come again.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The store refused.
    #[error("not stored: {0}")]
    Store(#[from] StoreError),
    /// No such account is configured.
    #[error("no account {0} is configured")]
    NoAccount(UserId),
}

/// An event at the door of its conversation.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The conversation.
    pub key: Key,
    /// What makes it the same event when it comes again.
    pub id: EventId,
    /// What happened.
    pub event: Event,
    /// The person at the other end, as far as the event tells.
    pub peer: Profile,
}

/// What became of arrivals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Taken now.
    pub taken: usize,
    /// Taken before: nothing was done.
    pub repeated: usize,
}

/// A call to whoever carries out what conversations have ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something of the conversation is due, now or soon.
    Due(Key),
    /// The person is to see that somebody is typing.
    Typing(Key),
    /// The person is to see that what they wrote was read, up to this message.
    Read(Key, MessageId),
}

/// Takes turns.
pub struct Turns {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    programs: RwLock<BTreeMap<UserId, Arc<Program>>>,
    holds: Holds,
    wake: mpsc::UnboundedSender<Wake>,
    watchers: broadcast::Sender<Arc<Entry>>,
    lost_after: Duration,
    rendering: Rendering,
    metrics: Arc<Metrics>,
    accounts: Accounts,
}

/// A turn computed and not yet durable.
struct Drafted {
    commit: Commit,
    tally: Tally,
}

impl Turns {
    /// Turns over a store. What wants attention after a commit is told on the returned channel.
    ///
    /// A send whose process ended is looked after `lost_after` its attempt.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        programs: BTreeMap<UserId, Arc<Program>>,
        lost_after: Duration,
    ) -> (Self, mpsc::UnboundedReceiver<Wake>) {
        let (wake, woken) = mpsc::unbounded_channel();
        let accounts = Accounts::of(programs.keys());
        let (programs, holds, rendering) = (RwLock::new(programs), Holds::default(), Rendering::default());
        let watchers = broadcast::Sender::new(WATCHED);
        (Turns { store, clock, programs, holds, wake, watchers, lost_after, rendering, metrics: Metrics::new(), accounts }, woken)
    }

    /// The same, with menus shown another way.
    pub fn showing(self, rendering: Rendering) -> Self {
        Turns { rendering, ..self }
    }

    /// What is counted of all that passes here; the doors count beside.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// How long after its attempt a send whose process ended is looked after.
    pub fn lost_after(&self) -> Duration {
        self.lost_after
    }

    /// The time by which turns are taken.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the bot answers for a user.
    pub fn has_account(&self, user: UserId) -> bool {
        self.programs.read().is_ok_and(|programs| programs.contains_key(&user))
    }

    /// Whether the bot of an account has a rule for events of a kind that are not messages.
    pub fn listens_to(&self, user: UserId, kind: &str) -> bool {
        self.program(user).is_ok_and(|program| program.events.contains_key(kind))
    }

    /// Takes the events of one delivery: those of one conversation in order and in one commit. All are durable on return.
    pub async fn arrive(&self, arrivals: Vec<Arrival>) -> Result<Tally, TurnError> {
        let mut conversations: BTreeMap<Key, Vec<Arrival>> = BTreeMap::new();
        for arrival in arrivals {
            conversations.entry(arrival.key).or_default().push(arrival);
        }
        let turns = conversations.into_iter().map(|(key, arrivals)| self.take_arrivals(key, arrivals));
        let tallies = try_join_all(turns).await?;
        Ok(tallies
            .into_iter()
            .fold(Tally::default(), |sum, one| Tally { taken: sum.taken + one.taken, repeated: sum.repeated + one.repeated }))
    }

    /// Applies what `decide` makes of the record, in one commit; returns the record after it, or `None` when nothing was to be done.
    ///
    /// `decide` may be asked again with a fresh record when another process came first.
    pub async fn apply<F>(&self, key: Key, decide: F) -> Result<Option<Record>, TurnError>
    where
        F: Fn(&Record) -> Vec<Event> + Send,
    {
        let program = self.program(key.account)?;
        let _hold = self.holds.hold(key).await;
        loop {
            let Some(record) = self.store.load(key).await? else { return Ok(None) };
            let events = decide(&record);
            if events.is_empty() {
                return Ok(None);
            }
            let mut draft = self.draft(key, Some(record), &Profile::unknown(key.peer));
            for event in events {
                self.step(&program, &mut draft, event, None);
            }
            self.take_up_waiting(&program, &mut draft).await?;
            self.finish(&mut draft);
            let record = draft.commit.entry.record.clone();
            if self.commit(draft.commit).await? {
                return Ok(Some(record));
            }
        }
    }

    /// Every commit from here on, once it is durable, for those who look on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.watchers.subscribe()
    }

    /// The bot of an account.
    pub fn program_of(&self, account: UserId) -> Option<Arc<Program>> {
        self.program(account).ok()
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    async fn take_arrivals(&self, key: Key, arrivals: Vec<Arrival>) -> Result<Tally, TurnError> {
        let program = self.program(key.account)?;
        let _hold = self.holds.hold(key).await;
        loop {
            let record = self.store.load(key).await?;
            let peer = arrivals.first().map_or_else(|| Profile::unknown(key.peer), |arrival| arrival.peer.clone());
            let mut draft = self.draft(key, record, &peer);
            for arrival in &arrivals {
                if self.is_repeated(&draft.commit.entry, arrival.id).await? {
                    draft.tally.repeated += 1;
                    continue;
                }
                draft.tally.taken += 1;
                let record = &draft.commit.entry.record;
                let recalled = recall::asking(self.store.as_ref(), key, record, &arrival.event).await?;
                self.take_arrival(&program, &mut draft, arrival, recalled);
            }
            if draft.tally.taken == 0 {
                return Ok(draft.tally);
            }
            self.take_up_waiting(&program, &mut draft).await?;
            self.finish(&mut draft);
            let (tally, at) = (draft.tally, draft.commit.entry.at);
            if self.commit(draft.commit).await? {
                self.accounts.heard(key.account, at);
                return Ok(tally);
            }
        }
    }

    async fn is_repeated(&self, entry: &Entry, id: EventId) -> Result<bool, StoreError> {
        match entry.record.seen.recall(MessageId(id.id)) {
            // The store learns of this very delivery only with its commit.
            Memory::AskIndex if entry.events.contains(&id) => Ok(true),
            Memory::Taken => Ok(true),
            Memory::New => Ok(false),
            Memory::AskIndex => self.store.has_taken(entry.key, MessageId(id.id)).await,
        }
    }

    fn take_arrival(&self, program: &Program, draft: &mut Drafted, arrival: &Arrival, recalled: Option<Asking>) {
        let id = MessageId(arrival.id.id);
        let entry = &mut draft.commit.entry;
        let seen = &mut entry.record.seen;
        let mut event = arrival.event.clone();
        if let Event::Message { overtaken, .. } = &mut event {
            *overtaken = seen.is_overtaken(id);
        }
        entry.forgotten.extend(seen.mark(id));
        entry.events.push(arrival.id);
        self.step(program, draft, event, recalled);
    }

    fn draft(&self, key: Key, record: Option<Record>, peer: &Profile) -> Drafted {
        let now = self.clock.now();
        let mut record = record.unwrap_or_else(|| Record::new(State::new(peer.clone(), now)));
        let base = record.revision;
        record.revision += 1;
        let (events, forgotten, turns) = (Vec::new(), Vec::new(), Vec::new());
        let entry = Entry { kind: EntryKind::Turns, key, at: now, events, forgotten, turns, record, sealed: None };
        Drafted { commit: Commit { base, entry }, tally: Tally::default() }
    }

    fn step(&self, program: &Program, draft: &mut Drafted, event: Event, recalled: Option<Asking>) {
        let entry = &mut draft.commit.entry;
        let context = Context {
            key: entry.key,
            now: entry.at,
            revision: entry.record.revision,
            messages: entry.turns.iter().flat_map(|turn| &turn.actions).filter(|action| matches!(action, Action::Send { .. })).count()
                as u32,
            turn: entry.turns.len() as u32,
            rendering: self.rendering,
            peer_is_ours: self.has_account(entry.key.peer),
            recalled,
        };
        // Our own message comes back as an echo under the same id: it is known from here on.
        if let Event::Settled { outcome: Outcome::Sent(id), .. } = &event {
            entry.forgotten.extend(entry.record.seen.mark(*id));
            entry.events.push(EventId::message(entry.key.account, *id));
        }
        let before = std::mem::replace(&mut entry.record.state, State::new(Profile::unknown(entry.key.peer), entry.at));
        let step = conversation::step(program, before, &event, &context);
        for fault in step.actions.iter().filter_map(|action| if let Action::Fault { what } = action { Some(what) } else { None }) {
            tracing::warn!(conversation = %entry.key, fault, "the script went wrong");
        }
        entry.record.state = step.state;
        let event = if step.trace.is_secret { event.without_text() } else { event };
        let is_forgotten = step.actions.contains(&Action::Forget);
        entry.turns.push(TurnLog { event, actions: step.actions, trace: step.trace });
        if is_forgotten {
            entry.void();
        }
    }

    fn finish(&self, draft: &mut Drafted) {
        let record = &mut draft.commit.entry.record;
        record.due = record.state.due(self.lost_after);
    }

    /// Whether the commit is durable; otherwise it was stale.
    async fn commit(&self, commit: Commit) -> Result<bool, TurnError> {
        let (key, due) = (commit.entry.key, commit.entry.record.due);
        let shown: Vec<Wake> = commit.entry.turns.iter().flat_map(|turn| &turn.actions).filter_map(|action| shown(key, action)).collect();
        // Where nobody looks on, nothing is copied.
        let watched = (self.watchers.receiver_count() > 0).then(|| Arc::new(commit.entry.clone()));
        let lateness: Vec<Lateness> = commit.entry.turns.iter().filter_map(|turn| turn.trace.lateness).collect();
        let turns = commit.entry.turns.len() as u64;
        let begun = Instant::now();
        let outcome = self.store.commit(vec![commit]).await?;
        if outcome != [Committed::Ok] {
            return Ok(false);
        }
        self.metrics.commits.observe(begun.elapsed().as_secs_f64());
        self.metrics.turns.inc_by(turns);
        lateness.into_iter().for_each(|lateness| self.metrics.tapped(lateness.word()));
        if let Some(entry) = watched {
            // An error says that the last watcher has just gone.
            let _ = self.watchers.send(entry);
        }
        let due = due.is_some_and(|due| due <= self.clock.now().plus(SOON)).then_some(Wake::Due(key));
        for wake in shown.into_iter().chain(due) {
            // Nobody listens only while the service stops; then what is due is found at the next start.
            let _ = self.wake.send(wake);
        }
        Ok(true)
    }

    fn program(&self, account: UserId) -> Result<Arc<Program>, TurnError> {
        let programs = self.programs.read().map_err(|_| TurnError::NoAccount(account))?;
        programs.get(&account).cloned().ok_or(TurnError::NoAccount(account))
    }
}

/// What the person is to see of an action at once; it is not made up for after a crash.
fn shown(key: Key, action: &Action) -> Option<Wake> {
    match action {
        Action::Typing => Some(Wake::Typing(key)),
        Action::Read { message } => Some(Wake::Read(key, *message)),
        _ => None,
    }
}
