//! The transcript as bubbles and notes.

use std::time::Duration;

use maud::{Markup, html};

use super::View;
use super::transcript::{self, Body, Fate, Item, NoteKind, Speaker, Why};
use crate::console::access::Visitor;
use crate::console::frame::{mark, theirs, time};
use crate::conversation::{Fired, Lateness};
use crate::model::{Attachment, MediaKind, Outgoing, Role};

/// Everything that was said, oldest first.
pub(super) fn transcript(view: &View, visitor: &Visitor) -> Markup {
    let items = transcript::read(&view.entries);
    let chosen = view.chosen().map(|(_, entry)| entry.revision());
    let first = view.entries.first().map_or(1, crate::store::Entry::revision);
    html! {
        div.bubbles role="log" aria-label="What was said" {
            @if first > 1 { p { a href={ "?until=" (first) } { "Earlier" } } }
            @if items.is_empty() { p.empty { "The journal no longer holds what was said here." } }
            ol {
                @for item in &items {
                    li.turn.chosen[view.wanted.turn == Some(item.revision)].later[chosen.is_some_and(|chosen| item.revision > chosen)] {
                        (shown(item, view, visitor))
                    }
                }
            }
            @if view.entries.last().is_some_and(|last| last.revision() < view.newest) { p { a href="?" { "Newest" } } }
        }
    }
}

fn shown(item: &Item, view: &View, visitor: &Visitor) -> Markup {
    let link = html! {
        a.when href={ "?turn=" (item.revision) @if let Some(until) = view.wanted.until { "&until=" (until) } }
            title={ "Look into turn " (item.revision) } { (time(item.at)) }
    };
    match &item.body {
        Body::Theirs { text, tapped, attachment, why } => html! {
            div.bubble.them {
                @if *tapped { span.tapped { "tapped " } }
                (words(text, visitor))
                @if let Some(attachment) = attachment { (attached(attachment, visitor)) }
            }
            p.why { (link) " " (because(why)) }
        },
        Body::Ours { row, message, by, fate } => html! {
            div.bubble.us { (said(message, visitor)) }
            p.why.us {
                @if let Speaker::Desk(name) = by { span.mark.warm { (theirs(name)) } " " }
                (fated(fate)) " " (link)
            }
            @if let Fate::Refused { again: false, .. } = fate {
                @if visitor.may(Role::Reply) {
                    form.us method="post" action={ (view.whose.path()) "/again" } {
                        (mark(visitor))
                        input type="hidden" name="revision" value=(row.revision);
                        input type="hidden" name="index" value=(row.index);
                        button.quiet { "Send again" }
                    }
                }
            }
        },
        Body::Elsewhere { text } => html! {
            div.bubble.us.elsewhere { (words(text, visitor)) }
            p.why.us { "written in another client " (link) }
        },
        Body::Note { text, quote, kind } => {
            let class = match kind {
                NoteKind::Plain => "aside",
                NoteKind::Warm => "aside warm",
                NoteKind::Bad => "aside bad",
            };
            html! { p class=(class) { (theirs(text)) @if !quote.is_empty() { ": " (words(quote, visitor)) } " " (link) } }
        }
    }
}

/// What somebody wrote, for those who may see it.
pub(super) fn words(text: &str, visitor: &Visitor) -> Markup {
    if visitor.0.texts {
        theirs(text)
    } else {
        html! { "•••" }
    }
}

fn said(message: &Outgoing, visitor: &Visitor) -> Markup {
    html! {
        (words(&message.text, visitor))
        @if let Some(file) = &message.media { span.attached { "📎 " (file) } }
        @if !message.links.is_empty() {
            ul.options { @for link in &message.links { li { "↗ " (words(&link.label, visitor)) } } }
        }
        @if !message.options.is_empty() && !message.numbered {
            ul.options aria-label="Options" { @for option in &message.options { li { (words(&option.label, visitor)) } } }
        }
    }
}

