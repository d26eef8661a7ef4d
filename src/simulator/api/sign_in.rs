//! Signing in by OAuth 1.0a: the calls of the app (contract §4.5).

use serde_json::json;
use url::form_urlencoded;

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::answer::Answer;
use super::auth::{self, Caller};
use super::call::Call;

/// `POST oauth/request_token`.
pub(super) fn request_token(shared: &Shared, call: &Call) -> Result<Answer, Refusal> {
    let (app, presented) = auth::identify_app(shared, call)?;
    let callback = presented.callback.or_else(|| call.parameter("oauth_callback")).unwrap_or_else(|| "oob".to_owned());
    let request = shared.change(|world, now| world.ask(app, &callback, now))?;
    Ok(form(&[("oauth_token", &request.token), ("oauth_token_secret", &request.secret), ("oauth_callback_confirmed", "true")]))
}

/// `POST oauth/access_token`.
pub(super) fn access_token(shared: &Shared, call: &Call) -> Result<Answer, Refusal> {
    let (request, presented) = auth::identify_asker(shared, call)?;
    let verifier = presented.verifier.or_else(|| call.parameter("oauth_verifier")).unwrap_or_default();
    let (token, name) = shared.change(|world, now| {
        let token = world.redeem(&request.token, &verifier, now)?;
        let name = world.people.get(token.user).map(|person| person.screen_name.clone()).unwrap_or_default();
        Ok::<_, Refusal>((token, name))
    })?;
    let user = token.user.to_string();
    Ok(form(&[("oauth_token", &token.token), ("oauth_token_secret", &token.secret), ("user_id", &user), ("screen_name", &name)]))
}

/// `POST oauth/invalidate_token`: the token that signs the call is good for nothing more.
pub(super) fn invalidate_token(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    caller.user()?;
    let header = call.authorization.as_deref().unwrap_or_default();
    let token = crate::wire::oauth::Presented::parse(header).ok().and_then(|presented| presented.token).unwrap_or_default();
    shared.change(|world, _| world.keys.invalidate(&token));
    Ok(Answer::json(&json!({ "access_token": token })))
}

fn form(fields: &[(&str, &str)]) -> Answer {
    Answer::bytes("text/html;charset=utf-8", form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}
