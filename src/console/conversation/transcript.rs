//! A conversation read from its journal: what was said, by whom, why, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::console::ledger::is_refusal;
use crate::conversation::{Action, DeskOrder, Event, Fired, Outcome, RowId, RowStatus, Trace};
use crate::model::{Attachment, LookupAnswer, Outgoing, Timestamp};
use crate::store::{Entry, TurnLog};

/// Something to be shown, in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) revision: u64,
    pub(super) at: Timestamp,
    pub(super) body: Body,
}

/// What it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// The person wrote or tapped.
    Theirs { text: String, tapped: bool, attachment: Option<Attachment>, why: Why },
    /// We said something.
    Ours { row: RowId, message: Outgoing, by: Speaker, fate: Fate },
    /// Somebody wrote from the account in another client.
    Elsewhere { text: String },
    /// Anything else worth a line; `quote` is what somebody or something said in it.
    Note { text: String, quote: String, kind: NoteKind },
}

/// Who spoke for the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker {
    Bot,
    /// Somebody of the house, from the console.
    Desk(String),
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    Plain,
    Warm,
    Bad,
}

/// Why a turn did what it did.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Why {
    pub(super) trace: Trace,
    /// Whether a younger message was taken before.
    pub(super) overtaken: bool,
    /// From when X took the message until it was taken here.
    pub(super) delay: Duration,
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for its turn, or for that time.
    Due(Timestamp),
    /// It is on its way.
    Sending,
    /// Nobody knows yet whether X took it.
    Unsure,
    /// X took it; how long after it was ordered, and whether the echo told first.
    Sent { after: Duration, by_echo: bool },
    /// We did not send it.
    Withheld { reason: String },
    /// X did not take it, or nobody knows whether it did, and it is tried no more; somebody may have sent it again.
    Refused { code: u32, reason: String, again: bool },
}

/// What became of rows, gathered from all entries.
#[derive(Default)]
struct Fates {
    settled: BTreeMap<RowId, Timestamp>,
    refused: BTreeMap<RowId, (u32, String)>,
    withheld: BTreeMap<RowId, String>,
    gone: BTreeMap<RowId, Timestamp>,
}

/// The items of consecutive entries, oldest first.
pub(super) fn read(entries: &[Entry]) -> Vec<Item> {
    let fates = gather(entries);
    let mut items = Vec::new();
    for entry in entries {
        for turn in &entry.turns {
            read_turn(entry, turn, entries, &fates, &mut items);
        }
    }
    items
}

fn gather(entries: &[Entry]) -> Fates {
    let mut fates = Fates::default();
    let mut before: BTreeSet<RowId> = BTreeSet::new();
    for entry in entries {
        for turn in &entry.turns {
            if let Event::Settled { row, outcome: Outcome::Sent(_) } = &turn.event {
                fates.settled.insert(*row, entry.at);
            }
            for action in &turn.actions {
                match action {
                    Action::DeadLetter { row, code, reason } if is_refusal(&turn.event) => {
                        fates.refused.insert(*row, (*code, reason.clone()));
                    }
                    Action::DeadLetter { row, reason, .. } => {
                        fates.withheld.insert(*row, reason.clone());
                    }
                    _ => {}
                }
            }
        }
        // What was a row and is none any more, without a word of X's answer, was confirmed by its echo or by a tap.
        let now: BTreeSet<RowId> = entry.record.state.rows.iter().map(|row| row.id).collect();
        before.difference(&now).for_each(|row| {
            fates.gone.entry(*row).or_insert(entry.at);
        });
        before = now;
    }
    fates
}

