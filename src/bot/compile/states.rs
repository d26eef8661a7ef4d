//! States and tables: first their names, so that their order does not matter, then their insides.

use super::body::Owner;
use super::fields::Fields;
use super::scripts::Script;
use super::tables;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Body, Op, Pick, State, StateIx};
use crate::bot::syntax::{Located, Node, Scalar};

impl Script<'_> {
    /// Takes in the tables.
    pub(super) fn declare_tables(&mut self, nodes: &[&Node]) {
        for node in nodes {
            let Some(loaded) = tables::table(node, self.sources, self.found) else { continue };
            let name = loaded.table.name.clone();
            if self.tables.insert(name.clone(), loaded).is_some() {
                let message = format!("a second table `{name}`");
                self.found.add(Diagnostic::error("duplicate", &node.name.at, message).help("rename one of them"));
            }
        }
    }

    /// Takes in the names of all states, and gives the states that have one.
    pub(super) fn declare_states<'n>(&mut self, nodes: &[&'n Node]) -> Vec<(StateIx, &'n Node)> {
        let mut named = Vec::new();
        for node in nodes {
            let Some(Located { value: Scalar::Text(name), at }) = node.args.first() else {
                // Says what is missing.
                Fields::new(node, self.found).arg("a name");
                continue;
            };
            let state = StateIx(named.len());
            self.name_state(name, state, at);
            self.notes.states.push(at.clone());
            named.push((state, *node));
        }
        named
    }

    fn name_state(&mut self, name: &str, state: StateIx, at: &Place) {
        if name.is_empty() || name.contains([' ', ',', '/']) || name.chars().any(char::is_whitespace) {
            let message = format!("`{name}` cannot name a state");
            self.found.add(Diagnostic::error("name", at, message).help("leave out spaces, commas and slashes"));
        }
        if limits::length(name) > limits::NAME {
            let message = format!("this name has more than {} characters", limits::NAME);
            self.found.add(Diagnostic::error("name", at, message).help("it goes into the metadata of every option; shorten it"));
        }
        if self.states.insert(name.to_owned(), state).is_some() {
            let message = format!("a second state `{name}`");
            self.found.add(Diagnostic::error("duplicate", at, message).help("rename one of them"));
        }
    }

    /// Compiles a state that was declared.
    pub(super) fn state_body(&mut self, state: StateIx, node: &Node) -> Option<State> {
        let fields = Fields::new(node, self.found);
        let name = fields.arg("a name")?;
        let former = self.former(&fields, state);
        let (late, ttl) = (fields.late(), fields.span("ttl"));
        fields.finish();
        let steps = self.body(node.children(), &Owner { body: Body::State(state), name: name.value.to_owned() });
        if node.children().is_empty() {
            let message = format!("the state `{}` does nothing", name.value);
            self.found.add(Diagnostic::error("empty", &name.at, message).help("put its steps in braces"));
        }
        let counts_visits = steps.iter().any(|op| {
            matches!(op, Op::Say { variants, .. } if variants.len() > 1)
                || matches!(op, Op::Media(media) if matches!(media.pick, Pick::Row { .. }))
        });
        Some(State { name: name.value.to_owned(), former, late, ttl, steps, counts_visits })
    }

    /// What the state was called before: names parted by spaces or commas, which still lead to it.
    fn former(&mut self, fields: &Fields, state: StateIx) -> Vec<String> {
        let Some(was) = fields.text("was") else { return Vec::new() };
        let names: Vec<String> = was.value.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for name in &names {
            self.name_state(name, state, &was.at);
        }
        names
    }
}
