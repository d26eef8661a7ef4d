//! The one thread that writes: it gathers commits into groups, makes each group durable with one sync, and answers.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};

use tokio::sync::oneshot;

use super::checkpoint::Checkpointer;
use super::frame::HEADER;
use super::journal::Journal;
use super::row::RecordRow;
use super::rows::{self, Applied};
use super::segment::{Place, Refusal};
use super::shared::Shared;
use super::tidy::Chore;
use crate::model::{Key, MessageId, Timestamp};
use crate::store::disk::check_room;
use crate::store::record::RecordHead;
use crate::store::{Commit, Committed, StoreError};

/// Bytes after which a group takes no more; far more than gathers while a disk syncs.
const GROUP: usize = 8 << 20;

/// What the committer is asked for. Requests are carried out in the order in which they come.
pub(super) enum Request {
    /// Make turns durable.
    Commit(Vec<Prepared>, Answer<Vec<Committed>>),
    /// Say whether a commit would succeed.
    Ready(Answer<()>),
    /// Remove due rows that no record stands behind.
    Sweep(Vec<(Timestamp, Key)>),
    /// Tidy rows, and say so.
    Tidy(Vec<Chore>, SyncSender<()>),
    /// Sync the record map and stop.
    Close(Answer<()>),
    /// Stop.
    Stop,
}

/// Where an answer goes.
pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// A commit, encoded in the task that asked for it.
pub(super) struct Prepared {
    key: Key,
    base: u64,
    at: Timestamp,
    head: RecordHead,
    forgotten: Vec<MessageId>,
    /// Free room for the frame's header, then the entry.
    frame: Vec<u8>,
}

impl Prepared {
    /// Checks and encodes a commit.
    pub(super) fn new(commit: Commit) -> Result<Self, StoreError> {
        commit.check()?;
        let Commit { base, entry } = commit;
        let mut frame = Vec::with_capacity(2048);
        frame.resize(HEADER, 0);
        entry.encode_into(&mut frame)?;
        if frame.len() > HEADER + super::frame::MAX_PAYLOAD {
            return Err(StoreError::Corrupt(format!("an entry of {} has {} bytes: that is too long", entry.key, frame.len())));
        }
        Ok(Prepared { key: entry.key, base, at: entry.at, head: entry.record.head(), forgotten: entry.forgotten, frame })
    }
}

/// The committer's state; it lives on its own thread.
pub(super) struct Committer {
    requests: Receiver<Request>,
    journal: Journal,
    checkpointer: Checkpointer,
    shared: Arc<Shared>,
    reserve: u64,
}

/// Commits of one call, and where their answer goes.
pub(super) type Waiting = (Vec<Prepared>, Answer<Vec<Committed>>);

/// What a group comes to.
struct Judged<'a> {
    /// The commits that are not stale.
    fresh: Vec<&'a Prepared>,
    /// The rows of their conversations as they are in the record map.
    rows: HashMap<Key, Known>,
    verdicts: Vec<Vec<Committed>>,
}

/// What is known of a conversation while a group is carried out.
struct Known {
    /// None for a new conversation.
    row: Option<RecordRow>,
    /// The revision after the commits that were judged.
    revision: u64,
}

impl Committer {
    /// A committer that takes requests from its door.
    pub(super) fn new(
        requests: Receiver<Request>,
        journal: Journal,
        checkpointer: Checkpointer,
        shared: Arc<Shared>,
        reserve: u64,
    ) -> Self {
        Committer { requests, journal, checkpointer, shared, reserve }
    }

    /// Carries out requests until it is closed or stopped.
    pub(super) fn run(mut self) {
        // sled may panic over damage that it did not see before.
        let ended = catch_unwind(AssertUnwindSafe(|| self.serve())).unwrap_or_else(|_| Err(StoreError::Map("it panicked".into())));
        if let Err(error) = ended {
            self.shared.fatal(error);
        }
        // Whoever still waits, or comes later, finds the door closed and asks why.
    }

    fn serve(&mut self) -> Result<(), StoreError> {
        let mut next = self.requests.recv().ok();
        while let Some(request) = next.take() {
            match request {
                Request::Commit(commits, answer) => next = self.group((commits, answer))?,
                Request::Ready(answer) => drop(answer.send(self.ready()?)),
                Request::Sweep(hints) => {
                    hints.into_iter().try_for_each(|(due, key)| rows::sweep(&*self.shared.map, due, key))?;
                }
                Request::Tidy(chores, done) => {
                    chores.into_iter().try_for_each(|chore| chore.carry_out(&*self.shared.map))?;
                    // Who has stopped does not want to know.
                    let _ = done.send(());
                }
                Request::Stop => return Ok(()),
                Request::Close(answer) => {
                    let closed = self.checkpoint();
                    drop(answer.send(closed.clone()));
                    return closed;
                }
            }
            next = next.or_else(|| self.requests.recv().ok());
        }
        Ok(())
    }

