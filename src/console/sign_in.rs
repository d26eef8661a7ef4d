//! Signing in and out.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use serde::Deserialize;

use super::access::{Asked, COOKIE, SignInError, source};
use super::{Console, frame};
use crate::conversation::{Act, Deed};
use crate::model::Secret;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/sign-in", web::get().to(show)).route("/sign-in", web::post().to(sign_in)).route("/sign-out", web::post().to(sign_out));
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Given {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Nothing {}

async fn show(next: Query<Next>) -> HttpResponse {
    form(StatusCode::OK, &next.next, "", None)
}

/// No mark is wanted here: there is no session yet, and whoever signs somebody else in gains nothing.
async fn sign_in(request: HttpRequest, console: Data<Console>, given: Form<Given>) -> HttpResponse {
    let Given { name, password, next } = given.into_inner();
    let access = &console.access;
    let from = source(&request, access.is_behind_proxy());
    let deed = |by: &str, act| Deed { by: by.to_owned(), from: from.clone(), act };
    match access.sign_in(&name, &Secret::new(password), &from).await {
        Ok(session) => {
            tracing::info!(operator = name, from, "signed in to the console");
            note(&console, deed(&name, Act::SignedIn)).await;
            let mut response = frame::on_to(local(&next));
            // A cookie that cannot be added leaves nobody signed in.
            let _ = response.add_cookie(&cookie(session.token, access.is_behind_proxy()));
            response
        }
        Err(SignInError::Wrong { tries, known }) => {
            tracing::warn!(from, tries, "a wrong name or password at the console");
            // Somebody may have typed a password in the place of a name.
            note(&console, deed(if known { &name } else { "" }, Act::TurnedAway { tries })).await;
            form(StatusCode::UNAUTHORIZED, &next, &name, Some("Name or password are wrong.".to_owned()))
        }
        Err(SignInError::Wait(wait)) => {
            let told = format!("Too many were wrong. Wait {} seconds and try again.", wait.as_secs() + 1);
            form(StatusCode::TOO_MANY_REQUESTS, &next, &name, Some(told))
        }
    }
}

async fn sign_out(console: Data<Console>, asked: Asked<Nothing>) -> HttpResponse {
    let Nothing {} = asked.fields;
    console.access.sign_out(&asked.visitor.0.token);
    note(&console, asked.visitor.did(Act::SignedOut)).await;
    let mut response = frame::on_to("/sign-in");
    let _ = response.add_removal_cookie(&cookie(String::new(), console.access.is_behind_proxy()));
    response
}

/// Nobody is kept out, or in, because the journal takes nothing at the moment.
async fn note(console: &Console, deed: Deed) {
    if let Err(error) = console.turns.did(deed).await {
        tracing::error!(%error, "the journal does not take who signed in or out of the console");
    }
}

fn form(status: StatusCode, next: &str, name: &str, wrong: Option<String>) -> HttpResponse {
    let content = html! {
        h1 { "Sign in to Junco" }
        @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
        form.tall method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            label { "Name" input name="name" value=(name) autocomplete="username" required autofocus[name.is_empty()]; }
            label { "Password" input name="password" type="password" autocomplete="current-password" required autofocus[!name.is_empty()]; }
            button { "Sign in" }
        }
    };
    frame::bare(status, "Sign in", &content)
}

fn cookie(token: String, is_behind_proxy: bool) -> Cookie<'static> {
    Cookie::build(COOKIE, token).path("/").http_only(true).same_site(SameSite::Strict).secure(is_behind_proxy).finish()
}

/// A page of ours, whatever the form says. Browsers leave out tabs and line ends, so that `/<tab>/evil.example` leads elsewhere too; and
/// what is no address would fail as a header.
fn local(next: &str) -> &str {
    let is_local =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { "/" }
}
