//! What the outbox needs of the world: X, and the servers that bots ask. Rehearsals bring their own.

use std::sync::Arc;

use async_trait::async_trait;

use super::Lookups;
use crate::client::{Download, DownloadFailure, Failure};
use crate::model::{LookupAnswer, LookupRequest, MessageId, Outgoing, UserId};
use crate::wire::rest::MessagePage;

/// Where messages go, as one of our accounts. Each call is made once.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Sends a message and returns the id under which it was taken; `media` is what [`Platform::media`] gave for its file.
    async fn send_message(&self, account: UserId, person: UserId, message: &Outgoing, media: Option<u64>) -> Result<MessageId, Failure>;

    /// A page of the messages that the account sent and received, newest first.
    async fn list_messages(&self, account: UserId, cursor: Option<&str>) -> Result<MessagePage, Failure>;

    /// What a message names a file of the account's bot by; uploaded where it is not known, or where `anew` says to forget that it was.
    async fn media(&self, account: UserId, file: &str, anew: bool) -> Result<u64, MediaFailure>;

    /// Fetches what a person has hung on a message to the account, at the address that the event told; no more than `longest` bytes.
    async fn fetch(&self, account: UserId, address: &str, longest: usize) -> Result<Download, DownloadFailure>;

    /// Shows the person that somebody is typing.
    async fn indicate_typing(&self, account: UserId, person: UserId) -> Result<(), Failure>;

    /// Shows the person that what they wrote was read, up to `last`.
    async fn mark_read(&self, account: UserId, person: UserId, last: MessageId) -> Result<(), Failure>;
}

/// Why there is no media of a file.
#[derive(Debug, thiserror::Error)]
pub enum MediaFailure {
    /// X did not take the upload; it may be made again.
    #[error("{0}")]
    Call(#[from] Failure),
    /// The file cannot be sent as it is: it is missing, too large, or X cannot use it.
    #[error("{0}")]
    Unusable(String),
}

/// The servers that bots ask.
#[async_trait]
pub trait Servers: Send + Sync {
    /// Carries a lookup out, its repetitions and time limits included; the script calls it `name`.
    async fn ask(&self, name: &str, request: &LookupRequest) -> LookupAnswer;
}

#[async_trait]
impl Servers for Arc<Lookups> {
    async fn ask(&self, _name: &str, request: &LookupRequest) -> LookupAnswer {
        self.fetch(request).await
    }
}
