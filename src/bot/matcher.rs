//! Finds the rule for a text: an index, not a scan.

use std::collections::BTreeMap;

use super::program::{RuleIx, StateIx};

/// Which rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Rules with `scope="any"`.
    AnyScope,
    /// Rules with a pattern that is nothing but literal words, when that pattern covers the text.
    Literal,
    /// Every rule.
    All,
}

/// A rule that takes a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: RuleIx,
    /// What its pattern captured, as the person typed it.
    pub captures: BTreeMap<String, String>,
}

/// The compiled patterns of all rules.
#[derive(Debug, Default)]
pub struct Matcher {}

impl Matcher {
    /// The most specific rule that takes a typed text in a state.
    pub fn find(&self, _text: &str, _at: Option<StateIx>, _reach: Reach) -> Option<Found> {
        None
    }

    /// The most specific `on metadata=` rule that takes the metadata of a tap that is not ours.
    pub fn find_metadata(&self, _metadata: &str, _at: Option<StateIx>) -> Option<Found> {
        None
    }
}
