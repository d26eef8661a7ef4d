//! The start: finds out what can be believed, plays the journal's tail into the record map, and fills a lost map anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::journal::{self, End, Journal, Sizes};
use super::mark::Mark;
use super::rows;
use super::segment::{self, Frame, Reader, START, Segment};
use super::snapshot;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, while_doing};
use crate::store::map::{MapHome, Overlay, RecordMap, Table};

/// How far the reading of the journal at the start has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the journal that were read.
    pub done: u64,
    /// Bytes of the journal that there are to read.
    pub of: u64,
}

/// Told about [`Progress`], now and then.
pub(super) type OnProgress<'a> = &'a dyn Fn(Progress);

/// How much of the journal is read between two reports.
const REPORT_EVERY: u64 = 8 << 20;

/// How much of the journal is played in between two syncs of the record map, so that not all of its rows gather in memory.
const SYNC_EVERY: u64 = 64 << 20;

/// The row of [`Table::Meta`] in which the record map says which one it is, and how much it holds.
const SELF: &[u8] = b"self";

/// What a store works with.
pub(super) struct Started {
    pub(super) journal: Journal,
    pub(super) map: Arc<dyn RecordMap>,
    pub(super) mark: Mark,
    /// Why the record map was set aside and filled anew, where it was.
    pub(super) distrust: Option<String>,
}

/// Brings journal and record map together.
///
/// A record map that is damaged, was emptied or is not the one of the mark is set aside and filled anew from the whole journal.
pub(super) fn start(disk: &Arc<dyn Disk>, home: &dyn MapHome, sizes: Sizes, progress: OnProgress) -> Result<Started, StoreError> {
    snapshot::clear_up(&**disk)?;
    match try_start(disk, home, sizes, progress) {
        Err(StoreError::Map(why)) => {
            Mark::withdraw(&**disk)?;
            let aside = home.set_aside()?;
            tracing::warn!(why, aside, "the record map cannot be trusted: it was set aside and is filled anew from the journal");
            Ok(Started { distrust: Some(why), ..try_start(disk, home, sizes, progress)? })
        }
        started => started,
    }
}

/// Writes into the record map that it holds the journal up to `sequence`.
pub(super) fn sign(map: &dyn RecordMap, generation: u64, sequence: u64) -> Result<(), StoreError> {
    let mut row = vec![rows::LAYOUT];
    row.extend_from_slice(&generation.to_be_bytes());
    row.extend_from_slice(&sequence.to_be_bytes());
    map.insert(Table::Meta, SELF, &row)
}

fn try_start(disk: &Arc<dyn Disk>, home: &dyn MapHome, sizes: Sizes, progress: OnProgress) -> Result<Started, StoreError> {
    let start = || {
        let (map, mark) = trusted_mark(&**disk, home)?;
        let tail = Tail::find(&**disk, mark.applied)?;
        // It keeps the order in which rows become durable.
        let map: Arc<dyn RecordMap> = Arc::new(Overlay::new(map));
        let (mut segment, mut end) = tail.play(&**disk, &*map, progress)?;
        if segment.format < segment::FORMAT {
            // An older one takes no entries of today.
            (segment, end) = journal::begin(&**disk, end)?;
        }
        let mark = Mark { applied: end, ..mark };
        sign(&*map, mark.generation, end.sequence)?;
        map.sync()?;
        mark.write(&**disk)?;
        Ok(Started { journal: Journal::new(disk.clone(), sizes, segment, end), map, mark, distrust: None })
    };
    // sled may panic over damage that it did not see when it was opened.
    catch_unwind(AssertUnwindSafe(start)).unwrap_or_else(|_| Err(StoreError::Map("it panicked".into())))
}

