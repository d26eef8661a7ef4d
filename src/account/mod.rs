//! Looking after the accounts at X: webhooks and subscriptions, the watchdog, replay, the welcome message, signing in, and the doctor.
//!
//! Commands, the watchdog and the console use it. Nothing here prints, and nothing reads the configuration.

mod advice;
pub mod doctor;
mod keep;
mod registry;
pub mod replay;
mod running;
mod secret_file;
pub mod sign_in;
pub mod watchdog;
pub mod welcome;

use std::path::PathBuf;

use url::Url;

use crate::client::{EventsFailure, Failure, UploadFailure, UserToken};
use crate::model::{AppId, UserId};

use advice::{advice_on, told};
pub use keep::{Kept, keep_account, keep_owner, usual_files};
pub use registry::{Registered, Registry, Unfit, is_at, unfit};
pub use running::{Answered, Heard, Running, Unheard};
pub use secret_file::{FileError, check_writable, write_secret};
pub use sign_in::OAuth2File;

/// An account that is looked after.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who it is.
    pub user: UserId,
    /// The app that acts for it.
    pub app: AppId,
    /// With what; nobody has signed in for it yet where there is none.
    pub token: Option<UserToken>,
    /// Its tokens of OAuth 2, where it has let the app in that way too.
    pub oauth2: Option<OAuth2File>,
}

/// Why something at the account could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A call did not succeed.
    #[error("{}", told(.0))]
    Call(#[from] Failure),
    /// A call about webhooks or subscriptions did not succeed.
    #[error("{}", match .0 { EventsFailure::Call(failure) => told(failure), other => other.to_string() })]
    Events(#[from] EventsFailure),
    /// A file could not be uploaded.
    #[error("{}", match .0 { UploadFailure::Call(failure) => told(failure), other => other.to_string() })]
    Upload(#[from] UploadFailure),
    /// X knows no webhook of the address.
    #[error("X knows no webhook {0}: run `junco webhook register`")]
    NoWebhook(Url),
    /// Nobody has signed in.
    #[error("there is no token for the account {0}: run `junco login --account {0}`")]
    NoToken(UserId),
    /// Only who has let the app in by OAuth 2 can open their messages to X Activity.
    #[error("X Activity opens messages only to an app that was let in by OAuth 2: run `junco login --oauth2 --account {0}`")]
    NoOAuth2(UserId),
    /// Nobody has signed in by OAuth 2, or X takes that sign-in no longer.
    #[error("{}: no OAuth 2 token that X takes: run `junco login --oauth2`", .0.display())]
    NotSignedIn(PathBuf),
    /// A file of ours could not be read or written.
    #[error("{0}")]
    File(#[from] FileError),
    /// Something that X answered does not fit together.
    #[error("{0}")]
    Odd(String),
}
