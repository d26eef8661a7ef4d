//! The bot language: the texts of a bot's files become a [`Program`]. Pure: it takes texts, others read files.

mod matcher;
mod program;
mod table;
mod template;

pub use matcher::{Found, Matcher, Reach};
pub use program::{
    Answer, Defaults, Fallback, FromTable, Late, Op, OptionDef, Program, Prompt, PromptIx, PromptKind, Question, Rule, RuleIx, State,
    StateIx, Target, Welcome, Words,
};
pub use table::{Row, Table};
pub use template::{Scope, Template, TemplateError};
