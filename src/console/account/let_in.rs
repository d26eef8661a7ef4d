//! Adding an account by having its owner sign in with X: the three steps of OAuth 1.0a, with the way back to the console itself.
//!
//! The question is bound to the session that asked it. X sends the browser back from another site, so that its first request brings no
//! cookie of ours (they are strict); it is then sent on once more, from here to here, and brings it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HOST;
use actix_web::web::{self, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use url::Url;

use super::{App, subscriptions, written, wrong};
use crate::account::{Account, AccountError, Kept, keep_account};
use crate::client::{SignedIn, UserToken};
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{Place, theirs};
use crate::console::{Console, frame};
use crate::conversation::Act;
use crate::model::{AppId, Profile, Role, Timestamp};

/// X's questions are good for a while only.
const OPEN: Duration = Duration::from_secs(15 * 60);

/// Questions that are open at a time.
const MOST: usize = 50;

const BACK: &str = "/account/let-in/back";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/let-in", web::post().to(begin)).route("/let-in/back", web::get().to(back));
}

/// The questions that are open, by their tokens.
#[derive(Default)]
pub(super) struct Questions(Mutex<BTreeMap<String, Question>>);

struct Question {
    /// Of the session that asks.
    mark: String,
    app: AppId,
    webhook: u64,
    request: UserToken,
    at: Timestamp,
}

#[derive(Deserialize)]
struct Wanted {
    app: AppId,
    webhook: u64,
}

/// What the browser brings back from X.
#[derive(Deserialize)]
struct Brought {
    oauth_token: Option<String>,
    oauth_verifier: Option<String>,
    denied: Option<String>,
    /// Set when it was sent on from here.
    #[serde(default)]
    again: String,
}

impl Questions {
    fn open(&self, question: Question) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, other| question.at.since(other.at) < OPEN);
        if open.len() >= MOST {
            open.clear();
        }
        open.insert(question.request.token.expose().to_owned(), question);
    }

    /// The question of that token, if it was asked by just this session; it is answered once.
    fn answer(&self, token: &str, visitor: &Visitor, now: Timestamp) -> Option<Question> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_theirs = |question: &Question| bool::from(question.mark.as_bytes().ct_eq(visitor.0.mark.as_bytes()));
        let is_open = open.get(token).is_some_and(|question| is_theirs(question) && now.since(question.at) < OPEN);
        is_open.then(|| open.remove(token)).flatten()
    }
}

async fn begin(request: HttpRequest, console: Data<Console>, asked: Asked<Wanted>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Wanted { app, webhook } } = asked;
    visitor.wants(Role::Admin)?;
    let caretaker = &console.caretaker;
    let keys = caretaker.app(app)?.registry.keys();
    let callback = callback(&request, &console)?;
    written(&console, &visitor, Act::Upkeep { what: format!("have somebody sign in with X for the app {app}") }).await?;
    let token = match caretaker.upkeep.client.request_token(keys, Some(&callback)).await {
        Ok(token) => token,
        Err(failure) => {
            caretaker.tell(&visitor, false, AccountError::from(failure).to_string());
            return Ok(frame::on_to("/account"));
        }
    };
    // Somebody else may be signed in at X in this browser: it asks for the name anew.
    let page = caretaker.upkeep.client.authorize_url(&token, None, true);
    caretaker.questions.open(Question { mark: visitor.0.mark.clone(), app, webhook, request: token, at: caretaker.upkeep.clock.now() });
    let content = html! {
        h1 { "Add an account" }
        p { "X asks whoever owns the account whether the app may act for it, and then comes back here. Sign in there as the account that is to be
             added, and not as yourself." }
        p.soft { "The app's page at X must list this address as a callback: " code { (callback) } }
        div.row {
            // No form may lead elsewhere; a link may.
            a.button href=(page) rel="noreferrer" { "Go on to X" }
            a.button.quiet href="/account" { "Back" }
        }
    };
    Ok(frame::page(&visitor, Place::Account, "Add an account", &content))
}

async fn back(
    console: Data<Console>,
    visitor: Result<Visitor, Refusal>,
    brought: Query<Brought>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let visitor = match visitor {
        Err(Refusal::SignIn(_)) if brought.again.is_empty() => return Ok(once_more(&request)),
        other => other?,
    };
    visitor.wants(Role::Admin)?;
    let caretaker = &console.caretaker;
    let token = brought.denied.as_ref().or(brought.oauth_token.as_ref());
    let strange = || Refusal::Unreadable("this is not the way back from a sign-in that is under way here: begin again".to_owned());
    let question = token.and_then(|token| caretaker.questions.answer(token, &visitor, caretaker.upkeep.clock.now())).ok_or_else(strange)?;
    if brought.denied.is_some() {
        caretaker.tell(&visitor, false, "The owner of the account said no at X; nothing was changed.".to_owned());
        return Ok(frame::on_to("/account"));
    }
    let verifier = brought.oauth_verifier.as_deref().ok_or_else(strange)?;
    let app = caretaker.app(question.app)?;
    match let_in(&console, &visitor, app, &question, verifier).await {
        Ok(content) => Ok(frame::page(&visitor, Place::Account, "Signed in", &content)),
        Err(error) => {
            let (what, why) = (format!("let an account in for the app {}", app.id), error.to_string());
            written(&console, &visitor, Act::Failed { what, why: why.clone() }).await?;
            caretaker.tell(&visitor, false, why);
            Ok(frame::on_to("/account"))
        }
    }
}