    /// Makes a checkpoint at once, and waits for it; none follows by itself.
    pub(super) fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.checkpointer.finish(self.journal.end())
    }

    /// Takes the first commit and all that came while the last group was synced; gives back the request behind them.
    fn group(&mut self, first: Waiting) -> Result<Option<Request>, StoreError> {
        let mut length = size(&first.0);
        let mut group = vec![first];
        let mut behind = None;
        while length < GROUP {
            match self.requests.try_recv() {
                Ok(Request::Commit(commits, answer)) => {
                    length += size(&commits);
                    group.push((commits, answer));
                }
                Ok(other) => {
                    behind = Some(other);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.commit(group)?;
        Ok(behind)
    }

    /// Makes a group durable and answers it. Errors are fatal.
    pub(super) fn commit(&mut self, group: Vec<Waiting>) -> Result<(), StoreError> {
        let outcome = self.carry_out(&group);
        if let Err(Refusal::Fatal(error)) = &outcome {
            // Before anybody is answered, since the process may end with it.
            self.shared.fatal(error.clone());
        }
        match outcome {
            Ok(verdicts) => {
                for ((_, answer), verdicts) in group.into_iter().zip(verdicts) {
                    // A task that was dropped meanwhile does not want to know.
                    drop(answer.send(Ok(verdicts)));
                }
                self.checkpointer.advance(self.journal.end())
            }
            Err(refusal) => {
                let is_fatal = matches!(refusal, Refusal::Fatal(_));
                let error = StoreError::from(refusal);
                group.into_iter().for_each(|(_, answer)| drop(answer.send(Err(error.clone()))));
                if is_fatal { Err(error) } else { Ok(()) }
            }
        }
    }

    fn carry_out(&mut self, group: &[Waiting]) -> Result<Vec<Vec<Committed>>, Refusal> {
        let Judged { fresh, rows, verdicts } = self.judge(group).map_err(Refusal::Fatal)?;
        let places = self.append(&fresh)?;
        self.apply(&fresh, rows, &places).map_err(Refusal::Fatal)?;
        Ok(verdicts)
    }

    /// Tells the commits that follow their record, be it one of this very group, from the stale ones.
    fn judge<'a>(&self, group: &'a [Waiting]) -> Result<Judged<'a>, StoreError> {
        let (mut fresh, mut rows) = (Vec::new(), HashMap::new());
        let mut judge = |commit: &'a Prepared| {
            let known = match rows.entry(commit.key) {
                Slot::Occupied(known) => known.into_mut(),
                Slot::Vacant(slot) => {
                    let row = rows::row_of(&*self.shared.map, commit.key)?;
                    let revision = row.as_ref().map_or(0, |row| row.head.revision);
                    slot.insert(Known { row, revision })
                }
            };
            if known.revision != commit.base {
                return Ok(Committed::Stale);
            }
            known.revision = commit.head.revision;
            fresh.push(commit);
            Ok(Committed::Ok)
        };
        let verdicts: Result<_, StoreError> = group.iter().map(|(commits, _)| commits.iter().map(&mut judge).collect()).collect();
        Ok(Judged { verdicts: verdicts?, fresh, rows })
    }

    fn append(&mut self, fresh: &[&Prepared]) -> Result<Vec<Place>, Refusal> {
        let Some(newest) = fresh.iter().map(|commit| commit.at).max() else { return Ok(Vec::new()) };
        self.check_room().map_err(Refusal::Failed)?;
        self.journal.append(fresh.iter().map(|commit| commit.frame.as_slice()), newest)
    }

    fn apply(&self, fresh: &[&Prepared], mut rows: HashMap<Key, Known>, places: &[Place]) -> Result<(), StoreError> {
        for (commit, place) in fresh.iter().zip(places) {
            let Prepared { key, forgotten, head, .. } = commit;
            let applied = Applied { key: *key, forgotten, head: *head, place: *place };
            if let Some(known) = rows.get_mut(key) {
                rows::apply(&*self.shared.map, &applied, &mut known.row)?;
            }
        }
        self.shared.leases.end(fresh.iter().map(|commit| commit.key));
        self.shared.advance(self.journal.end().sequence);
        Ok(())
    }

    /// Whether a commit would succeed. The outer error is fatal.
    fn ready(&mut self) -> Result<Result<(), StoreError>, StoreError> {
        match self.journal.repair() {
            Ok(()) => Ok(self.check_room()),
            Err(Refusal::Failed(error)) => Ok(Err(error)),
            Err(Refusal::Fatal(error)) => Err(error),
        }
    }

    fn check_room(&self) -> Result<(), StoreError> {
        check_room(&*self.shared.disk, self.reserve)
    }
}

fn size(commits: &[Prepared]) -> usize {
    commits.iter().map(|commit| commit.frame.len()).sum()
}
