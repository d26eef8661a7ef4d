//! Tidies the folder: takes a snapshot when enough of the journal is older than it need be kept, and lets that go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::committer::Request;
use super::journal::End;
use super::rows;
use super::segment::{self, Segment};
use super::shared::Shared;
use super::snapshot::{self, Cut};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::while_doing;
use crate::store::map::Table;

/// Repetitions of events come for five days (contract §2): so long, and a day more, they are recognised whatever retention says.
const EVENTS_AT_LEAST: Duration = Duration::from_secs(6 * 24 * 3600);

/// Rows that are removed in one request, so that commits need not wait long.
const BATCH: usize = 256;

/// How much is kept.
#[derive(Clone)]
pub(super) struct Policy {
    /// Entries that are older may go.
    pub(super) retention: Duration,
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
            let forget = |dead| drop(door.send(Request::Forget(dead)));
            for end in inbox {
                // The store lives without it; the next checkpoint brings the next try.
                if let Err(error) = shared.read(|shared| tidy(shared, end, &policy, &forget, &|| stopped.load(Ordering::Relaxed))) {
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

/// Rows to be removed.
pub(super) type Dead = Vec<(Table, Vec<u8>)>;

/// Tidies once, unless it is stopped. `end` is what the record map holds durably.
pub(super) fn tidy(shared: &Shared, end: End, policy: &Policy, forget: &dyn Fn(Dead), stop: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let used = Used::of(shared, end, end.newest.minus(policy.retention))?;
    if used.total > policy.budget {
        tracing::error!(
            used = used.total,
            budget = policy.budget,
            "the store has outgrown its disk budget: give it more, or shorten its retention"
        );
        (policy.on_budget)(used.total);
    }
    // A snapshot costs as much as the last one did: it has to be worth it.
    if used.old == 0 || used.old < used.snapshot {
        return Ok(());
    }
    let events = end.newest.minus(policy.retention.max(EVENTS_AT_LEAST));
    let cut = Cut { segment: used.keep_from, events };
    let Some(cut) = snapshot::write(&*shared.disk, &*shared.map, end, cut, stop)? else { return Ok(()) };
    forget_rows(shared, cut, forget)?;
    for first in segment::list(&*shared.disk)?.into_iter().take_while(|first| *first < cut.segment) {
        let doing = || while_doing(format!("remove {}", shared.disk.place(&segment::name(first))));
        shared.disk.remove(&segment::name(first)).map_err(doing())?;
        shared.library.forget(first);
        shared.disk.sync_folder().map_err(doing())?;
    }
    Ok(())
}

fn forget_rows(shared: &Shared, cut: Cut, forget: &dyn Fn(Dead)) -> Result<(), StoreError> {
    let mut dead = Dead::new();
    for table in [Table::Entries, Table::Events] {
        for row in rows::all(&*shared.map, table) {
            let (key, value) = row?;
            if rows::is_cut(table, &key, &value, cut)? {
                dead.push((table, key));
            }
            if dead.len() == BATCH {
                forget(std::mem::take(&mut dead));
            }
        }
    }
    forget(dead);
    Ok(())
}

/// What the files take, in bytes.
struct Used {
    total: u64,
    /// The newest snapshot.
    snapshot: u64,
    /// Journal files in which every entry is too old.
    old: u64,
    /// The first file behind those.
    keep_from: u64,
}

impl Used {
    fn of(shared: &Shared, end: End, horizon: Timestamp) -> Result<Used, StoreError> {
        let disk = &*shared.disk;
        let length = |name: &str| disk.open(name).and_then(|file| file.length()).map_err(while_doing(format!("open {}", disk.place(name))));
        let mut used = Used { total: 0, snapshot: 0, old: 0, keep_from: 0 };
        if let Some(newest) = snapshot::list(disk)?.last() {
            used.snapshot = length(&snapshot::name(*newest))?;
            used.total = used.snapshot;
        }
        let files = segment::list(disk)?;
        used.keep_from = files.first().copied().unwrap_or(end.segment);
        for (index, first) in files.iter().enumerate() {
            let bytes = length(&segment::name(*first))?;
            used.total += bytes;
            // A file is as old as the one behind it says. What the record map does not hold durably is never old.
            let next = files.get(index + 1).filter(|next| **next <= end.segment && *first == used.keep_from);
            if let Some(next) = next
                && Segment::open(disk, *next)?.is_some_and(|next| next.since < horizon)
            {
                used.old += bytes;
                used.keep_from = *next;
            }
        }
        Ok(used)
    }
}
