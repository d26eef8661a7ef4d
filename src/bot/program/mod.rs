//! A compiled bot: what the conversation machine runs. Written by the compiler, or by a developer in Rust.
//!
//! Everything that a record remembers of a program is a name, never an index: a program may change under a conversation.

mod lookup;
mod prompts;
mod steps;
mod words;

pub use lookup::{Lookup, Reads};
pub use prompts::{Answer, Confirm, Day, FromTable, OptionDef, Prompt, PromptKind, Question};
pub use steps::{Handoff, Media, Op, Pick, Reminder, Resume, Target};
pub use words::Words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::matcher::Matcher;
use super::table::Table;
use super::template::Template;

/// The index of a state in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateIx(pub usize);

/// The index of a prompt in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptIx(pub usize);

/// The index of a rule in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIx(pub usize);

/// The index of a lookup in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupIx(pub usize);

/// The index of a reminder in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReminderIx(pub usize);

/// The index of a handing over in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandoffIx(pub usize);

/// Whose steps they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// A state's, which may ask.
    State(StateIx),
    /// A rule's.
    Rule(RuleIx),
    /// The fallback's.
    Fallback,
    /// A reminder's.
    Reminder(ReminderIx),
}

/// A compiled bot.
#[derive(Debug)]
pub struct Program {
    /// The bot's name.
    pub name: String,
    /// The version its author gave it.
    pub version: u32,
    /// Eight hex digits over all files of the bot; goes into the metadata of each option.
    pub revision: String,
    /// What holds where a state or a prompt says nothing else.
    pub defaults: Defaults,
    /// The states, in the order of the script.
    pub states: Vec<State>,
    /// Every prompt of every state, in the order of the states.
    pub prompts: Vec<Prompt>,
    /// The rules, in the order of the script; the matcher knows which goes first.
    pub rules: Vec<Rule>,
    /// Every lookup of every body.
    pub lookups: Vec<Lookup>,
    /// Every reminder of every body.
    pub reminders: Vec<Reminder>,
    /// Every handing over of every body.
    pub handoffs: Vec<Handoff>,
    /// The rules for other account events, by the kind of event.
    pub events: BTreeMap<String, RuleIx>,
    /// Every file that it may send, by its path within the bot's folder.
    pub media: BTreeSet<String>,
    /// Whether any text reads `transcript`, so that the machine keeps the last lines.
    pub reads_transcript: bool,
    /// What happens to a message that nothing takes.
    pub fallback: Option<Fallback>,
    /// The state whose menu the welcome message carries, and its text.
    pub welcome: Option<Welcome>,
    /// The data tables by name.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// Finds the rule for a text.
    pub matcher: Matcher,
    pub(super) state_names: BTreeMap<String, StateIx>,
    pub(super) table_values: Arc<BTreeMap<String, minijinja::Value>>,
}

/// Defaults of a bot.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// The policy for late taps, where neither prompt nor state names one.
    pub late: Option<Late>,
    /// The age at which prompts expire, where neither prompt nor state names one.
    pub ttl: Option<Duration>,
    /// The silence after which a conversation starts afresh.
    pub idle: Option<Duration>,
    /// How long each event is held, so that those that come meanwhile are taken in order.
    pub reorder: Option<Duration>,
    /// How long the bot is silent after a person has written from the account; `None` where it goes on as if nobody had.
    pub mute: Option<Duration>,
    /// The hosts that lookups may ask.
    pub allow: Vec<String>,
    /// The time zone of dates, an IANA name.
    pub zone: Option<String>,
    /// The bot's own words.
    pub words: Words,
}

/// What to do with a tap on a prompt that is no longer the open one (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// Go where the option points; for a question: store the answer and continue behind it.
    Follow,
    /// For a question: restore the slots of that asking first.
    Rewind,
    /// For a question: store the answer and say so, and stay where the person is.
    Apply,
    /// Ask whether that was meant, and do it on a yes.
    Ask,
    /// Say that it no longer counts and show the open prompt again.
    Reject,
    /// Journal it, say nothing.
    Ignore,
}

/// A state: steps in order.
#[derive(Debug)]
pub struct State {
    /// Its name.
    pub name: String,
    /// What it was called before (`was=`).
    pub former: Vec<String>,
    /// Its policy for late taps.
    pub late: Option<Late>,
    /// The age at which its prompts expire.
    pub ttl: Option<Duration>,
    /// Its steps.
    pub steps: Vec<Op>,
    /// Whether a `say` of it has several variants, so that its visits are worth counting.
    pub counts_visits: bool,
}

/// A rule: patterns and what to do.
#[derive(Debug)]
pub struct Rule {
    /// The rule's first pattern, as its author wrote it; names the rule in traces.
    pub name: String,
    /// All that it takes, as its author wrote it.
    pub patterns: Vec<Pattern>,
    /// The states in which it holds; everywhere when empty.
    pub within: Vec<StateIx>,
    /// Whether it comes even before the open prompt (`scope="any"`).
    pub any_scope: bool,
    /// Its steps; no prompt is among them.
    pub steps: Vec<Op>,
    /// Whether one of its steps takes back an `optout`: then it is heard even by those who opted out.
    pub opts_in: bool,
}

