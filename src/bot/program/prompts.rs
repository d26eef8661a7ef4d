//! Prompts: what waits for the person.

use std::time::Duration;

use jiff::civil::Date;

use super::{Late, StateIx, Target};
use crate::bot::template::Template;

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
    /// A `confirm`; its options are those of [`Confirm::YES`] and [`Confirm::NO`].
    Confirm(Confirm),
}

/// A question to be answered with yes or no.
#[derive(Debug)]
pub struct Confirm {
    /// Whether a second answer to the same asking never counts.
    pub once: bool,
    /// The index of the first step of the `no` branch; the `yes` branch begins behind the prompt.
    pub no: usize,
}

impl Confirm {
    /// The id of the option that means yes.
    pub const YES: &str = "yes";
    /// The id of the option that means no.
    pub const NO: &str = "no";
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
    /// Whether the answer is nobody's business: it is kept out of the journal and of transcripts.
    pub secret: bool,
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
    /// A number, perhaps with a fraction.
    Number {
        /// The smallest.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
    },
    /// A day.
    Date {
        /// The earliest.
        min: Option<Day>,
        /// The latest.
        max: Option<Day>,
    },
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An http or https address.
    Url,
    /// One of the options.
    Choice,
    /// A picture, an animated picture or a video.
    Media,
    /// A picture that stands still.
    Picture,
    /// A place.
    Location,
}

/// The bound of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// This one.
    On(Date),
    /// The day on which the answer comes, in the bot's time zone.
    Today,
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
