//! The address that X delivers to: registered, challenged, taken away.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;
use url::Url;

use super::looks::Said;
use super::{App, Caretaker, ask, carry_out, may, wrong};
use crate::account::{AccountError, unfit};
use crate::client::Webhook;
use crate::console::Console;
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{mark, theirs, time};
use crate::model::{AppId, Role};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/webhook/create", web::post().to(create))
        .route("/webhook/check", web::post().to(check))
        .route("/webhook/delete", web::post().to(delete));
}

#[derive(Deserialize)]
struct Create {
    app: AppId,
    url: String,
    #[serde(default)]
    sure: String,
}

#[derive(Deserialize)]
struct Which {
    app: AppId,
    webhook: u64,
    #[serde(default)]
    sure: String,
}

pub(super) fn section(caretaker: &Caretaker, app: &App, said: &Said, visitor: &Visitor) -> Markup {
    let address = caretaker.upkeep.address.as_ref();
    html! {
        h2 { "Webhook" }
        @match &said.webhooks {
            Err(told) => { (wrong(told)) }
            Ok(hooks) => {
                @if hooks.is_empty() { p.empty { "X knows no webhook of this app yet: nothing is delivered." } }
                @for hook in hooks { (card(app, &hook.webhook, address, visitor)) }
                @if may(visitor) {
                    form.filter method="post" action="/account/webhook/create" {
                        (mark(visitor))
                        input type="hidden" name="app" value=(app.id);
                        label { "Public address" input.long type="url" name="url" required maxlength="200" value=[address.map(Url::as_str)] placeholder="https://bot.example/webhook/twitter"; }
                        button { "Register" }
                    }
                    @if address.is_none() { p.soft { "The configuration has no " code { "url" } ": write the webhook's public address there as well." } }
                }
            }
        }
    }
}

fn card(app: &App, webhook: &Webhook, address: Option<&Url>, visitor: &Visitor) -> Markup {
    let is_ours = Url::parse(&webhook.url).ok().as_ref() == address;
    let fields = html! {
        (mark(visitor))
        input type="hidden" name="app" value=(app.id);
        input type="hidden" name="webhook" value=(webhook.id);
    };
    html! {
        div.card {
            dl {
                dt { "Id" } dd { (webhook.id) }
                dt { "Address" } dd { (theirs(&webhook.url)) @if !is_ours && address.is_some() { " " span.mark.warm { "not the configuration's" } } }
                dt { "Valid" } dd {
                    @if webhook.valid { span.mark.good { "valid" } }
                    @else { span.mark.bad { "not valid" } " X delivers nothing until it answers a challenge" }
                }
                @if let Some(created) = webhook.created_at { dt { "Created" } dd { (time(created)) } }
            }
            @if may(visitor) {
                div.row {
                    form method="post" action="/account/webhook/check" { (fields) button.quiet { "Check now" } }
                    form method="post" action="/account/webhook/delete" { (fields) button.quiet { "Delete…" } }
                }
            }
        }
    }
}

async fn create(console: Data<Console>, asked: Asked<Create>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Create { app, url, sure } } = asked;
    visitor.wants(Role::Admin)?;
    let caretaker = &console.caretaker;
    let registry = &caretaker.app(app)?.registry;
    let address = Url::parse(url.trim()).map_err(|error| Refusal::Unreadable(format!("`{url}` is no address: {error}")))?;
    if let Some(unfit) = unfit(&address, &caretaker.upkeep.api).first() {
        return Err(Refusal::Unreadable(format!("{address}: {unfit}")));
    }
    let is_other = |webhook: &&Webhook| webhook.valid && Url::parse(&webhook.url).ok().as_ref() != Some(&address);
    if sure.is_empty() {
        let listed = registry.events().list().await.map_err(|failure| Refusal::Failed(AccountError::from(failure).to_string()))?;
        if let Some(working) = listed.iter().find(is_other) {
            let fields = [("app", app.to_string()), ("url", address.to_string())];
            return Ok(ask(&visitor, "Register another address?", &moving(working), "/account/webhook/create", &fields, "Register it"));
        }
    }
    let what = format!("register the webhook {address} of the app {app}");
    let act = async {
        let registered = registry.register(&address).await?;
        let (id, valid) = (registered.webhook.id, registered.webhook.valid);
        Ok(match (registered.is_new, valid) {
            (true, _) => format!("Webhook {id} is registered. Nobody is subscribed on it yet: add the accounts below."),
            (false, true) => format!("Webhook {id} was registered already; it has answered a challenge and is valid."),
            (false, false) => format!("Webhook {id} was registered already, and has not answered its challenge yet."),
        })
    };
    carry_out(&console, &visitor, what, act).await
}

/// What a move to another address costs.
fn moving(working: &Webhook) -> Markup {
    html! {
        p { "Webhook " (working.id) " works: X delivers to " (theirs(&working.url)) "." }
        p { "X cannot change the address of a webhook. The new one will stand beside it, with nobody subscribed: until you have subscribed
             every account again, one by one, and deleted the old one, events go to the old address. Where X has no room for a second one,
             the old one has to be deleted first, and from then on nothing is delivered until everybody is subscribed again." }
    }
}

async fn check(console: Data<Console>, asked: Asked<Which>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Which { app, webhook, .. } } = asked;
    visitor.wants(Role::Admin)?;
    let registry = &console.caretaker.app(app)?.registry;
    let act = async {
        let valid = registry.events().validate(webhook).await?;
        let told = if valid { "has answered a challenge and is valid" } else { "was challenged, and is not valid yet" };
        Ok(format!("Webhook {webhook} {told}."))
    };
    carry_out(&console, &visitor, format!("check the webhook {webhook} of the app {app}"), act).await
}

async fn delete(console: Data<Console>, asked: Asked<Which>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Which { app, webhook, sure } } = asked;
    visitor.wants(Role::Admin)?;
    let registry = &console.caretaker.app(app)?.registry;
    if sure.is_empty() {
        let text = html! {
            p { "X will deliver nothing to it any more, and forgets everybody who is subscribed on it. A new webhook begins with nobody:
                 each account has to be subscribed again, and those that do not stand in the configuration have to sign in again." }
        };
        let fields = [("app", app.to_string()), ("webhook", webhook.to_string())];
        let title = format!("Delete the webhook {webhook}?");
        return Ok(ask(&visitor, &title, &text, "/account/webhook/delete", &fields, "Delete it"));
    }
    let act = async {
        registry.events().delete(webhook).await?;
        Ok(format!("Webhook {webhook} is deleted, with its subscriptions."))
    };
    carry_out(&console, &visitor, format!("delete the webhook {webhook} of the app {app}"), act).await
}
