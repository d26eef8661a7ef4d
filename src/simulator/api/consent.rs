//! The pages of OAuth 1.0a, where a person allows an app to act for them, and where they take that back (contract §4.5).

use std::sync::Arc;

use maud::{Markup, html};

use super::super::delivery;
use super::super::pages;
use super::super::settings::{App, Permission, Person};
use super::super::shared::Shared;
use super::super::world::{RequestToken, World};
use super::answer::Answer;
use super::call::Call;
use crate::model::{AppId, UserId};

/// What a browser remembers of who is sitting before it.
const COOKIE: &str = "sim_person";

/// `GET oauth/authorize` and `oauth/authenticate`; the latter asks nobody twice.
pub(super) fn ask(shared: &Shared, call: &Call, again: bool) -> Answer {
    let now = shared.clock.now();
    let token = call.parameter("oauth_token").unwrap_or_default();
    let asked = shared.see(|world| {
        let request = world.sign_ins.get(&token, now)?;
        Some((request.clone(), world.keys.app(request.app)?.clone(), world.people.iter().cloned().collect::<Vec<_>>()))
    });
    let Some((request, app, people)) = asked else { return too_old() };
    let forced = call.parameter("force_login").is_some_and(|forced| forced == "true");
    let sitting = if forced { None } else { sitting(call).and_then(|id| people.iter().find(|person| person.id == id)) };
    if let Some(person) = sitting
        && !again
        && shared.see(|world| has_granted(world, person.id, &app))
    {
        return allow(shared, &request, person.id);
    }
    let named = call.parameter("screen_name");
    let named = named.and_then(|name| people.iter().find(|person| person.screen_name.eq_ignore_ascii_case(name.trim_start_matches('@'))));
    let chosen = named.or(sitting).map(|person| person.id);
    let page = form(&request, &app, &people, chosen.or_else(|| people.first().filter(|_| !forced).map(|person| person.id)));
    shown(200, &format!("Authorize {} to access your account?", app.name), &page)
}

/// The form sent back.
pub(super) fn decide(shared: &Shared, call: &Call) -> Answer {
    if !call.is_from_here() {
        return elsewhere();
    }
    let now = shared.clock.now();
    let token = call.parameter("oauth_token").unwrap_or_default();
    let Some(request) = shared.see(|world| world.sign_ins.get(&token, now).cloned()) else { return too_old() };
    if call.parameter("decision").as_deref() == Some("allow") {
        let person = call.parameter("person").unwrap_or_default();
        let Ok(user) = shared.see(|world| world.people.find(&person).map(|person| person.id)) else {
            return shown(400, "Who are you?", &html! { p { "Go back and choose who you are." } });
        };
        return allow(shared, &request, user).with_header("set-cookie", format!("{COOKIE}={user}; Path=/; HttpOnly; SameSite=Lax"));
    }
    shared.change(|world, _| world.deny(&token));
    match request.callback {
        Some(mut callback) => {
            callback.query_pairs_mut().append_pair("denied", &token);
            Answer::redirect(callback.as_str())
        }
        None => shown(200, "You have denied access", &html! { p { "The app cannot act for you." } }),
    }
}

