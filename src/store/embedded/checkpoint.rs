//! Moves the mark: syncs the record map in the background, now and then, so that a start has little to play in.

use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

use super::journal::End;
use super::mark::Mark;
use super::recovery::sign;
use super::shared::Shared;
use super::tidy::Tidier;
use crate::store::StoreError;

/// After so many times the journal that is between two checkpoints, the committer waits for the one under way.
const LAG: u64 = 4;

/// The committer's side of it.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    generation: u64,
    every: u64,
    /// Bytes of journal since the last checkpoint was begun, and where the journal ended then.
    since: u64,
    last: End,
    /// Holds one order while another is carried out; none when it is stopped.
    orders: Option<SyncSender<Mark>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts behind what `mark` says; a checkpoint follows after `every` bytes of journal, and after it things are tidied.
    pub(super) fn start(shared: Arc<Shared>, mark: Mark, every: u64, tidier: Tidier) -> Result<Self, StoreError> {
        let (orders, inbox) = mpsc::sync_channel::<Mark>(0);
        let worker = shared.clone();
        let work = move || {
            for mark in inbox {
                if let Err(error) = settle(&worker, mark) {
                    worker.fatal(error);
                    return;
                }
                // If it is still at work, the next checkpoint asks again.
                tidier.order(mark.applied);
            }
        };
        let thread = thread::Builder::new().name("store-checkpoint".into()).spawn(work);
        let thread = thread.map_err(crate::store::disk::while_doing("start the store's threads"))?;
        let Mark { generation, applied } = mark;
        Ok(Checkpointer { shared, generation, every, since: 0, last: applied, orders: Some(orders), thread: Some(thread) })
    }

    /// The journal grew to `end`, and all of it is in the record map.
    pub(super) fn advance(&mut self, end: End) -> Result<(), StoreError> {
        let grown = if end.segment == self.last.segment { end.offset - self.last.offset } else { end.offset };
        self.since += grown;
        self.last = end;
        if self.since < self.every {
            return Ok(());
        }
        sign(&*self.shared.map, self.generation, end.sequence)?;
        let order = Mark { generation: self.generation, applied: end };
        // Where the map cannot keep up, the committer waits for it: what it has not taken yet is in memory.
        let send = |orders: &SyncSender<Mark>| match self.since < LAG * self.every {
            true => orders.try_send(order),
            false => orders.send(order).map_err(|error| TrySendError::Disconnected(error.0)),
        };
        match self.orders.as_ref().map(send) {
            Some(Ok(())) => self.since = 0,
            // The last one is still at work: after the next group, then.
            Some(Err(TrySendError::Full(_))) => {}
            Some(Err(TrySendError::Disconnected(_))) | None => return Err(self.shared.why_closed()),
        }
        Ok(())
    }

    /// Waits for the checkpoint that is under way, and makes the last one.
    pub(super) fn finish(&mut self, end: End) -> Result<(), StoreError> {
        self.stop();
        sign(&*self.shared.map, self.generation, end.sequence)?;
        settle(&self.shared, Mark { generation: self.generation, applied: end })
    }

    fn stop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // It catches its errors; a panic of sled's would show again in the last checkpoint.
            drop(thread.join());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes the record map durable, then the mark.
fn settle(shared: &Shared, mark: Mark) -> Result<(), StoreError> {
    // Of a map whose sync failed nobody knows what is on the disk.
    shared.map.sync().map_err(|error| StoreError::Map(error.to_string()))?;
    shared.write_mark(mark)
}
