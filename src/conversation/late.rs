//! A tap finds its question, however late (P3): which asking it answers, how late it is, and what is done about it.

use super::metadata::{AskingRef, Metadata};
use super::output::Shown;
use super::play::Play;
use super::{Asking, Fired, Lateness, Offer, answer, delivery, heard};
use crate::bot::{Choice, Confirm, Late, PromptIx, PromptKind, Target, Template};
use crate::model::{Incoming, QuickOption, fold, same_label};

/// What a tap points at.
struct Tapped<'p> {
    prompt: PromptIx,
    pick: Pick<'p>,
    asking: AskingRef,
}

/// What was picked of the prompt.
enum Pick<'p> {
    Option(Choice<'p>),
    Page(usize),
}

/// Takes a tap.
pub(super) fn tapped(play: &mut Play<'_>, message: &Incoming, metadata: Option<&str>) {
    let ours = metadata.and_then(|text| Metadata::read(text, play.context.key));
    if let Some(metadata) = ours {
        if metadata.prompt == OFFER {
            return offer_tapped(play, &metadata);
        }
        // Who taps something else has not answered whether the last tap was meant.
        play.state.offer = None;
        return match resolve(play, &metadata) {
            Some(tapped) => take(play, tapped),
            None => {
                play.trace.lateness = Some(Lateness::Retired);
                reject(play, Fired::Option(format!("{}/{}", metadata.state, metadata.prompt), metadata.option));
            }
        };
    }
    if let Some(tapped) = by_label(play, &message.text, metadata) {
        return take(play, tapped);
    }
    play.trace.lateness = Some(Lateness::Foreign);
    let at = play.state.at.as_deref().and_then(|name| play.program.state_named(name));
    if let Some(found) = metadata.and_then(|metadata| play.program.matcher.find_metadata(metadata, at)) {
        return heard::rule(play, found);
    }
    match by_label(play, &message.text, None) {
        Some(tapped) => take(play, tapped),
        None => heard::typed(play, &message.text, message.attachment.as_ref()),
    }
}

/// Finds what a metadata of ours names; `None` when the script has it no longer.
fn resolve<'p>(play: &mut Play<'p>, metadata: &Metadata) -> Option<Tapped<'p>> {
    let state = play.program.state_named(&metadata.state)?;
    let prompt = play.program.prompt_named(state, &metadata.prompt)?;
    // An author may have called an option like a page.
    let choice = play.choices(prompt).into_iter().find(|choice| choice.id == metadata.option);
    let pick = match choice {
        Some(choice) => Pick::Option(choice),
        None => Pick::Page(Play::page_named(&metadata.option)?),
    };
    // An asking of a conversation that was since forgotten has a number that means another asking now.
    let asking = match metadata.asking {
        AskingRef::Number(_) if metadata.started != play.state.started => AskingRef::Number(0),
        asking => asking,
    };
    Some(Tapped { prompt, pick, asking })
}

/// Finds an option by its label among the askings this conversation remembers, newest first.
///
/// With `explicit`, only an option whose script gave it just this metadata.
fn by_label<'p>(play: &mut Play<'p>, label: &str, explicit: Option<&str>) -> Option<Tapped<'p>> {
    let askings: Vec<(u32, PromptIx)> =
        play.state.askings.iter().rev().filter_map(|asking| Some((asking.number, play.prompt_of(asking)?))).collect();
    askings.into_iter().find_map(|(number, prompt)| {
        let choices = play.choices(prompt);
        let fits = |choice: &Choice<'_>| same_label(label, &choice.label) && (explicit.is_none() || choice.metadata == explicit);
        let choice = choices.into_iter().find(fits)?;
        Some(Tapped { prompt, pick: Pick::Option(choice), asking: AskingRef::Number(number) })
    })
}

/// Classifies a tap and acts on it.
fn take(play: &mut Play<'_>, tapped: Tapped<'_>) {
    let lateness = classify(play, &tapped);
    play.trace.lateness = Some(lateness);
    let once = is_once(play, tapped.prompt);
    let policy = match lateness {
        Lateness::Current | Lateness::Early => return act(play, tapped, lateness),
        Lateness::Consumed if once => Late::Reject,
        _ => play.program.late(tapped.prompt),
    };
    play.trace.policy = Some(policy);
    let is_question = matches!(play.program.prompt(tapped.prompt).kind, PromptKind::Question(_));
    match policy {
        Late::Follow => act(play, tapped, lateness),
        Late::Rewind => rewind(play, tapped, lateness),
        Late::Apply if is_question => apply(play, tapped, lateness),
        Late::Apply => act(play, tapped, lateness),
        Late::Ask => offer(play, tapped, lateness),
        Late::Reject => {
            let fired = Fired::Option(heard::prompt_name(play, tapped.prompt), tapped.id());
            reject(play, fired);
        }
        Late::Ignore => play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), tapped.id())),
    }
}

