//! A line for each conversation: who, where, when, and whether somebody has to look at it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::conversation::{Action, Event, Fired, Outcome, State};
use crate::model::{Key, Timestamp, UserId, fold};
use crate::store::{Entry, EntryKind, Record};

/// Characters of the newest words that a line shows.
const WORDS: usize = 120;

/// What a line is picked out by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::console) enum Kind {
    #[default]
    All,
    /// Handed over, or taken over: the bot is silent.
    Desk,
    /// A message was refused and nobody has looked after it.
    Refused,
    /// Messages are on their way or wait.
    Unsent,
    /// The last word was the person's, and nothing took it.
    Unmatched,
    /// The person wants to hear nothing.
    OptedOut,
}

/// Which conversations are listed.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct Filter {
    pub(in crate::console) account: Option<UserId>,
    pub(in crate::console) kind: Kind,
    pub(in crate::console) state: Option<String>,
    /// Looked for in names, ids and states, and in words where these may be seen.
    pub(in crate::console) text: String,
    pub(in crate::console) sees_words: bool,
}

/// Conversations found.
#[derive(Debug, Clone)]
pub(in crate::console) struct Listing {
    /// Those of the page.
    pub(in crate::console) lines: Vec<Line>,
    /// How many fit, on all pages.
    pub(in crate::console) found: usize,
}

/// What is known of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::console) struct Line {
    pub(in crate::console) key: Key,
    pub(in crate::console) revision: u64,
    /// When anything last happened.
    pub(in crate::console) last: Timestamp,
    pub(in crate::console) name: String,
    pub(in crate::console) screen_name: String,
    pub(in crate::console) state: Option<String>,
    pub(in crate::console) messages: u32,
    /// The newest words, and whether they are the person's.
    pub(in crate::console) words: String,
    pub(in crate::console) theirs: bool,
    pub(in crate::console) unsent: usize,
    /// Messages that X refused, or that were given up, since anybody looked after them.
    pub(in crate::console) refused: u32,
    pub(in crate::console) is_at_desk: bool,
    /// For whom it was handed over, and with what note.
    pub(in crate::console) queue: Option<String>,
    pub(in crate::console) is_unmatched: bool,
    pub(in crate::console) opted_out: bool,
}

/// All lines, the newest first.
#[derive(Debug, Default)]
pub(in crate::console) struct Directory {
    lines: BTreeMap<Key, Line>,
    by_time: BTreeSet<(Reverse<Timestamp>, Key)>,
}

impl Directory {
    /// Conversations that fit, newest first, `skip` of them left out, at most `most`.
    pub(in crate::console) fn list(&self, filter: &Filter, skip: usize, most: usize) -> Listing {
        let wanted = fold(&filter.text);
        let mut listing = Listing { lines: Vec::new(), found: 0 };
        for line in self.by_time.iter().filter_map(|(_, key)| self.lines.get(key)).filter(|line| line.fits(filter, &wanted)) {
            if listing.found >= skip && listing.lines.len() < most {
                listing.lines.push(line.clone());
            }
            listing.found += 1;
        }
        listing
    }

    pub(in crate::console) fn line(&self, key: Key) -> Option<&Line> {
        self.lines.get(&key)
    }

    /// How many conversations of an account there are, and of these how many stand in each state, and how many are quiet there since.
    pub(in crate::console) fn by_state(&self, account: UserId, quiet_since: Timestamp) -> BTreeMap<String, (usize, usize)> {
        let range = Key::new(account, UserId(0))..=Key::new(account, UserId(u64::MAX));
        let mut states: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (_, line) in self.lines.range(range) {
            if let Some(state) = &line.state {
                let (here, quiet) = states.entry(state.clone()).or_default();
                *here += 1;
                *quiet += usize::from(line.last < quiet_since);
            }
        }
        states
    }

    /// Whether an entry tells anything new.
    pub(super) fn is_news(&self, entry: &Entry) -> bool {
        self.lines.get(&entry.key).is_none_or(|line| line.revision < entry.revision())
    }

