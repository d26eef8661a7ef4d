//! An account's OAuth 2 token, renewed when it is about to end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::account::{AccountError, sign_in};
use crate::client::{Client, Failure, NotTaken, OAuth2App, Refusal, VOID_TOKEN};
use crate::clock::Clock;
use crate::config::{Account, Config};
use crate::model::Secret;
use crate::outbox::Access;
use crate::wire::rest::Scope;

/// The tokens in an account's file. They are good for one renewal, so one at a time is made.
struct InFile {
    client: Client,
    clock: Arc<dyn Clock>,
    app: OAuth2App,
    path: PathBuf,
    turn: Mutex<()>,
    /// The newest token that X turned away.
    refused: StdMutex<Option<Secret>>,
}

#[async_trait]
impl Access for InFile {
    async fn token(&self) -> Result<Secret, Failure> {
        let _turn = self.turn.lock().await;
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match sign_in::fresh(&self.client, &self.app, &self.path, self.clock.now(), refused.as_ref()).await {
            Ok(token) => Ok(token.access),
            // Whatever X says of it, a refresh token that it does not take means one thing: the account has to sign in again.
            Err(AccountError::Call(Failure::Refused(refusal))) => {
                Err(Failure::Refused(Refusal { code: VOID_TOKEN, scope: Scope::Account, ..refusal }))
            }
            Err(AccountError::Call(failure)) => Err(failure),
            Err(missing @ AccountError::NotSignedIn(_)) => {
                let refusal =
                    Refusal { status: 401, code: VOID_TOKEN, reason: String::new(), message: missing.to_string(), scope: Scope::Account };
                Err(Failure::Refused(refusal))
            }
            // Nothing was sent: it is tried again until somebody has mended the file.
            Err(other) => Err(Failure::NotTaken { cause: NotTaken::Unreachable(other.to_string()), retry_at: None }),
        }
    }

    fn refused(&self, token: &Secret) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
    }
}

/// The OAuth 2 tokens of an account that has some, and whose app can renew them.
pub(super) fn of(config: &Config, account: &Account, client: &Client, clock: &Arc<dyn Clock>) -> Option<Arc<dyn Access>> {
    let app = config.app(account.app)?;
    let app = OAuth2App { client_id: app.client_id.clone()?, client_secret: app.client_secret.clone() };
    let path = account.oauth2_file.clone()?;
    Some(Arc::new(InFile { client: client.clone(), clock: clock.clone(), app, path, turn: Mutex::default(), refused: StdMutex::default() }))
}