fn is_once(play: &Play<'_>, prompt: PromptIx) -> bool {
    matches!(&play.program.prompt(prompt).kind, PromptKind::Confirm(confirm) if confirm.once)
}

fn classify(play: &mut Play<'_>, tapped: &Tapped<'_>) -> Lateness {
    let AskingRef::Number(number) = tapped.asking else { return Lateness::Current };
    let is_early = delivery::confirm_asking(&mut play.state, number);
    let was_answered = find(play, number).is_some_and(|asking| asking.answered) || play.state.answered.contains(&number);
    // What counts once may have been answered in words before anybody knew that it had arrived.
    if is_early && !(was_answered && is_once(play, tapped.prompt)) {
        return Lateness::Early;
    }
    // Nobody remembers for ever what was answered: what counts once counts only while the record itself knows that it did not.
    if is_once(play, tapped.prompt) && !play.state.askings.iter().any(|asking| asking.number == number) {
        return Lateness::Consumed;
    }
    let ttl = play.program.ttl(tapped.prompt);
    let Some(asking) = find(play, number) else {
        return match ttl {
            _ if was_answered => Lateness::Consumed,
            // Not even the journal has it, so it is older than anything a prompt with a ttl may be.
            Some(_) => Lateness::Expired,
            None => Lateness::Superseded,
        };
    };
    // A menu is a way to many places: who goes to another one has not answered it twice.
    let goes_elsewhere = play.state.asked > number && asking.chosen.as_deref().is_some_and(|chosen| chosen != tapped.id());
    if was_answered && !goes_elsewhere {
        Lateness::Consumed
    } else if ttl.is_some_and(|ttl| play.context.now.since(asking.at) > ttl) {
        Lateness::Expired
    } else if play.state.open != Some(number) {
        Lateness::Superseded
    } else {
        Lateness::Current
    }
}

fn find<'p>(play: &'p Play<'_>, number: u32) -> Option<&'p Asking> {
    let recalled = play.context.recalled.as_ref().filter(|asking| asking.number == number);
    recalled.or_else(|| play.state.askings.iter().find(|asking| asking.number == number))
}

/// Does what was tapped.
fn act(play: &mut Play<'_>, tapped: Tapped<'_>, lateness: Lateness) {
    let AskingRef::Number(number) = tapped.asking else { return choose(play, &tapped, 0) };
    match tapped.pick {
        Pick::Option(_) => choose(play, &tapped, number),
        Pick::Page(page) => {
            play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), tapped.id()));
            if matches!(lateness, Lateness::Current | Lateness::Early) && play.state.open == Some(number) {
                play.turn_page(page);
            } else {
                play.ask_anew(tapped.prompt, page);
            }
        }
    }
}

/// Stores an answer where the person is elsewhere by now, and says so.
fn apply(play: &mut Play<'_>, tapped: Tapped<'_>, lateness: Lateness) {
    let AskingRef::Number(number) = tapped.asking else { return act(play, tapped, lateness) };
    let (PromptKind::Question(question), Pick::Option(choice)) = (&play.program.prompt(tapped.prompt).kind, &tapped.pick) else {
        return act(play, tapped, lateness);
    };
    let Some(value) = choice.value.filter(|_| choice.goto.is_none()) else { return act(play, tapped, lateness) };
    play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), choice.id.to_owned()));
    // The open question stays open, unless it is the very one.
    let open = play.state.open.filter(|open| *open != number);
    heard::close_asking(play, number);
    play.state.open = open;
    play.set(&question.slot, answer::of_option(question, value));
    play.say_about(&play.program.defaults.words.noted, &choice.label);
    play.repeat();
}

fn choose(play: &mut Play<'_>, tapped: &Tapped<'_>, asking: u32) {
    if let Pick::Option(choice) = &tapped.pick {
        heard::choose(play, tapped.prompt, asking, choice);
    }
}

/// The name of the machine's own prompt, which no script can use.
const OFFER: &str = "~late";

