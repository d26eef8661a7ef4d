//! Direct messages of v2: no buttons, texts and one picture (contract §6.5).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::lists::{bare, moment};
use super::page::MessagePage;
use crate::model::{Incoming, MessageId, Profile, UserId};
use crate::wire::DirectMessage;
use crate::wire::envelope::read_text;
use crate::wire::lenient::{Id, Text};

/// A message that X took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its id, the same as in v1.1.
    pub id: MessageId,
    /// The conversation it stands in: of two, `SMALLER-LARGER`.
    pub conversation: String,
}

/// The body of a message. Buttons are none of it: whoever has some writes them into the text.
pub fn new_message(text: &str, media: Option<u64>) -> String {
    message(text, media).to_string()
}

/// The body of a new group and its first message.
pub fn new_group(people: &[UserId], text: &str, media: Option<u64>) -> String {
    let people: Vec<_> = people.iter().map(UserId::to_string).collect();
    json!({ "conversation_type": "Group", "participant_ids": people, "message": message(text, media) }).to_string()
}

fn message(text: &str, media: Option<u64>) -> Value {
    let mut body = json!({});
    // An empty one is refused; beside a picture there may be none.
    if !text.is_empty() {
        body["text"] = text.into();
    }
    if let Some(media) = media {
        body["attachments"] = json!([{ "media_id": media.to_string() }]);
    }
    body
}

/// The message in the answer to a send.
pub fn sent(body: &[u8]) -> Option<SentMessage> {
    let body: Sent<'_> = serde_json::from_str(bare(body)?.get()).ok()?;
    Some(SentMessage { id: MessageId(body.dm_event_id.0), conversation: body.dm_conversation_id.0.into_owned() })
}

/// What is asked for of each message.
pub const FIELDS: &str = "id,text,event_type,created_at,sender_id,dm_conversation_id,attachments,entities";

/// A page of messages between two, newest first; groups and what is no message are left out.
pub fn message_page(body: &[u8]) -> Option<MessagePage> {
    let whole: PageBody<'_> = serde_json::from_slice(body).ok()?;
    // v2 leaves `data` out where there is nothing, but then says so.
    let elements = whole.data.or_else(|| whole.meta.is_some().then(Vec::new))?;
    let next = whole.meta.and_then(|meta| meta.next_token).map(|token| token.0.into_owned()).filter(|token| !token.is_empty());
    Some(MessagePage { messages: elements.into_iter().filter_map(one).collect(), next })
}

fn one(raw: &RawValue) -> Option<DirectMessage> {
    let event: EventBody<'_> = serde_json::from_str(raw.get()).ok()?;
    if event.event_type.is_some_and(|kind| kind.0 != "MessageCreate") {
        return None;
    }
    let (one, other) = event.dm_conversation_id.0.split_once('-')?;
    let pair = [UserId(one.parse().ok()?), UserId(other.parse().ok()?)];
    let sender = UserId(event.sender_id.0);
    let recipient = match pair {
        [one, other] if one == sender => other,
        [one, other] if other == sender => one,
        _ => return None,
    };
    let id = MessageId(event.id.0);
    let text = read_text(&event.text.map(|text| text.0).unwrap_or_default(), event.entities, None);
    let sent_at = event.created_at.as_ref().and_then(moment).unwrap_or_else(|| id.minted_at());
    Some(DirectMessage {
        // The bytes of media are fetched by keys, which are not known as v1.1 knows its addresses.
        message: Incoming { id, sent_at, text, tap: None, attachment: None },
        sender,
        recipient,
        source_app: None,
        sender_profile: Profile::unknown(sender),
        welcome: None,
    })
}

#[derive(Deserialize)]
struct Sent<'a> {
    dm_event_id: Id,
    #[serde(borrow)]
    dm_conversation_id: Text<'a>,
}

#[derive(Deserialize)]
struct PageBody<'a> {
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    next_token: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct EventBody<'a> {
    id: Id,
    #[serde(borrow)]
    event_type: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    sender_id: Id,
    #[serde(borrow)]
    dm_conversation_id: Text<'a>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    entities: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn a_message_has_a_text_or_a_picture_or_both() {
        assert_eq!(new_message("hi \"you\"", None), r#"{"text":"hi \"you\""}"#);
        assert_eq!(new_message("hi", Some(5)), r#"{"attachments":[{"media_id":"5"}],"text":"hi"}"#);
        assert_eq!(new_message("", Some(5)), r#"{"attachments":[{"media_id":"5"}]}"#);
        let group = r#"{"conversation_type":"Group","message":{"text":"hi"},"participant_ids":["7","8"]}"#;
        assert_eq!(new_group(&[UserId(7), UserId(8)], "hi", None), group);
        let answer = br#"{"data":{"dm_conversation_id":"7-9","dm_event_id":"2006515713954545665"}}"#;
        let told = SentMessage { id: MessageId(2_006_515_713_954_545_665), conversation: "7-9".to_owned() };
        assert_eq!(sent(answer), Some(told));
        assert_eq!(sent(br#"{"data":{}}"#), None);
    }

    #[test]
    fn messages_between_two_are_read_as_those_of_the_older_interface() {
        let body = br#"{"data":[
            {"id":"2006515713954545665","event_type":"MessageCreate","text":"a &amp; b https:\/\/t.co\/x","sender_id":"9",
             "dm_conversation_id":"7-9","created_at":"2026-01-01T00:00:00.123Z",
             "entities":{"urls":[{"url":"https:\/\/t.co\/x","expanded_url":"https:\/\/example.org","start":8,"end":22}]}},
            {"id":"2","event_type":"ParticipantsJoin","sender_id":"9","dm_conversation_id":"7-9"},
            {"id":"3","event_type":"MessageCreate","text":"group","sender_id":"9","dm_conversation_id":"1200000"},
            {"id":"4","event_type":"MessageCreate","text":"of others","sender_id":"5","dm_conversation_id":"7-9"},7],
            "meta":{"result_count":4,"next_token":"abc"}}"#;
        let page = message_page(body).expect("a page");
        let [one] = &page.messages[..] else { panic!("{page:?}") };
        assert_eq!((one.sender, one.recipient, one.message.text.as_str()), (UserId(9), UserId(7), "a & b https://example.org"));
        assert_eq!(one.message.sent_at, Timestamp::from_millis(1_767_225_600_123));
        assert_eq!(page.next.as_deref(), Some("abc"));
        assert_eq!(message_page(br#"{"meta":{"result_count":0}}"#), Some(MessagePage::default()));
        for none in ["", "{}", "[]", r#"{"errors":[]}"#] {
            assert_eq!(message_page(none.as_bytes()), None, "{none}");
        }
    }
}
