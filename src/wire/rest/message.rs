//! A message on its way out, and what X says when it took it (contract §4.1).

use serde::{Deserialize, Serialize};

use crate::model::{MessageId, Outgoing, UserId};
use crate::wire::lenient::Id;

/// The JSON body of `direct_messages/events/new` (contract §4.1). The text goes out raw: X escapes it.
///
/// `media` is the id under which X holds the message's picture or video; the message itself knows only the file.
pub fn new_message(recipient: UserId, message: &Outgoing, media: Option<u64>) -> String {
    let create = Create { target: Target { recipient_id: recipient.to_string() }, message_data: Data::of(message, media) };
    let body = EventBody { event: MessageEvent { kind: "message_create", message_create: create } };
    serde_json::to_string(&body).expect("a body of texts and lists becomes JSON")
}

/// The id that X gave a message, from the answer to `events/new`; `None` when the answer cannot be read.
pub fn sent_id(body: &[u8]) -> Option<MessageId> {
    let answer: Sent = serde_json::from_slice(body).ok()?;
    Some(MessageId(answer.event.id.0))
}

#[derive(Serialize)]
struct EventBody<'a> {
    event: MessageEvent<'a>,
}

#[derive(Serialize)]
struct MessageEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message_create: Create<'a>,
}

#[derive(Serialize)]
struct Create<'a> {
    target: Target,
    message_data: Data<'a>,
}

#[derive(Serialize)]
struct Target {
    recipient_id: String,
}

/// What a message says: of a sent one, and of a welcome message.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    quick_reply: Option<QuickReply<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ctas: Vec<LinkBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment>,
}

impl<'a> Data<'a> {
    pub(super) fn of(message: &'a Outgoing, media: Option<u64>) -> Self {
        let options = message.options.iter().map(|option| OptionBody {
            label: &option.label,
            description: option.description.as_deref(),
            metadata: option.metadata.as_deref(),
        });
        let ctas = message.links.iter().map(|link| LinkBody { kind: "web_url", label: &link.label, url: &link.url });
        let options: Vec<_> = options.collect();
        Data {
            text: &message.text,
            quick_reply: (!options.is_empty()).then_some(QuickReply { kind: "options", options }),
            ctas: ctas.collect(),
            attachment: media.map(|id| Attachment { kind: "media", media: Media { id: id.to_string() } }),
        }
    }
}

#[derive(Serialize)]
struct QuickReply<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    options: Vec<OptionBody<'a>>,
}

#[derive(Serialize)]
struct OptionBody<'a> {
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
}

#[derive(Serialize)]
struct LinkBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    label: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct Attachment {
    #[serde(rename = "type")]
    kind: &'static str,
    media: Media,
}

#[derive(Serialize)]
struct Media {
    id: String,
}

#[derive(Deserialize)]
struct Sent {
    event: SentEvent,
}

#[derive(Deserialize)]
struct SentEvent {
    id: Id,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Link, QuickOption};

    #[test]
    fn a_message_is_written_as_the_contract_shows_it() {
        let option = |label: &str, description: &str, metadata: &str| QuickOption {
            label: label.to_owned(),
            description: Some(description.to_owned()),
            metadata: Some(metadata.to_owned()),
        };
        let message = Outgoing {
            text: "Pick one & \"go\"".to_owned(),
            options: vec![option("Track my order", "by number", "order.track"), option("Talk to a person", "office hours", "human")],
            links: vec![Link { label: "Open shop".to_owned(), url: "https://example.org/shop".to_owned() }],
            media: Some("slope.jpg".to_owned()),
            ..Outgoing::default()
        };
        let body = new_message(UserId(1_900_000_000_000_000_007), &message, Some(2_006_515_713_900_000_001));
        let body: Value = serde_json::from_str(&body).expect("JSON");
        let expected = json!({"event": {"type": "message_create", "message_create": {
            "target": {"recipient_id": "1900000000000000007"},
            "message_data": {"text": "Pick one & \"go\"", "quick_reply": {"type": "options", "options": [
                {"label": "Track my order", "description": "by number", "metadata": "order.track"},
                {"label": "Talk to a person", "description": "office hours", "metadata": "human"}]},
            "ctas": [{"type": "web_url", "label": "Open shop", "url": "https://example.org/shop"}],
            "attachment": {"type": "media", "media": {"id": "2006515713900000001"}}}}}});
        assert_eq!(body, expected);
    }

    #[test]
    fn a_plain_message_has_nothing_but_its_text() {
        let message = Outgoing { text: "hi ☃".to_owned(), ..Outgoing::default() };
        let body = r#"{"event":{"type":"message_create","message_create":{"target":{"recipient_id":"7"},"message_data":{"text":"hi ☃"}}}}"#;
        assert_eq!(new_message(UserId(7), &message, None), body);
        let bare = QuickOption { label: "Yes".to_owned(), description: None, metadata: None };
        let body = new_message(UserId(7), &Outgoing { options: vec![bare], ..message }, None);
        assert!(body.contains(r#""quick_reply":{"type":"options","options":[{"label":"Yes"}]}"#), "{body}");
    }

    #[test]
    fn the_id_of_a_sent_message_is_read_however_it_is_written() {
        let id = Some(MessageId(2_006_515_713_954_545_665));
        assert_eq!(sent_id(br#"{"event":{"type":"message_create","id":"2006515713954545665","message_create":{"a":"\u00e9"}}}"#), id);
        assert_eq!(sent_id(br#"{"event":{"id":2006515713954545665}}"#), id);
        for bad in ["", "{}", "<html>", r#"{"event":{}}"#, r#"{"event":{"id":"x"}}"#, r#"{"errors":[]}"#] {
            assert_eq!(sent_id(bad.as_bytes()), None, "{bad}");
        }
    }
}
