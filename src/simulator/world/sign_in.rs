//! Signing in by OAuth 1.0a: an app asks, a person allows or not, and the app gets a token (contract §4.5). And the end of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use url::Url;

use super::super::error::Error;
use super::super::event::Content;
use super::super::json;
use super::super::refusal::Refusal;
use super::super::settings::{App, Token};
use super::activity::Happening;
use super::log::Label;
use super::parcels::Parcel;
use super::{ActivityKind, World};
use crate::model::{AppId, Timestamp, UserId};

/// How long a person has to make up their mind.
const LIVES: Duration = Duration::from_secs(15 * 60);

/// What an app asks for: it becomes a token, or nothing.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct RequestToken {
    pub(in crate::simulator) token: String,
    pub(in crate::simulator) secret: String,
    pub(in crate::simulator) app: AppId,
    /// Where the person is sent afterwards; `None` for `oob`, which shows them a PIN.
    pub(in crate::simulator) callback: Option<Url>,
    asked_at: Timestamp,
    allowed: Option<(UserId, String)>,
}

/// What is under way.
#[derive(Default)]
pub(in crate::simulator) struct SignIns(BTreeMap<String, RequestToken>);

impl SignIns {
    /// A request token that is still good.
    pub(in crate::simulator) fn get(&self, token: &str, now: Timestamp) -> Option<&RequestToken> {
        self.0.get(token).filter(|request| now < request.asked_at.plus(LIVES))
    }
}

impl World {
    /// Takes down what an app asks for, if it may lead back to `callback`.
    pub(in crate::simulator) fn ask(&mut self, app: AppId, callback: &str, now: Timestamp) -> Result<RequestToken, Refusal> {
        let callback = leads_back(self.keys.app(app).ok_or_else(Refusal::not_authenticated)?, callback)?;
        self.sign_ins.0.retain(|_, request| now < request.asked_at.plus(LIVES));
        let (token, secret) = (self.dice.word(27), self.dice.word(32));
        let request = RequestToken { token: token.clone(), secret, app, callback, asked_at: now, allowed: None };
        self.sign_ins.0.insert(token, request.clone());
        Ok(request)
    }

    /// A person allows it; returns what the app must show for it.
    pub(in crate::simulator) fn allow(&mut self, token: &str, user: UserId, now: Timestamp) -> Result<String, Error> {
        self.sign_ins.get(token, now).ok_or_else(|| Error::NoSignIn(token.to_owned()))?;
        let request = self.sign_ins.0.get_mut(token).ok_or_else(|| Error::NoSignIn(token.to_owned()))?;
        let verifier = match &request.callback {
            Some(_) => self.dice.word(32),
            None => format!("{:07}", self.dice.below(10_000_000)),
        };
        request.allowed = Some((user, verifier.clone()));
        Ok(verifier)
    }

    /// A person does not allow it.
    pub(in crate::simulator) fn deny(&mut self, token: &str) {
        self.sign_ins.0.remove(token);
    }

    /// The token for what a person allowed: once, and only for the right verifier.
    pub(in crate::simulator) fn redeem(&mut self, token: &str, verifier: &str, now: Timestamp) -> Result<Token, Refusal> {
        let request = self.sign_ins.get(token, now).ok_or_else(Refusal::unknown_token)?;
        let allowed = request.allowed.as_ref().filter(|(_, known)| known == verifier);
        let (user, app) = (allowed.ok_or_else(Refusal::not_authenticated)?.0, request.app);
        self.sign_ins.0.remove(token);
        self.keys.give(user, app, &mut self.dice).ok_or_else(Refusal::not_authenticated)
    }

    /// A user takes back all that they allowed an app: tokens and subscriptions go, and the webhooks that had the subscriptions hear of it.
    pub(in crate::simulator) fn revoke(&mut self, user: UserId, app: AppId, now: Timestamp) -> Vec<Parcel> {
        self.keys.withdraw(user, app);
        self.grants.forget(user, app);
        self.sign_ins.0.retain(|_, request| request.app != app || request.allowed.as_ref().is_none_or(|(allowed, _)| *allowed != user));
        let told = self.hooks.unsubscribe_all(user, app);
        let revoke = json!({
            "date_time": json::iso_offset(now),
            "target": { "app_id": app.to_string() },
            "source": { "user_id": user.to_string() },
        });
        let content = Content::Raw { kind: "user_event", body: json!({ "user_event": { "revoke": revoke } }).to_string() };
        let label = Label { for_user: Some(user), message: None, echo: false };
        let mut leaving: Vec<Parcel> = told.into_iter().flat_map(|webhook| self.pack(webhook, label, content.clone())).collect();
        let payload = json!({ "date_time": json::iso_millis(now), "user_id": user.to_string(), "app_id": app.to_string() }).to_string();
        leaving.extend(self.activity(&Happening::new(ActivityKind::REVOKED, user, payload), now));
        leaving
    }
}

/// Whether a sign-in of an app may lead back to an address (contract §4.5): 415 and 417.
fn leads_back(app: &App, callback: &str) -> Result<Option<Url>, Refusal> {
    if callback == "oob" {
        return Ok(None);
    }
    let unknown =
        "Callback URL not approved for this client application. Approved callback URLs can be adjusted in your application settings";
    let url = Url::parse(callback).map_err(|_| Refusal::new(403, 415, unknown))?;
    let bare = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
    match &app.callbacks {
        None => Ok(Some(url)),
        Some(none) if none.is_empty() => Err(Refusal::new(401, 417, "Desktop applications only support the oauth_callback value 'oob'")),
        Some(known) if known.iter().any(|known| bare(known) == bare(callback)) => Ok(Some(url)),
        Some(_) => Err(Refusal::new(403, 415, unknown)),
    }
}
