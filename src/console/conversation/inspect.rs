//! The time machine: how the conversation stood after any turn, what the turn changed, and the way to the turns beside it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::View;
use super::show::{because, fired, span, words};
use super::transcript::Why;
use crate::bot::PromptKind;
use crate::console::Console;
use crate::console::access::Visitor;
use crate::console::frame::time;
use crate::conversation::{Action, Event, RowStatus, Slots, State};
use crate::store::{Entry, TurnLog};

/// How it stood after the chosen turn.
pub(super) fn turn(view: &View, visitor: &Visitor, console: &Console) -> Markup {
    let Some((before, entry)) = view.chosen() else { return html! {} };
    let secrets = secrets(view, console);
    let state = &entry.record.state;
    html! {
        aside.inspector aria-labelledby="as-of" {
            h2 #as-of { "Turn " (entry.revision()) " of " (view.newest) @if view.is_newest() { " (now)" } }
            p { (time(entry.at)) }
            nav.row aria-label="Turns" { (step(view, entry)) }
            @for turn in &entry.turns { (happened(turn, entry)) }
            h3 { "Where it stands" }
            dl {
                dt { "State" } dd { (changed(before.and_then(|b| b.record.state.at.as_deref()).unwrap_or("none"), state.at.as_deref().unwrap_or("none"))) }
                dt { "Open prompt" } dd { (open(state)) }
                @if let Some(silence) = &state.silence {
                    dt { "Bot is silent" } dd { "since " (time(silence.since)) @if let Some(until) = silence.until { ", until " (time(until)) } }
                }
                @if let Some(lookup) = &state.lookup { dt { "Waits for" } dd { (lookup.id) ", since " (time(lookup.since)) } }
                @if !state.waiting.is_empty() { dt { "Messages that wait" } dd { (state.waiting.len()) } }
                @if state.opted_out { dt { "Opted out" } dd { "yes" } }
                @if !state.tags.is_empty() { dt { "Tags" } dd { (words(&state.tags.iter().cloned().collect::<Vec<_>>().join(", "), visitor)) } }
            }
            (slots(before.map(|entry| &entry.record.state.slots), &state.slots, &secrets, visitor))
            (timers(state))
            (rows(state))
        }
    }
}

