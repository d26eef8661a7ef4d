//! What people wrote and nothing took, the same words together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Key, Timestamp, fold};

/// Different texts that are remembered; past that the one that came longest ago goes.
const MOST: usize = 2_000;

/// Characters of a text that are kept.
const CHARS: usize = 200;

/// People who are remembered for a text, so that it goes when one of them is forgotten.
const PEOPLE: usize = 32;

/// A text that nothing took.
#[derive(Debug, Clone)]
pub(in crate::console) struct Text {
    /// As it was written last.
    pub(in crate::console) text: String,
    pub(in crate::console) count: u32,
    pub(in crate::console) last: Timestamp,
    /// A conversation in which it was written.
    pub(in crate::console) example: Key,
    people: BTreeSet<Key>,
}

/// All texts that nothing took, by their folded form.
#[derive(Debug, Default)]
pub(in crate::console) struct Unmatched(BTreeMap<String, Text>);

impl Unmatched {
    /// The most frequent, and of these the newest, first.
    pub(in crate::console) fn ranked(&self, most: usize) -> Vec<&Text> {
        let mut texts: Vec<&Text> = self.0.values().collect();
        texts.sort_by_key(|text| std::cmp::Reverse((text.count, text.last)));
        texts.truncate(most);
        texts
    }

    pub(super) fn add(&mut self, key: Key, text: &str, at: Timestamp) {
        let folded: String = fold(text).chars().take(CHARS).collect();
        if folded.is_empty() {
            return;
        }
        if self.0.len() >= MOST
            && !self.0.contains_key(&folded)
            && let Some(oldest) = self.0.iter().min_by_key(|(_, text)| text.last).map(|(folded, _)| folded.clone())
        {
            self.0.remove(&oldest);
        }
        let shown: String = text.chars().take(CHARS).collect();
        let new = || Text { text: String::new(), count: 0, last: at, example: key, people: BTreeSet::new() };
        let entry = self.0.entry(folded).or_insert_with(new);
        (entry.text, entry.last, entry.example) = (shown, at, key);
        entry.count += 1;
        if entry.people.len() < PEOPLE {
            entry.people.insert(key);
        }
    }

    /// Forgets the texts that a person wrote.
    pub(super) fn forget(&mut self, key: Key) {
        self.0.retain(|_, text| !text.people.contains(&key) && text.example != key);
    }
}
