//! Slots and answers that are read before they are set.

use std::collections::BTreeSet;

use super::Places;
use super::paths::Paths;
use crate::bot::compile::scripts::{Read, Use};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Body, Program};
use crate::bot::syntax::Findings;

pub(super) fn check(program: &Program, places: &Places, paths: &Paths, found: &Findings) {
    let slots = places.notes.sets.iter().map(|set| set.slot.as_str());
    let set: BTreeSet<&str> = slots.chain(program.lookups.iter().map(|lookup| lookup.name.as_str())).collect();
    let certain = paths.certain();
    let mut told = BTreeSet::new();
    for read in places.notes.reads.iter().filter(|read| read.used != Use::Condition && set.contains(read.name())) {
        let Some(site) = read.site else { continue };
        // A place without facts is one that nothing leads to, which is told elsewhere.
        let Some(facts) = certain.get(&site) else { continue };
        let captured = matches!(site.0, Body::Rule(ix) if places.captures(ix).any(|name| name == read.name()));
        if facts.contains(read.name()) || !told.insert((site, read.name())) || !relies(read) {
            continue;
        }
        if let Some(witness) = paths.witness(site, Some(read.name())) {
            found.add(finding(read, captured || paths.can_be_set(site, read.name())).witness(witness));
        }
    }
}

/// A text that asks first whether there is something to show does not need it.
fn relies(read: &Read) -> bool {
    read.template.relies_on(read.name())
}

fn finding(read: &Read, sometimes: bool) -> Diagnostic {
    let name = read.name();
    let help = format!("set or ask it before, or say what stands for it: {{{{ {name} | default(\"…\") }}}}");
    if sometimes {
        Diagnostic::warning("unset", &read.at, format!("`{name}` is not set on every way that leads here")).help(help)
    } else {
        Diagnostic::error("unset", &read.at, format!("`{name}` is read before it is set")).help(help)
    }
}
