//! A compiled bot: what the conversation machine runs. Written by the compiler, or by a developer in Rust.
//!
//! Everything that a record remembers of a program is a name, never an index: a program may change under a conversation.

use std::collections::BTreeMap;
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
    /// Say that it no longer counts and show the open prompt again.
    Reject,
    /// Journal it, say nothing.
    Ignore,
}

/// Sentences the machine says by itself, in the bot's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The yes of a confirmation.
    pub yes: String,
    /// The no of a confirmation.
    pub no: String,
    /// The option that shows the next page.
    pub more: String,
    /// Said when a late tap is rejected.
    pub stale: String,
    /// Said when an answer does not fit and the question has no `invalid` text.
    pub invalid: String,
    /// The text over a menu that has none.
    pub choose: String,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            yes: "Yes".into(),
            no: "No".into(),
            more: "More …".into(),
            stale: "That no longer counts.".into(),
            invalid: "That does not fit.".into(),
            choose: "Please choose:".into(),
        }
    }
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

/// One step. Branches are flattened into jumps, so that a turn can go on behind any prompt.
#[derive(Debug, Clone)]
pub enum Op {
    /// Say one of the variants: the one of the visit's number modulo their count.
    Say {
        /// At least one.
        variants: Vec<Template>,
        /// Whether it starts a message of its own (`break=#true`).
        breaks: bool,
    },
    /// Show a prompt and wait for the person.
    Prompt(PromptIx),
    /// Set a slot to a rendered text.
    Set {
        /// The slot's name.
        slot: String,
        /// Its value.
        value: Template,
    },
    /// Forget a slot.
    Unset {
        /// The slot's name.
        slot: String,
    },
    /// Go on at step `to` unless the condition holds.
    JumpUnless {
        /// The condition.
        condition: Template,
        /// The index of a step of the same body, or its length.
        to: usize,
    },
    /// Go on at step `to`.
    Jump {
        /// The index of a step of the same body, or its length.
        to: usize,
    },
    /// Enter a state.
    Goto(Target),
    /// The conversation is over: no state, no open prompt.
    End,
}

/// Where an option, a rule or a step leads.
#[derive(Debug, Clone)]
pub struct Target {
    /// The state to enter.
    pub state: StateIx,
    /// Slots to set on the way in; a question whose slot is given here with a value that validates is skipped.
    pub slots: Vec<(String, Template)>,
}

/// A question or a menu: something that waits.
#[derive(Debug)]
pub struct Prompt {
    /// The state it belongs to.
    pub state: StateIx,
    /// Its name within the state: the slot of a question, else `id=`, else its place (`menu`, `confirm-2`).
    pub name: String,
    /// The index of its `Op::Prompt` in the state's steps.
    pub at: usize,
    /// What it asks; empty for a menu, which hangs on what was said before it.
    pub text: Option<Template>,
    /// What it is.
    pub kind: PromptKind,
    /// Its written options.
    pub options: Vec<OptionDef>,
    /// Options out of a table, shown before the written ones.
    pub from: Option<FromTable>,
    /// Its policy for late taps.
    pub late: Option<Late>,
    /// The age at which it expires.
    pub ttl: Option<Duration>,
}

/// Kinds of prompts.
#[derive(Debug)]
pub enum PromptKind {
    /// The options of a state.
    Menu,
    /// An `ask`.
    Question(Question),
}

/// What makes an answer.
#[derive(Debug)]
pub struct Question {
    /// The slot that takes the answer.
    pub slot: String,
    /// What an answer has to be.
    pub answer: Answer,
    /// The text for an answer that does not fit.
    pub invalid: Option<Template>,
    /// How many wrong answers are asked again; without end when absent.
    pub retries: Option<u32>,
    /// The state to enter when the retries are used up.
    pub giveup: Option<StateIx>,
    /// The edit distance at which a typed answer still counts as an option's label.
    pub fuzzy: u8,
    /// Whether a text answer wins even over a literal rule.
    pub greedy: bool,
}

/// Types of answers.
#[derive(Debug)]
pub enum Answer {
    /// Any text; bounds count characters.
    Text {
        /// Fewest characters.
        min: Option<usize>,
        /// Most characters; never more than 1 000.
        max: usize,
        /// A regex that must match somewhere.
        pattern: Option<regex::Regex>,
    },
    /// A whole number.
    Int {
        /// The smallest.
        min: Option<i64>,
        /// The greatest.
        max: Option<i64>,
    },
    /// One of the options.
    Choice,
}

/// Options out of a table.
#[derive(Debug)]
pub struct FromTable {
    /// The table's name; it exists.
    pub table: String,
    /// Rows on a page, where there are more than fit in one message.
    pub page: usize,
}

/// One written option.
#[derive(Debug, Clone)]
pub struct OptionDef {
    /// Its name within the prompt: `id=`, else its `value`, else goto and label.
    pub id: String,
    /// The button's text.
    pub label: Template,
    /// The small print.
    pub description: Option<Template>,
    /// The answer it gives, in a question.
    pub value: Option<String>,
    /// Where it leads.
    pub goto: Option<Target>,
    /// Metadata that goes out verbatim in place of ours.
    pub metadata: Option<String>,
}

/// A rule: patterns and what to do.
#[derive(Debug)]
pub struct Rule {
    /// The rule's first pattern, as its author wrote it; names the rule in traces.
    pub name: String,
    /// The states in which it holds; everywhere when empty.
    pub within: Vec<StateIx>,
    /// Whether it comes even before the open prompt (`scope="any"`).
    pub any_scope: bool,
    /// Its steps; no prompt is among them.
    pub steps: Vec<Op>,
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

    /// The policy for late taps on a prompt: its own, else the state's, else the bot's, else its kind's.
    pub fn late(&self, ix: PromptIx) -> Late {
        let prompt = self.prompt(ix);
        let kind = match prompt.kind {
            PromptKind::Menu => Late::Follow,
            PromptKind::Question(_) => Late::Rewind,
        };
        prompt.late.or(self.state(prompt.state).late).or(self.defaults.late).unwrap_or(kind)
    }

    /// The age at which a prompt expires, if it does.
    pub fn ttl(&self, ix: PromptIx) -> Option<Duration> {
        let prompt = self.prompt(ix);
        prompt.ttl.or(self.state(prompt.state).ttl).or(self.defaults.ttl)
    }
}
