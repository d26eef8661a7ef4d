//! The list of conversations, newest first, kept up as it changes.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::Visitor;
use super::frame::{Place, theirs, time};
use super::ledger::{Filter, Kind, Line, Listing};
use super::{Console, frame, live};
use crate::model::UserId;

/// Lines of a page.
const LINES: usize = 50;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(show))
        .route("/conversations/part", web::get().to(part))
        .route("/conversations/live", web::get().to(follow));
}

/// What the address says about which are listed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    account: String,
    kind: String,
    state: String,
    q: String,
    page: usize,
}

const KINDS: [(Kind, &str, &str); 6] = [
    (Kind::All, "", "All"),
    (Kind::Desk, "desk", "With a person"),
    (Kind::Refused, "refused", "Refused by X"),
    (Kind::Unsent, "unsent", "Under way"),
    (Kind::Unmatched, "unmatched", "Not understood"),
    (Kind::OptedOut, "opted-out", "Opted out"),
];

async fn show(console: Data<Console>, visitor: Visitor, wanted: Query<Wanted>) -> HttpResponse {
    let accounts: Vec<UserId> = console.turns.accounts().collect();
    let content = html! {
        h1 { "Conversations" }
        form.filter role="search" method="get" action="/" {
            label { "Search" input type="search" name="q" value=(wanted.q) placeholder="name, id, state"; }
            label { "Show" select name="kind" {
                @for (_, value, label) in KINDS { option value=(value) selected[value == wanted.kind] { (label) } }
            } }
            @if accounts.len() > 1 {
                label { "Account" select name="account" {
                    option value="" { "All" }
                    @for account in accounts { option value=(account) selected[account.to_string() == wanted.account] { (account) } }
                } }
            }
            @if !wanted.state.is_empty() { label { "State" input name="state" value=(wanted.state); } }
            button { "Find" }
        }
        section #list data-live="/conversations/live" data-part={ "/conversations/part?" (wanted.query(wanted.page)) } {
            (listing(&console, &visitor, &wanted))
        }
    };
    frame::page(&visitor, Place::Conversations, "Conversations", &content)
}

async fn part(console: Data<Console>, visitor: Visitor, wanted: Query<Wanted>) -> HttpResponse {
    frame::part(&listing(&console, &visitor, &wanted))
}

async fn follow(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    let news = console.ledger.changes();
    live::changes(console, visitor, news, |_| true)
}

fn listing(console: &Console, visitor: &Visitor, wanted: &Wanted) -> Markup {
    let filter = wanted.filter(visitor.0.texts);
    let Listing { lines, found } = console.ledger.directory(|directory| directory.list(&filter, wanted.page.saturating_mul(LINES), LINES));
    let pages = found.div_ceil(LINES);
    html! {
        @if !console.ledger.is_whole() { p.note { "The journal is still being read; older conversations come in a moment." } }
        p.count { (found) @if found == 1 { " conversation" } @else { " conversations" } }
        @if lines.is_empty() {
            p.empty { "Nothing here. " @if found == 0 && filter.text.is_empty() { "A conversation begins when somebody writes to the account." } }
        } @else {
            ul.lines { @for one in &lines { li { (line(one, visitor)) } } }
        }
        @if pages > 1 {
            nav.pages aria-label="Pages" {
                // Behind the last page there is the way back to it.
                @if wanted.page > 0 { a rel="prev" href={ "/?" (wanted.query((wanted.page - 1).min(pages - 1))) } { "Newer" } }
                span { "Page " (wanted.page.saturating_add(1)) " of " (pages) }
                @if wanted.page < pages - 1 { a rel="next" href={ "/?" (wanted.query(wanted.page + 1)) } { "Older" } }
            }
        }
    }
}

fn line(line: &Line, visitor: &Visitor) -> Markup {
    html! {
        a.line href={ "/conversation/" (line.key.account) "/" (line.key.peer) } {
            span.who { (theirs(&line.title())) @if !line.screen_name.is_empty() { small { " @" (theirs(&line.screen_name)) } } }
            span.when { (time(line.last)) }
            span.words {
                @if visitor.0.texts {
                    @if !line.theirs && !line.words.is_empty() { span.us { "↩ " } }
                    (theirs(&line.words))
                } @else { "•••" }
            }
            span.marks {
                @if let Some(state) = &line.state { span.mark { (state) } }
                @if line.is_at_desk { span.mark.warm { "with a person" @if let Some(queue) = &line.queue { ": " (queue) } } }
                @if line.refused > 0 { span.mark.bad { (line.refused) " refused" } }
                @if line.unsent > 0 { span.mark { (line.unsent) " under way" } }
                @if line.is_unmatched { span.mark.warm { "not understood" } }
                @if line.opted_out { span.mark { "opted out" } }
            }
        }
    }
}

impl Wanted {
    fn filter(&self, sees_words: bool) -> Filter {
        let kind = KINDS.iter().find(|(_, value, _)| *value == self.kind).map(|(kind, ..)| *kind).unwrap_or_default();
        let state = Some(self.state.clone()).filter(|state| !state.is_empty());
        let account: Option<UserId> = self.account.parse().ok();
        Filter { account, kind, state, text: self.q.clone(), sees_words }
    }

    fn query(&self, page: usize) -> String {
        let page = page.to_string();
        let pairs = [("q", &self.q), ("kind", &self.kind), ("account", &self.account), ("state", &self.state), ("page", &page)];
        let pairs = pairs.into_iter().filter(|(name, value)| !value.is_empty() && (*name, value.as_str()) != ("page", "0"));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}
