//! What `junco store check` prints: one line a part, the parts' names in the first column.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::model::Timestamp;
use crate::store::{Inspection, JournalFile, JournalState, MapState};

/// The whole text.
pub(super) fn inspected(folder: &Path, found: &Inspection, now: Timestamp) -> String {
    let mut text = format!("{}: {}\n", folder.display(), verdict(found));
    let mut line = |name: &str, told: String| {
        // A text has room for what is written to it.
        let _ = writeln!(text, "  {name:<14}{told}");
    };
    found.damage.iter().for_each(|damage| line("damaged", damage.clone()));
    line("journal", journal(&found.journal, now));
    found.journal.iter().for_each(|file| line("", journal_file(file, now)));
    line(
        "snapshot",
        found.snapshot.as_ref().map_or("none".into(), |snapshot| {
            let (name, bytes, sequence) = (&snapshot.name, size(snapshot.bytes), snapshot.sequence);
            format!("{name}, {bytes}, up to entry {sequence}, {} old", age(snapshot.newest, now))
        }),
    );
    line("mark", found.mark.map_or("none".into(), |mark| format!("entry {mark}")));
    line("record map", map(&found.map));
    if let Some(held) = &found.held {
        let due = held.next_due.map_or("nothing due".into(), |due| match due > now {
            true => format!("next due in {}", age(now, due)),
            false => format!("due for {}", age(due, now)),
        });
        line("conversations", format!("{}, {} not settled, {due}", held.conversations, counted(held.unsettled, "message")));
    }
    line("given up", format!("{}, as far as the journal goes back", counted(found.dead_letters, "message")));
    line("format", found.format.map_or("none".into(), |format| format.to_string()));
    line("disk", format!("{} used, {} free", size(found.used), size(found.free)));
    for leftover in &found.leftovers {
        line("may go", format!("{}, {}: nothing needs it, delete it when you like", leftover.path.display(), size(leftover.bytes)));
    }
    if let Some(copy) = &found.unfinished {
        line("unfinished", format!("{}: a compaction was cut short; `junco store compact` ends it", copy.display()));
    }
    text
}

fn verdict(found: &Inspection) -> &'static str {
    match (&found.map, found.damage.is_empty()) {
        (_, false) => "DAMAGED; change nothing, and restore what is named from a backup",
        (MapState::NoStore, true) => "empty; the first start makes a store here",
        (_, true) => "good; the next start loses nothing",
    }
}

fn journal(files: &[JournalFile], now: Timestamp) -> String {
    let (bytes, entries) = files.iter().fold((0, 0), |(bytes, entries), file| (bytes + file.bytes, entries + file.entries));
    let newest = files.iter().filter_map(|file| file.newest).max();
    let newest = newest.map_or(String::new(), |newest| format!(", the newest {} old", age(newest, now)));
    format!("{}, {}, {}{newest}", counted(files.len() as u64, "file"), size(bytes), counted_as(entries, "entry", "entries"))
}

fn journal_file(file: &JournalFile, now: Timestamp) -> String {
    let JournalFile { name, bytes, first, entries, newest, state } = file;
    let range = match entries {
        0 => "no entries".into(),
        _ => format!("{first} to {}", first + entries - 1),
    };
    let age = newest.map_or(String::new(), |newest| format!(", {} old", age(newest, now)));
    let state = match state {
        JournalState::Good => String::new(),
        JournalState::Torn { at } => format!("; torn at byte {at}: never acknowledged, the next start cuts it"),
        JournalState::Unborn => "; begun, but never written to: the next start makes it again".into(),
        JournalState::Damaged => "; DAMAGED".into(),
    };
    format!("{name}  {:>9}  {range}{age}{state}", size(*bytes))
}

fn map(map: &MapState) -> String {
    match map {
        MapState::NoStore => "none".into(),
        MapState::Good { behind: 0 } => "good".into(),
        MapState::Good { behind } => format!("good; the next start plays {} into it", counted_as(*behind, "entry", "entries")),
        MapState::Absent => "none; the next start fills one from snapshot and journal".into(),
        MapState::Untrusted { why } => format!("not to be trusted ({why}); the next start sets it aside and fills a new one"),
        MapState::Unknown { why } => format!("not looked at: {why}"),
    }
}

fn counted(count: u64, what: &str) -> String {
    counted_as(count, what, &format!("{what}s"))
}

fn counted_as(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Bytes for people: three digits and a unit of 1 000.
pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let unit = (1..units.len()).take_while(|unit| bytes >= 1_000_u64.pow(*unit as u32)).count();
    let whole = bytes as f64 / 1_000_f64.powi(unit as i32);
    match unit {
        0 => format!("{bytes} B"),
        _ if whole < 10.0 => format!("{whole:.1} {}", units[unit]),
        _ => format!("{whole:.0} {}", units[unit]),
    }
}

/// How long after `from` it is, in the largest unit that fits.
fn age(from: Timestamp, to: Timestamp) -> String {
    let span: Duration = to.since(from);
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_short() {
        let sizes = [0, 999, 1_000, 9_949, 64 << 20, 3_200_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "9.9 kB", "67 MB", "3.2 GB"]);
        let ages = [0, 119, 120, 7_200, 172_800].map(|seconds| age(Timestamp::default(), Timestamp::from_millis(seconds * 1_000)));
        assert_eq!(ages, ["0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
