//! The bot language: the texts of a bot's files become a [`Program`]. Pure: it takes texts, others read files.

mod choice;
mod compile;
mod diagnostic;
mod element;
mod format;
pub mod limits;
mod matcher;
mod pattern;
mod program;
mod scope;
mod sources;
mod syntax;
mod table;
mod template;

#[cfg(feature = "service")]
pub(crate) use syntax::document;

pub use choice::{Choice, Choices, closest, pages};
pub use compile::{Amendment, Compiled, SCRIPT, Taker, amend, compile, is_source};
pub use diagnostic::{Diagnostic, Severity, nearest};
pub use element::{Element, Literal};
pub use format::format;
pub use matcher::{Found, Matcher, Reach};
pub use program::{
    Answer, Body, Confirm, Day, Defaults, Fallback, FromTable, Handoff, HandoffIx, Late, Lookup, LookupIx, Media, Op, OptionDef, Pattern,
    Pick, Program, Prompt, PromptIx, PromptKind, Question, Reads, Reminder, ReminderIx, Resume, Rule, RuleIx, State, StateIx, Target,
    Welcome, Words,
};
pub use scope::Scope;
pub use sources::{FileFacts, Sources};
pub use table::{Cell, Row, Table};
pub use template::{Template, TemplateError};

/// What keeps a text from being read, in the profile of KDL that all files of a bot are written in.
pub fn syntax_errors(file: &str, text: &str) -> Vec<Diagnostic> {
    let found = syntax::Findings::default();
    syntax::read(file, text, &found);
    found.into_sorted()
}
