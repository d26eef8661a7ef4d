//! What can be proved wrong of a program before it runs.

mod flow;
mod menus;
mod names;
mod overlap;
mod paths;
mod patterns;
mod renderings;
mod rounds;
mod secrets;
mod slots;
mod steps;
mod unset;

use std::collections::BTreeMap;

use super::scripts::Notes;
use super::tables::Loaded;
use crate::bot::diagnostic::Place;
use crate::bot::matcher::RulePatterns;
use crate::bot::program::{Program, RuleIx};
use crate::bot::syntax::Findings;

/// Where the parts of a program stand in its files.
pub(super) struct Places<'a> {
    pub(super) notes: Notes,
    pub(super) rules: Vec<RuleAt>,
    pub(super) patterns: Vec<RulePatterns>,
    pub(super) tables: &'a BTreeMap<String, Loaded>,
}

impl Places<'_> {
    /// What any pattern of a rule captures.
    fn captures(&self, rule: RuleIx) -> impl Iterator<Item = &str> {
        let captures = self.rules[rule.0].captures.iter();
        captures.map(String::as_str)
    }
}

/// Where the phrases of a rule stand.
pub(super) struct RuleAt {
    pub(super) phrases: Vec<Place>,
    /// What any of its patterns captures.
    pub(super) captures: Vec<String>,
    pub(super) metadata: Vec<Place>,
}

/// Reports everything that can be proved wrong.
pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let paths = paths::Paths::new(program, places);
    flow::check(program, places, &paths, found);
    rounds::check(program, places, &paths, found);
    unset::check(program, places, &paths, found);
    secrets::check(program, places, &paths, found);
    renderings::check(program, places, found);
    names::check(program, places, found);
    menus::check(program, places, found);
    patterns::check(program, places, found);
    slots::check(program, places, found);
}
