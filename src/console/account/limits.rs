//! What may still be sent, when it will be used up at this pace, and what X said about its windows.

use std::time::Duration;

use maud::{Markup, html};

use super::Caretaker;
use crate::client::RateLimit;
use crate::console::frame::time;
use crate::model::Timestamp;
use crate::pace::Standing;

pub(super) fn section(caretaker: &Caretaker) -> Markup {
    let upkeep = &caretaker.upkeep;
    let accounts = upkeep.apps.iter().flat_map(|app| app.accounts.iter().map(move |served| (app.id, served.account.user)));
    let sends: Vec<_> = accounts.filter_map(|(app, user)| (upkeep.sends)(user).map(|sends| (app, user, sends))).collect();
    let mut apps = std::collections::BTreeSet::new();
    html! {
        section aria-labelledby="limits" {
            h2 #limits { "Limits and forecast" }
            @if sends.is_empty() { p.soft { "No account sends." } } @else {
                div.wide tabindex="0" role="region" aria-label="Sends of the last 24 hours" { table {
                    thead { tr { th { "Sends of the last 24 hours" } th.number { "Counted" } th.number { "May be" } th.number { "Last hour" } th { "At this pace full" } th { "Pause ordered by X" } } }
                    tbody { @for (app, user, (account, of_app, paused)) in &sends {
                        (row(&format!("Account {user}"), account, *paused))
                        @if apps.insert(*app) { (row(&format!("App {app}"), of_app, None)) }
                    } }
                } }
                p.soft { "Up to five replies within a day of a person's message do not count." }
            }
            (windows(caretaker))
        }
    }
}

fn row(who: &str, standing: &Standing, paused: Option<Timestamp>) -> Markup {
    let is_full = standing.limit.is_some_and(|limit| standing.sent >= limit);
    html! {
        tr {
            th scope="row" { (who) }
            td.number { (standing.sent) }
            td.number { @if let Some(limit) = standing.limit { (limit) } @else { "lifted" } }
            td.number { (standing.lately) }
            td {
                @if is_full { span.mark.bad { "full" } }
                @else if let Some(left) = standing.full_in() { span.mark.warm { "in " (span(left)) } }
                @else { "not within a day" }
            }
            td { @if let Some(until) = paused { span.mark.bad { "until " (time(until)) } } @else { "none" } }
        }
    }
}

/// The windows that X told of, of calls that were made lately.
fn windows(caretaker: &Caretaker) -> Markup {
    let now = caretaker.upkeep.clock.now();
    let mut calls = caretaker.upkeep.sending.limits();
    // The younger window of a call is the one with the later reset.
    for (call, limits) in caretaker.upkeep.client.limits() {
        let reset = |window: Option<RateLimit>| window.map(|window| window.reset);
        if calls.get(&call).is_none_or(|known| reset(known.window) < reset(limits.window)) {
            calls.insert(call, limits);
        }
    }
    let windows: Vec<(String, RateLimit)> =
        calls.into_iter().filter_map(|(call, limits)| Some((call, limits.window?))).filter(|(_, window)| window.reset > now).collect();
    html! {
        h3 { "Windows of X that are open" }
        @if windows.is_empty() { p.soft { "X has told of none." } } @else {
            div.wide tabindex="0" role="region" aria-label="Windows of calls" { table {
                thead { tr { th { "Call" } th.number { "Left" } th.number { "Of" } th { "Until" } } }
                tbody { @for (call, window) in windows {
                    tr {
                        th scope="row" { code { (call) } }
                        td.number { @if let Some(left) = window.remaining { (left) } @else { "–" } }
                        td.number { @if let Some(limit) = window.limit { (limit) } @else { "–" } }
                        td { (time(window.reset)) }
                    }
                } }
            } }
        }
    }
}

fn span(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    if minutes < 60 { format!("{} min", minutes.max(1)) } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}