    /// A conversation as its record has it, before its journal is read.
    pub(super) fn stand(&mut self, key: Key, record: &Record) {
        let state = &record.state;
        let last = state.heard.into_iter().chain(state.sent).max().unwrap_or(state.started);
        let mut line = Line::new(key);
        line.update(state, 0, last);
        self.put(line);
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        let mut line = self.lines.get(&entry.key).cloned().unwrap_or_else(|| Line::new(entry.key));
        if entry.kind == EntryKind::Tombstone {
            line = Line::new(entry.key);
        }
        line.update(&entry.record.state, entry.revision(), entry.at);
        for turn in &entry.turns {
            line.hear(&turn.event, &turn.trace.fired);
            for action in &turn.actions {
                line.order(action, is_refusal(&turn.event));
            }
        }
        self.put(line);
    }

    fn put(&mut self, line: Line) {
        if let Some(old) = self.lines.get(&line.key) {
            self.by_time.remove(&(Reverse(old.last), old.key));
        }
        self.by_time.insert((Reverse(line.last), line.key));
        self.lines.insert(line.key, line);
    }
}

impl Line {
    fn new(key: Key) -> Self {
        Line {
            key,
            revision: 0,
            last: Timestamp::default(),
            name: String::new(),
            screen_name: String::new(),
            state: None,
            messages: 0,
            words: String::new(),
            theirs: false,
            unsent: 0,
            refused: 0,
            is_at_desk: false,
            queue: None,
            is_unmatched: false,
            opted_out: false,
        }
    }

    /// What to call the person.
    pub(in crate::console) fn title(&self) -> String {
        match (self.name.is_empty(), self.screen_name.is_empty()) {
            (false, _) => self.name.clone(),
            (true, false) => format!("@{}", self.screen_name),
            (true, true) => self.key.peer.to_string(),
        }
    }

    pub(in crate::console) fn is(&self, kind: Kind) -> bool {
        match kind {
            Kind::All => true,
            Kind::Desk => self.is_at_desk,
            Kind::Refused => self.refused > 0,
            Kind::Unsent => self.unsent > 0,
            Kind::Unmatched => self.is_unmatched,
            Kind::OptedOut => self.opted_out,
        }
    }

    fn fits(&self, filter: &Filter, wanted: &str) -> bool {
        let has = |text: &str| fold(text).contains(wanted);
        self.is(filter.kind)
            && filter.account.is_none_or(|account| account == self.key.account)
            && filter.state.as_ref().is_none_or(|state| self.state.as_ref() == Some(state))
            && (wanted.is_empty()
                || has(&self.name)
                || has(&self.screen_name)
                || self.key.peer.to_string().contains(wanted)
                || self.state.as_deref().is_some_and(has)
                || (filter.sees_words && has(&self.words)))
    }

    fn update(&mut self, state: &State, revision: u64, at: Timestamp) {
        self.revision = revision;
        self.last = at;
        self.name.clone_from(&state.peer.name);
        self.screen_name.clone_from(&state.peer.screen_name);
        self.state.clone_from(&state.at);
        self.messages = state.messages;
        self.unsent = state.rows.len() + state.backlog.map_or(0, |backlog| backlog.count as usize);
        self.is_at_desk = state.silence.as_ref().is_some_and(|silence| silence.until.is_none_or(|until| until > at));
        self.opted_out = state.opted_out;
        if !self.is_at_desk {
            self.queue = None;
        }
    }

    fn hear(&mut self, event: &Event, fired: &Fired) {
        match event {
            Event::Message { message, .. } if *fired != Fired::Waits => {
                self.words = cut(&message.text);
                self.theirs = true;
                self.is_unmatched = matches!(fired, Fired::Fallback | Fired::Nothing);
            }
            Event::Echo { message, .. } if *fired == Fired::Operator => {
                self.words = cut(&message.text);
                (self.theirs, self.is_unmatched) = (false, false);
            }
            // Somebody is looking after it.
            Event::Desk { .. } => (self.refused, self.is_unmatched) = (0, false),
            _ => {}
        }
    }

    fn order(&mut self, action: &Action, is_refusal: bool) {
        match action {
            Action::Send { message, .. } => {
                self.words = cut(&message.text);
                self.theirs = false;
            }
            Action::HandOver { queue, .. } => self.queue.clone_from(queue),
            Action::DeadLetter { .. } if is_refusal => self.refused += 1,
            _ => {}
        }
    }
}

/// Whether what an event ends is given up since X does not take it; what any other event ends is withheld by ourselves.
pub(in crate::console) fn is_refusal(event: &Event) -> bool {
    matches!(event, Event::Settled { outcome: Outcome::Refused { .. }, .. })
}

fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}
