//! What all pages have in common: the head, the way around, times, forms.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::access::{Refusal, Visitor};
use super::assets::{ICON_PATH, SCRIPT_PATH, STYLE_PATH};
use crate::model::{Role, Timestamp};

/// The places of the console, in the order of its navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Conversations,
    Activity,
    Account,
    Bot,
    Audit,
}

impl Place {
    const ALL: [Place; 5] = [Place::Conversations, Place::Activity, Place::Bot, Place::Account, Place::Audit];

    fn label(self) -> &'static str {
        match self {
            Place::Conversations => "Conversations",
            Place::Activity => "Activity",
            Place::Bot => "Bot",
            Place::Account => "Account",
            Place::Audit => "Audit",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Place::Conversations => "/",
            Place::Activity => "/activity",
            Place::Bot => "/bot",
            Place::Account => "/account",
            Place::Audit => "/audit",
        }
    }

    /// Who may go there.
    fn role(self) -> Role {
        match self {
            Place::Conversations | Place::Activity | Place::Bot | Place::Account => Role::View,
            Place::Audit => Role::Admin,
        }
    }
}

/// A whole page.
pub(super) fn page(visitor: &Visitor, place: Place, title: &str, content: &Markup) -> HttpResponse {
    let body = html! {
        header.top {
            a.skip href="#content" { "To the content" }
            a.brand href="/" { "Junco" }
            nav aria-label="Places" {
                @for each in Place::ALL.into_iter().filter(|each| visitor.may(each.role())) {
                    a href=(each.path()) aria-current=[(each == place).then_some("page")] { (each.label()) }
                }
            }
            @if !visitor.0.token.is_empty() {
                form.leave method="post" action="/sign-out" {
                    (mark(visitor))
                    button.quiet { "Sign out " (visitor.0.name) }
                }
            }
        }
        main #content tabindex="-1" { (content) }
        p #told .told role="status" aria-live="polite" {}
    };
    respond(StatusCode::OK, title, &body)
}

/// A page without the way around: for those who are not signed in, and for what cannot be shown.
pub(super) fn bare(status: StatusCode, title: &str, content: &Markup) -> HttpResponse {
    respond(status, title, &html! { main.bare #content { (content) } })
}

/// A part of a page, for its script.
pub(super) fn part(content: &Markup) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(content.0.clone())
}

/// Says what went wrong.
pub(super) fn sorry(status: StatusCode, what: &str) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    bare(status, title, &html! { h1 { (title) } p { (what) } p { a href="/" { "To the conversations" } } })
}

/// There is no such page.
pub(super) async fn nowhere() -> Result<HttpResponse, Refusal> {
    Err(Refusal::Missing("no such page".to_owned()))
}

/// After a form was taken: on to a page, so that reloading it sends nothing again.
pub(super) fn on_to(page: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("location", page)).finish()
}

/// The field by which a form is known to be ours.
pub(super) fn mark(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="mark" value=(visitor.0.mark); }
}

/// A time, which the script shows in the time zone and manner of whoever looks.
pub(super) fn time(at: Timestamp) -> Markup {
    let told = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let (exact, short) = (told.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), told.strftime("%Y-%m-%d %H:%M").to_string());
    html! { time datetime=(exact) { (short) " UTC" } }
}

/// What people have written and are called may run either way; it stays where it stands.
pub(super) fn theirs(text: &str) -> Markup {
    html! { bdi { (text) } }
}

fn respond(status: StatusCode, title: &str, body: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Junco" }
                link rel="icon" href=(*ICON_PATH);
                link rel="stylesheet" href=(*STYLE_PATH);
                script src=(*SCRIPT_PATH) defer {}
            }
            body { (body) }
        }
    };
    let PreEscaped(page) = page;
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page)
}
