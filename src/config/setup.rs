//! A configuration while an account is being set up: what is not there yet may be missing.

use std::path::Path;

use super::{Account, App, Config, ConfigError, invalid, overlay, secrets, unreadable, without_source};
use crate::model::Secret;

impl Config {
    /// Reads a file, with the environment over it, for a command that sets up an account: tokens, and accounts, may be missing.
    pub fn load_for_setup(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
        let environment = overlay::environment()?;
        let from = path.display().to_string();
        let mut table: toml::Table = toml::from_str(&text).map_err(|error| invalid(&from, &without_source(&error, &text)))?;
        if secrets::holds_any(&table) {
            secrets::check_mode(path)?;
        }
        let from = overlay::name_sources(from, &environment);
        overlay::apply(&mut table, environment)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        secrets::read_files(&mut table, folder)?;
        let mut config = Self::for_setup(table, &from)?;
        config.settle_in(folder);
        Ok(config)
    }

    /// Whether a service can run with it: there are accounts, and their tokens.
    pub(super) fn check_runnable(&self) -> Result<(), String> {
        if self.account.is_empty() {
            return Err("no [[account]]: run `junco login`, which prints what to add".into());
        }
        match self.account.iter().find(|account| account.tokens().is_none()) {
            Some(Account { user_id, .. }) => {
                Err(format!("[[account]] {user_id}: its access token is not there yet: run `junco login --account {user_id}`"))
            }
            None => Ok(()),
        }
    }
}

impl Account {
    /// The access token and its secret, where both are there.
    pub fn tokens(&self) -> Option<(&Secret, &Secret)> {
        Some((self.access_token.as_ref()?, self.access_token_secret.as_ref()?))
    }
}

impl App {
    /// The owner's token and its secret, where both are there.
    pub fn owner(&self) -> Option<(&Secret, &Secret)> {
        Some((self.owner_token.as_ref()?, self.owner_token_secret.as_ref()?))
    }
}
