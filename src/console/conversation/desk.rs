//! Taking over: writing as the account, silencing the bot and giving it back, sending again what X refused.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::once::Once;
use super::transcript::{self, Body, Fate};
use super::{View, Wanted, Whose};
use crate::bot::limits;
use crate::console::access::{Asked, Refusal, Visitor, token};
use crate::console::frame::mark;
use crate::console::{Console, frame};
use crate::conversation::{Act, DeskOrder, Event, RowId};
use crate::model::{Outgoing, Role};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/desk", web::get().to(part))
        .route("/say", web::post().to(say))
        .route("/pause", web::post().to(pause))
        .route("/resume", web::post().to(resume))
        .route("/again", web::post().to(again));
}

/// What keeps things from being said twice.
#[derive(Default)]
pub(in crate::console) struct Desk {
    said: Once,
    /// One at a time sends again, so that nobody misses that another just did.
    again: Mutex<()>,
}

#[derive(Deserialize)]
struct Say {
    text: String,
    /// Another one on each page that is loaded.
    #[serde(default)]
    once: String,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Again {
    revision: u64,
    index: u32,
}

/// Where somebody of the house writes, and takes over or gives back. What is being written is in no part that is loaded anew.
pub(super) fn forms(view: &View, visitor: &Visitor) -> Markup {
    let path = view.whose.path();
    html! {
        section.desk aria-label="Answer yourself" {
            @if !view.now.opted_out {
                form.tall method="post" action={ (path) "/say" } {
                    (mark(visitor))
                    input type="hidden" name="once" value=(token());
                    label { "Write as the account" textarea #say name="text" required maxlength=(limits::TEXT) {} }
                    button { "Send" }
                }
            }
            div #standing data-live={ (path) "/live" } data-part={ (path) "/desk" } { (standing(view, visitor)) }
        }
    }
}

/// Who speaks for the account, which another of the house may change meanwhile.
fn standing(view: &View, visitor: &Visitor) -> Markup {
    let is_paused = view.now.silence.is_some();
    html! {
        @if view.now.opted_out {
            p.note { "This person wants to hear nothing: nothing is sent until they ask for it." }
        }
        form method="post" action={ (view.whose.path()) "/" (if is_paused { "resume" } else { "pause" }) } {
            (mark(visitor))
            @if is_paused {
                button.quiet #hand-over { "Give the bot back" }
            } @else {
                button.quiet #hand-over { "Take over: the bot is silent" }
            }
        }
    }
}

async fn part(console: Data<Console>, visitor: Visitor, whose: Path<Whose>) -> Result<HttpResponse, Refusal> {
    visitor.wants(Role::Reply)?;
    let view = super::load(&console, *whose, Wanted::default()).await?;
    Ok(frame::part(&standing(&view, &visitor)))
}

async fn say(console: Data<Console>, whose: Path<Whose>, asked: Asked<Say>) -> Result<HttpResponse, Refusal> {
    // Browsers end lines with two characters.
    let text = asked.fields.text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Err(Refusal::Unreadable("there is nothing to send: write something".to_owned()));
    }
    if text.chars().count() > limits::TEXT {
        return Err(Refusal::Unreadable(format!("X takes {} characters at most: make two messages of it", limits::TEXT)));
    }
    let said = &console.desk.said;
    let Some(taken) = said.take(&(asked.fields.once, whose.key(), &text)) else { return Ok(frame::on_to(&whose.path())) };
    let outcome = order(&console, *whose, &asked.visitor, DeskOrder::Say { text }).await;
    if outcome.is_err() {
        said.give_back(taken);
    }
    outcome
}

async fn pause(console: Data<Console>, whose: Path<Whose>, asked: Asked<Nothing>) -> Result<HttpResponse, Refusal> {
    let Nothing {} = asked.fields;
    order(&console, *whose, &asked.visitor, DeskOrder::Pause).await
}

async fn resume(console: Data<Console>, whose: Path<Whose>, asked: Asked<Nothing>) -> Result<HttpResponse, Refusal> {
    let Nothing {} = asked.fields;
    order(&console, *whose, &asked.visitor, DeskOrder::Resume).await
}

async fn again(console: Data<Console>, whose: Path<Whose>, asked: Asked<Again>) -> Result<HttpResponse, Refusal> {
    asked.visitor.wants(Role::Reply)?;
    let row = RowId { revision: asked.fields.revision, index: asked.fields.index };
    let _turn = console.desk.again.lock().await;
    match refused(&console, *whose, row).await? {
        Some(message) => order(&console, *whose, &asked.visitor, DeskOrder::Again { message, row: Some(row) }).await,
        None => Ok(frame::on_to(&whose.path())),
    }
}

/// The message of a row that X did not take, as the journal has it, unless somebody has sent it again.
async fn refused(console: &Console, whose: Whose, row: RowId) -> Result<Option<Outgoing>, Refusal> {
    let entries = console.turns.store().journal(whose.key(), row.revision..=u64::MAX).await;
    let entries = entries.map_err(|error| Refusal::Failed(error.to_string()))?;
    let ours = transcript::read(&entries).into_iter().find_map(|item| match item.body {
        Body::Ours { row: id, message, fate, .. } if id == row => Some((message, fate)),
        _ => None,
    });
    match ours {
        Some((message, Fate::Refused { again: false, .. })) => Ok(Some(message)),
        Some((_, Fate::Refused { again: true, .. })) => Ok(None),
        Some(_) => Err(Refusal::Unreadable("X has not refused that message, so it is not sent again".to_owned())),
        None => Err(Refusal::Missing("the journal no longer holds that message".to_owned())),
    }
}

async fn order(console: &Console, whose: Whose, visitor: &Visitor, order: DeskOrder) -> Result<HttpResponse, Refusal> {
    visitor.wants(Role::Reply)?;
    let deed = visitor.did(Act::Desk { key: whose.key(), order: (&order).into() });
    console.turns.did(deed).await.map_err(|error| Refusal::Failed(error.to_string()))?;
    let event = Event::Desk { by: visitor.0.name.clone(), order };
    let record = console.turns.apply(whose.key(), |record| {
        let is_refused =
            record.state.opted_out && matches!(&event, Event::Desk { order: DeskOrder::Say { .. } | DeskOrder::Again { .. }, .. });
        if is_refused { Vec::new() } else { vec![event.clone()] }
    });
    match record.await {
        Ok(Some(_)) => Ok(frame::on_to(&whose.path())),
        Ok(None) => Err(Refusal::Unreadable("nothing was sent: this person wants to hear nothing".to_owned())),
        Err(error) => Err(Refusal::Failed(error.to_string())),
    }
}
