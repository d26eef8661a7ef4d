//! Looking after the accounts at X: webhooks, subscriptions, replays, welcome messages, limits, and what the watchdog noticed and did.
//!
//! Everybody who is let in may look; what changes anything is for admins, and is written down before it is done.

mod let_in;
mod limits;
mod looks;
mod notices;
mod replay;
mod subscriptions;
mod upkeep;
mod webhooks;
mod welcome;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::access::{Asked, Refusal, Visitor};
use super::frame::{Place, mark, theirs, time};
use super::{Console, frame, live};
use crate::account::AccountError;
use crate::conversation::Act;
use crate::model::{AppId, Role, UserId};
use crate::turn::Turns;

use looks::{Looks, Said};
pub use upkeep::{App, SendsOf, Served, Upkeep};

/// So long a page waits for X; what comes later is shown when it comes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Results of which nobody has asked are forgotten when there are more.
const TOLD: usize = 100;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/account")
            .route("", web::get().to(show))
            .route("/part", web::get().to(part))
            .route("/live", web::get().to(follow))
            .route("/look", web::post().to(look))
            .configure(webhooks::configure)
            .configure(subscriptions::configure)
            .configure(let_in::configure)
            .configure(replay::configure)
            .configure(welcome::configure)
            .configure(notices::configure),
    );
}

/// What looks after the accounts, with what it knows and is about.
pub(super) struct Caretaker {
    upkeep: Upkeep,
    looks: Looks,
    replays: replay::Replays,
    questions: let_in::Questions,
    /// What came of what somebody asked for, by the mark of their session, until they are told.
    told: Mutex<BTreeMap<String, Told>>,
    tasks: Mutex<JoinSet<()>>,
}

/// What came of something.
struct Told {
    good: bool,
    text: String,
}

