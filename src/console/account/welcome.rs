//! The welcome message: what X shows, what the bot's script says, and making the one the other.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;

use super::looks::{AccountSaid, Said, credentials, said_by_script};
use super::{App, ask, carry_out, may, wrong};
use crate::account::AccountError;
use crate::account::welcome::{Desk, Standing, deep_link};
use crate::console::Console;
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{mark, theirs};
use crate::model::{Outgoing, Role, UserId};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/welcome/set", web::post().to(set)).route("/welcome/delete", web::post().to(delete));
}

#[derive(Deserialize)]
struct Whose {
    user: UserId,
    #[serde(default)]
    sure: String,
}

pub(super) fn section(app: &App, said: &Said, visitor: &Visitor) -> Markup {
    html! {
        h2 { "Welcome message" }
        @for served in &app.accounts {
            @let user = served.account.user;
            @if let Some(account) = said.accounts.get(&user) {
                @if app.accounts.len() > 1 { h3 { (user) } }
                (card(user, account, visitor))
            }
        }
    }
}

fn card(user: UserId, said: &AccountSaid, visitor: &Visitor) -> Markup {
    html! {
        div.card {
            h3 { "At X" }
            @match &said.standing {
                Err(told) => { (wrong(told)) }
                Ok(standing) => { (at_x(user, standing)) }
            }
            h3 { "In the bot's script" }
            @match &said.script {
                Err(told) => p.soft { (theirs(told)) },
                Ok((message, is_set)) => {
                    (shown(message))
                    p { @if *is_set { span.mark.good { "X has just this" } } @else { span.mark.warm { "not what X has" } } }
                }
            }
            @if may(visitor) {
                @let ours = said.standing.as_ref().map_or(0, |standing| standing.ours().len());
                div.row {
                    @if said.script.as_ref().is_ok_and(|(_, is_set)| !is_set) {
                        form method="post" action="/account/welcome/set" {
                            (mark(visitor))
                            input type="hidden" name="user" value=(user);
                            button { "Set the script's" }
                        }
                    }
                    @if ours > 0 {
                        form method="post" action="/account/welcome/delete" {
                            (mark(visitor))
                            input type="hidden" name="user" value=(user);
                            button.quiet { "Delete…" }
                        }
                    }
                }
            }
        }
    }
}

fn at_x(user: UserId, standing: &Standing) -> Markup {
    let ours = standing.ours();
    html! {
        @if standing.messages.is_empty() { p.soft { "X shows none." } }
        @for message in &standing.messages {
            (shown(&message.message))
            p {
                @if standing.is_default(message.id) { span.mark.good { "the default" } " " }
                @if !ours.contains(&message.id) { span.mark { "not set by Junco" } " " }
                a href=(deep_link(user, message.id)) rel="noreferrer" { "Link that opens a conversation with it" }
            }
        }
    }
}

fn shown(message: &Outgoing) -> Markup {
    html! {
        div.bubble.us {
            (theirs(&message.text))
            @if let Some(file) = &message.media { span.attached { "with " (file) } }
            @if !message.options.is_empty() { ul.options { @for option in &message.options { li { (theirs(&option.label)) } } } }
        }
    }
}

async fn set(console: Data<Console>, asked: Asked<Whose>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Whose { user, .. } } = asked;
    visitor.wants(Role::Admin)?;
    let (app, served) = console.caretaker.served(user).ok_or_else(|| unknown(user))?;
    let act = async {
        let (message, file) = said_by_script(served, &console.turns).await.map_err(AccountError::Odd)?;
        let desk = desk(&console, app, served)?;
        let plan = desk.standing().await?.plan(&message, file.as_ref());
        if plan.is_done() {
            return Ok("X has this welcome message already.".to_owned());
        }
        let id = desk.carry_out(&plan, &message, file.as_ref()).await?;
        Ok(format!("The welcome message of {user} is set ({id})."))
    };
    carry_out(&console, &visitor, format!("set the welcome message of {user}"), act).await
}

async fn delete(console: Data<Console>, asked: Asked<Whose>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Whose { user, sure } } = asked;
    visitor.wants(Role::Admin)?;
    let (app, served) = console.caretaker.served(user).ok_or_else(|| unknown(user))?;
    if sure.is_empty() {
        let text = html! { p { "People who open a conversation with " (user) " are no longer greeted. Welcome messages that others have set stay." } };
        let title = format!("Delete the welcome message of {user}?");
        return Ok(ask(&visitor, &title, &text, "/account/welcome/delete", &[("user", user.to_string())], "Delete it"));
    }
    let act = async {
        let desk = desk(&console, app, served)?;
        let gone = desk.delete(&desk.standing().await?).await?;
        Ok(format!("{} of {user} deleted.", if gone.len() == 1 { "1 welcome message" } else { "Welcome messages" }))
    };
    carry_out(&console, &visitor, format!("delete the welcome message of {user}"), act).await
}

fn desk<'a>(console: &'a Console, app: &'a App, served: &'a super::Served) -> Result<Desk<'a>, AccountError> {
    let upkeep = &console.caretaker.upkeep;
    Ok(Desk { api: &upkeep.client, upload: &upkeep.upload, account: credentials(app, &served.account)? })
}

fn unknown(user: UserId) -> Refusal {
    Refusal::Missing(format!("no account {user} in the configuration"))
}
