//! An account's OAuth 2 token, renewed when it is about to end.

use std::sync::Arc;

use async_trait::async_trait;

use crate::account::{AccountError, OAuth2File};
use crate::client::{Client, Failure, NotTaken, OAuth2App};
use crate::clock::Clock;
use crate::config::{Account, Config};
use crate::model::Secret;
use crate::outbox::Access;

/// The tokens in an account's file.
struct InFile {
    client: Client,
    clock: Arc<dyn Clock>,
    file: OAuth2File,
}

#[async_trait]
impl Access for InFile {
    async fn token(&self) -> Result<Secret, Failure> {
        match self.file.token(&self.client, self.clock.now()).await {
            Ok(token) => Ok(token),
            Err(AccountError::Call(failure)) => Err(failure),
            // Nothing was sent: it is tried again until somebody has mended the file.
            Err(other) => Err(Failure::NotTaken { cause: NotTaken::Unreachable(other.to_string()), retry_at: None }),
        }
    }
}

/// The OAuth 2 tokens of an account that has some, and whose app can renew them.
pub(super) fn of(config: &Config, account: &Account, client: &Client, clock: &Arc<dyn Clock>) -> Option<Arc<dyn Access>> {
    Some(Arc::new(InFile { client: client.clone(), clock: clock.clone(), file: file(config, account)? }))
}

/// Where an account has OAuth 2 tokens, if its app can renew them.
pub(crate) fn file(config: &Config, account: &Account) -> Option<OAuth2File> {
    let app = config.app(account.app)?;
    let app = OAuth2App { client_id: app.client_id.clone()?, client_secret: app.client_secret.clone() };
    Some(OAuth2File { app, path: account.oauth2_file.clone()? })
}
