//! Steps: what states, rules, reminders and the fallback are made of.

use std::time::Duration;

use super::{Body, HandoffIx, LookupIx, PromptIx, ReminderIx, StateIx};
use crate::bot::template::Template;

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
    /// Hang a picture or a video on a message of its own.
    Media(Media),
    /// Hang a call-to-action button on the message; at most three.
    Link {
        /// The button's text.
        label: Template,
        /// An http or https address.
        url: Template,
    },
    /// Show a prompt and wait for the person.
    Prompt(PromptIx),
    /// Ask a server. The turn ends here; the next one goes on with the next step, or at the lookup's `fail`.
    LookUp(LookupIx),
    /// Start a timer; one that runs already starts anew.
    Remind(ReminderIx),
    /// Stop the timer of that id, or all of them.
    Cancel {
        /// As in [`Reminder`].
        reminder: Option<String>,
    },
    /// A person takes over. The turn ends here.
    HandOver(HandoffIx),
    /// Count, for the statistics.
    Count {
        /// What is counted.
        name: String,
        /// By what it is told apart.
        by: Option<Template>,
    },
    /// Remember a word about the person, for the statistics and for people who look.
    Tag {
        /// The word.
        name: Template,
    },
    /// Show that somebody is typing.
    Typing,
    /// Mark what the person wrote as read.
    Read,
    /// After this turn's text never write again until asked.
    OptOut,
    /// Write again.
    OptIn,
    /// Forget this person; the turn's text still goes out.
    Forget,
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

/// A picture or a video.
#[derive(Debug, Clone)]
pub struct Media {
    /// Which.
    pub pick: Pick,
    /// The text that goes with it: rendered with the columns of the picked row in scope.
    pub caption: Option<Template>,
}

/// Which file is shown.
#[derive(Debug, Clone)]
pub enum Pick {
    /// This file of the bot's folder.
    File(String),
    /// A row of a table, whose key is a file: each person sees all of them, in an order of their own, before one comes again.
    Row {
        /// The table's name; it exists.
        table: String,
        /// The column with the text that goes with it, where no caption is given.
        caption: Option<String>,
    },
}

/// A durable timer and what is said when it is over.
#[derive(Debug)]
pub struct Reminder {
    /// Its name within the program: `id=`, else the body's name and its place there.
    pub id: String,
    /// After what time.
    pub after: Duration,
    /// Its steps; no prompt is among them.
    pub steps: Vec<Op>,
}

/// A person takes over.
#[derive(Debug)]
pub struct Handoff {
    /// Its name within the program: the body's name and its place there.
    pub id: String,
    /// The index of its [`Op::HandOver`] in the body's steps.
    pub at: usize,
    /// The body.
    pub body: Body,
    /// For whom.
    pub queue: Option<String>,
    /// What that person should know.
    pub note: Option<Template>,
    /// The words with which the person takes the bot back, folded; and where that leads: behind the handing over, if nothing is named.
    pub resume: Option<Resume>,
    /// After so long a silence of the person who took over the bot speaks again, in that state if one is named.
    pub timeout: Option<(Duration, Option<Target>)>,
}

/// How a person takes the bot back.
#[derive(Debug)]
pub struct Resume {
    /// The texts that do it, folded.
    pub words: Vec<String>,
    /// Where that leads; without it, behind the handing over.
    pub goto: Option<Target>,
}
