//! An account's OAuth 2 token, renewed when it is about to end.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::account::{AccountError, sign_in};
use crate::client::{Client, Failure, NotTaken, OAuth2App};
use crate::clock::Clock;
use crate::config::{Account, Config};
use crate::model::Secret;
use crate::outbox::Access;

/// The tokens in an account's file. They are good for one renewal, so one at a time is made.
struct InFile {
    client: Client,
    clock: Arc<dyn Clock>,
    app: OAuth2App,
    path: PathBuf,
    turn: Mutex<()>,
}

#[async_trait]
impl Access for InFile {
    async fn token(&self) -> Result<Secret, Failure> {
        let _turn = self.turn.lock().await;
        match sign_in::fresh(&self.client, &self.app, &self.path, self.clock.now()).await {
            Ok(token) => Ok(token.access),
            Err(AccountError::Call(failure)) => Err(failure),
            // Nothing was sent: it is tried again until somebody has mended the file.
            Err(other) => Err(Failure::NotTaken { cause: NotTaken::Unreachable(other.to_string()), retry_at: None }),
        }
    }
}

/// The OAuth 2 tokens of an account that has some, and whose app can renew them.
pub(super) fn of(config: &Config, account: &Account, client: &Client, clock: &Arc<dyn Clock>) -> Option<Arc<dyn Access>> {
    let app = config.app(account.app)?;
    let app = OAuth2App { client_id: app.client_id.clone()?, client_secret: app.client_secret.clone() };
    let path = account.oauth2_file.clone()?;
    Some(Arc::new(InFile { client: client.clone(), clock: clock.clone(), app, path, turn: Mutex::default() }))
}
