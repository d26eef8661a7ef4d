//! A person wrote or tapped: what takes it, in the order of design §4.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::{self, Given};
use super::play::{Play, called};
use super::{Fired, Slots, late};
use crate::bot::{self, Choice, Confirm, Found, Op, PromptIx, PromptKind, Question, Reach, StateIx, Target};
use crate::model::{Attachment, Incoming, Profile, Timestamp, fold, same_label};

/// How often an hour an account answers another of ours, so that there are at most ten answers between the two; more would be two
/// bots in a loop.
const OWN_TALK_PER_HOUR: usize = 5;

/// Takes a message of the person.
pub(super) fn message(play: &mut Play<'_>, message: &Incoming, from: &Profile) {
    listen(play, message.sent_at, from);
    play.message = Some(message.id);
    if play.context.peer_is_ours && talks_too_much(play) {
        return play.fired(Fired::TalkLimit);
    }
    if play.program.reads_transcript {
        play.remember_line(&play.state.peer.name.clone(), &message.text);
    }
    if play.state.opted_out {
        consent(play, message);
    } else if play.is_silent() {
        silent(play, message);
    } else {
        match &message.tap {
            Some(tap) => late::tapped(play, message, tap.metadata.as_deref()),
            None => typed(play, &message.text, message.attachment.as_ref()),
        }
    }
    if play.context.peer_is_ours && play.has_spoken() {
        play.state.own_talk.push(play.context.now);
    }
    if !matches!(play.trace.fired, Fired::Fallback | Fired::Nothing) {
        play.state.missed = 0;
    }
}

/// Something else happened at the account that a rule may be for.
pub(super) fn account_event(play: &mut Play<'_>, kind: &str, from: &Profile) {
    if play.state.peer.name.is_empty() {
        play.state.peer = from.clone();
    }
    let program = play.program;
    let Some(rule) = program.events.get(kind).map(|ix| program.rule(*ix)) else { return };
    if play.state.opted_out {
        return play.fired(Fired::OptedOut);
    }
    if play.is_silent() {
        return play.fired(Fired::Silent);
    }
    play.fired(Fired::Event(kind.to_owned()));
    play.digress(&rule.steps, BTreeMap::new());
}

/// Who wants to hear nothing is heard only where that is taken back.
fn consent(play: &mut Play<'_>, message: &Incoming) {
    let found = any_scope(play, &message.text).filter(|found| play.program.rule(found.rule).opts_in);
    match found {
        Some(found) => rule(play, found),
        None => play.fired(Fired::OptedOut),
    }
}

/// While a person of the house speaks, only what takes the bot back is heard, and rules of any scope.
fn silent(play: &mut Play<'_>, message: &Incoming) {
    if play.is_taken_back(&message.text) {
        return;
    }
    match any_scope(play, &message.text) {
        Some(found) => rule(play, found),
        None => play.fired(Fired::Silent),
    }
}

/// The rule with `scope="any"` that takes a text.
fn any_scope(play: &Play<'_>, text: &str) -> Option<Found> {
    let at = play.state.at.as_deref().and_then(|name| play.program.state_named(name));
    play.program.matcher.find(text, at, Reach::AnyScope)
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
        state.answers.clear();
        state.offer = None;
        state.wrong = 0;
        state.missed = 0;
    }
    state.said = 0;
    state.looked_up = 0;
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

/// Takes a typed text, and what hangs on it.
pub(super) fn typed(play: &mut Play<'_>, text: &str, attachment: Option<&Attachment>) {
    if late::offer_typed(play, text) {
        return;
    }
    if let Some(found) = any_scope(play, text) {
        return rule(play, found);
    }
    let at = play.state.at.as_deref().and_then(|name| play.program.state_named(name));
    let open = Open::find(play);
    if let Some(open) = &open
        && (exact(play, open, text) || answers(play, open, &Given { text, attachment, today: play.today() }, at))
    {
        return;
    }
    if let Some(found) = play.program.matcher.find(text, at, Reach::All) {
        return rule(play, found);
    }
    // Where options are lines of a text, typing an old one is all that a person can do.
    if play.context.rendering.numbered && late::label_typed(play, text) {
        return;
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
            PromptKind::Menu | PromptKind::Confirm(_) => None,
        }
    }
}

