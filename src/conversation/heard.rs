//! A person wrote or tapped: what takes it, in the order of design §4.

use std::collections::BTreeMap;
use std::time::Duration;

use super::play::{Play, called};
use super::{Fired, Slots, answer, late};
use crate::bot::{self, Choice, Found, Op, PromptIx, PromptKind, Question, Reach, StateIx, Target};
use crate::model::{Incoming, Profile, Timestamp, fold, same_label};

/// How often an hour an account answers another of ours, so that there are at most ten answers between the two; more would be two
/// bots in a loop.
const OWN_TALK_PER_HOUR: usize = 5;

/// Takes a message of the person.
pub(super) fn message(play: &mut Play<'_>, message: &Incoming, from: &Profile) {
    listen(play, message.sent_at, from);
    if play.context.peer_is_ours && talks_too_much(play) {
        return play.fired(Fired::TalkLimit);
    }
    match &message.tap {
        Some(tap) => late::tapped(play, message, tap.metadata.as_deref()),
        None => typed(play, &message.text),
    }
    if play.context.peer_is_ours && play.has_spoken() {
        play.state.own_talk.push(play.context.now);
    }
    if !matches!(play.trace.fired, Fired::Fallback | Fired::Nothing) {
        play.state.missed = 0;
    }
}

/// Notes who was heard when; a conversation silent for longer than `idle` starts afresh.
fn listen(play: &mut Play<'_>, at: Timestamp, from: &Profile) {
    let state = &mut play.state;
    let silence = state.heard.map(|heard| at.since(heard));
    if let (Some(silence), Some(idle)) = (silence, play.program.defaults.idle)
        && silence > idle
    {
        state.at = None;
        state.open = None;
        state.slots = Slots::new();
        state.given.clear();
        state.wrong = 0;
        state.missed = 0;
    }
    state.messages = state.messages.wrapping_add(1);
    if state.heard.is_none_or(|heard| at > heard) {
        state.heard = Some(at);
        state.replies = 0;
    }
    // X Activity and tests may leave the names out; what is known is kept.
    if !from.name.is_empty() || !from.screen_name.is_empty() {
        state.peer = from.clone();
    }
}

fn talks_too_much(play: &mut Play<'_>) -> bool {
    let now = play.context.now;
    play.state.own_talk.retain(|at| now.since(*at) < Duration::from_secs(3600));
    play.state.own_talk.len() >= OWN_TALK_PER_HOUR
}

/// Takes a typed text.
pub(super) fn typed(play: &mut Play<'_>, text: &str) {
    let at = play.state.at.as_deref().and_then(|name| play.program.state_named(name));
    if let Some(found) = play.program.matcher.find(text, at, Reach::AnyScope) {
        return rule(play, found);
    }
    let open = Open::find(play);
    if let Some(open) = &open
        && (exact(play, open, text) || answers(play, open, text, at))
    {
        return;
    }
    if let Some(found) = play.program.matcher.find(text, at, Reach::All) {
        return rule(play, found);
    }
    if let Some(open) = &open
        && (close(play, open, text) || retry(play, open))
    {
        return;
    }
    fallback(play);
}

/// Runs a rule.
pub(super) fn rule(play: &mut Play<'_>, found: Found) {
    let rule = play.program.rule(found.rule);
    play.fired(Fired::Rule(rule.name.clone()));
    play.trace.captures.clone_from(&found.captures);
    play.digress(&rule.steps, found.captures);
}

/// The open prompt, with its options as they are now.
struct Open<'p> {
    prompt: PromptIx,
    asking: u32,
    page: usize,
    choices: Vec<Choice<'p>>,
}

impl<'p> Open<'p> {
    fn find(play: &mut Play<'p>) -> Option<Self> {
        let number = play.state.open?;
        let asking = play.state.askings.iter().find(|asking| asking.number == number)?;
        let (prompt, page) = (play.prompt_of(asking)?, asking.page);
        Some(Open { prompt, asking: number, page, choices: play.choices(prompt) })
    }

