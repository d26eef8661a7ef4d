//! Who is calling the newer API: a user by OAuth 1.0a, a user by OAuth 2, or an app (contract §6).

use super::super::super::settings::Permission;
use super::super::super::shared::Shared;
use super::super::super::world::{Grant, Limit, Quota, Who};
use super::super::auth;
use super::super::call::Call;
use super::problem::Problem;
use crate::model::{AppId, UserId};

const SIGNED: &str = "OAuth 1.0a User Context";
const GRANTED: &str = "OAuth 2.0 User Context";
const APP_ONLY: &str = "OAuth 2.0 Application-Only";

/// What reading messages takes.
pub(super) const READ_MESSAGES: &[&str] = &["dm.read", "tweet.read", "users.read"];
/// What writing messages takes.
pub(super) const WRITE_MESSAGES: &[&str] = &["dm.write", "dm.read", "tweet.read", "users.read"];

/// A caller who proved who they are.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    /// A signature with a user's token.
    Signed { user: UserId, app: AppId, permission: Permission },
    /// An access token that a user granted.
    Granted(Grant),
    /// An app for itself.
    App(AppId),
}

impl Caller {
    pub(super) fn identify(shared: &Shared, call: &Call) -> Result<Self, Problem> {
        let bearer = call.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
        let now = shared.clock.now();
        if let Some(grant) = bearer.and_then(|token| shared.see(|world| world.grants.with_access(token, now).cloned())) {
            let barred = shared.see(|world| world.keys.is_barred(grant.user));
            return if barred { Err(Problem::unauthorized()) } else { Ok(Caller::Granted(grant)) };
        }
        Ok(match auth::identify(shared, call)? {
            auth::Caller::User { user, app, permission } => Caller::Signed { user, app, permission },
            auth::Caller::App(app) => Caller::App(app),
        })
    }

    pub(super) fn acting_user(&self) -> Option<UserId> {
        match self {
            Caller::Signed { user, .. } | Caller::Granted(Grant { user, .. }) => Some(*user),
            Caller::App(_) => None,
        }
    }

    pub(super) fn app(&self) -> AppId {
        match self {
            Caller::Signed { app, .. } | Caller::Granted(Grant { app, .. }) | Caller::App(app) => *app,
        }
    }

    /// The level of a signed call, as headers name it.
    pub(super) fn access_level(&self) -> Option<&'static str> {
        match self {
            Caller::Signed { permission: Permission::Read, .. } => Some("read"),
            Caller::Signed { permission: Permission::ReadWrite, .. } => Some("read-write"),
            Caller::Signed { permission: Permission::ReadWriteMessages, .. } => Some("read-write-directmessages"),
            Caller::Granted(_) | Caller::App(_) => None,
        }
    }

    /// The user, whose token must have this permission or who must have granted these scopes; never an app alone.
    pub(super) fn user(&self, permission: Permission, scopes: &[&str]) -> Result<(UserId, AppId), Problem> {
        match self {
            Caller::Signed { permission: given, .. } if *given < permission => Err(Problem::lacks_permission()),
            Caller::Granted(grant) if !scopes.iter().all(|scope| grant.scopes.contains(*scope)) => Err(Problem::forbidden("Forbidden")),
            Caller::Signed { user, app, .. } | Caller::Granted(Grant { user, app, .. }) => Ok((*user, *app)),
            Caller::App(_) => Err(Problem::wrong_kind(APP_ONLY, &[SIGNED, GRANTED])),
        }
    }

    /// A user who may use messages in this way.
    pub(super) fn messenger(&self, scopes: &[&str]) -> Result<(UserId, AppId), Problem> {
        self.user(Permission::ReadWriteMessages, scopes)
    }

    /// The app, where only apps may call.
    pub(super) fn app_only(&self) -> Result<AppId, Problem> {
        match self {
            Caller::App(app) => Ok(*app),
            Caller::Signed { .. } => Err(Problem::wrong_kind(SIGNED, &[APP_ONLY])),
            Caller::Granted(_) => Err(Problem::wrong_kind(GRANTED, &[APP_ONLY])),
        }
    }

    /// The app, where it may call for itself or by its owner's signature.
    pub(super) fn app_or_owner(&self, shared: &Shared) -> Result<AppId, Problem> {
        match self {
            Caller::Signed { permission: Permission::Read, .. } => Err(Problem::lacks_permission()),
            Caller::Signed { user, app, .. } => {
                let owns = shared.see(|world| world.keys.app(*app).is_some_and(|app| app.owner == *user));
                if owns { Ok(*app) } else { Err(Problem::not_permitted()) }
            }
            Caller::App(app) => Ok(*app),
            Caller::Granted(_) => Err(Problem::wrong_kind(GRANTED, &[APP_ONLY, SIGNED])),
        }
    }

    /// Counts this call against its window of 15 minutes.
    pub(super) fn counted(&self, shared: &Shared, endpoint: &'static str, limit: u32) -> Result<Option<Quota>, Problem> {
        let who = self.acting_user().map_or(Who::App(self.app()), Who::User);
        let quota = shared.change(|world, now| world.count_call(endpoint, who, Limit::per_window(limit), now));
        match quota {
            Some(quota) if quota.exceeded => Err(Problem::too_many(vec![("x-rate-limit", quota)])),
            _ => Ok(quota),
        }
    }
}
