//! Apps, tokens, bearers, and the nonces that were used.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::dice::Dice;
use super::super::settings::{App, Token};
use crate::model::{AppId, Timestamp, UserId};

/// How far a caller's clock may be off; X's window is not documented (contract §7.7).
pub(in crate::simulator) const CLOCK_WINDOW: Duration = Duration::from_secs(5 * 60);

/// Who may call in whose name.
#[derive(Default)]
pub(in crate::simulator) struct Keys {
    apps: BTreeMap<AppId, App>,
    tokens: BTreeMap<String, Token>,
    bearers: BTreeMap<AppId, String>,
    nonces: BTreeSet<(i64, String)>,
    /// Whose tokens are not taken for now.
    barred: BTreeSet<UserId>,
}

impl Keys {
    pub(super) fn new(apps: Vec<App>, tokens: Vec<Token>) -> Self {
        Keys {
            apps: apps.into_iter().map(|app| (app.id, app)).collect(),
            tokens: tokens.into_iter().map(|token| (token.token.clone(), token)).collect(),
            ..Keys::default()
        }
    }

    pub(in crate::simulator) fn app(&self, id: AppId) -> Option<&App> {
        self.apps.get(&id)
    }

    pub(in crate::simulator) fn app_with_key(&self, consumer_key: &str) -> Option<&App> {
        self.apps.values().find(|app| app.consumer_key == consumer_key)
    }

    pub(in crate::simulator) fn app_with_client(&self, client_id: &str) -> Option<&App> {
        self.apps.values().find(|app| app.client_id == client_id)
    }

    /// A token that works.
    pub(in crate::simulator) fn token(&self, token: &str) -> Option<&Token> {
        self.tokens.get(token).filter(|token| !self.is_barred(token.user))
    }

    /// Whether no token for a user works just now, of whatever kind.
    pub(in crate::simulator) fn is_barred(&self, user: UserId) -> bool {
        self.barred.contains(&user)
    }

    pub(in crate::simulator) fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    /// Changes what an app asks for and where its sign-ins may lead back to.
    pub(in crate::simulator) fn app_mut(&mut self, id: AppId) -> Option<&mut App> {
        self.apps.get_mut(&id)
    }

    /// The tokens by which an app acts for a user.
    pub(in crate::simulator) fn tokens_for(&self, user: UserId, app: AppId) -> impl Iterator<Item = &Token> {
        self.tokens.values().filter(move |token| (token.user, token.app) == (user, app))
    }

    /// Gives an app a token for a user, with the permission that it asks for now: the one it has, if that is of the same.
    pub(super) fn give(&mut self, user: UserId, app: AppId, dice: &mut Dice) -> Option<Token> {
        let permission = self.apps.get(&app)?.permission;
        if let Some(same) = self.tokens_for(user, app).find(|token| token.permission == permission) {
            return Some(same.clone());
        }
        let token = Token { token: format!("{user}-{}", dice.word(40)), secret: dice.word(45), user, app, permission };
        self.tokens.insert(token.token.clone(), token.clone());
        Some(token)
    }

    /// Takes all tokens for a user from an app.
    pub(super) fn withdraw(&mut self, user: UserId, app: AppId) {
        self.tokens.retain(|_, token| (token.user, token.app) != (user, app));
    }

    /// Makes a token good for nothing; which it was is told by `name`.
    pub(in crate::simulator) fn invalidate(&mut self, name: &str) {
        self.tokens.remove(name);
    }

    /// Whether a user's tokens are taken from now on.
    pub(in crate::simulator) fn let_work(&mut self, user: UserId, working: bool) {
        if working {
            self.barred.remove(&user);
        } else {
            self.barred.insert(user);
        }
    }

    /// Takes a nonce that was signed at `signed_at` (seconds); `false` when the same was taken before.
    ///
    /// Nonces are forgotten once their timestamp alone would have the call refused.
    pub(in crate::simulator) fn take_nonce(&mut self, signed_at: i64, nonce: String, now: Timestamp) -> bool {
        let too_old = now.minus(CLOCK_WINDOW).as_seconds() - 1;
        while self.nonces.first().is_some_and(|(at, _)| *at < too_old) {
            self.nonces.pop_first();
        }
        self.nonces.insert((signed_at, nonce))
    }

    /// The bearer of an app: the same at every call, to be used as it is (contract §4.5).
    pub(in crate::simulator) fn bearer(&mut self, app: AppId, dice: &mut Dice) -> String {
        self.bearers.entry(app).or_insert_with(|| format!("AAAAAAAAAAAAAAAAAAAAA{}%2F{}%3D", dice.word(20), dice.word(40))).clone()
    }

    pub(in crate::simulator) fn app_with_bearer(&self, bearer: &str) -> Option<AppId> {
        self.bearers.iter().find(|(_, known)| *known == bearer).map(|(app, _)| *app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_once() {
        let mut keys = Keys::default();
        let noon = Timestamp::from_millis(1_000_000_000);
        assert!(keys.take_nonce(1_000_000, "a".to_owned(), noon));
        assert!(!keys.take_nonce(1_000_000, "a".to_owned(), noon));
        assert!(keys.take_nonce(1_000_001, "a".to_owned(), noon), "another time, another nonce");
        keys.take_nonce(1_000_400, "b".to_owned(), noon.plus(CLOCK_WINDOW).plus(Duration::from_secs(5)));
        assert_eq!(keys.nonces.len(), 1, "old ones are forgotten");
    }
}