/// Opens the record map, and makes sure that it holds what the mark says; a new one gets a mark of its own.
fn trusted_mark(disk: &dyn Disk, home: &dyn MapHome) -> Result<(Arc<dyn RecordMap>, Mark), StoreError> {
    let mark = Mark::read(disk)?;
    let first = segment::list(disk)?.first().copied();
    let is_new = !home.exists();
    let map = home.open()?;
    let signed = signature(&*map)?;
    let committed = signed.map_or(0, |(_, sequence)| sequence).max(mark.map_or(0, |mark| mark.applied.sequence));
    if first.is_none() && committed > 0 {
        let first = disk.place(&segment::name(1));
        return Err(StoreError::Corrupt(format!(
            "{first} and all that follow are gone, although {committed} entries were committed: restore them from a backup"
        )));
    }
    match (mark, signed) {
        (Some(mark), Some((generation, sequence))) if generation == mark.generation && sequence >= mark.applied.sequence => Ok((map, mark)),
        // A start that did not come as far as the mark leaves a map without records.
        (mark, None) if is_new || mark.is_none() && rows::all(&*map, Table::Records).next().is_none() => {
            let applied = beginning(disk, &*map, first)?;
            let mark = Mark { generation: journal::fresh_id(), applied };
            sign(&*map, mark.generation, applied.sequence)?;
            map.sync()?;
            mark.write(disk)?;
            Ok((map, mark))
        }
        (_, None) => Err(StoreError::Map("it was emptied".into())),
        (None, Some(_)) => Err(StoreError::Map("there is no mark that says how far it can be trusted".into())),
        (Some(_), Some(_)) => Err(StoreError::Map("it is not the one that the mark speaks of, or lost a part".into())),
    }
}

/// The generation and the newest sequence number that the record map claims to hold.
fn signature(map: &dyn RecordMap) -> Result<Option<(u64, u64)>, StoreError> {
    let Some(row) = map.get(Table::Meta, SELF)? else { return Ok(None) };
    match row.split_first() {
        Some((&rows::LAYOUT, numbers)) if numbers.len() == 16 => {
            let number = |at: usize| u64::from_be_bytes(*numbers[at..].first_chunk().expect("16 bytes are two numbers"));
            Ok(Some((number(0), number(8))))
        }
        Some((&found, _)) if found > rows::LAYOUT => Err(StoreError::Newer { what: "the record map", found, known: rows::LAYOUT }),
        Some((&found, _)) if found < rows::LAYOUT => Err(StoreError::Map("it has the layout of an older version".into())),
        _ => Err(StoreError::Map("it is of no known layout".into())),
    }
}

/// Fills a new record map from the newest snapshot; says where in the journal to go on. A new journal is made where there is none.
fn beginning(disk: &dyn Disk, map: &dyn RecordMap, first: Option<u64>) -> Result<End, StoreError> {
    if let Some(end) = snapshot::restore(disk, map)? {
        return Ok(end);
    }
    match first {
        None => Ok(journal::begin(disk, End::NOTHING)?.1),
        Some(1) => Ok(End::NOTHING),
        Some(first) => Err(StoreError::Corrupt(format!(
            "{}: the journal begins with entry {first}; the record map cannot be filled from it, restore a backup",
            disk.place(&segment::name(first))
        ))),
    }
}

/// The part of the journal that the record map may lack.
struct Tail {
    from: End,
    /// The files, by their first sequence numbers; at least one.
    files: Vec<u64>,
    /// Bytes in them.
    length: u64,
}

impl Tail {
    fn find(disk: &dyn Disk, from: End) -> Result<Tail, StoreError> {
        let files: Vec<u64> = segment::list(disk)?.into_iter().filter(|first| *first >= from.segment).collect();
        if files.first() != Some(&from.segment) {
            let path = disk.place(&segment::name(from.segment));
            return Err(StoreError::Corrupt(format!("{path} is gone: restore it from a backup")));
        }
        let mut length = 0;
        for first in &files {
            let name = segment::name(*first);
            let file = disk.open(&name).and_then(|file| file.length());
            let found = file.map_err(while_doing(format!("open {}", disk.place(&name))))?;
            if *first == from.segment && found < from.offset {
                let (path, offset) = (disk.place(&name), from.offset);
                return Err(StoreError::Corrupt(format!(
                    "{path} has {found} bytes, but {offset} were committed: restore it from a backup"
                )));
            }
            length += found;
        }
        Ok(Tail { from, files, length: length.saturating_sub(from.offset) })
    }

