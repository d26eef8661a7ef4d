//! One chat as its person sees it: bubbles, quick replies that stay tappable for ever, and what the other side shows beside them.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data, Path};
use maud::{Markup, html};

use super::super::settings::Person;
use super::super::stage::Stage;
use super::super::world::{Picture, Shown};
use super::view::View;
use super::{Sorry, time};
use crate::model::{Link, MediaKind, MediaType, MessageId, Timestamp, UserId};

/// How long somebody who was typing is thought to be typing still, as X shows it (contract §4.1).
const TYPING: std::time::Duration = std::time::Duration::from_secs(3);

/// So many messages of a chat are shown at first: a page is light, however long people chat.
const NEWEST: usize = 40;

/// A chat of somebody with the page's account.
pub(super) fn chat(stage: &Stage, view: &View, person: &Person) -> Markup {
    let name = &person.name;
    let messages = stage.transcript(person.id, view.with.id);
    let older = if view.whole { 0 } else { messages.len().saturating_sub(NEWEST) };
    let test = format!("/phone/chat.test.kdl?people={}&with={}", person.id, view.with.id);
    html! {
        section.phone aria-labelledby=(format!("name-{}", person.id)) data-chat=(person.id) {
            header {
                h2 id=(format!("name-{}", person.id)) { bdi { (name) } " " small { bdi { "@" (person.screen_name) } } }
                a.quiet.button href=(test) data-copy-test { "Copy as test" span.unseen { " the chat of " bdi { (name) } } }
            }
            div.log role="log" aria-live="polite" aria-label=(format!("Messages of {name}")) tabindex="0" {
                @if older > 0 { p.older { a href=(view.address_whole()) { "Show " (older) " older messages" } } }
                @for message in &messages[older..] { (bubble(stage, message, person, view)) }
                p.empty { "Nothing was said yet." }
            }
            div.status role="status" { (Status::of(stage, person.id, view.with.id).show(&view.with, stage.now())) }
            form.compose method="post" action="/phone/say" {
                (who(person, view))
                label.unseen for=(format!("text-{}", person.id)) { "A message from " (name) }
                textarea id=(format!("text-{}", person.id)) name="text" rows="1" maxlength="10000" placeholder="Message" autocomplete="off" {}
                button { "Send" }
                button.quiet name="picture" value="photo" { "Send a picture" }
            }
        }
    }
}

/// Who does something, and which page they come from.
fn who(person: &Person, view: &View) -> Markup {
    html! {
        input type="hidden" name="person" value=(person.id);
        input type="hidden" name="with" value=(view.with.id);
        input type="hidden" name="back" value=(view.address());
    }
}

/// A message.
pub(super) fn bubble(stage: &Stage, message: &Shown, person: &Person, view: &View) -> Markup {
    let is_own = message.from == person.id;
    let writer = if is_own { "You" } else { view.with.name.as_str() };
    html! {
        article class=(if is_own { "bubble own" } else { "bubble" }) id=(format!("m{}", message.id)) {
            p.unseen { bdi { (writer) } ":" }
            @if message.welcome.is_some() { p.kind { "Welcome message" } }
            @if let Some(picture) = &message.picture { (shown(picture, stage.picture(message.id), message.id)) }
            @if !message.text.is_empty() { p.text dir="auto" { (message.text) } }
            @if !message.links.is_empty() { div.links { @for link in &message.links { (button(link)) } } }
            @if !message.options.is_empty() && !is_own {
                form.options method="post" action="/phone/tap" {
                    (who(person, view))
                    input type="hidden" name="message" value=(message.id);
                    @for (place, option) in message.options.iter().enumerate() {
                        button name="option" value=(place) {
                            span { bdi { (option.label) } }
                            @if let Some(description) = &option.description { small { bdi { (description) } } }
                        }
                    }
                }
            }
            p.when { @if message.tap.is_some() { "Tapped " } (time(message.at)) }
        }
    }
}

/// A link opens nothing by itself, and only an address of the web is one.
fn button(link: &Link) -> Markup {
    let is_web = url::Url::parse(&link.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    html! {
        @if is_web {
            a.button href=(link.url) target="_blank" rel="noreferrer noopener" { bdi { (link.label) } small { bdi { (link.url) } } }
        } @else {
            span.button.dead { bdi { (link.label) } small { bdi { (link.url) } } }
        }
    }
}

fn shown(picture: &Picture, file: Option<(MediaType, Bytes)>, message: MessageId) -> Markup {
    let kind = match picture.kind {
        MediaKind::Photo => "Photo",
        MediaKind::AnimatedGif => "GIF",
        MediaKind::Video => "Video",
    };
    html! {
        @match file {
            Some((media, bytes)) if media.kind() == MediaKind::Video => {
                p.placeholder { (kind) ", " (media.name()) ", " (size(picture.size.max(bytes.len() as u64))) }
            },
            Some((_, bytes)) => {
                img src=(format!("/phone/picture/{message}")) alt=(format!("{kind}, {}", size(bytes.len() as u64)));
            },
            None => { p.placeholder { (kind) ", " (size(picture.size)) } },
        }
    }
}

pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// The bytes of the picture that a message has.
pub(super) async fn picture(stage: Data<Stage>, id: Path<u64>) -> Result<HttpResponse, Sorry> {
    let (media, bytes) = stage.picture(MessageId(*id)).ok_or(Sorry::Missing("picture"))?;
    Ok(HttpResponse::Ok().content_type(media.name()).insert_header((CACHE_CONTROL, "private, max-age=86400")).body(bytes))
}

/// What the account shows a person beside its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    /// Since when it is typing.
    typing: Option<Timestamp>,
    /// Up to which message it has read, and whether the person wrote none after it.
    read: Option<(MessageId, bool)>,
}

impl Status {
    pub(super) fn of(stage: &Stage, person: UserId, with: UserId) -> Self {
        let (typing, read) = stage.seen_beside(with, person);
        let spoken = stage.newest(with, person).map(MessageId::minted_at);
        let read = read.map(|last| (last, stage.newest(person, with).is_none_or(|own| own <= last)));
        Status { typing: typing.filter(|at| spoken.is_none_or(|spoken| spoken < *at)), read }
    }

    pub(super) fn show(&self, with: &Person, now: Timestamp) -> Markup {
        let left = self.typing.map(|at| at.plus(TYPING).since(now)).filter(|left| !left.is_zero());
        html! {
            @if let Some(left) = left { span.typing data-for=(left.as_millis()) { bdi { (with.name) } " is typing…" } }
            @if let Some((last, all)) = self.read {
                span.read { @if all { "Read" } @else { "Read up to " (time(last.minted_at())) } }
            }
        }
    }
}