fn read_turn(entry: &Entry, turn: &TurnLog, entries: &[Entry], fates: &Fates, items: &mut Vec<Item>) {
    let mut add = |body| items.push(Item { revision: entry.revision(), at: entry.at, body });
    let note = |text: String, kind| Body::Note { text, quote: String::new(), kind };
    match &turn.event {
        // It comes again when it is taken.
        Event::Message { .. } if turn.trace.fired == Fired::Waits => return,
        Event::Message { message, overtaken, .. } => add(Body::Theirs {
            text: message.text.clone(),
            tapped: message.tap.is_some(),
            attachment: message.attachment.clone(),
            why: Why { trace: turn.trace.clone(), overtaken: *overtaken, delay: entry.at.since(message.sent_at) },
        }),
        Event::Echo { message, .. } if turn.trace.fired == Fired::Operator => add(Body::Elsewhere { text: message.text.clone() }),
        Event::Account { kind, .. } => add(note(format!("{kind} at X"), NoteKind::Plain)),
        Event::LookupDone { answer, .. } => {
            let name = if let Fired::Lookup(name, _) = &turn.trace.fired { name.as_str() } else { "a server" };
            add(match answer {
                LookupAnswer::Ok { status, .. } => note(format!("{name} answered ({status})"), NoteKind::Plain),
                LookupAnswer::Failed { detail, .. } => {
                    Body::Note { text: format!("{name} failed"), quote: detail.clone(), kind: NoteKind::Bad }
                }
            });
        }
        Event::TimerFired { .. } => {
            if let Fired::Reminder(name) = &turn.trace.fired {
                add(note(format!("reminder {name}"), NoteKind::Plain));
            }
        }
        Event::Desk { by, order: DeskOrder::Pause } => add(note(format!("{by} took over"), NoteKind::Warm)),
        Event::Desk { by, order: DeskOrder::Resume } => add(note(format!("{by} gave the bot back"), NoteKind::Warm)),
        _ => {}
    }
    let by = if let Event::Desk { by, .. } = &turn.event { Speaker::Desk(by.clone()) } else { Speaker::Bot };
    let is_desk = by != Speaker::Bot;
    for action in &turn.actions {
        match action {
            Action::Send { row, message, .. } => {
                let fate = fate(*row, entry, message, entries, fates);
                add(Body::Ours { row: *row, message: message.clone(), by: by.clone(), fate });
            }
            Action::HandOver { queue, note: told } if !is_desk => {
                let queue = queue.as_deref().map(|queue| format!(" for {queue}")).unwrap_or_default();
                add(Body::Note { text: format!("handed over to a person{queue}"), quote: told.clone(), kind: NoteKind::Warm });
            }
            Action::TakeBack if !is_desk => add(note("the bot speaks again".to_owned(), NoteKind::Plain)),
            Action::LookUp { name, request, .. } => {
                let host = url::Url::parse(&request.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
                add(note(format!("asks {name} ({host})"), NoteKind::Plain));
            }
            // A tag may be made of what the person wrote.
            Action::Tag { name } => add(Body::Note { text: "tagged".to_owned(), quote: name.clone(), kind: NoteKind::Plain }),
            Action::Count { name, .. } => add(note(format!("counted {name}"), NoteKind::Plain)),
            Action::Consent { wanted: true } => add(note("wants to hear from us again".to_owned(), NoteKind::Plain)),
            Action::Consent { wanted: false } => add(note("wants to hear nothing any more".to_owned(), NoteKind::Warm)),
            Action::Forget => add(note("was forgotten: what was said before is not shown".to_owned(), NoteKind::Warm)),
            Action::Fault { what } => {
                add(Body::Note { text: "the script went wrong".to_owned(), quote: what.clone(), kind: NoteKind::Bad });
            }
            _ => {}
        }
    }
}

fn fate(row: RowId, entry: &Entry, message: &Outgoing, entries: &[Entry], fates: &Fates) -> Fate {
    let ordered = entry.at;
    if let Some(reason) = fates.withheld.get(&row) {
        return Fate::Withheld { reason: reason.clone() };
    }
    if let Some((code, reason)) = fates.refused.get(&row) {
        let is_again = |turn: &TurnLog| match &turn.event {
            Event::Desk { order: DeskOrder::Again { row: Some(again), .. }, .. } => *again == row,
            Event::Desk { order: DeskOrder::Again { message: again, row: None }, .. } => again == message,
            _ => false,
        };
        let later = entries.iter().filter(|later| later.revision() > entry.revision());
        return Fate::Refused { code: *code, reason: reason.clone(), again: later.flat_map(|entry| &entry.turns).any(is_again) };
    }
    if let Some(at) = fates.settled.get(&row) {
        return Fate::Sent { after: at.since(ordered), by_echo: false };
    }
    let standing = entries.last().and_then(|last| last.record.state.rows.iter().find(|other| other.id == row));
    match standing.map(|row| &row.status) {
        Some(RowStatus::Due(at)) => Fate::Due(*at),
        Some(RowStatus::Sending(_)) => Fate::Sending,
        Some(RowStatus::Unsure { .. }) => Fate::Unsure,
        None => match fates.gone.get(&row) {
            Some(at) => Fate::Sent { after: at.since(ordered), by_echo: true },
            // Behind the rows there is a backlog.
            None => Fate::Due(ordered),
        },
    }
}