    /// Plays all entries into the record map; gives the file to go on with, and where in it.
    fn play(&self, disk: &dyn Disk, map: &dyn RecordMap, progress: OnProgress) -> Result<(Segment, End), StoreError> {
        let mut reports = Reports::new(progress, self.length);
        let Tail { from, files, .. } = self;
        let (mut end, mut unsynced) = (*from, 0);
        for (index, first) in files.iter().enumerate() {
            let next = files.get(index + 1);
            let Some(segment) = Segment::open(disk, *first)? else {
                return replace_unborn(disk, *first, end, next.is_none());
            };
            if *first != from.segment {
                end = End { segment: *first, offset: START, ..end };
            }
            let mut reader = Reader::new(segment, end.offset, end.sequence + 1);
            let (group, newest) = play_file(&mut reader, map, &mut reports)?;
            let newest = end.newest.max(newest);
            unsynced += reader.offset() - end.offset;
            end = End { sequence: reader.expected() - 1, segment: *first, offset: reader.offset(), newest };
            if unsynced >= SYNC_EVERY {
                map.sync()?;
                unsynced = 0;
            }
            match next {
                Some(next) if *next == reader.expected() => {}
                Some(next) => return Err(reader.damaged(&format!("although the next file begins with {next}"))),
                None => {
                    cut_and_renew(&reader, group)?;
                    return Ok((reader.segment().clone(), end));
                }
            }
        }
        unreachable!("there is a last file, and it returned")
    }
}

/// Plays a file as far as its frames are good; says where the last group began, and the latest time of an entry.
fn play_file(reader: &mut Reader, map: &dyn RecordMap, reports: &mut Reports) -> Result<(Option<u64>, Timestamp), StoreError> {
    let (mut group, mut newest) = (None, End::NOTHING.newest);
    while let Some(Frame { place, header, payload }) = reader.next()? {
        if header.place == 0 {
            group = Some(u64::from(place.offset));
        }
        newest = newest.max(rows::replay(map, place, payload)?);
        reports.advance(u64::from(place.length));
    }
    Ok((group, newest))
}

/// Cuts what is torn or empty behind the last good frame, and makes sure that the last group is on the disk itself.
///
/// Its sync may have failed, or never have been made: then the system shows bytes that it need not have written, and may count
/// them as clean. So they are written once more.
fn cut_and_renew(reader: &Reader, group: Option<u64>) -> Result<(), StoreError> {
    let Segment { file, path, .. } = reader.segment();
    let doing = || while_doing(format!("repair {path}"));
    if reader.judge_tail()? {
        tracing::warn!(file = path, at = reader.offset(), "cutting a group that was not written whole; nobody was told that it was");
    }
    file.truncate(reader.offset()).map_err(doing())?;
    // A file without frames has its header as its last group.
    if let Some(start) = group.or((reader.offset() == START).then_some(0)) {
        let mut bytes = vec![0; (reader.offset() - start) as usize];
        file.read_at(start, &mut bytes).map_err(doing())?;
        file.write_at(start, &bytes).map_err(doing())?;
    }
    file.sync().map_err(doing())
}

/// A file without a header was never written to, since its header is synced first: it is made again.
fn replace_unborn(disk: &dyn Disk, first: u64, end: End, is_last: bool) -> Result<(Segment, End), StoreError> {
    if first == end.sequence + 1 && is_last && !segment::holds_frames(disk, first)? {
        return journal::begin(disk, end);
    }
    Err(segment::bad_header(disk, first))
}

/// Reports progress, now and then.
pub(super) struct Reports<'a> {
    progress: OnProgress<'a>,
    done: u64,
    reported: u64,
    of: u64,
}

impl<'a> Reports<'a> {
    /// Of so many bytes none is read yet.
    pub(super) fn new(progress: OnProgress<'a>, of: u64) -> Self {
        Reports { progress, done: 0, reported: 0, of }
    }

    /// So many more were read.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if self.done - self.reported >= REPORT_EVERY {
            self.reported = self.done;
            (self.progress)(Progress { done: self.done, of: self.of });
        }
    }
}