/// Sends the browser from here to here, so that it brings its cookie.
fn once_more(request: &HttpRequest) -> HttpResponse {
    let to = format!("{BACK}?{}&again=yes", request.query_string());
    let content = html! { h1 { "Back from X" } p { a href=(to) { "Go on" } } };
    let mut response = frame::bare(StatusCode::OK, "Back from X", &content);
    if let Ok(value) = format!("0; url={to}").parse() {
        response.headers_mut().insert(actix_web::http::header::REFRESH, value);
    }
    response
}

/// Takes the answer: subscribes the account, and keeps its token.
async fn let_in(console: &Console, visitor: &Visitor, app: &App, question: &Question, verifier: &str) -> Result<Markup, AccountError> {
    let caretaker = &console.caretaker;
    let (client, keys) = (&caretaker.upkeep.client, app.registry.keys());
    let SignedIn { token, user } = client.access_token(keys, &question.request, verifier).await?;
    // The name is for people; who it is X has told already.
    let profile = client.verify_credentials(keys.user(&token)).await.unwrap_or(user.clone());
    let what = format!("subscribe {} (@{}), who signed in, on the webhook {}", user.id, profile.screen_name, question.webhook);
    let odd = |refusal: Refusal| AccountError::Odd(refusal.to_string());
    written(console, visitor, Act::Upkeep { what }).await.map_err(odd)?;
    let oauth2 = caretaker.served(user.id).and_then(|(_, served)| served.account.oauth2.clone());
    let account = Account { user: user.id, app: app.id, token: Some(token.clone()), oauth2 };
    let is_new = subscriptions::subscribe(console, visitor, &app.registry, question.webhook, &account).await?;
    caretaker.looks.forget();
    let kept = keep(console, app, &profile, token).await;
    Ok(html! {
        h1 { "Signed in: " (subscriptions::named(&profile)) }
        p.right role="status" {
            (user.id) @if is_new { " is subscribed; its events may take ten seconds to begin." } @else { " was subscribed already." }
        }
        (told(&kept))
        p { a.button href="/account" { "Back to the account" } }
    })
}

/// Keeps the token as `junco login` does: in the files that the configuration names, or in new ones beside it. Nothing of it is shown.
async fn keep(console: &Console, app: &App, profile: &Profile, token: UserToken) -> Result<Kept, String> {
    let upkeep = &console.caretaker.upkeep;
    let served = console.caretaker.served(profile.id);
    if let Some((other, _)) = served.filter(|(other, _)| other.id != app.id) {
        return Err(format!("The configuration has this account with the app {}, so its token was not kept.", other.id));
    }
    let Some(folder) = upkeep.folder.clone() else {
        return Err(
            "This service runs without a configuration file, so there is no place to keep the token in. It was thrown away.".to_owned()
        );
    };
    let named: Option<(PathBuf, PathBuf)> = served.and_then(|(_, served)| served.files.clone());
    let (whose, is_configured) = ((profile.id, app.id), served.is_some());
    let kept = tokio::task::spawn_blocking(move || keep_account(&folder, whose, is_configured, named, &token)).await;
    kept.map_err(|error| error.to_string())?.map_err(|error| format!("The token could not be kept ({error}): run `junco login`."))
}

fn told(kept: &Result<Kept, String>) -> Markup {
    html! {
        @match kept {
            Err(why) => { (wrong(why)) }
            Ok(kept) => {
                p { "Its token is kept in:" }
                ul { @for file in &kept.files { li { code { (theirs(&file.display().to_string())) } } } }
                @if let Some(add) = &kept.add {
                    p { "No bot answers for it until this stands in the configuration and the service is started again:" }
                    pre #lines tabindex="0" { (add) }
                    p { button.quiet type="button" data-copy="lines" { "Copy" } }
                } @else {
                    p { "The service takes it when it is started again." }
                }
            }
        }
    }
}

/// Where X sends the browser back to: the address that the browser itself calls the console by.
fn callback(request: &HttpRequest, console: &Console) -> Result<Url, Refusal> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.map_or_else(|| request.connection_info().host().to_owned(), str::to_owned);
    let scheme = if console.access.is_behind_proxy() { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}{BACK}"))
        .map_err(|error| Refusal::Unreadable(format!("the console's own address is odd: {error}")))
}
