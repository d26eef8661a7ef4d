//! Who did what in the console, and from where: for those who look after it.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Refusal, Visitor};
use super::frame::{Place, theirs, time};
use super::{Console, frame, live};
use crate::conversation::{Act, DEEDS, Deed, DeskDeed, Event};
use crate::model::{Role, Timestamp};

/// Lines of a page.
const LINES: u64 = 100;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/audit", web::get().to(show)).route("/audit/part", web::get().to(part)).route("/audit/live", web::get().to(follow));
}

/// What the address says about which are listed.
#[derive(Debug, Clone, Default, Deserialize)]
struct Wanted {
    /// The newest that is listed, by its number; without it the newest of all.
    until: Option<u64>,
}

async fn show(console: Data<Console>, visitor: Visitor, wanted: Query<Wanted>) -> Result<HttpResponse, Refusal> {
    visitor.wants(Role::Admin)?;
    let list = list(&console, wanted.until).await?;
    let content = html! {
        h1 { "Audit" }
        p.soft { "Who signed in and out, what they did in conversations and changed at X. It stands in the journal, and is kept as long." }
        @if wanted.until.is_none() {
            section #deeds data-live="/audit/live" data-part="/audit/part" { (list) }
        } @else {
            section #deeds { (list) }
        }
    };
    Ok(frame::page(&visitor, Place::Audit, "Audit", &content))
}

async fn part(console: Data<Console>, visitor: Visitor) -> Result<HttpResponse, Refusal> {
    visitor.wants(Role::Admin)?;
    Ok(frame::part(&list(&console, None).await?))
}

async fn follow(console: Data<Console>, visitor: Visitor) -> Result<HttpResponse, Refusal> {
    visitor.wants(Role::Admin)?;
    let news = console.ledger.changes();
    Ok(live::changes(console, visitor, news, |entry| entry.key == DEEDS))
}

async fn list(console: &Console, until: Option<u64>) -> Result<Markup, Refusal> {
    let failed = |error: crate::store::StoreError| Refusal::Failed(error.to_string());
    let store = console.turns.store();
    let newest = store.load(DEEDS).await.map_err(failed)?.map_or(0, |record| record.revision);
    let until = until.unwrap_or(newest).min(newest);
    let from = until.saturating_sub(LINES - 1).max(1);
    let entries = store.journal(DEEDS, from..=until).await.map_err(failed)?;
    let deeds = entries.iter().rev().flat_map(|entry| entry.turns.iter().map(|turn| (entry.at, &turn.event)));
    let deeds: Vec<(Timestamp, &Deed)> =
        deeds.filter_map(|(at, event)| if let Event::Done(deed) = event { Some((at, deed)) } else { None }).collect();
    Ok(html! {
        @if deeds.is_empty() { p.empty { "Nothing is written down here." } } @else {
            div.wide tabindex="0" role="region" aria-label="What was done, newest first" { table {
                thead { tr { th { "When" } th { "Who" } th { "What" } th { "From where" } } }
                tbody { @for (at, deed) in deeds { (line(at, deed)) } }
            } }
        }
        nav.pages aria-label="Pages" {
            @if until < newest { a rel="prev" href={ "/audit?until=" (until + LINES) } { "Newer" } }
            @if from > 1 { a rel="next" href={ "/audit?until=" (from - 1) } { "Older" } }
        }
    })
}

fn line(at: Timestamp, deed: &Deed) -> Markup {
    html! {
        tr {
            td { (time(at)) }
            td { @if deed.by.is_empty() { span.soft { "nobody we know" } } @else { (theirs(&deed.by)) } }
            td { (act(&deed.act)) }
            td { @if deed.from.is_empty() { "–" } @else { (theirs(&deed.from)) } }
        }
    }
}

fn act(act: &Act) -> Markup {
    html! {
        @match act {
            Act::SignedIn => "signed in",
            Act::SignedOut => "signed out",
            Act::TurnedAway { tries } => {
                span.mark.warm { "turned away" } " wrong name or password"
                @if *tries > 1 { ", " (tries) " from there of late" }
            }
            Act::Desk { key, order } => {
                (match order {
                    DeskDeed::Say => "wrote as the account",
                    DeskDeed::Pause => "took over",
                    DeskDeed::Resume => "gave the bot back",
                    DeskDeed::Again => "sent again what X had refused",
                })
                " in " a href={ "/conversation/" (key.account) "/" (key.peer) } { (key) }
            }
            Act::Upkeep { what } => { (theirs(what)) }
            Act::Failed { what, why } => { span.mark.bad { "not done" } " " (theirs(what)) ": " (theirs(why)) }
        }
    }
}
