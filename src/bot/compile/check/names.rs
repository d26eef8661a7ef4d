//! Names that lead nowhere or to two things: reminders, answers, ways back.

use std::collections::BTreeSet;

use super::Places;
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::Program;
use crate::bot::syntax::Findings;

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    for (id, at) in &places.notes.cancels {
        if program.reminder_named(id).is_none() {
            let finding = Diagnostic::error("no-reminder", at, format!("there is no reminder `{id}`"));
            found.add(finding.suggest(id, program.reminders.iter().map(|reminder| reminder.id.as_str())));
        }
    }
    let slots: BTreeSet<&str> = places.notes.sets.iter().map(|set| set.slot.as_str()).collect();
    for (lookup, at) in program.lookups.iter().zip(&places.notes.lookups) {
        if slots.contains(lookup.name.as_str()) {
            let message = format!("`{}` is a slot as well", lookup.name);
            found.add(Diagnostic::error("name", at, message).help("a text could not tell them apart; rename one"));
        }
    }
    let back = program.rules.iter().any(|rule| rule.opts_in && rule.any_scope);
    if let (false, Some(at)) = (back, places.notes.optouts.first()) {
        let finding = Diagnostic::error("no-optin", at, "nobody could come back: no rule with scope=\"any\" has an `optin`");
        found.add(finding.help("add on \"start\" scope=\"any\" { optin; … }"));
    }
    // X keeps one welcome message for everybody.
    for read in places.notes.reads.iter().filter(|read| read.site.is_none() && !program.tables.contains_key(read.name())) {
        let message = format!("the welcome message is the same for everybody, and `{}` is not", read.name());
        found.add(Diagnostic::error("welcome", &read.at, message).help("say it in a state"));
    }
}
