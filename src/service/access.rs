//! An account's OAuth 2 token, renewed when it is about to end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::account::{AccountError, OAuth2File};
use crate::client::{Access, Client, Failure, NotTaken, OAuth2App, Refusal, VOID_TOKEN};
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config};
use crate::model::{Secret, UserId};
use crate::wire::rest::Scope;

/// The tokens in an account's file.
struct InFile {
    client: Client,
    clock: Arc<dyn Clock>,
    file: OAuth2File,
    /// The newest token that X turned away.
    refused: Mutex<Option<Secret>>,
}

#[async_trait]
impl Access for InFile {
    async fn token(&self) -> Result<Secret, Failure> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match self.file.token(&self.client, self.clock.now(), refused.as_ref()).await {
            Ok(token) => Ok(token),
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

/// The OAuth 2 tokens of accounts, by their users.
pub(super) type Accesses = BTreeMap<UserId, Arc<dyn Access>>;

/// Those of the accounts that have some, and whose app can renew them. Whoever sends for an account takes its token from here, so that
/// one that was turned away is used by nobody again.
pub(super) fn accesses(config: &Config, client: &Client) -> Accesses {
    // Tokens end by the time of X, as calls are signed by it.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let access = |account: &Account| {
        let access = InFile { client: client.clone(), clock: clock.clone(), file: file(config, account)?, refused: Mutex::default() };
        Some((account.user_id, Arc::new(access) as Arc<dyn Access>))
    };
    config.account.iter().filter_map(access).collect()
}

/// Where an account has OAuth 2 tokens, if its app can renew them.
pub(crate) fn file(config: &Config, account: &Account) -> Option<OAuth2File> {
    let app = config.app(account.app)?;
    let app = OAuth2App { client_id: app.client_id.clone()?, client_secret: app.client_secret.clone() };
    Some(OAuth2File { app, path: account.oauth2_file.clone()? })
}
