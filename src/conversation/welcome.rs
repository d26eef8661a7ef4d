//! The welcome message, which X shows before there is a conversation: the same for everybody.

use super::metadata::{AskingRef, Metadata};
use super::show::quick_option;
use crate::bot::{Op, Program, PromptIx, PromptKind, Scope, StateIx, limits};
use crate::model::{Key, Outgoing, Timestamp, UserId};

/// Why a welcome message cannot be set as the script has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsettable {
    /// The script has no `welcome`.
    #[error("the bot has no welcome message: add welcome {{ say \"…\"; menu \"STATE\" }} to its script")]
    NotThere,
    /// Its text cannot be made.
    #[error("the welcome message cannot be set: {0}")]
    Template(String),
}

/// What is set at X for an account. Its options are known again whoever taps them, and through every later change of the script: so
/// they name neither a person nor a revision.
pub fn welcome(program: &Program, account: UserId) -> Result<Outgoing, Unsettable> {
    let welcome = program.welcome.as_ref().ok_or(Unsettable::NotThere)?;
    let scope = Scope::new(program);
    let texts: Result<Vec<String>, _> = welcome.text.iter().map(|text| text.render(&scope)).collect();
    let text = texts.map_err(|error| Unsettable::Template(error.to_string()))?.join("\n");
    if limits::length(&text) > limits::WELCOME_TEXT {
        return Err(Unsettable::Template(format!("a text of more than {} characters", limits::WELCOME_TEXT)));
    }
    let mut message = Outgoing { text, media: welcome.media.clone(), ..Outgoing::default() };
    let Some(prompt) = welcome.menu.and_then(|state| menu(program, state)) else { return Ok(message) };
    let definition = program.prompt(prompt);
    let metadata = Metadata {
        state: program.state(definition.state).name.clone(),
        prompt: definition.name.clone(),
        option: String::new(),
        asking: AskingRef::Welcome,
        revision: String::new(),
        started: Timestamp::from_millis(0),
    };
    let showing = metadata.showing(Key::of_account(account));
    // The compiler takes no menu here whose options differ from person to person.
    message.options = program.choices(prompt, &scope).options.into_iter().map(|choice| quick_option(choice, &showing)).collect();
    Ok(message)
}

/// The menu of a state.
fn menu(program: &Program, state: StateIx) -> Option<PromptIx> {
    program.state(state).steps.iter().find_map(|op| match op {
        Op::Prompt(ix) if matches!(program.prompt(*ix).kind, PromptKind::Menu) => Some(*ix),
        _ => None,
    })
}
