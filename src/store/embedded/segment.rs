//! A journal file: a header, then frames, then perhaps zeros that were written ahead.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};

use super::frame::{self, HEADER, Header};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, DiskFile, while_doing};

/// The newest format of journal files.
pub(super) const FORMAT: u8 = 2;

const MAGIC: [u8; 8] = *b"JUNCOJNL";

/// Bytes before the first frame.
pub(super) const START: u64 = 40;

/// How much is read at once when a file is gone through.
const CHUNK: usize = 256 << 10;

/// Where a frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The first sequence number of its file, which names the file.
    pub(super) segment: u64,
    /// Bytes before it.
    pub(super) offset: u32,
    /// Its length with its header.
    pub(super) length: u32,
}

impl Place {
    /// The place of an entry that is gone: no file has the number 0.
    pub(super) const NOWHERE: Place = Place { segment: 0, offset: 0, length: 0 };
}

/// Why the journal did not take something.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// The disk refused; the next try may find it repaired.
    Failed(StoreError),
    /// A sync failed: nobody knows what is on the disk, and only a new start can find out.
    Fatal(StoreError),
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) | Refusal::Fatal(error) => error,
        }
    }
}

/// The name of the journal file whose first entry has that sequence number.
pub(super) fn name(first: u64) -> String {
    format!("journal-{first:020}.jnl")
}

/// The first sequence numbers of all journal files, ascending.
pub(super) fn list(disk: &dyn Disk) -> Result<Vec<u64>, StoreError> {
    let names = disk.list().map_err(while_doing("list the files of the store"))?;
    let firsts = names.iter().filter_map(|name| name.strip_prefix("journal-")?.strip_suffix(".jnl")?.parse().ok());
    let mut firsts: Vec<u64> = firsts.collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// An open journal file.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) file: Arc<dyn DiskFile>,
    /// Its first sequence number.
    pub(super) first: u64,
    /// The id that its frames carry.
    pub(super) id: u64,
    /// Its format; a file of an older one is written to no more.
    pub(super) format: u8,
    /// No entry of the files before it was committed later.
    pub(super) since: Timestamp,
    /// Where it is, for messages.
    pub(super) path: String,
}

impl Segment {
    /// A new file, header and name on the disk itself; its length is [`START`].
    pub(super) fn create(disk: &dyn Disk, first: u64, id: u64, since: Timestamp) -> Result<Self, Refusal> {
        let path = disk.place(&name(first));
        let failed = |error| Refusal::Failed(while_doing(format!("create {path}"))(error));
        let fatal = |error| Refusal::Fatal(while_doing(format!("sync {path}"))(error));
        let file = disk.create(&name(first)).map_err(failed)?;
        file.write_at(0, &header(FORMAT, first, id, since)).map_err(failed)?;
        file.sync().map_err(fatal)?;
        disk.sync_folder().map_err(fatal)?;
        Ok(Segment { file, first, id, format: FORMAT, since, path })
    }

    /// A file that is there; `None` when its header was never written whole.
    pub(super) fn open(disk: &dyn Disk, first: u64) -> Result<Option<Self>, StoreError> {
        let path = disk.place(&name(first));
        let file = disk.open(&name(first)).map_err(while_doing(format!("open {path}")))?;
        let mut found = [0; START as usize];
        file.read_at(0, &mut found).map_err(while_doing(format!("read {path}")))?;
        let number = |at: usize| u64::from_le_bytes(*found[at..].first_chunk().expect("the header is longer"));
        let (id, format, since) = (number(16), found[8], Timestamp::from_millis(number(32) as i64));
        if found[..8] == MAGIC && format > FORMAT {
            return Err(StoreError::Newer { what: "a journal file", found: format, known: FORMAT });
        }
        Ok((found == header(format, first, id, since)).then_some(Segment { file, first, id, format, since, path }))
    }

    /// As [`Segment::open`], and `None` too where the file is gone because it was too old.
    pub(super) fn open_kept(disk: &dyn Disk, first: u64) -> Result<Option<Self>, StoreError> {
        match Self::open(disk, first) {
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened,
        }
    }

    /// The payload of one frame.
    pub(super) fn read(&self, place: Place) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; place.length as usize];
        let count = self.file.read_at(u64::from(place.offset), &mut bytes).map_err(while_doing(format!("read {}", self.path)))?;
        match frame::parse(&bytes[..count]) {
            Some((header, _)) if header.file == self.id => {
                bytes.drain(..HEADER);
                Ok(bytes)
            }
            _ => Err(StoreError::Corrupt(format!("{}: no good frame at byte {}: restore the file from a backup", self.path, place.offset))),
        }
    }
}

/// How many files are kept open for reading.
const OPEN: usize = 64;

/// Journal files open for reading: records and messages are read from them again, most of them soon after they were written.
pub(super) struct Library {
    disk: Arc<dyn Disk>,
    open: Mutex<BTreeMap<u64, Arc<Segment>>>,
}

impl Library {
    pub(super) fn new(disk: Arc<dyn Disk>) -> Self {
        Library { disk, open: Mutex::default() }
    }

    /// The bytes of the entry that stands in a place; `None` when its file is gone because it was too old.
    pub(super) fn read(&self, place: Place) -> Result<Option<Vec<u8>>, StoreError> {
        self.segment(place.segment)?.map(|segment| segment.read(place)).transpose()
    }

