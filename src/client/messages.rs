//! Sending, and reading back what was sent (contract §4.1).

use reqwest::Method;

use super::call::{Auth, Body};
use super::{Client, Failure};
use crate::model::{MessageId, Outgoing, UserId};
use crate::wire::oauth::Credentials;
use crate::wire::rest::{self, MessagePage};

/// How many messages X puts on a page at most.
const LONGEST_PAGE: &str = "50";

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
}
