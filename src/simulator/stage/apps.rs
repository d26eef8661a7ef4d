//! Apps, and what people allow them.

use super::super::error::Error;
use super::super::settings::{App, Permission};
use super::Stage;
use crate::model::{AppId, UserId};

impl Stage {
    /// The registered apps.
    pub fn apps(&self) -> Vec<App> {
        self.shared.see(|world| world.keys.apps().cloned().collect())
    }

    /// Changes what an app asks its users for; tokens that it has keep what they were given with.
    pub fn set_permission(&self, app: AppId, permission: Permission) -> Result<(), Error> {
        self.change_app(app, |app| app.permission = permission)
    }

    /// Changes where sign-ins of an app may lead back to.
    pub fn set_callbacks(&self, app: AppId, callbacks: Option<Vec<String>>) -> Result<(), Error> {
        self.change_app(app, |app| app.callbacks = callbacks)
    }

    /// Lets a person allow what an app asks for with a request token; returns the verifier, or the PIN.
    pub fn allow(&self, request_token: &str, person: UserId) -> Result<String, Error> {
        self.shared.change(|world, now| world.allow(request_token, person, now))
    }

    /// Lets a person take back what they allowed an app: its tokens are gone, its subscriptions too, and its webhooks hear of it.
    pub fn revoke(&self, person: UserId, app: AppId) {
        self.dispatch(|world, now| world.revoke(person, app, now));
    }

    /// Sets whether the tokens for a person work, for any app.
    pub fn let_tokens_work(&self, person: UserId, working: bool) {
        self.shared.change(|world, _| world.keys.let_work(person, working));
    }

    fn change_app(&self, id: AppId, change: impl FnOnce(&mut App)) -> Result<(), Error> {
        self.shared.change(|world, _| world.keys.app_mut(id).map(change)).ok_or(Error::UnknownApp(id))
    }
}
