//! Where the accounts stand, and what the watchdog noticed and did, newest first, as the account records tell.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};

use crate::console::access::{Refusal, Visitor};
use crate::console::frame::{theirs, time};
use crate::console::{Console, frame, live};
use crate::conversation::{Deafness, Event, Notice, Standing};
use crate::model::{Key, Timestamp, UserId};

/// Lines that are shown, and entries of each account that are read for them.
const LINES: usize = 100;
const ENTRIES: u64 = 400;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/notices", web::get().to(part))
        .route("/standing", web::get().to(standing_part))
        .route("/notices/live", web::get().to(follow));
}

async fn part(console: Data<Console>, _: Visitor) -> Result<HttpResponse, Refusal> {
    Ok(frame::part(&list(&console).await?))
}

async fn standing_part(console: Data<Console>, _: Visitor) -> Result<HttpResponse, Refusal> {
    Ok(frame::part(&standing(&console).await?))
}

async fn follow(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    let accounts: Vec<UserId> = console.turns.accounts().collect();
    let news = console.ledger.changes();
    live::changes(console, visitor, news, move |entry| entry.key.is_of_account() && accounts.contains(&entry.key.account))
}

/// Where each account stands.
pub(super) async fn standing(console: &Console) -> Result<Markup, Refusal> {
    let mut lines = Vec::new();
    for account in console.turns.accounts() {
        let standing = console.turns.standing(account).await.map_err(|error| Refusal::Failed(error.to_string()))?;
        lines.push((account, standing, console.turns.heard(account)));
    }
    Ok(html! {
        ul.lines { @for (account, standing, heard) in &lines { li.stands {
            b { (account) } " "
            (arrives(standing))
            (sends(standing))
            @if !standing.gaps.is_empty() { span.mark.warm { (standing.gaps.len()) " gap" @if standing.gaps.len() > 1 { "s" } " being fetched" } " " }
            span.soft { @if let Some(heard) = heard { "last event " (time(*heard)) } @else { "no event since the service started" } }
        } } }
    })
}

fn arrives(standing: &Standing) -> Markup {
    html! {
        @if let Some(since) = standing.taken_out {
            span.mark.warm { "taken out" } " " span.soft { (time(since)) "; stays so until it is subscribed here" } " "
        } @else { @match (standing.deaf, standing.listening) {
            // What was mended since, here or at X, is seen at the next look.
            (Some(Deafness::Invalid), _) => { span.mark.bad { "the webhook is not valid" } " " span.soft { "at the last look" } },
            (Some(Deafness::Gone), _) => { span.mark.bad { "there is no webhook" } " " span.soft { "at the last look" } },
            (Some(Deafness::Unsubscribed), _) => { span.mark.bad { "not subscribed" } " " span.soft { "at the last look" } },
            (None, Some(at)) => { span.mark.good { "events arrive" } " " span.soft { "as of " (time(at)) } },
            (None, None) => span.mark { "not watched yet" },
        } }
        " "
    }
}

fn sends(standing: &Standing) -> Markup {
    html! {
        @if let Some(pause) = standing.paused {
            span.mark.bad { @if pause.revoked { "access withdrawn" } @else { "token refused" } }
            " nothing is sent since " (time(pause.since)) ": let it sign in again "
        }
        @if let Some(since) = standing.silent_since { span.mark.warm { "unusually silent after " (time(since)) } " " }
    }
}

/// What was noticed and done, newest first.
pub(super) async fn list(console: &Console) -> Result<Markup, Refusal> {
    let failed = |error: crate::store::StoreError| Refusal::Failed(error.to_string());
    let store = console.turns.store();
    let mut lines: Vec<(Timestamp, UserId, Markup)> = Vec::new();
    for account in console.turns.accounts() {
        let key = Key::of_account(account);
        let newest = store.load(key).await.map_err(failed)?.map_or(0, |record| record.revision);
        let entries = store.journal(key, newest.saturating_sub(ENTRIES - 1).max(1)..=newest).await.map_err(failed)?;
        let turns = entries.iter().flat_map(|entry| entry.turns.iter().map(|turn| (entry.at, &turn.event)));
        lines.extend(turns.filter_map(|(at, event)| told(event).map(|told| (at, account, told))));
    }
    lines.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    lines.truncate(LINES);
    let several = console.turns.accounts().count() > 1;
    Ok(html! {
        @if lines.is_empty() { p.empty { "Nothing so far." } } @else {
            ul.lines { @for (at, account, told) in &lines { li.stands {
                (time(*at)) " " @if several { b { (account) } " " } (told)
            } } }
        }
    })
}

/// What an event of an account record tells; that all is still well is told by where the account stands.
fn told(event: &Event) -> Option<Markup> {
    Some(match event {
        Event::Noticed(Notice::Listening) => return None,
        Event::Noticed(notice) => noticed(notice),
        Event::Unreadable { place, reason, .. } => html! { span.mark.bad { "unreadable" } " " (theirs(place)) ": " (theirs(reason)) },
        _ => return None,
    })
}

fn noticed(notice: &Notice) -> Markup {
    let span = |from: &Timestamp, until: &Timestamp| html! { (time(*from)) " to " (time(*until)) };
    html! {
        @match notice {
            Notice::Listening => "events arrive",
            Notice::WebhookInvalid => { span.mark.bad { "noticed" } " X holds the webhook for invalid and delivers nothing" }
            Notice::WebhookValidated => { span.mark.good { "did" } " had X challenge the webhook; it is valid again" }
            Notice::WebhookGone => { span.mark.bad { "noticed" } " X knows no webhook of our address" }
            Notice::WebhookRegistered => { span.mark.good { "did" } " registered the webhook anew" }
            Notice::NotSubscribed => { span.mark.bad { "noticed" } " the account is not subscribed" }
            Notice::Subscribed => { span.mark.good { "did" } " subscribed the account again" }
            Notice::TakenOut { by } => { span.mark { "wish" } " " (theirs(by)) " took the account out; it is not subscribed again unasked" }
            Notice::LetIn { by } => {
                span.mark { "wish" } @if by.is_empty() { " the account, which was taken out, is subscribed" } @else { " " (theirs(by)) " let the account in again" }
            }
            Notice::Silence { since } => { span.mark.warm { "noticed" } " unusually silent since " (time(*since)) }
            Notice::GapFound { from, until, .. } => { span.mark.warm { "noticed" } " events may be missing, " (span(from, until)) }
            Notice::ReplayOrdered { job, from, until } => { span.mark { "replay" } " job " (job) " ordered, " (span(from, until)) }
            Notice::ReplayEnded { job, complete: true } => { span.mark.good { "replay" } " job " (job) " ended, everything was delivered" }
            Notice::ReplayEnded { job, complete: false } => { span.mark.bad { "replay" } " job " (job) " ended incomplete" }
            Notice::ReplayUnavailable { reason } => { span.mark.warm { "noticed" } " X replays nothing for us: " (theirs(reason)) }
            Notice::GapListed { from, until, messages } => {
                span.mark.good { "did" } " listed the messages of " (span(from, until)) " (" (messages) ")"
            }
            Notice::Revoked => { span.mark.bad { "noticed" } " the account has withdrawn the app's access; nothing is sent" }
            Notice::TokenRefused { code } => { span.mark.bad { "noticed" } " X takes the account's token no longer (" (code) "); nothing is sent" }
            Notice::Recovered => { span.mark.good { "noticed" } " the account's token is good again; sending goes on" }
            Notice::Erased => { span.mark { "did" } " forgot the conversations of the account" }
        }
    }
}
