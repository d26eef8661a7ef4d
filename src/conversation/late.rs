//! A tap finds its question, however late (P3): which asking it answers, how late it is, and what is done about it.

use super::metadata::{AskingRef, Metadata};
use super::play::Play;
use super::{Asking, Fired, Lateness, delivery, heard};
use crate::bot::{Choice, Late, PromptIx, PromptKind, Target, Template};
use crate::model::{Incoming, same_label};

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
        None => heard::typed(play, &message.text),
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
    let policy = match lateness {
        Lateness::Current | Lateness::Early => return act(play, tapped, lateness),
        _ => play.program.late(tapped.prompt),
    };
    play.trace.policy = Some(policy);
    match policy {
        Late::Follow => act(play, tapped, lateness),
        Late::Rewind => rewind(play, tapped, lateness),
        Late::Reject => {
            let fired = Fired::Option(heard::prompt_name(play, tapped.prompt), tapped.id());
            reject(play, fired);
        }
        Late::Ignore => play.fired(Fired::Option(heard::prompt_name(play, tapped.prompt), tapped.id())),
    }
}

fn classify(play: &mut Play<'_>, tapped: &Tapped<'_>) -> Lateness {
    let AskingRef::Number(number) = tapped.asking else { return Lateness::Current };
    if delivery::confirm_asking(&mut play.state, number) {
        return Lateness::Early;
    }
    let ttl = play.program.ttl(tapped.prompt);
    let Some(asking) = find(play, number) else {
        return match ttl {
            _ if play.state.answered.contains(&number) => Lateness::Consumed,
            // Not even the journal has it, so it is older than anything a prompt with a ttl may be.
            Some(_) => Lateness::Expired,
            None => Lateness::Superseded,
        };
    };
    if asking.answered || play.state.answered.contains(&number) {
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

fn choose(play: &mut Play<'_>, tapped: &Tapped<'_>, asking: u32) {
    if let Pick::Option(choice) = &tapped.pick {
        heard::choose(play, tapped.prompt, asking, choice);
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