/// To the turns beside it; the script lets the arrow keys do the same.
fn step(view: &View, entry: &Entry) -> Markup {
    let revision = entry.revision();
    let to = |turn: u64| format!("?turn={turn}&until={}", view.entries.last().map_or(turn, Entry::revision).max(turn));
    html! {
        @if revision > 1 { a.button.quiet #earlier rel="prev" href=(to(revision - 1)) { "◀ Earlier" } }
        @if revision < view.newest { a.button.quiet #later rel="next" href=(to(revision + 1)) { "Later ▶" } }
        @if !view.is_newest() { a.button.quiet href="?" { "Now" } }
    }
}

fn happened(turn: &TurnLog, entry: &Entry) -> Markup {
    let what = match &turn.event {
        Event::Message { message, .. } if message.tap.is_some() => "A tap came",
        Event::Message { .. } => "A message came",
        Event::Account { .. } => "Something happened at X",
        Event::LookupClaimed { .. } => "A server is asked",
        Event::LookupDone { .. } => "A server answered",
        Event::TimerFired { .. } => "A timer went off",
        Event::Echo { .. } => "The account spoke",
        Event::Desk { .. } => "Somebody acted from the console",
        Event::Claimed { .. } => "A message leaves",
        Event::Refilled { .. } => "Waiting messages moved up",
        Event::Settled { .. } => "What became of a message is known",
        _ => "A delivery could not be read",
    };
    let ordered: Vec<&str> = turn.actions.iter().map(named).collect();
    html! {
        div.card {
            p { b { (what) } @if let Event::Desk { by, .. } = &turn.event { ": " (by) } }
            p {
                @if let Event::Message { message, overtaken, .. } = &turn.event {
                    (because(&Why { trace: turn.trace.clone(), overtaken: *overtaken, delay: entry.at.since(message.sent_at) }))
                } @else if let Event::Settled { outcome, .. } = &turn.event {
                    (settled(outcome))
                } @else if turn.trace != crate::conversation::Trace::default() {
                    (fired(&turn.trace.fired))
                }
            }
            @if !turn.trace.captures.is_empty() { p.soft { (turn.trace.captures.len()) " captured" } }
            @if !ordered.is_empty() { p.soft { "ordered: " (ordered.join(", ")) } }
        }
    }
}

fn settled(outcome: &crate::conversation::Outcome) -> String {
    use crate::conversation::Outcome;
    match outcome {
        Outcome::Sent(id) => format!("X took it as {id}"),
        Outcome::RetryAt(_) => "X did not take it; it is tried again".to_owned(),
        Outcome::Refused { code, reason, .. } => format!("X refused it ({code}): {reason}"),
        Outcome::Unsure { .. } => "nobody knows whether X took it".to_owned(),
        Outcome::Resend => "it was not found at X, and goes out again".to_owned(),
    }
}

fn named(action: &Action) -> &'static str {
    match action {
        Action::Send { .. } => "a message",
        Action::LookUp { .. } => "a lookup",
        Action::HandOver { .. } => "handing over",
        Action::TakeBack => "taking back",
        Action::Count { .. } => "a count",
        Action::Tag { .. } => "a tag",
        Action::Typing => "typing shown",
        Action::Read { .. } => "read shown",
        Action::Consent { .. } => "consent noted",
        Action::Forget => "forgetting",
        Action::DeadLetter { .. } => "a message given up",
        Action::Fault { .. } => "a fault of the script",
    }
}

fn open(state: &State) -> Markup {
    let asking = state.open.and_then(|open| state.askings.iter().find(|asking| asking.number == open));
    html! {
        @match asking {
            Some(asking) => { (asking.state) "/" (asking.prompt) " (asking " (asking.number) ", since " (time(asking.at)) ")" }
            None => "none",
        }
    }
}

fn changed(before: &str, now: &str) -> Markup {
    html! { @if before == now { (now) } @else { del { (before) } " → " ins { (now) } } }
}

/// Slots after the turn, and what they were before it.
fn slots(before: Option<&Slots>, now: &Slots, secrets: &BTreeSet<String>, visitor: &Visitor) -> Markup {
    let empty = Slots::new();
    let before = before.unwrap_or(&empty);
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let value = |slots: &Slots, name: &String| match slots.get(name) {
        None => html! { span.soft { "–" } },
        Some(_) if secrets.contains(name) => html! { "•••" },
        Some(value) => words(&value.to_string(), visitor),
    };
    html! {
        h3 { "Slots" }
        @if names.is_empty() { p.soft { "none" } } @else {
            div.wide { table {
                thead { tr { th { "Slot" } th { "Before" } th { "After" } } }
                tbody { @for name in names {
                    tr.changed[before.get(name) != now.get(name)] { th scope="row" { (name) } td { (value(before, name)) } td { (value(now, name)) } }
                } }
            } }
        }
    }
}

fn timers(state: &State) -> Markup {
    html! {
        @if !state.timers.is_empty() {
            h3 { "Timers" }
            ul { @for timer in &state.timers { li { (time(timer.at)) " " (format!("{:?}", timer.purpose)) } } }
        }
    }
}

fn rows(state: &State) -> Markup {
    html! {
        @if !state.rows.is_empty() {
            h3 { "Messages under way" }
            ul { @for row in &state.rows {
                li {
                    "Message " (row.id) ", "
                    @match &row.status {
                        RowStatus::Due(at) => { "due " (time(*at)) }
                        RowStatus::Sending(since) => { "on its way since " (time(*since)) }
                        RowStatus::Unsure { since, check_at, .. } => { "in doubt since " (time(*since)) ", looked after in " (span(check_at.since(*since))) }
                    }
                    @if row.attempts > 0 { ", attempt " (row.attempts) }
                }
            } }
        }
    }
}

/// The slots whose answers are nobody's business.
fn secrets(view: &View, console: &Console) -> BTreeSet<String> {
    let Some(program) = console.turns.program_of(view.whose.key().account) else { return BTreeSet::new() };
    let secret = |kind: &PromptKind| match kind {
        PromptKind::Question(question) if question.secret => Some(question.slot.clone()),
        _ => None,
    };
    program.prompts.iter().filter_map(|prompt| secret(&prompt.kind)).collect()
}
