//! Texts within a few edits of a pattern, through an index of deletions: two texts are near only if both become the same text when
//! a few characters are taken out of each.

use super::Lookup;

/// Longer patterns would have too many deletions; these are compared one by one, by messages of about their length only.
const INDEXED: usize = 32;

/// The patterns and their deletions, as hashes; what a hash finds is compared afterwards.
#[derive(Debug, Default)]
pub(super) struct FuzzyIndex {
    near: Vec<Near>,
    deletions: Lookup<u64, Vec<usize>>,
    long: Vec<usize>,
    longest: usize,
    edits: usize,
    first: Option<usize>,
}

#[derive(Debug)]
struct Near {
    length: usize,
    edits: u8,
    place: usize,
}

/// How many edits a pattern may be away: more than half of it has to be left, so that "hi" is not "ha".
pub(super) fn edits(text: &str, fuzzy: u8) -> u8 {
    let half = text.chars().count().saturating_sub(1) / 2;
    fuzzy.min(u8::try_from(half).unwrap_or(u8::MAX))
}

/// Whether a text is exactly so many edits away: characters added, left out, replaced, or exchanged with their neighbour.
pub(super) fn is_near(pattern: &str, text: &str, edits: u8) -> bool {
    pattern.len().abs_diff(text.len()) <= usize::from(edits) * 4 && strsim::osa_distance(pattern, text) == usize::from(edits)
}

impl FuzzyIndex {
    pub(super) fn add(&mut self, text: &str, edits: u8, place: usize) {
        let chars: Vec<char> = text.chars().collect();
        let ix = self.near.len();
        self.near.push(Near { length: chars.len(), edits, place });
        self.edits = self.edits.max(usize::from(edits));
        self.first = Some(self.first.map_or(place, |first| first.min(place)));
        if chars.len() > INDEXED {
            self.long.push(ix);
            return;
        }
        self.longest = self.longest.max(chars.len());
        Hashes::new(&chars).deletions(usize::from(edits), &mut |hash| self.deletions.entry(hash).or_default().push(ix));
    }

    /// Drops what is there twice: "aa" without either letter is the same.
    pub(super) fn finish(&mut self) {
        self.deletions.values_mut().for_each(|found| found.dedup());
    }

    /// The best place of any entry.
    pub(super) fn first_place(&self) -> Option<usize> {
        self.first
    }

    /// The places of all entries that can be near to the text, and of a few that are not.
    pub(super) fn near(&self, text: &str) -> Vec<usize> {
        let chars: Vec<char> = text.chars().collect();
        let of_length = |near: &&Near| near.length.abs_diff(chars.len()) <= usize::from(near.edits);
        let mut places: Vec<usize> = self.long.iter().map(|ix| &self.near[*ix]).filter(of_length).map(|near| near.place).collect();
        if chars.len() <= self.longest + self.edits {
            Hashes::new(&chars).deletions(self.edits, &mut |hash| {
                let found = self.deletions.get(&hash).into_iter().flatten().map(|ix| &self.near[*ix]);
                places.extend(found.filter(of_length).map(|near| near.place));
            });
        }
        places
    }
}

/// Hashes of all beginnings of a text, from which that of any text with parts taken out follows in a few steps.
struct Hashes {
    heads: Vec<u64>,
    powers: Vec<u64>,
}

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hashes {
    fn new(chars: &[char]) -> Self {
        let (mut heads, mut powers) = (vec![0_u64], vec![1_u64]);
        for (ix, c) in chars.iter().enumerate() {
            heads.push(heads[ix].wrapping_mul(BASE).wrapping_add(u64::from(*c) + 1));
            powers.push(powers[ix].wrapping_mul(BASE));
        }
        Hashes { heads, powers }
    }

    /// The hash of what `before` is the hash of, and the characters from `from` to `to` behind it.
    fn join(&self, before: u64, from: usize, to: usize) -> u64 {
        let part = self.heads[to].wrapping_sub(self.heads[from].wrapping_mul(self.powers[to - from]));
        before.wrapping_mul(self.powers[to - from]).wrapping_add(part)
    }

    /// Calls `each` with the hash of the text and of every text with at most `most` characters taken out.
    fn deletions(&self, most: usize, each: &mut impl FnMut(u64)) {
        self.deletions_behind(0, 0, most, each);
    }

    fn deletions_behind(&self, before: u64, from: usize, most: usize, each: &mut impl FnMut(u64)) {
        let end = self.heads.len() - 1;
        each(self.join(before, from, end));
        if most > 0 {
            for out in from..end {
                self.deletions_behind(self.join(before, from, out), out + 1, most - 1, each);
            }
        }
    }
}
