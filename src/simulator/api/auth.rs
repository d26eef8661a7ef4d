//! Who is calling: every OAuth 1.0a signature is checked for real, bearers are looked up (contract §7, §4.10).

use super::super::refusal::Refusal;
use super::super::settings::{App, Permission};
use super::super::shared::Shared;
use super::super::world::{CLOCK_WINDOW, RequestToken, Who};
use super::call::Call;
use crate::model::{AppId, UserId};
use crate::wire::oauth::{Presented, Request};

/// A caller who proved who they are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller {
    /// An app that acts for a user.
    User { user: UserId, app: AppId, permission: Permission },
    /// An app for itself.
    App(AppId),
}

impl Caller {
    pub(super) fn acting_user(&self) -> Option<UserId> {
        match self {
            Caller::User { user, .. } => Some(*user),
            Caller::App(_) => None,
        }
    }

    /// The user, where only users may call.
    pub(super) fn user(self) -> Result<(UserId, AppId), Refusal> {
        match self {
            Caller::User { user, app, .. } => Ok((user, app)),
            Caller::App(_) => Err(Refusal::wants_user()),
        }
    }

    /// The user, where the token must be good for writing.
    pub(super) fn writer(self) -> Result<(UserId, AppId), Refusal> {
        match self {
            Caller::User { permission: Permission::Read, .. } => Err(Refusal::cannot_write()),
            Caller::User { .. } | Caller::App(_) => self.user(),
        }
    }

    /// The user, where the token must be good for direct messages.
    pub(super) fn messenger(self) -> Result<(UserId, AppId), Refusal> {
        match self {
            Caller::User { permission: Permission::Read, .. } => Err(Refusal::cannot_write()),
            Caller::User { permission: Permission::ReadWrite, .. } => Err(Refusal::no_messages()),
            Caller::User { .. } | Caller::App(_) => self.user(),
        }
    }

    /// The app, where only apps may call.
    pub(super) fn app(self) -> Result<AppId, Refusal> {
        match self {
            Caller::App(app) => Ok(app),
            Caller::User { .. } => Err(Refusal::wants_app()),
        }
    }

    /// Whose window this call counts against.
    pub(super) fn who(self) -> Who {
        match self {
            Caller::User { user, .. } => Who::User(user),
            Caller::App(app) => Who::App(app),
        }
    }
}

/// Finds out who is calling. A nonce is used up only by a call whose signature is right.
pub(super) fn identify(shared: &Shared, call: &Call) -> Result<Caller, Refusal> {
    let header = call.authorization.as_deref().ok_or_else(Refusal::bad_authentication)?;
    if let Some(bearer) = header.strip_prefix("Bearer ") {
        let now = shared.clock.now();
        return shared.see(|world| match world.keys.app_with_bearer(bearer) {
            Some(app) => Ok(Caller::App(app)),
            // Tokens of OAuth 2 are good for the newer API only.
            None if world.grants.with_access(bearer, now).is_some() => Err(Refusal::wants_user()),
            None => Err(Refusal::unknown_token()),
        });
    }
    let (app, presented) = presented(shared, call)?;
    let name = presented.token.as_deref().ok_or_else(Refusal::not_authenticated)?;
    let token =
        shared.see(|world| world.keys.token(name).filter(|token| token.app == app.id).cloned()).ok_or_else(Refusal::unknown_token)?;
    prove(shared, call, &presented, &app.consumer_secret, &token.secret)?;
    Ok(Caller::User { user: token.user, app: app.id, permission: token.permission })
}

/// An app that calls for itself with a signature, as it does to ask a person to sign in.
pub(super) fn identify_app(shared: &Shared, call: &Call) -> Result<(AppId, Presented), Refusal> {
    let (app, presented) = presented(shared, call)?;
    prove(shared, call, &presented, &app.consumer_secret, "")?;
    Ok((app.id, presented))
}

/// An app that calls with a request token.
pub(super) fn identify_asker(shared: &Shared, call: &Call) -> Result<(RequestToken, Presented), Refusal> {
    let (app, presented) = presented(shared, call)?;
    let name = presented.token.as_deref().ok_or_else(Refusal::not_authenticated)?;
    let now = shared.clock.now();
    let request = shared.see(|world| world.sign_ins.get(name, now).filter(|request| request.app == app.id).cloned());
    let request = request.ok_or_else(Refusal::unknown_token)?;
    prove(shared, call, &presented, &app.consumer_secret, &request.secret)?;
    Ok((request, presented))
}

fn presented(shared: &Shared, call: &Call) -> Result<(App, Presented), Refusal> {
    let header = call.authorization.as_deref().ok_or_else(Refusal::bad_authentication)?;
    let presented = Presented::parse(header).map_err(|_| Refusal::bad_authentication())?;
    let app = shared.see(|world| world.keys.app_with_key(&presented.consumer_key).cloned()).ok_or_else(Refusal::not_authenticated)?;
    Ok((app, presented))
}

/// Holds a signature against the secrets, the time and the nonces that were used.
fn prove(shared: &Shared, call: &Call, presented: &Presented, consumer_secret: &str, token_secret: &str) -> Result<(), Refusal> {
    let signed_at = i64::try_from(presented.timestamp).unwrap_or(i64::MAX);
    let now = shared.clock.outside();
    if now.as_seconds().abs_diff(signed_at) > CLOCK_WINDOW.as_secs() {
        return Err(Refusal::clock_is_off());
    }
    // Some clients name their token in the form as well as in the header, and sign it once; X takes that.
    let again = |(name, value): &&(String, String)| name == "oauth_token" && presented.token.as_ref() == Some(value);
    let form: Vec<_> = call.form.iter().filter(|field| !again(field)).cloned().collect();
    let request = Request { method: &call.method, url: &call.url, form: &form };
    if !presented.verify(&request, consumer_secret, token_secret) {
        return Err(Refusal::not_authenticated());
    }
    let owner = presented.token.as_deref().unwrap_or(&presented.consumer_key);
    let nonce = format!("{owner} {}", presented.nonce);
    if shared.change(|world, _| world.keys.take_nonce(signed_at, nonce, now)) { Ok(()) } else { Err(Refusal::not_authenticated()) }
}
