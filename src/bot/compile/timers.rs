//! `remind` and `cancel`: durable timers; and what is counted and noted.

use std::time::Duration;

use super::body::Owner;
use super::fields::Fields;
use super::scripts::{Script, Use, counted};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::limits;
use crate::bot::program::{Body, Op, Reminder, ReminderIx};
use crate::bot::syntax::Node;

/// Bounds of a timer.
pub(super) const SHORTEST: Duration = Duration::from_secs(1);
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 86_400);

impl Script<'_> {
    /// `remind AFTER id="…" { … }`
    pub(super) fn remind(&mut self, node: &Node, owner: &Owner, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let after = fields.arg("a span of time").and_then(|span| fields.as_span_within(&span, SHORTEST..=LONGEST));
        let given = fields.word("id");
        fields.finish();
        if node.children().is_empty() {
            let finding = Diagnostic::error("empty", fields.at(), "this reminder does nothing");
            self.found.add(finding.help("put its steps in braces: { say \"…\" }"));
        }
        let id = given.as_ref().map_or_else(|| self.reminder_id(owner), |id| id.value.clone());
        if let Some(given) = given {
            if self.reminders.iter().any(|reminder| reminder.id == id) {
                let message = format!("another reminder is called `{id}`");
                self.found.add(Diagnostic::error("duplicate", &given.at, message).help("`cancel` could not tell them apart; rename one"));
            }
            if id.is_empty() || limits::length(&id) > limits::NAME {
                let message = format!("a name has 1 to {} characters", limits::NAME);
                self.found.add(Diagnostic::error("name", &given.at, message).help("change it"));
            }
        }
        let ix = ReminderIx(self.reminders.len());
        // Reminders within this one come behind it.
        self.reminders.push(Reminder { id: id.clone(), after: after.unwrap_or(SHORTEST), steps: Vec::new() });
        let steps = self.body(node.children(), &Owner { body: Body::Reminder(ix), name: id });
        self.reminders[ix.0].steps = steps;
        ops.push(Op::Remind(ix));
    }

    fn reminder_id(&self, owner: &Owner) -> String {
        counted(format!("{}/remind", owner.name), self.reminders.iter().map(|reminder| reminder.id.as_str()))
    }

    /// `cancel`, or `cancel "ID"`.
    pub(super) fn cancel(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let reminder = if node.args.is_empty() { None } else { fields.arg("a reminder's id") };
        fields.finish();
        fields.no_children();
        let reminder = reminder.map(|id| {
            self.notes.cancels.push((id.value.to_owned(), id.at));
            id.value.to_owned()
        });
        ops.push(Op::Cancel { reminder });
    }

    /// `count NAME by="{{ … }}"`
    pub(super) fn count(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let (name, by) = (fields.arg("a name"), fields.text("by"));
        fields.finish();
        fields.no_children();
        let Some(name) = name else { return };
        if name.value.is_empty() || name.value.contains('{') || limits::length(name.value) > limits::NAME {
            let message = format!("what is counted has a plain name of at most {} characters", limits::NAME);
            self.found.add(Diagnostic::error("name", &name.at, message).help("tell its kinds apart with by=\"{{ … }}\""));
        }
        let by = by.map(|by| self.text_for(&by, Use::Counted));
        ops.push(Op::Count { name: name.value.to_owned(), by });
    }

    /// `tag NAME`
    pub(super) fn tag(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let name = fields.arg("a name");
        fields.finish();
        fields.no_children();
        let Some(name) = name else { return };
        if name.value.trim().is_empty() || limits::length(name.value) > limits::NAME && !name.value.contains('{') {
            let message = format!("a tag has 1 to {} characters", limits::NAME);
            self.found.add(Diagnostic::error("name", &name.at, message).help("change it"));
        }
        let name = self.text_for(&name, Use::Counted);
        ops.push(Op::Tag { name });
    }
}
