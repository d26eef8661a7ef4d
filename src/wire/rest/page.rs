//! A page of `direct_messages/events/list`: what an account sent and received, newest first (contract §4.1).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::DirectMessage;
use crate::wire::envelope::read_messages;
use crate::wire::lenient::Text;

/// A page of messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessagePage {
    /// The messages, newest first, read as deliveries are; those that cannot be read are left out. May be empty before the end.
    pub messages: Vec<DirectMessage>,
    /// Where the older ones begin; `None` at the end.
    pub next: Option<String>,
}

/// The page in the answer to `events/list`; `None` when it is none.
pub fn message_page(body: &[u8]) -> Option<MessagePage> {
    let page: PageBody<'_> = serde_json::from_slice(body).ok()?;
    let next = page.next_cursor.map(|cursor| cursor.0.into_owned()).filter(|cursor| !cursor.is_empty());
    // An object with neither is something else: to take it for the end would be to take every message for lost.
    let elements = page.events.or_else(|| next.is_some().then(Vec::new))?;
    Some(MessagePage { messages: read_messages(&elements), next })
}

/// The message in the answer to `events/show`.
pub fn shown_message(body: &[u8]) -> Option<DirectMessage> {
    let body: ShownBody<'_> = serde_json::from_slice(body).ok()?;
    read_messages(&[body.event]).pop()
}

#[derive(Deserialize)]
struct ShownBody<'a> {
    #[serde(borrow)]
    event: &'a RawValue,
}

#[derive(Deserialize)]
struct PageBody<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    next_cursor: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppId, MessageId, UserId};

    const SENT: &str = r#"{"type":"message_create","id":"2006515713954545665","created_timestamp":"1767225600123","message_create":{
        "target":{"recipient_id":"7"},"sender_id":"9","source_app_id":"16777259","message_data":{
        "text":"Snow &amp; ice: https:\/\/t.co\/aaaaaaaaaa https:\/\/t.co\/bbbbbbbbbb",
        "entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[
          {"url":"https:\/\/t.co\/aaaaaaaaaa","expanded_url":"https:\/\/example.org\/shop","display_url":"example.org","indices":[12,35]}]},
        "attachment":{"type":"media","media":{"id":1,"id_str":"1","type":"photo","url":"https:\/\/t.co\/bbbbbbbbbb","indices":[36,59]}}}}}"#;
    const RECEIVED: &str = r#"{"id":2006515713954545664,"type":"message_create","message_create":{"target":{"recipient_id":9},"sender_id":"7","message_data":{"text":"hi"}}}"#;

    #[test]
    fn messages_are_read_as_deliveries_are() {
        let page =
            message_page(format!(r#"{{"events":[{SENT},{RECEIVED}],"apps":{{}},"next_cursor":"MTI3"}}"#).as_bytes()).expect("a page");
        assert_eq!(page.next.as_deref(), Some("MTI3"));
        let [sent, received] = &page.messages[..] else { panic!("{page:?}") };
        assert_eq!(sent.message.text, "Snow & ice: https://example.org/shop", "unescaped, expanded, without the picture's link");
        assert_eq!((sent.message.sent_at.as_millis(), sent.source_app), (1_767_225_600_123, Some(AppId(16_777_259))));
        assert_eq!((received.message.id, received.recipient), (MessageId(2_006_515_713_954_545_664), UserId(9)));
    }

    #[test]
    fn an_empty_page_is_not_the_end_unless_it_says_so() {
        let next = |body: &str| message_page(body.as_bytes()).expect(body).next;
        assert_eq!(next(r#"{"events":[],"next_cursor":"5"}"#).as_deref(), Some("5"));
        assert_eq!(next(r#"{"next_cursor":5}"#).as_deref(), Some("5"));
        assert_eq!(next(r#"{"events":[]}"#), None);
        assert_eq!(next(r#"{"events":[],"next_cursor":""}"#), None);
    }

    #[test]
    fn a_shown_message_is_read_as_a_listed_one() {
        let shown = shown_message(format!(r#"{{"event":{SENT},"apps":{{}}}}"#).as_bytes()).expect("a message");
        assert_eq!(shown.message.text, "Snow & ice: https://example.org/shop");
        for none in ["", "{}", r#"{"event":7}"#, r#"{"event":{"type":"other","id":"1"}}"#] {
            assert_eq!(shown_message(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn what_is_odd_costs_nothing_else() {
        let page = message_page(format!(r#"{{"events":[7,{{"type":"other"}},{{"id":"x"}},{RECEIVED}]}}"#).as_bytes()).expect("a page");
        assert_eq!(page.messages.len(), 1);
        for none in ["", "[]", "{}", r#"{"errors":[{"code":88}]}"#, "<html>", r#"{"events":{}}"#] {
            assert_eq!(message_page(none.as_bytes()), None, "{none}");
        }
    }
}