    /// Where a file is or was, for messages.
    pub(super) fn path(&self, first: u64) -> String {
        self.disk.place(&name(first))
    }

    /// Closes a file that was removed.
    pub(super) fn forget(&self, first: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&first);
    }

    fn segment(&self, first: u64) -> Result<Option<Arc<Segment>>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.get(&first) {
            return Ok(Some(segment.clone()));
        }
        let Some(segment) = Segment::open_kept(&*self.disk, first)?.map(Arc::new) else { return Ok(None) };
        if open.len() >= OPEN {
            open.pop_first();
        }
        open.insert(first, segment.clone());
        Ok(Some(segment))
    }
}

fn header(format: u8, first: u64, id: u64, since: Timestamp) -> [u8; START as usize] {
    let mut bytes = [0; START as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8] = format;
    bytes[16..24].copy_from_slice(&id.to_le_bytes());
    bytes[24..32].copy_from_slice(&first.to_le_bytes());
    bytes[32..40].copy_from_slice(&since.as_millis().to_le_bytes());
    let checksum = crc32fast::hash(&bytes);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Whether a file whose header is bad holds any good frame.
pub(super) fn holds_frames(disk: &dyn Disk, first: u64) -> Result<bool, StoreError> {
    let doing = || while_doing(format!("read {}", disk.place(&name(first))));
    let file = disk.open(&name(first)).map_err(doing())?;
    let length = file.length().map_err(doing())?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_at(0, &mut bytes).map_err(doing())?;
    Ok(frame::search(&bytes).next().is_some())
}

/// The error for a file whose header cannot be read.
pub(super) fn bad_header(disk: &dyn Disk, first: u64) -> StoreError {
    StoreError::Corrupt(format!("{}: the header is damaged: restore the file from a backup", disk.place(&name(first))))
}

/// A good frame.
pub(super) struct Frame<'a> {
    pub(super) place: Place,
    pub(super) header: Header,
    pub(super) payload: &'a [u8],
}

/// Goes through the frames of a file, in order, as far as they are good.
pub(super) struct Reader {
    segment: Segment,
    /// The sequence number that the next frame must have.
    expected: u64,
    /// Where the next frame begins.
    offset: u64,
    /// Bytes of the file from `offset` on are those of the window from `at` on.
    window: Vec<u8>,
    at: usize,
}

impl Reader {
    /// From a place where the frame `expected` begins.
    pub(super) fn new(segment: Segment, offset: u64, expected: u64) -> Self {
        Reader { segment, expected, offset, window: Vec::new(), at: 0 }
    }

    /// The next frame, or `None` where no good one with the next number stands.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, StoreError> {
        self.fill(HEADER)?;
        let Some(header) = frame::header(&self.window[self.at..]) else { return Ok(None) };
        self.fill(HEADER + header.length)?;
        let start = self.at;
        let sound = frame::parse(&self.window[start..]).is_some();
        if !sound || header.file != self.segment.id || header.sequence != self.expected {
            return Ok(None);
        }
        let length = HEADER + header.length;
        let place = Place { segment: self.segment.first, offset: self.offset as u32, length: length as u32 };
        self.at += length;
        self.offset += length as u64;
        self.expected += 1;
        Ok(Some(Frame { place, header, payload: &self.window[start + HEADER..self.at] }))
    }

    /// Where the last good frame ended.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The sequence number behind the last good frame.
    pub(super) fn expected(&self) -> u64 {
        self.expected
    }

    /// The file.
    pub(super) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Makes sure that what is left behind the last good frame was never synced: `true` when there is anything to be cut.
    ///
    /// A group is written only after the one before it was synced. So a bad frame may be part of the last group, of which any
    /// part may have reached the disk; a good frame of a later group tells that it was synced once, and is damaged.
    pub(super) fn judge_tail(&self) -> Result<bool, StoreError> {
        let doing = || while_doing(format!("read {}", self.segment.path));
        let length = self.segment.file.length().map_err(doing())?;
        let mut rest = vec![0; usize::try_from(length.saturating_sub(self.offset)).unwrap_or(0)];
        self.segment.file.read_at(self.offset, &mut rest).map_err(doing())?;
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        let later = frame::search(&rest).find(|found| found.file == self.segment.id && found.group() > self.expected);
        match later {
            None => Ok(true),
            Some(found) => Err(self.damaged(&format!("although entry {} stands good behind it", found.sequence))),
        }
    }

    /// The error for a bad frame where a good one must be.
    pub(super) fn damaged(&self, why: &str) -> StoreError {
        StoreError::Corrupt(format!(
            "{}: damaged at byte {}: entry {} is not readable there, {why}; nothing was changed, restore the file from a backup",
            self.segment.path, self.offset, self.expected
        ))
    }

    /// Gets `count` bytes into the window, fewer where the file ends.
    fn fill(&mut self, count: usize) -> Result<(), StoreError> {
        let have = self.window.len() - self.at;
        if have >= count {
            return Ok(());
        }
        self.window.drain(..self.at);
        self.at = 0;
        self.window.resize(count.max(CHUNK), 0);
        let from = self.offset + have as u64;
        let read = self.segment.file.read_at(from, &mut self.window[have..]);
        let read = read.map_err(while_doing(format!("read {}", self.segment.path)))?;
        self.window.truncate(have + read);
        Ok(())
    }
}
