//! What the console is given to look after the accounts with.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::account::{Account, Heard, Registry};
use crate::client::Client;
use crate::clock::Clock;
use crate::model::{AppId, Timestamp, UserId};
use crate::pace::Standing;

/// Where the sends of an account and of its app stand, and until when X has ordered a pause.
pub type SendsOf = dyn Fn(UserId) -> Option<(Standing, Standing, Option<Timestamp>)> + Send + Sync;

/// The apps, and all that is needed to act for them.
pub struct Upkeep {
    /// The apps.
    pub apps: Vec<App>,
    /// Calls of X.
    pub client: Client,
    /// Uploads.
    pub upload: Client,
    /// The client that sends, for what X told it of limits.
    pub sending: Client,
    /// Where X is.
    pub api: Url,
    /// The webhook's public address, as the configuration has it.
    pub address: Option<Url>,
    /// The folder of the configuration, beside which tokens are kept.
    pub folder: Option<PathBuf>,
    /// Who can tell that a replay has ended.
    pub heard: Arc<dyn Heard>,
    /// Who can tell how much was sent.
    pub sends: Arc<SendsOf>,
    /// The service's time.
    pub clock: Arc<dyn Clock>,
}

/// An app and its accounts.
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its webhooks and subscriptions.
    pub registry: Arc<Registry>,
    /// The accounts that a bot answers for.
    pub accounts: Vec<Served>,
}

/// An account that a bot answers for.
#[derive(Clone)]
pub struct Served {
    /// It, with its token.
    pub account: Account,
    /// The bot's folder.
    pub bot: PathBuf,
    /// The files that the configuration names for its token and the secret of that.
    pub files: Option<(PathBuf, PathBuf)>,
}
