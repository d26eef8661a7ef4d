//! Tokens of OAuth 2: a code or a refresh token against new ones, and taking them back (contract §6.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::super::settings::App;
use super::super::super::shared::Shared;
use super::super::super::world::Tokens;
use super::super::answer::Answer;
use super::super::call::Call;
use crate::model::AppId;

/// `POST /2/oauth2/token`.
pub(super) fn exchange(shared: &Shared, call: &Call) -> Answer {
    let app = match client(shared, call) {
        Ok(app) => app,
        Err(answer) => return answer,
    };
    let given = |name| given(call, name).unwrap_or_default();
    let (tokens, named) = match given("grant_type").as_str() {
        "authorization_code" => {
            let (code, callback, verifier) = (given("code"), given("redirect_uri"), given("code_verifier"));
            let redeem = shared.change(|world, now| world.grants.redeem(app, &code, &callback, &verifier, now, &mut world.dice));
            (redeem, "authorization code")
        }
        "refresh_token" => {
            let token = given("refresh_token");
            (shared.change(|world, now| world.grants.refresh(app, &token, now, &mut world.dice)), "token")
        }
        other => return refused(400, "unsupported_grant_type", &format!("The grant type '{other}' is not supported.")),
    };
    let Some(Tokens { access, refresh, scopes, lives }) = tokens else {
        return refused(400, "invalid_request", &format!("Value passed for the {named} was invalid."));
    };
    let scope = scopes.into_iter().collect::<Vec<_>>().join(" ");
    let mut body = json!({ "token_type": "bearer", "expires_in": lives.as_secs(), "access_token": access, "scope": scope });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    Answer::json(&body)
}

/// `POST /2/oauth2/revoke`: of an unknown token too it can be said that it is good no more.
pub(super) fn revoke(shared: &Shared, call: &Call) -> Answer {
    let app = match client(shared, call) {
        Ok(app) => app,
        Err(answer) => return answer,
    };
    let token = given(call, "token").unwrap_or_default();
    shared.change(|world, _| world.grants.revoke(app, &token));
    Answer::json(&json!({ "revoked": true }))
}

/// The app that calls: confidential ones show their secret, public ones name themselves.
fn client(shared: &Shared, call: &Call) -> Result<AppId, Answer> {
    let basic = call.authorization.as_deref().and_then(|header| header.strip_prefix("Basic ")).and_then(pair);
    let known = |id: &str, good: &dyn Fn(&App) -> bool| {
        shared.see(|world| world.keys.app_with_client(id).filter(|app| good(app)).map(|app| app.id))
    };
    let app = match basic {
        Some((id, secret)) => known(&id, &|app| app.client_secret.as_deref() == Some(&secret)),
        None => given(call, "client_id").and_then(|id| known(&id, &|app| app.client_secret.is_none())),
    };
    app.ok_or_else(|| refused(401, "unauthorized_client", "Missing valid authorization header"))
}

/// A field of the form, or of JSON: some clients send that here too, and X takes it.
fn given(call: &Call, name: &str) -> Option<String> {
    let in_json = || serde_json::from_slice::<Value>(&call.body).ok()?.get(name)?.as_str().map(str::to_owned);
    if call.is_json() { in_json() } else { call.parameter(name) }
}

fn pair(encoded: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn refused(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(&json!({ "error": error, "error_description": description })).with_status(status)
}