/// Asks whether a late tap was meant. The open prompt stays open meanwhile.
fn offer(play: &mut Play<'_>, tapped: Tapped<'_>, lateness: Lateness) {
    let program = play.program;
    let AskingRef::Number(asking) = tapped.asking else { return act(play, tapped, lateness) };
    let Pick::Option(choice) = &tapped.pick else { return act(play, tapped, lateness) };
    play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), choice.id.to_owned()));
    let prompt = program.prompt(tapped.prompt);
    let words = &program.defaults.words;
    let slots = find(play, asking).and_then(|asking| asking.slots.clone());
    play.state.asked += 1;
    let number = play.state.asked;
    let state = program.state(prompt.state).name.clone();
    play.say_about(if matches!(prompt.kind, PromptKind::Question(_)) { &words.change } else { &words.ask }, &choice.label);
    let showing = play.showing_of(&state, OFFER, number);
    let option = |id: &str, label: &str| QuickOption { label: label.to_owned(), description: None, metadata: Some(showing.option(id)) };
    let options = vec![option(Confirm::YES, &words.yes), option(Confirm::NO, &words.no)];
    play.output.ask(Shown { options, asking: Some(number), in_all: 2, numbered: play.context.rendering.numbered }, &words.choose);
    play.state.offer = Some(Offer { number, asking, state, prompt: prompt.name.clone(), option: choice.id.to_owned(), slots });
}

/// Takes a tap on the machine's own question.
fn offer_tapped(play: &mut Play<'_>, metadata: &Metadata) {
    let AskingRef::Number(number) = metadata.asking else { return };
    let is_early = delivery::confirm_asking(&mut play.state, number);
    match play.state.offer.take_if(|offer| offer.number == number && metadata.started == play.state.started) {
        Some(offer) => {
            play.trace.lateness = Some(if is_early { Lateness::Early } else { Lateness::Current });
            settle_offer(play, &offer, metadata.option == Confirm::YES);
        }
        None => {
            play.trace.lateness = Some(Lateness::Consumed);
            reject(play, Fired::Option(format!("{}/{OFFER}", metadata.state), metadata.option.clone()));
        }
    }
}

/// Takes a typed answer to the machine's own question; anything else leaves it unanswered for good.
pub(super) fn offer_typed(play: &mut Play<'_>, text: &str) -> bool {
    let Some(offer) = play.state.offer.take() else { return false };
    let words = &play.program.defaults.words;
    let is = |label: &str, number: &str| same_label(text, label) || fold(text) == number;
    let (yes, no) = (is(&words.yes, "1"), is(&words.no, "2"));
    if yes || no {
        settle_offer(play, &offer, yes);
    }
    yes || no
}

fn settle_offer(play: &mut Play<'_>, offer: &Offer, yes: bool) {
    let metadata = Metadata {
        state: offer.state.clone(),
        prompt: offer.prompt.clone(),
        option: offer.option.clone(),
        asking: AskingRef::Number(offer.asking),
        revision: String::new(),
        started: play.state.started,
    };
    match resolve(play, &metadata).filter(|_| yes) {
        Some(tapped) => {
            if let Some(slots) = offer.slots.clone().filter(|_| matches!(play.program.prompt(tapped.prompt).kind, PromptKind::Question(_)))
            {
                play.state.slots = slots;
            }
            choose(play, &tapped, offer.asking);
        }
        None if yes => return reject(play, Fired::Offer(yes)),
        None => play.repeat(),
    }
    play.fired(Fired::Offer(yes));
}

/// A typed text that is the label of an option shown before counts as a tap on it.
pub(super) fn label_typed(play: &mut Play<'_>, text: &str) -> bool {
    match by_label(play, text, None) {
        Some(tapped) => {
            take(play, tapped);
            true
        }
        None => false,
    }
}

/// Takes a question back to where it was asked, then answers it. A menu has nothing to take back.
fn rewind(play: &mut Play<'_>, tapped: Tapped<'_>, lateness: Lateness) {
    let AskingRef::Number(number) = tapped.asking else { return act(play, tapped, lateness) };
    let prompt = play.program.prompt(tapped.prompt);
    let (PromptKind::Question(question), Pick::Option(choice)) = (&prompt.kind, &tapped.pick) else {
        return act(play, tapped, lateness);
    };
    match (find(play, number).and_then(|asking| asking.slots.clone()), choice.value) {
        (None, Some(value)) if choice.goto.is_none() => {
            // The slots of that asking are gone for good: the state starts again, with this answer.
            play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), choice.id.to_owned()));
            heard::close_asking(play, number);
            let slots = vec![(question.slot.clone(), Template::literal(value))];
            play.enter(&Target { state: prompt.state, slots });
        }
        (Some(slots), _) => {
            play.state.slots = slots;
            choose(play, &tapped, number);
        }
        (None, _) => choose(play, &tapped, number),
    }
}

/// Says that it no longer counts, and shows what does.
fn reject(play: &mut Play<'_>, fired: Fired) {
    play.trace.policy = Some(Late::Reject);
    play.fired(fired);
    play.say_words(&play.program.defaults.words.stale);
    play.repeat();
}

impl Tapped<'_> {
    fn id(&self) -> String {
        match &self.pick {
            Pick::Option(choice) => choice.id.to_owned(),
            Pick::Page(page) => format!("page {}", page + 1),
        }
    }
}
