//! Live activity: every delivery as it comes, of whatever kind, and what was turned away.

mod log;
mod pretty;

use actix_web::web::{self, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::Visitor;
use super::frame::{Place, time};
use super::{Console, frame, live};
use crate::webhook::{Seen, SeenEvent, Sighting};

pub(super) use log::{Log, Noted, Rates};

/// Cards of a page.
const CARDS: usize = 100;

/// Bytes of a body that a card shows.
const SHOWN: usize = 64 << 10;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/activity", web::get().to(show))
        .route("/activity/live", web::get().to(follow))
        .route("/activity/rates", web::get().to(rates))
        .route("/activity/rates/live", web::get().to(follow_rates));
}

/// What the address says about which deliveries are shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    account: String,
    kind: String,
    person: String,
    q: String,
    /// Deliveries up to this number are on the page already.
    after: u64,
}

async fn show(console: Data<Console>, visitor: Visitor, wanted: Query<Wanted>) -> HttpResponse {
    let sees = visitor.0.texts;
    let (cards, after) = console.log.newest(CARDS, 0, |sighting| wanted.fits(sighting, sees));
    let content = html! {
        h1 { "Activity" }
        section #rates data-live="/activity/rates/live" data-part="/activity/rates" { (figures(&console.log.rates())) }
        form.filter role="search" method="get" action="/activity" {
            label { "Account" input name="account" value=(wanted.account) inputmode="numeric"; }
            label { "Kind" input name="kind" value=(wanted.kind) list="kinds"; }
            datalist #kinds { @for kind in console.log.kinds() { option value=(kind) {} } }
            label { "Person" input name="person" value=(wanted.person) inputmode="numeric"; }
            @if sees { label { "Text" input type="search" name="q" value=(wanted.q); } }
            button { "Filter" }
            button.quiet type="button" data-pause="cards" hidden { "Pause" }
        }
        @if cards.is_empty() { p.empty { "Waiting for the first delivery. What comes is shown here as it comes, and kept in memory only." } }
        ul.cards #cards aria-label="Deliveries, newest first" data-items={ "/activity/live?after=" (after) "&" (wanted.query()) } data-most=(CARDS) {
            @for (_, sighting) in &cards { (card(sighting, sees)) }
        }
    };
    frame::page(&visitor, Place::Activity, "Activity", &content)
}

async fn follow(request: HttpRequest, console: Data<Console>, visitor: Visitor, wanted: Query<Wanted>) -> HttpResponse {
    // A browser that takes the line up again by itself tells what it heard last.
    let last = request.headers().get("last-event-id").and_then(|last| last.to_str().ok()?.parse().ok());
    let after = last.unwrap_or(wanted.after);
    // Listened first and read then: what comes between the two comes twice, and is told once.
    let (news, sees) = (console.log.changes(), visitor.0.texts);
    let (missed, known) = console.log.newest(CARDS, after, |sighting| wanted.fits(sighting, sees));
    let missed = missed.iter().rev().map(|(number, sighting)| (*number, card(sighting, sees))).collect();
    let show = move |(number, sighting): &Noted| (*number > known && wanted.fits(sighting, sees)).then(|| (*number, card(sighting, sees)));
    live::items(console, visitor, missed, news, show)
}

async fn rates(console: Data<Console>, _: Visitor) -> HttpResponse {
    frame::part(&figures(&console.log.rates()))
}

async fn follow_rates(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    let news = console.log.changes();
    live::changes(console, visitor, news, |_| true)
}

fn figures(rates: &Rates) -> Markup {
    html! {
        dl.tiles {
            div { dt { "Deliveries in the last minute" } dd { (rates.minute) } }
            div { dt { "in the last hour" } dd { (rates.hour) } }
            div { dt { "Repeated events" } dd { (rates.repeated) } }
            div { dt { "Wrong signatures" } dd.bad[rates.unsigned > 0] { (rates.unsigned) } }
            div { dt { "Unreadable" } dd.bad[rates.unreadable > 0] { (rates.unreadable) } }
            div { dt { "Last challenge" } dd { @if let Some(at) = rates.challenged { (time(at)) } @else { "–" } } }
        }
    }
}

fn card(sighting: &Sighting, sees: bool) -> Markup {
    html! {
        li.event {
            article {
                header.row {
                    (time(sighting.at))
                    @match &sighting.what {
                        Seen::Delivery { events, taken, repeated, .. } => {
                            @for event in events { (named(event)) }
                            @if *taken > 0 { span.mark.good { (taken) " taken" } }
                            @if *repeated > 0 { span.mark.warm { (repeated) " repeated" } }
                            @if *taken + *repeated == 0 { span.mark { "nothing uses it" } }
                        }
                        Seen::Unreadable { reason, .. } => { span.mark.bad { "unreadable" } " " (reason) }
                        Seen::Failed { reason, .. } => { span.mark.bad { "not stored, X delivers it again" } " " (reason) }
                        Seen::Unsigned { bytes, from } => {
                            span.mark.bad { "wrong signature" } " " (bytes) " bytes" @if let Some(from) = from { " from " (from) }
                        }
                        Seen::Challenge { signed } => { span.mark { "challenge" } @if !signed { " unsigned" } }
                    }
                }
                @if let Some(body) = body(sighting) {
                    @if sees {
                        details {
                            summary { "JSON, " (body.len()) " bytes" }
                            pre { (pretty::pretty(body, SHOWN)) }
                        }
                        div.row {
                            button.quiet type="button" data-copy="" { "Copy" }
                            button.quiet type="button" data-pin="" aria-pressed="false" { "Pin" }
                        }
                    } @else { p.soft { (body.len()) " bytes" } }
                }
            }
        }
    }
}

fn named(event: &SeenEvent) -> Markup {
    html! {
        b { (event.kind) }
        @match (event.account, event.person) {
            (Some(account), Some(person)) => a href={ "/conversation/" (account) "/" (person) } { (person) },
            (None, Some(person)) => span { (person) },
            _ => {}
        }
    }
}

fn body(sighting: &Sighting) -> Option<&[u8]> {
    match &sighting.what {
        Seen::Delivery { body, .. } | Seen::Unreadable { body, .. } | Seen::Failed { body, .. } => Some(body),
        Seen::Unsigned { .. } | Seen::Challenge { .. } => None,
    }
}

impl Wanted {
    fn fits(&self, sighting: &Sighting, sees: bool) -> bool {
        let events = if let Seen::Delivery { events, .. } = &sighting.what { events.as_slice() } else { &[] };
        let any = |wanted: &str, is: &dyn Fn(&SeenEvent) -> bool| wanted.is_empty() || events.iter().any(is);
        let is = |id: Option<crate::model::UserId>, wanted: &str| id.is_some_and(|id| id.to_string() == wanted);
        let kind = |event: &SeenEvent| event.kind == self.kind;
        let says = |body: &[u8]| String::from_utf8_lossy(body).to_lowercase().contains(&self.q.to_lowercase());
        (any(&self.kind, &kind) || log::kind(sighting) == self.kind)
            && any(self.account.trim(), &|event| is(event.account, self.account.trim()))
            && any(self.person.trim(), &|event| is(event.person, self.person.trim()))
            && (self.q.is_empty() || (sees && body(sighting).is_some_and(says)))
    }

    fn query(&self) -> String {
        let pairs = [("account", &self.account), ("kind", &self.kind), ("person", &self.person), ("q", &self.q)];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}