/// `GET settings/connected_apps`: whom a person lets act for them.
pub(super) fn apps(shared: &Shared, call: &Call) -> Answer {
    let named = call.parameter("person").unwrap_or_default();
    let person = shared.see(|world| world.people.find(&named).cloned());
    let Ok(person) = person else {
        let people: Vec<Person> = shared.see(|world| world.people.iter().cloned().collect());
        return shown(
            200,
            "Whose apps?",
            &html! {
                ul { @for person in &people { li { a href={ "/settings/connected_apps?person=" (person.id) } { "@" (person.screen_name) } } } }
            },
        );
    };
    let granted: Vec<(App, Vec<Permission>)> = shared.see(|world| {
        let of = |app: &App| world.keys.tokens_for(person.id, app.id).map(|token| token.permission).collect();
        world.keys.apps().filter(|app| has_any(world, person.id, app.id)).map(|app| (app.clone(), of(app))).collect()
    });
    let page = html! {
        @if granted.is_empty() { p { "No app may act for @" (person.screen_name) "." } }
        @for (app, permissions) in &granted {
            form method="post" action="/settings/connected_apps" {
                input type="hidden" name="person" value=(person.id);
                input type="hidden" name="app" value=(app.id);
                p {
                    b { (app.name) } " "
                    @for permission in permissions { (described(*permission)) " " }
                }
                button type="submit" { "Revoke access" }
            }
        }
        p { a href="/settings/connected_apps" { "Somebody else's" } }
    };
    shown(200, &format!("Apps of @{}", person.screen_name), &page)
}

/// The button on that page.
pub(super) fn revoke(shared: &Arc<Shared>, call: &Call) -> Answer {
    if !call.is_from_here() {
        return elsewhere();
    }
    let named = call.parameter("person").unwrap_or_default();
    let app = call.parameter("app").and_then(|app| app.parse::<AppId>().ok());
    let (Ok(person), Some(app)) = (shared.see(|world| world.people.find(&named).map(|person| person.id)), app) else {
        return Answer::redirect("/settings/connected_apps");
    };
    let parcels = shared.change(|world, now| world.revoke(person, app, now));
    delivery::submit(shared, parcels);
    Answer::redirect(&format!("/settings/connected_apps?person={person}")).with_status(303)
}

fn allow(shared: &Shared, request: &RequestToken, user: UserId) -> Answer {
    let Ok(verifier) = shared.change(|world, now| world.allow(&request.token, user, now)) else { return too_old() };
    match &request.callback {
        Some(callback) => {
            let mut callback = callback.clone();
            callback.query_pairs_mut().append_pair("oauth_token", &request.token).append_pair("oauth_verifier", &verifier);
            Answer::redirect(callback.as_str())
        }
        None => shown(
            200,
            "You've granted access",
            &html! {
                p { "Enter this PIN in the app to complete the sign-in:" }
                p { code id="pin" { (verifier) } }
            },
        ),
    }
}

/// Whether the app has of the person what it would get by asking again.
fn has_granted(world: &World, user: UserId, app: &App) -> bool {
    world.keys.tokens_for(user, app.id).any(|token| token.permission == app.permission)
}

fn has_any(world: &World, user: UserId, app: AppId) -> bool {
    world.keys.tokens_for(user, app).next().is_some() || world.grants.covers(user, app, &[])
}

fn sitting(call: &Call) -> Option<UserId> {
    let pairs = call.cookie.as_deref()?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).find_map(|(_, id)| id.parse().ok())
}

fn form(request: &RequestToken, app: &App, people: &[Person], chosen: Option<UserId>) -> Markup {
    html! {
        form method="post" action="/oauth/authorize" {
            input type="hidden" name="oauth_token" value=(request.token);
            p { b { (app.name) } " (" (app.url) ") will be able to " (described(app.permission)) "." }
            (pages::choice(people, chosen))
        }
    }
}

fn described(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read your posts",
        Permission::ReadWrite => "read your posts, and post, like and follow for you",
        Permission::ReadWriteMessages => "read your posts and messages, and post, like, follow and write messages for you",
    }
}

fn too_old() -> Answer {
    shown(
        403,
        "Whoa there!",
        &html! {
            p { "The request token for this page is invalid. It may have already been used, or expired because it is too old." }
        },
    )
}

fn elsewhere() -> Answer {
    shown(403, "Not from here", &html! { p { "This form was sent by a page of another server." } })
}

/// A page, under this status.
pub(super) fn shown(status: u16, title: &str, body: &Markup) -> Answer {
    let page = Answer::bytes("text/html; charset=utf-8", pages::page(title, body));
    page.with_status(status).with_header("content-security-policy", pages::POLICY.to_owned())
}