/// What a rule takes, as its author wrote it: for people to read, the matcher has it compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Words of a message.
    Words(String),
    /// A regex that a message has to match.
    Search(String),
    /// The metadata of a tap that is not ours.
    Metadata(String),
    /// Another event of the account.
    Event(String),
}

/// What happens to a message that nothing takes.
#[derive(Debug)]
pub struct Fallback {
    /// Its steps; no prompt is among them.
    pub steps: Vec<Op>,
    /// After this many in a row, enter the state instead.
    pub after: Option<(u32, StateIx)>,
}

/// The welcome message.
#[derive(Debug)]
pub struct Welcome {
    /// Its text.
    pub text: Vec<Template>,
    /// The picture or video on it, by its path within the bot's folder.
    pub media: Option<String>,
    /// The state whose menu it carries.
    pub menu: Option<StateIx>,
}

impl Prompt {
    /// Whether its options are the same for everybody, so that no scope is needed to render them.
    pub fn has_fixed_options(&self) -> bool {
        let is_fixed = |template: &Template| template.as_literal().is_some();
        self.options.iter().all(|option| is_fixed(&option.label) && option.description.as_ref().is_none_or(is_fixed))
    }
}

impl Program {
    /// The state of that name, or the one that was once called so.
    pub fn state_named(&self, name: &str) -> Option<StateIx> {
        self.state_names.get(name).copied()
    }

    /// The state at an index of this program.
    pub fn state(&self, ix: StateIx) -> &State {
        &self.states[ix.0]
    }

    /// The rule at an index of this program.
    pub fn rule(&self, ix: RuleIx) -> &Rule {
        &self.rules[ix.0]
    }

    /// The prompt at an index of this program.
    pub fn prompt(&self, ix: PromptIx) -> &Prompt {
        &self.prompts[ix.0]
    }

    /// The prompt of that name in a state, or `None` when the script has it no longer.
    pub fn prompt_named(&self, state: StateIx, name: &str) -> Option<PromptIx> {
        let first = self.prompts.partition_point(|prompt| prompt.state < state);
        let own = self.prompts[first..].iter().take_while(|prompt| prompt.state == state);
        own.enumerate().find(|(_, prompt)| prompt.name == name).map(|(ix, _)| PromptIx(first + ix))
    }

    /// The lookup at an index of this program.
    pub fn lookup(&self, ix: LookupIx) -> &Lookup {
        &self.lookups[ix.0]
    }

    /// The reminder at an index of this program.
    pub fn reminder(&self, ix: ReminderIx) -> &Reminder {
        &self.reminders[ix.0]
    }

    /// The handing over at an index of this program.
    pub fn handoff(&self, ix: HandoffIx) -> &Handoff {
        &self.handoffs[ix.0]
    }

    /// The steps of a body.
    pub fn steps(&self, body: Body) -> &[Op] {
        match body {
            Body::State(ix) => &self.state(ix).steps,
            Body::Rule(ix) => &self.rule(ix).steps,
            Body::Fallback => self.fallback.as_ref().map(|fallback| fallback.steps.as_slice()).unwrap_or_default(),
            Body::Reminder(ix) => &self.reminder(ix).steps,
        }
    }

    /// The lookup of that id, or `None` when the script has it no longer.
    pub fn lookup_named(&self, id: &str) -> Option<LookupIx> {
        self.lookups.iter().position(|lookup| lookup.id == id).map(LookupIx)
    }

    /// The reminder of that id, or `None` when the script has it no longer.
    pub fn reminder_named(&self, id: &str) -> Option<ReminderIx> {
        self.reminders.iter().position(|reminder| reminder.id == id).map(ReminderIx)
    }

    /// The handing over of that id, or `None` when the script has it no longer.
    pub fn handoff_named(&self, id: &str) -> Option<HandoffIx> {
        self.handoffs.iter().position(|handoff| handoff.id == id).map(HandoffIx)
    }

    /// The policy for late taps on a prompt: its own, else the state's, else the bot's, else its kind's.
    pub fn late(&self, ix: PromptIx) -> Late {
        let prompt = self.prompt(ix);
        let kind = match prompt.kind {
            PromptKind::Menu => Late::Follow,
            PromptKind::Question(_) => Late::Rewind,
            PromptKind::Confirm(_) => Late::Reject,
        };
        prompt.late.or(self.state(prompt.state).late).or(self.defaults.late).unwrap_or(kind)
    }

    /// The age at which a prompt expires, if it does.
    pub fn ttl(&self, ix: PromptIx) -> Option<Duration> {
        let prompt = self.prompt(ix);
        prompt.ttl.or(self.state(prompt.state).ttl).or(self.defaults.ttl)
    }
}
