//! Who is calling: every OAuth 1.0a signature is checked for real, bearers are looked up (contract §7, §4.10).

use super::super::refusal::Refusal;
use super::super::settings::Permission;
use super::super::shared::Shared;
use super::super::world::{CLOCK_WINDOW, Who};
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
        return shared.see(|world| world.keys.app_with_bearer(bearer)).map(Caller::App).ok_or_else(Refusal::unknown_token);
    }
    let presented = Presented::parse(header).map_err(|_| Refusal::bad_authentication())?;
    let name = presented.token.as_deref().ok_or_else(Refusal::not_authenticated)?;
    let (app, token) = shared.see(|world| {
        let app = world.keys.app_with_key(&presented.consumer_key).ok_or_else(Refusal::not_authenticated)?;
        let token = world.keys.token(name).filter(|token| token.app == app.id).ok_or_else(Refusal::unknown_token)?;
        Ok::<_, Refusal>((app.clone(), token.clone()))
    })?;
    let signed_at = i64::try_from(presented.timestamp).unwrap_or(i64::MAX);
    let now = shared.clock.outside();
    if now.as_seconds().abs_diff(signed_at) > CLOCK_WINDOW.as_secs() {
        return Err(Refusal::clock_is_off());
    }
    let request = Request { method: &call.method, url: &call.url, form: &call.form };
    if !presented.verify(&request, &app.consumer_secret, &token.secret) {
        return Err(Refusal::not_authenticated());
    }
    let nonce = format!("{name} {}", presented.nonce);
    if !shared.change(|world, _| world.keys.take_nonce(signed_at, nonce, now)) {
        return Err(Refusal::not_authenticated());
    }
    Ok(Caller::User { user: token.user, app: app.id, permission: token.permission })
}
