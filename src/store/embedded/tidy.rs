//! Tidies the folder: takes a snapshot when enough of the journal is older than it need be kept, and lets that go.
//!
//! Records are read from the journal. So before a file goes, the rows of the conversations whose newest entry stands in it get the
//! record itself; then a snapshot is made durable, then the record map; and only then the file is removed. A row that says otherwise
//! keeps the file. Whatever of this a crash cuts off, the next checkpoint does again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::committer::Request;
use super::journal::End;
use super::rows;
use super::segment::{self, Segment};
use super::shared::Shared;
use super::snapshot::{self, Cut, Limits};
use crate::model::{Key, Timestamp};
use crate::store::StoreError;
use crate::store::disk::{check_room, while_doing};
use crate::store::entry::EntryBytes;
use crate::store::map::{RecordMap, Table};

/// Repetitions of events come for five days (contract §2): so long, and a day more, they are recognised whatever retention says.
const EVENTS_AT_LEAST: Duration = Duration::from_secs(6 * 24 * 3600);

/// Rows that are changed in one request, so that commits need not wait long.
const BATCH: usize = 256;

/// Bytes of records that are given to rows between two syncs of the record map, so that they do not all gather in memory.
const SYNC_EVERY: usize = 8 << 20;

/// How often one who waits for the committer looks whether it has to stop.
const LOOK: Duration = Duration::from_millis(20);

/// How much is kept.
#[derive(Clone)]
pub(super) struct Policy {
    /// Entries that are older may go.
    pub(super) retention: Duration,
    /// Bytes that are left free: commits are worth more than room to come.
    pub(super) reserve: u64,
    /// Bytes of journal and snapshots over which the alarm is given.
    pub(super) budget: u64,
    /// The alarm: bytes that are used.
    pub(super) on_budget: Arc<dyn Fn(u64) + Send + Sync>,
}

/// The thread that tidies. It ends when it is dropped, if need be in the middle of a snapshot.
pub(super) struct Tidier {
    orders: Option<SyncSender<End>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tidier {
    /// Starts the thread; rows are removed through the committer's door.
    pub(super) fn start(shared: Arc<Shared>, policy: Policy, door: Sender<Request>) -> Result<Self, StoreError> {
        let (orders, inbox) = mpsc::sync_channel(0);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            let stop = || stopped.load(Ordering::Relaxed);
            let carry_out = |chores| ask(&door, chores, &stop);
            for end in inbox {
                // The store lives without it; the next checkpoint brings the next try.
                if let Err(error) = shared.read(|shared| tidy(shared, end, &policy, &carry_out, &stop)) {
                    tracing::error!(%error, "the store's folder could not be tidied");
                }
            }
        };
        let thread = thread::Builder::new().name("store-tidy".into()).spawn(work);
        let thread = thread.map_err(while_doing("start the store's threads"))?;
        Ok(Tidier { orders: Some(orders), stop, thread: Some(thread) })
    }

    /// The record map is durable up to `end`. Says whether the order is taken: while the last one is carried out, it is not.
    pub(super) fn order(&self, end: End) -> bool {
        self.orders.as_ref().is_some_and(|orders| orders.try_send(end).is_ok())
    }
}