fn attached(attachment: &Attachment, visitor: &Visitor) -> Markup {
    let kind = |kind: &MediaKind| match kind {
        MediaKind::Photo => "photo",
        MediaKind::AnimatedGif => "GIF",
        MediaKind::Video => "video",
    };
    html! {
        span.attached {
            @match attachment {
                Attachment::Media { kind: what, .. } => { "📎 " (kind(what)) }
                // Where somebody is, is what they said.
                Attachment::Place { longitude, latitude, name } => {
                    "📍 " (words(&format!("{} {latitude}, {longitude}", name.as_deref().unwrap_or_default()), visitor))
                }
            }
        }
    }
}

/// Why the bot did what it did, in one line.
pub(super) fn because(why: &Why) -> Markup {
    let trace = &why.trace;
    html! {
        (fired(&trace.fired))
        @if let Some(lateness) = trace.lateness {
            " " span.mark.warm[lateness != Lateness::Current] { (late(lateness)) }
            @if let Some(policy) = trace.policy { " " span.mark { (format!("{policy:?}").to_lowercase()) } }
        }
        @if why.overtaken { " " span.mark.warm { "overtaken by a younger message" } }
        @if trace.from != trace.to {
            @if let Some(to) = &trace.to { " → " b { (to) } }
        }
        @if why.delay > Duration::from_secs(60) { " " span.mark.warm { "came " (span(why.delay)) " late" } }
    }
}

pub(super) fn fired(fired: &Fired) -> Markup {
    html! {
        @match fired {
            Fired::Nothing => "nothing took it",
            Fired::Rule(pattern) => { "rule “" (pattern) "”" }
            Fired::Option(prompt, option) => { "option “" (option) "” of " (prompt) }
            Fired::Answer(slot) => { "answers “" (slot) "”" }
            Fired::Retry(slot) => { "does not fit “" (slot) "”, asked again" }
            Fired::GaveUp(slot) => { "gave up asking “" (slot) "”" }
            Fired::Fallback => "fallback",
            Fired::Confirmation => "echo of our own message",
            Fired::Operator => "somebody wrote from the account",
            Fired::Desk => "from the console",
            Fired::TalkLimit => "two of our bots had talked too much",
            Fired::Lookup(name, true) => { "answer of " (name) }
            Fired::Lookup(name, false) => { (name) " failed" }
            Fired::Reminder(name) => { "reminder " (name) }
            Fired::TookBack => "the bot was taken back",
            Fired::Silent => "no answer: a person speaks",
            Fired::OptedOut => "no answer: wants to hear nothing",
            Fired::Waits => "waits",
            Fired::Event(kind) => { "rule for " (kind) }
            Fired::Offer(true) => "yes, that was meant",
            Fired::Offer(false) => "no, that was not meant",
        }
    }
}

pub(in crate::console) fn late(lateness: Lateness) -> &'static str {
    match lateness {
        Lateness::Foreign => "foreign",
        Lateness::Retired => "retired",
        Lateness::Early => "early",
        Lateness::Consumed => "consumed",
        Lateness::Expired => "expired",
        Lateness::Superseded => "superseded",
        Lateness::Current => "current",
    }
}

fn fated(fate: &Fate) -> Markup {
    html! {
        @match fate {
            Fate::Due(_) => span.mark { "waits" },
            Fate::Sending => span.mark { "on its way" },
            Fate::Unsure => span.mark.warm { "in doubt: waits for its echo" },
            Fate::Sent { after, by_echo } => span.mark.good { "sent" @if *by_echo { ", told by its echo" } " after " (span(*after)) },
            Fate::Withheld { reason } => span.mark.warm { "not sent: " (reason) },
            Fate::Refused { code, reason, again } => span.mark.bad {
                @if *code == 0 { "failed: " } @else { "refused (" (code) "): " }
                (reason) @if *again { "; sent again" }
            },
        }
    }
}

/// A span as people say it.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
