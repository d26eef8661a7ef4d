//! Sending, reading back what was sent, and what is shown beside: typing, read (contract §4.1).

use reqwest::Method;
use url::Url;

use super::call::Body;
use super::{Auth, Client, Failure};
use crate::model::{MessageId, Outgoing, UserId};
use crate::wire::DirectMessage;
use crate::wire::oauth::Credentials;
use crate::wire::rest::{self, MessagePage};

/// How many messages X puts on a page at most.
pub(super) const LONGEST_PAGE: &str = "50";

impl Client {
    /// Sends a message and returns the id under which X took it. X knows no idempotency key: a second call is a second message.
    ///
    /// `media` is what the upload of the message's picture or video gave.
    pub async fn send_message(
        &self,
        sender: Credentials<'_>,
        recipient: UserId,
        message: &Outgoing,
        media: Option<u64>,
    ) -> Result<MessageId, Failure> {
        let url = self.address("/1.1/direct_messages/events/new.json");
        let body = Body::Json(rest::new_message(recipient, message, media));
        self.call(Method::POST, url, Auth::User(sender), body).await?.read(rest::sent_id)
    }

    /// A page of the messages that a user sent and received within 30 days, newest first; from `cursor` on, or from the newest.
    ///
    /// X takes 15 such calls of a user in 15 minutes.
    pub async fn list_messages(&self, user: Credentials<'_>, cursor: Option<&str>) -> Result<MessagePage, Failure> {
        let mut url = self.address("/1.1/direct_messages/events/list.json");
        url.query_pairs_mut().append_pair("count", LONGEST_PAGE).extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        self.call(Method::GET, url, Auth::User(user), Body::Empty).await?.read(rest::message_page)
    }

    /// A message that the user sent or received within 30 days.
    pub async fn show_message(&self, user: Credentials<'_>, message: MessageId) -> Result<DirectMessage, Failure> {
        self.call(Method::GET, self.message("show", message), Auth::User(user), Body::Empty).await?.read(rest::shown_message)
    }

    /// Takes a message out of the user's sight; the other side keeps theirs.
    pub async fn destroy_message(&self, user: Credentials<'_>, message: MessageId) -> Result<(), Failure> {
        self.call(Method::DELETE, self.message("destroy", message), Auth::User(user), Body::Empty).await.map(drop)
    }

    /// Shows `person` for about three seconds that the account is typing.
    pub async fn indicate_typing(&self, account: Credentials<'_>, person: UserId) -> Result<(), Failure> {
        let url = self.address("/1.1/direct_messages/indicate_typing.json");
        let fields = vec![("recipient_id".to_owned(), person.to_string())];
        self.call(Method::POST, url, Auth::User(account), Body::Form(fields)).await.map(drop)
    }

    /// Shows `person` that the account has read what they wrote, up to `last`.
    pub async fn mark_read(&self, account: Credentials<'_>, person: UserId, last: MessageId) -> Result<(), Failure> {
        let url = self.address("/1.1/direct_messages/mark_read.json");
        let fields = vec![("last_read_event_id".to_owned(), last.to_string()), ("recipient_id".to_owned(), person.to_string())];
        self.call(Method::POST, url, Auth::User(account), Body::Form(fields)).await.map(drop)
    }

    fn message(&self, call: &str, message: MessageId) -> Url {
        let mut url = self.address(&format!("/1.1/direct_messages/events/{call}.json"));
        url.query_pairs_mut().append_pair("id", &message.to_string());
        url
    }
}
