//! What can be proved wrong of a program before it runs.

mod flow;
mod menus;
mod patterns;
mod slots;

use std::collections::BTreeMap;

use super::scripts::Notes;
use super::tables::Loaded;
use crate::bot::diagnostic::Place;
use crate::bot::matcher::RulePatterns;
use crate::bot::program::Program;
use crate::bot::syntax::Findings;

/// Where the parts of a program stand in its files.
pub(super) struct Places<'a> {
    pub(super) notes: Notes,
    pub(super) rules: Vec<RuleAt>,
    pub(super) patterns: Vec<RulePatterns>,
    pub(super) tables: &'a BTreeMap<String, Loaded>,
}

/// Where the phrases of a rule stand.
pub(super) struct RuleAt {
    pub(super) phrases: Vec<Place>,
    pub(super) regex: Option<Place>,
    pub(super) metadata: Vec<Place>,
}

/// Reports everything that can be proved wrong.
pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    flow::check(program, places, found);
    menus::check(program, places, found);
    patterns::check(program, places, found);
    slots::check(program, places, found);
}
