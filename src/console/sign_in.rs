//! Signing in and out.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use serde::Deserialize;

use super::access::{Asked, COOKIE, SignInError};
use super::{Console, frame};
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
    let from = from(&request, access.is_behind_proxy());
    match access.sign_in(&name, &Secret::new(password), &from).await {
        Ok(session) => {
            tracing::info!(operator = name, from, "signed in to the console");
            let mut response = frame::on_to(local(&next));
            // A cookie that cannot be added leaves nobody signed in.
            let _ = response.add_cookie(&cookie(session.token, access.is_behind_proxy()));
            response
        }
        Err(SignInError::Wrong) => {
            tracing::warn!(from, "a wrong name or password at the console");
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
    let mut response = frame::on_to("/sign-in");
    let _ = response.add_removal_cookie(&cookie(String::new(), console.access.is_behind_proxy()));
    response
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

/// A page of ours, whatever the form says.
fn local(next: &str) -> &str {
    if next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) { next } else { "/" }
}

/// Where a request comes from. Only a proxy that stands there is believed, and of what it passes on only its own word, the last.
fn from(request: &HttpRequest, is_behind_proxy: bool) -> String {
    let forwarded = request.headers().get("x-forwarded-for").filter(|_| is_behind_proxy);
    let told =
        forwarded.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next()).map(|last| last.trim().to_owned());
    told.or_else(|| request.peer_addr().map(|address| address.ip().to_string())).unwrap_or_default()
}
