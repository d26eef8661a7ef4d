//! Messages that found no place in the record: read from the journal again when there is room.

use super::Outbox;
use crate::conversation::{Action, Event, Row, RowId};
use crate::model::{Key, Timestamp};
use crate::store::{Entry, Record};
use crate::turn::TurnError;

/// How many rows are taken up at a time.
const REFILL: usize = 10;

/// How many entries are read at a time.
const ENTRIES: u64 = 32;

impl Outbox {
    /// Makes rows of the oldest messages that wait in the journal, once all rows before them are settled.
    pub(super) async fn refill(&self, key: Key, record: &Record) -> Result<(), TurnError> {
        let Some(backlog) = record.state.backlog.filter(|_| record.state.rows.is_empty()) else { return Ok(()) };
        let (mut rows, mut revision) = (Vec::new(), backlog.next.revision);
        while rows.len() <= REFILL && revision <= record.revision {
            let entries = self.turns.store().journal(key, revision..=revision + ENTRIES - 1).await?;
            rows.extend(entries.into_iter().flat_map(|entry| waiting(entry, backlog.next, self.clock.now())));
            revision += ENTRIES;
        }
        let next = rows.get(REFILL).map(|row: &Row| row.id);
        rows.truncate(REFILL);
        if rows.is_empty() {
            tracing::error!(conversation = %key, count = backlog.count, "messages that waited are no longer in the journal");
        }
        // Where more has come to wait meanwhile, the machine declines; the conversation stays due, and they are read again.
        self.turns.apply(key, |_| vec![Event::Refilled { rows: rows.clone(), next }]).await?;
        Ok(())
    }
}

/// The messages of an entry from `next` on.
fn waiting(entry: Entry, next: RowId, now: Timestamp) -> Vec<Row> {
    let row = |action, desk| match action {
        Action::Send { row, message, asking, .. } if row >= next => Some(Row { desk, ..Row::due(row, &message, asking, now) }),
        _ => None,
    };
    let rows = entry.turns.into_iter().flat_map(|turn| {
        let desk = matches!(&turn.event, Event::Desk { order, .. } if order.speaks());
        turn.actions.into_iter().filter_map(move |action| row(action, desk))
    });
    rows.collect()
}
