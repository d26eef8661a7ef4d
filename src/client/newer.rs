//! Direct messages of v2 (contract §6.5). A user calls, by OAuth 2 or 1.0a, never the app for itself.

use reqwest::Method;
use url::Url;

use super::call::Body;
use super::{Auth, Client, Failure};
use crate::model::{MessageId, UserId};
use crate::wire::rest::MessagePage;
use crate::wire::rest::newer::{self, SentMessage};

/// Where messages are listed from.
#[derive(Debug, Clone, Copy)]
pub enum Among<'a> {
    /// All conversations of the caller.
    All,
    /// The one with this person.
    With(UserId),
    /// The one of this id.
    Conversation(&'a str),
}

impl Client {
    /// Sends a text and a picture, or one of them, to a person. Made again, it is a second message.
    pub async fn send_to(&self, auth: Auth<'_>, person: UserId, text: &str, media: Option<u64>) -> Result<SentMessage, Failure> {
        let url = self.address(&format!("/2/dm_conversations/with/{person}/messages"));
        self.call(Method::POST, url, auth, Body::Json(newer::new_message(text, media))).await?.read(newer::sent)
    }

    /// Sends into a conversation by its id.
    pub async fn send_into(&self, auth: Auth<'_>, conversation: &str, text: &str, media: Option<u64>) -> Result<SentMessage, Failure> {
        let url = self.below("/2/dm_conversations", &[conversation, "messages"]);
        self.call(Method::POST, url, auth, Body::Json(newer::new_message(text, media))).await?.read(newer::sent)
    }

    /// Opens a group with its first message.
    pub async fn new_group(&self, auth: Auth<'_>, people: &[UserId], text: &str, media: Option<u64>) -> Result<SentMessage, Failure> {
        let url = self.address("/2/dm_conversations");
        self.call(Method::POST, url, auth, Body::Json(newer::new_group(people, text, media))).await?.read(newer::sent)
    }

    /// Takes a message out of the caller's sight.
    pub async fn delete_message(&self, auth: Auth<'_>, message: MessageId) -> Result<(), Failure> {
        self.call(Method::DELETE, self.address(&format!("/2/dm_events/{message}")), auth, Body::Empty).await.map(drop)
    }

    /// A page of the caller's messages within 30 days, newest first; from `cursor` on, or from the newest. Of groups there are none.
    pub async fn list_messages_v2(&self, auth: Auth<'_>, among: Among<'_>, cursor: Option<&str>) -> Result<MessagePage, Failure> {
        let mut url = match among {
            Among::All => self.address("/2/dm_events"),
            Among::With(person) => self.address(&format!("/2/dm_conversations/with/{person}/dm_events")),
            Among::Conversation(id) => self.below("/2/dm_conversations", &[id, "dm_events"]),
        };
        url.query_pairs_mut()
            .extend_pairs([("dm_event.fields", newer::FIELDS), ("event_types", "MessageCreate"), ("max_results", "100")])
            .extend_pairs(cursor.map(|cursor| ("pagination_token", cursor)));
        self.call(Method::GET, url, auth, Body::Empty).await?.read(newer::message_page)
    }

    /// The address below a path, each part encoded.
    pub(super) fn below(&self, path: &str, parts: &[&str]) -> Url {
        let mut url = self.address(path);
        url.path_segments_mut().expect("an address of the API has a path").extend(parts);
        url
    }
}