impl Caretaker {
    pub(super) fn new(upkeep: Upkeep) -> Arc<Self> {
        Arc::new(Caretaker {
            upkeep,
            looks: Looks::new(),
            replays: replay::Replays::new(),
            questions: let_in::Questions::default(),
            told: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    /// Ends what it is about.
    pub(super) fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Goes about something beside the pages.
    fn go_about(&self, what: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(what);
    }

    fn app(&self, id: AppId) -> Result<&App, Refusal> {
        let app = self.upkeep.apps.iter().find(|app| app.id == id);
        app.ok_or_else(|| Refusal::Missing(format!("no app {id} in the configuration")))
    }

    fn served(&self, user: UserId) -> Option<(&App, &Served)> {
        let of = |app: &App| app.accounts.iter().position(|served| served.account.user == user);
        self.upkeep.apps.iter().find_map(|app| of(app).map(|at| (app, &app.accounts[at])))
    }

    /// Keeps what came of something until the page is shown.
    fn tell(&self, visitor: &Visitor, good: bool, text: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD {
            told.clear();
        }
        told.insert(visitor.0.mark.clone(), Told { good, text });
    }

    fn told(&self, visitor: &Visitor) -> Option<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&visitor.0.mark)
    }

    /// Asks X beside the page, which waits for it, but not long.
    async fn look(self: &Arc<Self>, turns: &Arc<Turns>, anew: bool) {
        let (caretaker, turns) = (self.clone(), turns.clone());
        let (done, asked) = tokio::sync::oneshot::channel::<()>();
        self.go_about(async move {
            caretaker.looks.look(&caretaker.upkeep, &turns, anew).await;
            drop(done);
        });
        // Either way the page shows what is known.
        let _ = timeout(PATIENCE, asked).await;
    }
}

/// Writes down what somebody wants done at X, does it, and tells what came of it.
async fn carry_out(
    console: &Console,
    visitor: &Visitor,
    what: String,
    act: impl Future<Output = Result<String, AccountError>>,
) -> Result<HttpResponse, Refusal> {
    written(console, visitor, Act::Upkeep { what: what.clone() }).await?;
    let outcome = act.await;
    console.caretaker.looks.forget();
    match outcome {
        Ok(told) => console.caretaker.tell(visitor, true, told),
        Err(error) => {
            let why = error.to_string();
            written(console, visitor, Act::Failed { what, why: why.clone() }).await?;
            console.caretaker.tell(visitor, false, why);
        }
    }
    Ok(frame::on_to("/account"))
}

async fn written(console: &Console, visitor: &Visitor, act: Act) -> Result<(), Refusal> {
    let refused = |error| Refusal::Failed(format!("nothing was done, since it cannot be written down: {error}"));
    console.turns.did(visitor.did(act)).await.map_err(refused)
}

/// Asks before something is done that cannot be undone; the answer is the same form again.
fn ask(visitor: &Visitor, title: &str, text: &Markup, action: &str, fields: &[(&str, String)], button: &str) -> HttpResponse {
    let content = html! {
        h1 { (title) }
        (text)
        form.row method="post" action=(action) {
            (mark(visitor))
            input type="hidden" name="sure" value="yes";
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button.danger { (button) }
            a.button.quiet href="/account" { "No, go back" }
        }
    };
    frame::page(visitor, Place::Account, title, &content)
}

#[derive(Deserialize)]
struct Nothing {}

async fn show(console: Data<Console>, visitor: Visitor) -> Result<HttpResponse, Refusal> {
    let caretaker = &console.caretaker;
    caretaker.look(&console.turns, false).await;
    let content = html! {
        h1 { "Account" }
        @if let Some(Told { good, text }) = caretaker.told(&visitor) {
            p.right[good].wrong[!good] role=(if good { "status" } else { "alert" }) { (theirs(&text)) }
        }
        section #standing data-live="/account/notices/live" data-part="/account/standing" { (notices::standing(&console).await?) }
        div #at-x data-live="/account/live" data-part="/account/part" { (at_x(&console, &visitor)) }
        (replay::section(&console, &visitor))
        section aria-labelledby="noticed" {
            h2 #noticed { "What was noticed and done" }
            div #notices data-live="/account/notices/live" data-part="/account/notices" { (notices::list(&console).await?) }
        }
    };
    Ok(frame::page(&visitor, Place::Account, "Account", &content))
}

async fn part(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    frame::part(&at_x(&console, &visitor))
}

async fn follow(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    let news = console.caretaker.looks.changes();
    live::changes(console, visitor, news, |()| true)
}

/// Has X asked again. It changes nothing, so everybody may, but not often.
async fn look(console: Data<Console>, asked: Asked<Nothing>) -> HttpResponse {
    let Nothing {} = asked.fields;
    console.caretaker.look(&console.turns, true).await;
    frame::on_to("/account")
}

/// What X says.
fn at_x(console: &Console, visitor: &Visitor) -> Markup {
    let caretaker = &console.caretaker;
    let several = caretaker.upkeep.apps.len() > 1;
    let apps = caretaker.upkeep.apps.iter().map(|app| (app, caretaker.looks.said(app.id)));
    html! {
        @for (app, said) in apps {
            section aria-label={ "App " (app.id) } {
                @if several { h2 { "App " (app.id) } }
                @match &said {
                    None => p.note { "X is being asked; what it says is shown when it comes. " a href="/account" { "Load the page again" } },
                    Some(said) => {
                        (asked(said, visitor))
                        (webhooks::section(caretaker, app, said, visitor))
                        (subscriptions::section(caretaker, app, said, visitor))
                        (welcome::section(app, said, visitor))
                    }
                }
            }
        }
        (limits::section(caretaker))
    }
}

fn asked(said: &Said, visitor: &Visitor) -> Markup {
    html! {
        form.row.asked method="post" action="/account/look" {
            (mark(visitor))
            span.soft { "What X said at " (time(said.at)) "." }
            button.quiet { "Ask X again" }
        }
    }
}

/// Whether a visitor may change what is here.
fn may(visitor: &Visitor) -> bool {
    visitor.may(Role::Admin)
}

/// What went wrong, as X or we say it, with what to do.
fn wrong(told: &str) -> Markup {
    html! { p.wrong { (theirs(told)) } }
}