impl Drop for Tidier {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Something to be done to a row by the one thread that writes.
pub(super) enum Chore {
    /// Remove a row that nothing refers to.
    Forget(Table, Vec<u8>),
    /// Give a row the record of that revision, if it is still at it.
    Keep(Key, u64, Vec<u8>),
}

impl Chore {
    /// Does it.
    pub(super) fn carry_out(self, map: &dyn RecordMap) -> Result<(), StoreError> {
        match self {
            Chore::Forget(table, key) => map.remove(table, &key),
            Chore::Keep(key, revision, record) => rows::keep_record(map, key, revision, record),
        }
    }
}

/// Gives chores to the committer, and waits until they are done; `false` when it was told to stop.
///
/// The committer itself may wait for this thread to end, so this one must not wait without looking up.
fn ask(door: &Sender<Request>, chores: Vec<Chore>, stop: &dyn Fn() -> bool) -> bool {
    let (done, is_done) = mpsc::sync_channel(1);
    if door.send(Request::Tidy(chores, done)).is_err() {
        return false;
    }
    loop {
        match is_done.recv_timeout(LOOK) {
            Ok(()) => return true,
            Err(RecvTimeoutError::Timeout) if !stop() => {}
            Err(_) => return false,
        }
    }
}

/// Has chores carried out; says whether they were.
pub(super) type CarryOut<'a> = &'a dyn Fn(Vec<Chore>) -> bool;

/// Tidies once, unless it is stopped. `end` is what the record map holds durably.
pub(super) fn tidy(shared: &Shared, end: End, policy: &Policy, carry_out: CarryOut, stop: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let mut used = Used::of(shared, end, end.newest.minus(policy.retention))?;
    if used.total > policy.budget {
        tracing::error!(
            used = used.total,
            budget = policy.budget,
            "the store has outgrown its disk budget: give it more, or shorten its retention"
        );
        (policy.on_budget)(used.total);
    }
    if used.is_worth_it() {
        used.keep(oldest_wanted(shared)?);
    }
    let limits = Limits { reserve: policy.reserve, stop };
    if !used.is_worth_it() || !keep_records(shared, used.keep_from(), carry_out, &limits)? {
        return Ok(());
    }
    let cut = Cut { segment: used.keep_from(), events: end.newest.minus(policy.retention.max(EVENTS_AT_LEAST)) };
    let Some(cut) = snapshot::write(&*shared.disk, &*shared.map, end, cut, &limits)? else { return Ok(()) };
    if !forget_rows(shared, cut, carry_out)? {
        return Ok(());
    }
    sync(shared)?;
    for first in segment::list(&*shared.disk)?.into_iter().take_while(|first| *first < cut.segment) {
        let doing = || while_doing(format!("remove {}", shared.disk.place(&segment::name(first))));
        shared.disk.remove(&segment::name(first)).map_err(doing())?;
        shared.library.forget(first);
        shared.disk.sync_folder().map_err(doing())?;
    }
    Ok(())
}

/// The oldest file in which messages stand that are not settled.
fn oldest_wanted(shared: &Shared) -> Result<u64, StoreError> {
    let wanted = rows::all_rows(&*shared.map).filter_map(|row| {
        let wanted = row.and_then(|(key, row)| rows::oldest_wanted(&*shared.map, key, &row));
        wanted.transpose()
    });
    wanted.into_iter().try_fold(u64::MAX, |oldest, segment| Ok(oldest.min(segment?)))
}

/// Gives the record itself to each row whose newest entry stands in a file before `segment`; `false` when it was stopped.
fn keep_records(shared: &Shared, segment: u64, carry_out: CarryOut, limits: &Limits) -> Result<bool, StoreError> {
    let (mut chores, mut unsynced) = (Vec::new(), 0);
    for row in rows::all_rows(&*shared.map) {
        let (key, row) = row?;
        if (limits.stop)() {
            return Ok(false);
        }
        if row.stands_in().is_none_or(|stands_in| stands_in >= segment) {
            continue;
        }
        // Only this thread removes files, so the entry is there.
        let Some(entry) = shared.library.read(row.places.newest())? else { continue };
        let record = EntryBytes::split(&entry)?.record.to_vec();
        unsynced += record.len();
        chores.push(Chore::Keep(key, row.head.revision, record));
        if chores.len() == BATCH && !carry_out(std::mem::take(&mut chores)) {
            return Ok(false);
        }
        if unsynced >= SYNC_EVERY {
            check_room(&*shared.disk, limits.reserve)?;
            sync(shared)?;
            unsynced = 0;
        }
    }
    Ok(carry_out(chores))
}

/// Removes rows of what is too old; `false` when it was stopped.
fn forget_rows(shared: &Shared, cut: Cut, carry_out: CarryOut) -> Result<bool, StoreError> {
    let mut chores = Vec::new();
    for table in [Table::Entries, Table::Events] {
        for row in rows::all(&*shared.map, table) {
            let (key, value) = row?;
            if rows::is_cut(table, &key, &value, cut)? {
                chores.push(Chore::Forget(table, key));
            }
            if chores.len() == BATCH && !carry_out(std::mem::take(&mut chores)) {
                return Ok(false);
            }
        }
    }
    Ok(carry_out(chores))
}

fn sync(shared: &Shared) -> Result<(), StoreError> {
    // Of a map whose sync failed nobody knows what is on the disk.
    shared.map.sync().map_err(|error| StoreError::Map(error.to_string()))
}

/// What the files take, in bytes.
struct Used {
    total: u64,
    /// The newest snapshot.
    snapshot: u64,
    /// The journal files in which every entry is too old, oldest first: the number behind each, and its length.
    old: Vec<(u64, u64)>,
    /// The first journal file of all.
    first: u64,
}

impl Used {
    fn of(shared: &Shared, end: End, horizon: Timestamp) -> Result<Used, StoreError> {
        let disk = &*shared.disk;
        let length = |name: &str| disk.open(name).and_then(|file| file.length()).map_err(while_doing(format!("open {}", disk.place(name))));
        let files = segment::list(disk)?;
        let mut used = Used { total: 0, snapshot: 0, old: Vec::new(), first: files.first().copied().unwrap_or(end.segment) };
        if let Some(newest) = snapshot::list(disk)?.last() {
            used.snapshot = length(&snapshot::name(*newest))?;
            used.total = used.snapshot;
        }
        for (index, first) in files.iter().enumerate() {
            let bytes = length(&segment::name(*first))?;
            used.total += bytes;
            // A file is as old as the one behind it says. What the record map does not hold durably is never old.
            let next = files.get(index + 1).filter(|next| **next <= end.segment && *first == used.keep_from());
            if let Some(next) = next
                && Segment::open(disk, *next)?.is_some_and(|next| next.since < horizon)
            {
                used.old.push((*next, bytes));
            }
        }
        Ok(used)
    }

    /// Keeps a file, and all behind it.
    fn keep(&mut self, segment: u64) {
        self.old.retain(|(next, _)| *next <= segment);
    }

    /// The first file that is kept.
    fn keep_from(&self) -> u64 {
        self.old.last().map_or(self.first, |(next, _)| *next)
    }

    /// A snapshot costs as much as the last one did.
    fn is_worth_it(&self) -> bool {
        !self.old.is_empty() && self.old.iter().map(|(_, bytes)| bytes).sum::<u64>() >= self.snapshot
    }
}