    fn question(&self, play: &Play<'p>) -> Option<&'p Question> {
        match &play.program.prompt(self.prompt).kind {
            PromptKind::Question(question) => Some(question),
            PromptKind::Menu => None,
        }
    }
}

/// The exact label, value or number of an option of the open prompt.
fn exact<'p>(play: &mut Play<'p>, open: &Open<'p>, text: &str) -> bool {
    let pages = play.pages(open.prompt);
    if pages.len() > 1 && same_label(text, &play.program.defaults.words.more) {
        play.fired(Fired::Option(prompt_name(play, open.prompt), "more".into()));
        play.turn_page((open.page % pages.len() + 1) % pages.len());
        return true;
    }
    let named = called(&open.choices, text);
    let takes_numbers = open.question(play).is_some_and(|question| matches!(question.answer, bot::Answer::Int { .. }));
    let numbered = || {
        let number: usize = fold(text).parse().ok().filter(|_| !takes_numbers)?;
        pages[open.page % pages.len()].get(number.checked_sub(1)?)
    };
    let Some(choice) = named.or_else(numbered) else { return false };
    choose(play, open.prompt, open.asking, choice);
    true
}

/// A typed answer that validates; an exact literal rule goes before free text, unless the question is greedy.
fn answers<'p>(play: &mut Play<'p>, open: &Open<'p>, text: &str, at: Option<StateIx>) -> bool {
    let Some(question) = open.question(play) else { return false };
    let Some(value) = answer::accept(question, text) else { return false };
    let is_text = matches!(question.answer, bot::Answer::Text { .. });
    if is_text && !question.greedy && play.program.matcher.find(text, at, Reach::Literal).is_some() {
        return false;
    }
    // One that the record cannot hold is too long (design §5).
    if !play.set(&question.slot, value) {
        return false;
    }
    play.fired(Fired::Answer(prompt_name(play, open.prompt)));
    close_asking(play, open.asking);
    play.resume_behind(open.prompt);
    true
}

/// A label that was nearly hit.
fn close<'p>(play: &mut Play<'p>, open: &Open<'p>, text: &str) -> bool {
    let fuzzy = open.question(play).map_or(0, |question| question.fuzzy);
    let Some(choice) = bot::closest(&open.choices, text, fuzzy) else { return false };
    choose(play, open.prompt, open.asking, choice);
    true
}

/// A wrong answer: asked again, until the retries are used up. A menu is never asked again: its misses are the fallback's.
fn retry<'p>(play: &mut Play<'p>, open: &Open<'p>) -> bool {
    let Some(question) = open.question(play) else { return false };
    let name = prompt_name(play, open.prompt);
    play.state.wrong = play.state.wrong.saturating_add(1);
    if question.retries.is_none_or(|retries| play.state.wrong <= retries) {
        play.fired(Fired::Retry(name));
        match &question.invalid {
            Some(text) => play.say(text),
            None => play.say_words(&play.program.defaults.words.invalid),
        }
        play.repeat();
        return true;
    }
    let Some(state) = question.giveup else { return false };
    play.fired(Fired::GaveUp(name));
    play.enter(&Target { state, slots: Vec::new() });
    true
}

fn fallback(play: &mut Play<'_>) {
    let Some(fallback) = &play.program.fallback else { return };
    play.fired(Fired::Fallback);
    play.state.missed = play.state.missed.saturating_add(1);
    if let Some((after, state)) = fallback.after
        && play.state.missed >= after
    {
        play.state.missed = 0;
        return play.enter(&Target { state, slots: Vec::new() });
    }
    let steps: &[Op] = &fallback.steps;
    play.digress(steps, BTreeMap::new());
}

/// Carries out an option: it leads away, or it answers its question.
pub(super) fn choose(play: &mut Play<'_>, prompt: PromptIx, asking: u32, choice: &Choice<'_>) {
    let program = play.program;
    play.fired(Fired::Option(prompt_name(play, prompt), choice.id.to_owned()));
    close_asking(play, asking);
    let state = program.prompt(prompt).state;
    if let Some(target) = choice.goto {
        return play.enter(target);
    }
    if let (PromptKind::Question(question), Some(value)) = (&program.prompt(prompt).kind, choice.value) {
        play.state.at = Some(program.state(state).name.clone());
        play.set(&question.slot, answer::of_option(question, value));
        play.resume_behind(prompt);
    }
}

/// `state/prompt`, as traces name it.
pub(super) fn prompt_name(play: &Play<'_>, prompt: PromptIx) -> String {
    let prompt = play.program.prompt(prompt);
    format!("{}/{}", play.program.state(prompt.state).name, prompt.name)
}

/// Notes that an asking was answered. Askings count from 1; 0 stands for none of this conversation, of which nothing is noted.
pub(super) fn close_asking(play: &mut Play<'_>, number: u32) {
    match play.state.askings.iter_mut().find(|asking| asking.number == number) {
        Some(asking) => asking.answered = true,
        None if number > 0 => play.state.answered.push(number),
        None => {}
    }
    play.state.open = None;
}
