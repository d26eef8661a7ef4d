//! Who am I, and the bearer of an app (contract §4.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::form_urlencoded;

use super::super::event::{self, IdForm};
use super::super::refusal::Refusal;
use super::super::settings::App;
use super::super::shared::Shared;
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::counted;

/// `GET account/verify_credentials.json`.
pub(super) fn verify_credentials(shared: &Shared, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.user()?;
    let quota = counted(shared, caller, "account/verify_credentials", 75)?;
    let view = shared.see(|world| world.people.get(user).map(|person| event::user(person, IdForm::Number)));
    Ok(Answer::json(&view.ok_or_else(Refusal::unknown_token)?).within(quota))
}

/// `POST oauth2/token`: Basic with both parts percent-encoded.
pub(super) fn bearer(shared: &Shared, call: &Call) -> Result<Answer, Refusal> {
    let refused = Refusal::unverified;
    if call.parameter("grant_type").as_deref() != Some("client_credentials") {
        return Err(refused());
    }
    let given = call.authorization.as_deref().and_then(|header| header.strip_prefix("Basic ")).and_then(basic).ok_or_else(refused)?;
    let token = shared.change(|world, _| {
        let good = |app: &&App| (app.consumer_key.as_str(), app.consumer_secret.as_str()) == (given.0.as_str(), given.1.as_str());
        let app = world.keys.app_with_key(&given.0).filter(good).map(|app| app.id)?;
        Some(world.keys.bearer(app, &mut world.dice))
    });
    Ok(Answer::json(&json!({ "token_type": "bearer", "access_token": token.ok_or_else(refused)? })))
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (key, secret) = pair.split_once(':')?;
    Some((percent_decoded(key)?, percent_decoded(secret)?))
}

/// As a form would decode it, but for `+`, which percent-encoding leaves alone.
fn percent_decoded(text: &str) -> Option<String> {
    let form = format!("v={}", text.replace('+', "%2B"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned())
}
