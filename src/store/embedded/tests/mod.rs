//! The embedded store on a simulated disk.

mod compact;
mod crash;
mod faults;
mod old;
mod places;
mod power;
mod storm;

use std::sync::{Arc, Mutex};

use super::checkpoint::Checkpointer;
use super::committer::{Committer, Prepared, Request};
use super::journal::Sizes;
use super::recovery::{self, Started};
use super::shared::Shared;
use super::*;
use crate::conversation::{Event, Origin, State, Trace};
use crate::model::{EventId, Incoming, Profile, UserId};
use crate::store::disk::simulated::{Dice, SimulatedDisk};
use crate::store::map::tree_map::TreeHome;
use crate::store::{EntryKind, Seen, TurnLog};

/// Small, so that short tests see many files.
const SIZES: Sizes = Sizes { file: 6_000, ahead: 1_024 };

const ACCOUNT: UserId = UserId(7);

fn key(peer: u64) -> Key {
    Key::new(ACCOUNT, UserId(peer))
}

fn event(peer: u64, revision: u64) -> MessageId {
    MessageId(peer << 32 | revision)
}

/// A turn on revision `base` of the conversation with `peer`, that says `text`.
fn turn(peer: u64, base: u64, text: &str, due: Option<i64>) -> Commit {
    let (revision, at) = (base + 1, Timestamp::from_millis(1_000));
    let id = event(peer, revision);
    let message = Incoming { id, sent_at: at, text: text.into(), tap: None, attachment: None };
    let turn = TurnLog { event: Event::Echo { message, origin: Origin::Ours }, actions: Vec::new(), trace: Trace::default() };
    let state = State::new(Profile { name: text.into(), ..Profile::unknown(UserId(peer)) }, at);
    let mut seen = Seen::default();
    let forgotten = (1..=revision).map(|revision| seen.mark(event(peer, revision))).last().flatten();
    let record = Record { revision, due: due.map(Timestamp::from_millis), seen, state, void_before: 0, sealed: None };
    let (events, forgotten) = (vec![EventId::message(ACCOUNT, id)], Vec::from_iter(forgotten));
    let entry = Entry { kind: EntryKind::Turns, key: key(peer), at, events, forgotten, turns: vec![turn], record, sealed: None };
    Commit { base, entry }
}

fn options() -> (Options, Arc<Mutex<Vec<String>>>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let told = ends.clone();
    let on_fatal = Arc::new(move |error: &StoreError| told.lock().unwrap().push(error.to_string()));
    (Options { on_fatal, checkpoint_every: 3_000, reserve: 0, ..Options::default() }, ends)
}

fn open(disk: &SimulatedDisk, home: &TreeHome, options: &Options) -> EmbeddedStore {
    home.beside(disk);
    EmbeddedStore::start(Arc::new(disk.clone()), home, SIZES, options, None).unwrap()
}

/// A store whose committer has no thread of its own, so that a seed always gives the same run.
struct Bench {
    committer: Committer,
    shared: Arc<Shared>,
    /// Keeps the committer's door open.
    _door: Sender<Request>,
}

impl Bench {
    fn start(disk: &SimulatedDisk, home: &TreeHome) -> Result<Bench, StoreError> {
        home.beside(disk);
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let Started { journal, map, mark, .. } = recovery::start(&disk, home, SIZES, &|_| {})?;
        let shared = Arc::new(Shared::new(disk, map, mark.applied.sequence, Arc::new(|_| {})));
        let (door, requests) = std::sync::mpsc::channel();
        let tidier = Tidier::start(shared.clone(), Options::default().policy(), door.clone())?;
        let checkpointer = Checkpointer::start(shared.clone(), mark, u64::MAX, tidier)?;
        let committer = Committer::new(requests, journal, checkpointer, shared.clone(), 0);
        Ok(Bench { committer, shared, _door: door })
    }

    /// Commits calls as one group. The outer error is fatal.
    fn commit(&mut self, calls: Vec<Vec<Commit>>) -> Result<Vec<Result<Vec<Committed>, StoreError>>, StoreError> {
        let mut group = Vec::new();
        let mut answers = Vec::new();
        for commits in calls {
            let (answer, answered) = oneshot::channel();
            group.push((commits.into_iter().map(|commit| Prepared::new(commit).unwrap()).collect(), answer));
            answers.push(answered);
        }
        self.committer.commit(group)?;
        Ok(answers.into_iter().map(|mut answer| answer.try_recv().expect("the committer answers all")).collect())
    }

    /// One turn after another, each in a group of its own.
    fn talk(&mut self, peer: u64, revisions: std::ops::Range<u64>) {
        for base in revisions {
            let answers = self.commit(vec![vec![turn(peer, base, "hello", None)]]).unwrap();
            assert_eq!(answers[0].as_deref().unwrap(), [Committed::Ok]);
        }
    }

    fn revision(&self, peer: u64) -> u64 {
        self.record(peer).map_or(0, |record| record.revision)
    }

    fn record(&self, peer: u64) -> Option<Record> {
        rows::record_of(&*self.shared.map, &self.shared.library, key(peer)).unwrap()
    }

    fn has_taken(&self, peer: u64, id: MessageId) -> bool {
        rows::has_taken(&*self.shared.map, &self.shared.library, key(peer), id).unwrap()
    }

    fn entries(&self, peer: u64) -> Result<Vec<Entry>, StoreError> {
        rows::entries(&self.shared.library, key(peer), &rows::places(&*self.shared.map, key(peer), &(0..=u64::MAX))?)
    }
}
