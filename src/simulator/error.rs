//! What may go wrong with the simulator itself, and what to do about it.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::refusal::Refusal;
use crate::model::{AppId, MessageId, UserId};

/// An error of the simulator. What the platform answers to its callers is a [`Refusal`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The client that delivers events could not be made.
    #[error("cannot make the client that delivers events: {0}")]
    Client(#[from] reqwest::Error),
    /// The world to start with contradicts itself.
    #[error("this world cannot be: {0}")]
    World(String),
    /// A file of a folder of feeds is no JSON, or cannot be read.
    #[error("{path}: {what}; each file of a folder of feeds holds the JSON that its path answers")]
    Feed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Nobody of that name or id.
    #[error("nobody here is called `{0}`; name a person by id or @screen_name")]
    UnknownPerson(String),
    /// No such message.
    #[error("there is no message {0}")]
    UnknownMessage(MessageId),
    /// Taps belong to those who got the message.
    #[error("message {message} was not sent to {person}, who therefore cannot tap its options")]
    NotTheirs {
        /// The message.
        message: MessageId,
        /// Who tried.
        person: UserId,
    },
    /// The message has no such option.
    #[error("message {message} has no option `{choice}`; it has {options:?}")]
    NoSuchOption {
        /// The message.
        message: MessageId,
        /// What was asked for.
        choice: String,
        /// The labels that it has.
        options: Vec<String>,
    },
    /// The account has no webhook to deliver to.
    #[error("{0} is not subscribed on any webhook; register and subscribe first")]
    NotSubscribed(UserId),
    /// Nobody asks to sign in with this token, or no longer.
    #[error("no app asks to sign in with the request token `{0}`; it may be too old, or used")]
    NoSignIn(String),
    /// No such app.
    #[error("there is no app {0}")]
    UnknownApp(AppId),
    /// The platform would not take it from a person either.
    #[error("the platform refuses it: {0}")]
    Refused(#[from] Refusal),
}
