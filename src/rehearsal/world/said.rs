//! What the bot has said, and why: X's messages beside the journal that ordered them.

use std::collections::{BTreeMap, BTreeSet};

use super::mailbox::{Mailbox, Sent};
use super::{KEY, WorldError};
use crate::conversation::{Action, Event, Fired, Lateness};
use crate::model::{MessageId, Outgoing};
use crate::store::{Entry, MemoryStore, Store as _};

/// A message of the bot.
#[derive(Clone)]
pub(in crate::rehearsal) struct Said {
    /// What X has taken.
    pub(in crate::rehearsal) message: Outgoing,
    /// How many options its prompt has on all pages.
    pub(in crate::rehearsal) options: usize,
    /// How late the tap was that led to it.
    pub(in crate::rehearsal) late: Option<Lateness>,
    /// The state after the turn that says it.
    pub(in crate::rehearsal) state: Option<String>,
}

/// What a conversation has reached.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// States, by name.
    pub states: BTreeSet<String>,
    /// Options: the prompt as `state/name`, and the option's id.
    pub options: BTreeSet<(String, String)>,
    /// Classes of lateness.
    pub late: BTreeMap<Lateness, usize>,
    /// What went wrong in the script.
    pub faults: Vec<String>,
}

/// Reads along.
#[derive(Default)]
pub(super) struct Ledger {
    revision: u64,
    /// What was ordered and is not found at X yet.
    ordered: Vec<Said>,
    said: Vec<Said>,
    reached: Reached,
    lateness: BTreeMap<MessageId, Lateness>,
    /// How late the last tap was, for what is said once a server has answered.
    late: Option<Lateness>,
}

impl Ledger {
    pub(super) fn said(&self) -> &[Said] {
        &self.said
    }

    pub(super) fn reached(&self) -> &Reached {
        &self.reached
    }

    pub(super) fn lateness(&self) -> &BTreeMap<MessageId, Lateness> {
        &self.lateness
    }

    pub(super) async fn read(&mut self, store: &MemoryStore, mailbox: &Mailbox) -> Result<(), WorldError> {
        for entry in store.journal(KEY, self.revision + 1..=u64::MAX).await? {
            self.revision = entry.revision();
            self.note(entry);
        }
        for sent in mailbox.sent_from(self.said.len()) {
            let said = self.find(sent);
            self.said.push(said);
        }
        Ok(())
    }

    fn note(&mut self, entry: Entry) {
        let after = entry.record.state.at;
        self.reached.states.extend(after.clone());
        for turn in entry.turns {
            let state = turn.trace.to.clone().or_else(|| after.clone());
            self.reached.states.extend(turn.trace.to);
            match turn.event {
                Event::Message { .. } if turn.trace.fired != Fired::Waits => self.late = turn.trace.lateness,
                Event::TimerFired { .. } | Event::Account { .. } => self.late = None,
                _ => {}
            }
            if let Some(lateness) = turn.trace.lateness {
                *self.reached.late.entry(lateness).or_insert(0) += 1;
                if let Event::Message { message, .. } = &turn.event {
                    self.lateness.insert(message.id, lateness);
                }
            }
            if let Fired::Option(prompt, option) = turn.trace.fired {
                self.reached.options.insert((prompt, option));
            }
            for action in turn.actions {
                match action {
                    Action::Send { message, options, .. } => {
                        self.ordered.push(Said { message, options, late: self.late, state: state.clone() });
                    }
                    Action::Fault { what } => self.reached.faults.push(what),
                    _ => {}
                }
            }
        }
    }

    /// What ordered a message. One that was sent again finds nothing any more: it says what the one before it said.
    fn find(&mut self, sent: Sent) -> Said {
        match self.ordered.iter().position(|ordered| ordered.message == sent.message) {
            Some(place) => self.ordered.remove(place),
            None => {
                let before = self.said.iter().rev().find(|said| said.message == sent.message).cloned();
                before.unwrap_or(Said { message: sent.message, options: 0, late: None, state: None })
            }
        }
    }
}
