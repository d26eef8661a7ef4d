//! An account's OAuth 2 token, renewed when it is about to end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::account::{AccountError, sign_in};
use crate::client::{Access, Client, Failure, NotTaken, OAuth2App, Refusal};
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config};
use crate::model::{Secret, UserId};
use crate::wire::rest::Scope;

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
            Err(AccountError::Call(failure)) => Err(of_the_account(failure)),
            // Nothing was sent: it is tried again until somebody has mended the file.
            Err(other) => Err(Failure::NotTaken { cause: NotTaken::Unreachable(other.to_string()), retry_at: None }),
        }
    }
}

/// A renewal that X refuses says nothing against the message that is to be sent. X's word for a token that was used up is the one for a
/// request that is wrong in itself, and there is nothing else in a renewal that could be.
fn of_the_account(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refusal) if refusal.scope != Scope::Account => {
            Failure::Refused(Refusal { scope: Scope::Account, reason: "invalid_grant".to_owned(), ..refusal })
        }
        other => other,
    }
}

/// The OAuth 2 tokens of accounts, by their users.
pub(super) type Accesses = BTreeMap<UserId, Arc<dyn Access>>;

/// Those of the accounts that have some, and whose app can renew them. Whoever needs one takes it from here, since a token is good for
/// one renewal.
pub(super) fn accesses(config: &Config, client: &Client) -> Accesses {
    // Tokens end by the time of X, as calls are signed by it.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let access = |account: &Account| {
        let app = config.app(account.app)?;
        let app = OAuth2App { client_id: app.client_id.clone()?, client_secret: app.client_secret.clone() };
        let path = account.oauth2_file.clone()?;
        let access = InFile { client: client.clone(), clock: clock.clone(), app, path, turn: Mutex::default() };
        Some((account.user_id, Arc::new(access) as Arc<dyn Access>))
    };
    config.account.iter().filter_map(access).collect()
}
