//! The page that asks a person whether an app may act for them, by OAuth 2 (contract §6.5).

use std::collections::BTreeSet;

use maud::{Markup, html};
use url::Url;

use super::super::super::pages::choice;
use super::super::super::settings::{App, Person};
use super::super::super::shared::Shared;
use super::super::super::world::{Asked, Challenge};
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::consent::shown;

/// What apps may ask for.
const SCOPES: &[&str] = &[
    "tweet.read",
    "tweet.write",
    "tweet.moderate.write",
    "users.email",
    "users.read",
    "follows.read",
    "follows.write",
    "offline.access",
    "space.read",
    "mute.read",
    "mute.write",
    "like.read",
    "like.write",
    "list.read",
    "list.write",
    "block.read",
    "block.write",
    "bookmark.read",
    "bookmark.write",
    "dm.read",
    "dm.write",
    "media.write",
];

/// The parameters that the form hands on.
const PARAMETERS: &[&str] = &["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];

/// `GET /i/oauth2/authorize`.
pub(super) fn ask(shared: &Shared, call: &Call) -> Answer {
    match request(shared, call) {
        Ok((app, asked)) => {
            let people = shared.see(|world| world.people.iter().cloned().collect::<Vec<_>>());
            shown(200, &format!("{} wants to access your account", app.name), &form(call, &asked, &people))
        }
        Err(what) => wrong(&what),
    }
}

/// The form sent back: the browser goes to the app with a code, or with the news that there is none.
pub(super) fn decide(shared: &Shared, call: &Call) -> Answer {
    if !call.is_from_here() {
        return wrong("This form was sent by a page of another server.");
    }
    let (asked, person) = match request(shared, call) {
        Ok((_, asked)) => (asked, call.parameter("person").unwrap_or_default()),
        Err(what) => return wrong(&what),
    };
    let Ok(mut callback) = Url::parse(&asked.callback) else { return wrong("redirect_uri is no address.") };
    let state = call.parameter("state");
    if call.parameter("decision").as_deref() == Some("allow") {
        let Ok(user) = shared.see(|world| world.people.find(&person).map(|person| person.id)) else { return wrong("Choose who you are.") };
        let code = shared.change(|world, now| world.grants.allow(asked, user, now, &mut world.dice));
        callback.query_pairs_mut().append_pair("code", &code);
    } else {
        callback.query_pairs_mut().append_pair("error", "access_denied");
    }
    if let Some(state) = state {
        callback.query_pairs_mut().append_pair("state", &state);
    }
    Answer::redirect(callback.as_str())
}

/// What is asked for, if it can be granted at all. Of a bad request the app is not told: its address may be anybody's.
fn request(shared: &Shared, call: &Call) -> Result<(App, Asked), String> {
    let given = |name: &str| call.parameter(name).unwrap_or_default();
    let app = shared.see(|world| world.keys.app_with_client(&given("client_id")).cloned()).ok_or("No app has this client_id.")?;
    let callback = given("redirect_uri");
    if !app.returns_to(&callback) {
        return Err("redirect_uri is not among the callbacks of this app.".to_owned());
    }
    if given("response_type") != "code" {
        return Err("response_type must be code.".to_owned());
    }
    let scopes: BTreeSet<String> = given("scope").split_whitespace().map(str::to_owned).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(format!("The scope `{unknown}` is not known."));
    }
    if scopes.is_empty() {
        return Err("scope is missing.".to_owned());
    }
    let challenge = Challenge::new(call.parameter("code_challenge_method").as_deref(), given("code_challenge"));
    let challenge = challenge.ok_or("code_challenge is missing, or its method is neither S256 nor plain.")?;
    let asked = Asked { app: app.id, callback, scopes, challenge };
    Ok((app, asked))
}

fn form(call: &Call, asked: &Asked, people: &[Person]) -> Markup {
    html! {
        form method="post" action="/i/oauth2/authorize" {
            @for name in PARAMETERS {
                @if let Some(value) = call.parameter(name) { input type="hidden" name=(name) value=(value); }
            }
            p { "It asks for:" }
            ul { @for scope in &asked.scopes { li { code { (scope) } } } }
            (choice(people, people.first().map(|person| person.id)))
        }
    }
}

fn wrong(what: &str) -> Answer {
    shown(400, "Something went wrong", &html! { p { "You weren't able to give access to the App. " (what) } })
}
