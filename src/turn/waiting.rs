//! Taking up what waited for a lookup, or for those that may come before it, in the same commit that lets it go on.

use std::sync::Arc;

use super::{Drafted, TurnError, Turns};
use crate::bot::Program;
use crate::conversation::{Event, Waiting};
use crate::model::{Key, Profile};
use crate::store::StoreError;

impl Turns {
    /// Takes up the messages of a conversation that have waited long enough. Nothing happens where there are none.
    pub async fn take_up(&self, key: Key) -> Result<(), TurnError> {
        let program = self.program(key.account)?;
        let _hold = self.holds.hold(key).await;
        loop {
            let Some(record) = self.store.load(key).await? else { return Ok(()) };
            let mut draft = self.draft(key, Some(record), &Profile::unknown(key.peer));
            self.take_up_waiting(&program, &mut draft).await?;
            if draft.commit.entry.turns.is_empty() {
                return Ok(());
            }
            self.finish(&mut draft);
            if self.commit(draft.commit).await? {
                return Ok(());
            }
        }
    }

    /// Takes up, in a commit that is being made, what waits no longer.
    pub(super) async fn take_up_waiting(&self, program: &Arc<Program>, draft: &mut Drafted) -> Result<(), StoreError> {
        while let Some(waiting) = draft.commit.entry.record.state.taken_up_next(draft.commit.entry.at) {
            match self.waited(draft, waiting).await? {
                Some(event) => {
                    let recalled =
                        super::recall::asking(self.store.as_ref(), draft.commit.entry.key, &draft.commit.entry.record, &event).await?;
                    self.step(program, draft, event, recalled);
                }
                None => {
                    let entry = &mut draft.commit.entry;
                    tracing::error!(conversation = %entry.key, message = %waiting.id, "a message that waited is no longer in the journal");
                    entry.record.state.waiting.retain(|other| other.id != waiting.id);
                }
            }
        }
        Ok(())
    }

    /// The message that waited, as the journal has it.
    async fn waited(&self, draft: &Drafted, waiting: Waiting) -> Result<Option<Event>, StoreError> {
        let entry = &draft.commit.entry;
        let (revision, place) = (waiting.turn.revision, waiting.turn.index as usize);
        let event = if revision == entry.revision() {
            entry.turns.get(place).map(|turn| turn.event.clone())
        } else {
            let found = self.store.journal(entry.key, revision..=revision).await?.pop();
            found.and_then(|found| found.turns.into_iter().nth(place)).map(|turn| turn.event)
        };
        Ok(match event {
            Some(Event::Message { message, from, overtaken, .. }) if message.id == waiting.id => {
                Some(Event::Message { message, from, overtaken, waited: true })
            }
            _ => None,
        })
    }
}