/// The exact label, value or number of an option of the open prompt.
fn exact<'p>(play: &mut Play<'p>, open: &Open<'p>, text: &str) -> bool {
    let pages = play.pages(open.prompt, open.choices.clone());
    let page = &pages[open.page % pages.len()];
    let takes_numbers =
        open.question(play).is_some_and(|question| matches!(question.answer, bot::Answer::Int { .. } | bot::Answer::Number { .. }));
    let number: Option<usize> = fold(text).parse().ok().filter(|_| !takes_numbers);
    // The line that turns the page has the number behind the options.
    let turns = play.context.rendering.numbered && number == Some(page.len() + 1);
    if pages.len() > 1 && (turns || same_label(text, &play.program.defaults.words.more)) {
        play.fired(Fired::Option(prompt_name(play, open.prompt), "more".into()));
        play.turn_page((open.page % pages.len() + 1) % pages.len());
        return true;
    }
    let numbered = || page.get(number?.checked_sub(1)?);
    let Some(choice) = called(&open.choices, text).or_else(numbered) else { return false };
    choose(play, open.prompt, open.asking, choice);
    true
}

/// A typed answer that validates; an exact literal rule goes before free text, unless the question is greedy.
fn answers<'p>(play: &mut Play<'p>, open: &Open<'p>, given: &Given, at: Option<StateIx>) -> bool {
    let Some(question) = open.question(play) else { return false };
    let Some(value) = answer::accept(question, given) else { return false };
    let is_text = matches!(question.answer, bot::Answer::Text { .. });
    if is_text && !question.greedy && play.program.matcher.find(given.text, at, Reach::Literal).is_some() {
        return false;
    }
    // One that the record cannot hold is too long (design §5).
    if !play.set(&question.slot, value) {
        return false;
    }
    if question.secret {
        play.keep_secret();
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
    // What was meant as a secret is one, though it does not fit.
    if question.secret {
        play.keep_secret();
    }
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
    if let (PromptKind::Menu, Some(asking)) =
        (&program.prompt(prompt).kind, play.state.askings.iter_mut().find(|other| other.number == asking))
    {
        asking.chosen = Some(choice.id.to_owned());
    }
    if let Some(target) = choice.goto {
        return play.enter(target);
    }
    let definition = program.prompt(prompt);
    match (&definition.kind, choice.value) {
        (PromptKind::Question(question), Some(value)) => {
            play.state.at = Some(program.state(definition.state).name.clone());
            play.set(&question.slot, answer::of_option(question, value));
            play.resume_behind(prompt);
        }
        (PromptKind::Confirm(confirm), _) => {
            play.state.at = Some(program.state(definition.state).name.clone());
            let from = if choice.id == Confirm::NO { confirm.no } else { definition.at + 1 };
            play.resume(definition.state, from);
        }
        (PromptKind::Menu | PromptKind::Question(_), _) => {}
    }
}

/// `state/prompt`, as traces name it.
pub(super) fn prompt_name(play: &Play<'_>, prompt: PromptIx) -> String {
    let prompt = play.program.prompt(prompt);
    format!("{}/{}", play.program.state(prompt.state).name, prompt.name)
}

/// Notes that an asking was answered. Askings count from 1; 0 stands for none of this conversation, of which nothing is noted.
pub(super) fn close_asking(play: &mut Play<'_>, number: u32) {
    if number > 0 {
        play.state.prompt = Some(number);
    }
    match play.state.askings.iter_mut().find(|asking| asking.number == number) {
        Some(asking) => asking.answered = true,
        None if number > 0 => play.state.answered.push(number),
        None => {}
    }
    play.state.open = None;
}
