//! The writing end of the journal: groups of frames, each group with one write and one sync.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use super::frame;
use super::segment::{self, Frame, Place, Reader, Refusal, START, Segment};
use crate::model::Timestamp;
use crate::store::disk::{Disk, while_doing};
use crate::store::entry::EntryBytes;
use crate::store::{Entry, StoreError};

/// How large files get, and how far ahead of the frames they are filled with zeros.
///
/// A sync is twice as fast where it need not make a file longer (135 µs instead of 280 µs).
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// A file that reached this length is followed by a new one.
    pub(super) file: u64,
    /// Zeros are written in pieces of this length.
    pub(super) ahead: u64,
}

/// The end of what is durable in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The newest durable entry's number; 0 before the first.
    pub(super) sequence: u64,
    /// The file that the next frame goes to.
    pub(super) segment: u64,
    /// Where in it.
    pub(super) offset: u64,
    /// No entry until now was committed later.
    pub(super) newest: Timestamp,
}

impl End {
    /// The end of a journal without entries.
    pub(super) const NOTHING: End = End { sequence: 0, segment: 1, offset: START, newest: Timestamp::from_millis(i64::MIN) };
}

/// The journal, open for appending. There is one writer.
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    sizes: Sizes,
    segment: Segment,
    end: End,
    /// How far the file is written, zeros included.
    filled: u64,
    /// What went wrong since the last good write; the file may hold rubbish behind `end`.
    broken: Option<StoreError>,
    buffer: Vec<u8>,
}

impl Journal {
    /// Goes on behind `end`; nothing stands behind it in its file.
    pub(super) fn new(disk: Arc<dyn Disk>, sizes: Sizes, segment: Segment, end: End) -> Self {
        Journal { disk, sizes, segment, filled: end.offset, end, broken: None, buffer: Vec::new() }
    }

    /// The end of what is durable.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// Appends frames whose payloads stand behind free room for the header. On return they are on the disk itself.
    ///
    /// `newest` is the latest time at which one of them was committed.
    pub(super) fn append<'a>(&mut self, frames: impl Iterator<Item = &'a [u8]>, newest: Timestamp) -> Result<Vec<Place>, Refusal> {
        self.repair()?;
        if self.end.offset >= self.sizes.file {
            self.rotate()?;
        }
        let places = self.gather(frames);
        let length = self.buffer.len() as u64;
        self.write_buffer(length)?;
        self.end.offset += length;
        self.end.sequence += places.len() as u64;
        self.end.newest = self.end.newest.max(newest);
        Ok(places)
    }

    /// After a failed write: cuts the file behind its last durable frame, and sees whether it takes bytes again.
    pub(super) fn repair(&mut self) -> Result<(), Refusal> {
        let Some(broken) = self.broken.take() else { return Ok(()) };
        tracing::warn!(file = self.segment.path, error = %broken, "repairing the journal after a failed write");
        let cut = self.segment.file.truncate(self.end.offset);
        cut.map_err(|error| self.failed("cut", error))?;
        self.filled = self.end.offset;
        self.buffer.clear();
        self.write_buffer(0)
    }

    fn gather<'a>(&mut self, frames: impl Iterator<Item = &'a [u8]>) -> Vec<Place> {
        self.buffer.clear();
        let mut places = Vec::new();
        for frame in frames {
            let at = self.buffer.len();
            self.buffer.extend_from_slice(frame);
            let sequence = self.end.sequence + 1 + places.len() as u64;
            frame::seal(&mut self.buffer[at..], places.len() as u32, self.segment.id, sequence);
            let offset = (self.end.offset + at as u64) as u32;
            places.push(Place { segment: self.segment.first, offset, length: frame.len() as u32 });
        }
        places
    }

    /// Writes the buffer, and zeros behind it where they are needed or nothing else is to be written; syncs.
    fn write_buffer(&mut self, length: u64) -> Result<(), Refusal> {
        let end = self.end.offset + length;
        if end > self.filled || length == 0 {
            let filled = (end + 1).next_multiple_of(self.sizes.ahead);
            self.buffer.resize((filled - self.end.offset) as usize, 0);
            self.filled = filled;
        }
        let written = self.segment.file.write_at(self.end.offset, &self.buffer);
        written.map_err(|error| self.failed("write", error))?;
        let synced = self.segment.file.sync();
        synced.map_err(|error| Refusal::Fatal(while_doing(format!("sync {}", self.segment.path))(error)))
    }

    /// Begins a new file.
    fn rotate(&mut self) -> Result<(), Refusal> {
        let first = self.end.sequence + 1;
        let created = Segment::create(&*self.disk, first, fresh_id(), self.end.newest);
        if let Err(Refusal::Failed(error)) = &created {
            // Whatever there is of the new file holds nothing; the next try replaces it.
            self.broken = Some(error.clone());
        }
        self.segment = created?;
        self.end = End { segment: first, offset: START, ..self.end };
        self.filled = START;
        Ok(())
    }

    fn failed(&mut self, doing: &str, error: std::io::Error) -> Refusal {
        let error = while_doing(format!("{doing} {}", self.segment.path))(error);
        self.broken = Some(error.clone());
        Refusal::Failed(error)
    }
}

/// A new file behind what there is of the journal.
pub(super) fn begin(disk: &dyn Disk, end: End) -> Result<(Segment, End), StoreError> {
    let first = end.sequence + 1;
    let segment = Segment::create(disk, first, fresh_id(), end.newest)?;
    Ok((segment, End { segment: first, offset: START, ..end }))
}

/// Gives every entry up to `last` that was committed at `since` or later to `each`, in order, until that says no.
pub(super) fn replay(disk: &dyn Disk, last: u64, since: Timestamp, mut each: impl FnMut(Entry) -> bool) -> Result<(), StoreError> {
    let files = segment::list(disk)?;
    for (index, first) in files.iter().enumerate() {
        let next = files.get(index + 1).copied();
        if let Some(next) = next
            && Segment::open_kept(disk, next)?.is_some_and(|next| next.since < since)
        {
            continue;
        }
        let Some(segment) = Segment::open_kept(disk, *first)? else { continue };
        let mut reader = Reader::new(segment, START, *first);
        while reader.expected() <= last {
            let Some(Frame { payload, .. }) = reader.next()? else { break };
            if EntryBytes::split(payload)?.head()?.at >= since && !each(Entry::decode(payload)?) {
                return Ok(());
            }
        }
        if reader.expected() <= last && next != Some(reader.expected()) {
            return Err(reader.damaged("although it was committed"));
        }
    }
    Ok(())
}

/// A number that was never used before, as far as chance can promise.
pub(super) fn fresh_id() -> u64 {
    RandomState::new().build_hasher().finish()
}
