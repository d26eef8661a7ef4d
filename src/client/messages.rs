//! Sending (contract §4.1).

use reqwest::Method;

use super::call::{Auth, Body};
use super::{Client, Failure};
use crate::model::{MessageId, Outgoing, UserId};
use crate::wire::oauth::Credentials;
use crate::wire::rest;

impl Client {
    /// Sends a message and returns the id under which X took it. X knows no idempotency key: a second call is a second message.
    pub async fn send_message(&self, sender: Credentials<'_>, recipient: UserId, message: &Outgoing) -> Result<MessageId, Failure> {
        let url = self.address("/1.1/direct_messages/events/new.json");
        let body = Body::Json(rest::new_message(recipient, message));
        self.call(Method::POST, url, Auth::User(sender), body).await?.read(rest::sent_id)
    }
}
