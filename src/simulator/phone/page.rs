//! The page: chats side by side, switches, and the wire.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use super::super::settings::Settings;
use super::super::stage::Stage;
use super::assets::{ICON_PATH, SCRIPT_PATH, STYLE_PATH};
use super::chat::chat;
use super::news::Cursor;
use super::switches::Standing;
use super::view::View;
use super::wire::{self, Filter};
use super::{Sorry, part};
use crate::model::MessageId;

/// A link into a chat may name a welcome message, as X's do.
#[derive(Deserialize)]
pub(super) struct DeepLink {
    #[serde(default)]
    welcome: Option<String>,
}

/// `GET /phone`. Whoever opens a chat for the first time is shown the account's welcome message.
pub(super) async fn page(
    request: HttpRequest,
    stage: Data<Stage>,
    settings: Data<Settings>,
    link: Query<DeepLink>,
    filter: Query<Filter>,
) -> Result<HttpResponse, Sorry> {
    let view = View::read(request.query_string(), &stage, &settings)?;
    if let Some(welcome) = &link.welcome {
        let welcome: MessageId = welcome.parse().map_err(|_| Sorry::Missing("welcome message"))?;
        for person in &view.people {
            stage.open_chat(person.id, view.with.id, Some(welcome.0))?;
        }
        // Whoever loads the page again has not followed the link again.
        return Ok(HttpResponse::SeeOther().insert_header(("location", view.address())).finish());
    }
    for person in &view.people {
        if stage.transcript(person.id, view.with.id).is_empty() {
            stage.open_chat(person.id, view.with.id, None)?;
        }
    }
    // Read before the page is made: what happens meanwhile is told again rather than never.
    let cursor = Cursor::now(&stage, &view);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Phone · " (view.with.name) " · Junco" }
                link rel="icon" href=(*ICON_PATH);
                link rel="stylesheet" href=(*STYLE_PATH);
                script src=(*SCRIPT_PATH) defer {}
            }
            body data-news=(format!("/phone/news?{}&{cursor}", view.query())) {
                (top(&stage, &view))
                main {
                    h1.unseen { "Chats with " (view.with.name) }
                    div.phones { @for person in &view.people { (chat(&stage, &view, person)) } }
                    div.side {
                        section aria-labelledby="faults" {
                            h2 #faults { "Let things go wrong" }
                            div #switches data-part="/phone/switches" { (Standing::of(&stage).show(&view.address())) }
                        }
                        (wire::section(&stage, &view, &filter))
                    }
                }
                p #told role="status" aria-live="polite" {}
                dialog #test aria-labelledby="test-name" {
                    h2 #test-name { "Conversation test" }
                    pre tabindex="0" {}
                    form method="dialog" { button { "Close" } }
                }
            }
        }
    };
    Ok(part(&page))
}

/// Who chats, with whom, and who could.
fn top(stage: &Stage, view: &View) -> Markup {
    let all = stage.people();
    html! {
        header.top {
            a.brand href="/" { "X, simulated" }
            details.who {
                summary { "People" }
                form method="get" action="/phone" {
                    fieldset {
                        legend { "Side by side" }
                        @for person in all.iter().filter(|person| person.id != view.with.id) {
                            label {
                                input type="checkbox" name="people" value=(person.screen_name)
                                    checked[view.people.iter().any(|shown| shown.id == person.id)];
                                bdi { (person.name) } " " small { bdi { "@" (person.screen_name) } }
                            }
                        }
                    }
                    label { "chat with" select name="with" {
                        @for person in &all {
                            option value=(person.screen_name) selected[person.id == view.with.id] { (person.name) " @" (person.screen_name) }
                        }
                    } }
                    button { "Show" }
                }
                form method="post" action="/phone/person" data-plain {
                    input type="hidden" name="back" value=(view.address());
                    label { "Name" input name="name" maxlength="50" autocomplete="off"; }
                    label { "Handle" input name="screen_name" required maxlength="16" pattern="@?[A-Za-z0-9_]{1,15}" autocomplete="off" spellcheck="false"; }
                    button.quiet { "Add a person" }
                }
            }
        }
    }
}
