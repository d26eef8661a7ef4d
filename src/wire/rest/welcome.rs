//! Welcome messages, and the rule that makes one of them the default (contract §4.2).

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::lists::{Page, millis, named, page};
use super::message::Data;
use crate::model::{AppId, Link, Outgoing, QuickOption, Timestamp};
use crate::wire::envelope::read_text;
use crate::wire::lenient::{Id, Text};

/// A welcome message that X keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WelcomeMessage {
    /// Its id.
    pub id: u64,
    /// The name it was given; may be empty.
    pub name: String,
    /// What it says, the text as it was written; without a file, which X does not know by name.
    pub message: Outgoing,
    /// The media that hangs on it.
    pub media: Option<u64>,
    /// When it was made, where X tells.
    pub created_at: Option<Timestamp>,
    /// The app that made it.
    pub app: Option<AppId>,
}

/// The rule that a welcome message is shown by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WelcomeRule {
    /// Its id.
    pub id: u64,
    /// The message that is shown.
    pub welcome_message: u64,
    /// When it was made, where X tells.
    pub created_at: Option<Timestamp>,
}

/// The body of a new welcome message.
pub fn new_welcome(name: Option<&str>, message: &Outgoing, media: Option<u64>) -> String {
    let welcome_message = NewBody { name, message_data: Data::of(message, media) };
    serde_json::to_string(&Wrapped { welcome_message }).expect("a body of texts and lists becomes JSON")
}

/// The body that replaces what a welcome message says.
pub fn changed_welcome(message: &Outgoing, media: Option<u64>) -> String {
    let body = NewBody { name: None, message_data: Data::of(message, media) };
    serde_json::to_string(&body).expect("a body of texts and lists becomes JSON")
}

/// The body of a new rule.
pub fn new_rule(welcome_message: u64) -> String {
    json!({ "welcome_message_rule": { "welcome_message_id": welcome_message.to_string() } }).to_string()
}

/// The welcome message in an answer. Documentation shows its name beside it, real answers have it inside.
pub fn welcome_message(body: &[u8]) -> Option<WelcomeMessage> {
    let message = read_message(named(body, "welcome_message")?)?;
    if !message.name.is_empty() {
        return Some(message);
    }
    let beside = named(body, "name").and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok());
    Some(WelcomeMessage { name: beside.map(|name| name.0.into_owned()).unwrap_or_default(), ..message })
}

/// A page of welcome messages.
pub fn welcome_messages(body: &[u8]) -> Option<Page<WelcomeMessage>> {
    page(body, "welcome_messages", read_message)
}

/// The rule in an answer.
pub fn rule(body: &[u8]) -> Option<WelcomeRule> {
    read_rule(named(body, "welcome_message_rule")?)
}

/// A page of rules.
pub fn rules(body: &[u8]) -> Option<Page<WelcomeRule>> {
    page(body, "welcome_message_rules", read_rule)
}

fn read_message(raw: &RawValue) -> Option<WelcomeMessage> {
    let body: MessageBody<'_> = serde_json::from_str(raw.get()).ok()?;
    let data = body.message_data;
    let text = read_text(&data.text.map(|text| text.0).unwrap_or_default(), data.entities, data.attachment);
    let owned = |text: Text<'_>| text.0.into_owned();
    let options = data.quick_reply.map(|reply| reply.options).unwrap_or_default().into_iter().map(|option| QuickOption {
        label: owned(option.label),
        description: option.description.map(owned),
        metadata: option.metadata.map(owned),
    });
    let links = data.ctas.into_iter().map(|link| Link { label: owned(link.label), url: owned(link.url) });
    let media = data.attachment.and_then(|raw| serde_json::from_str::<AttachmentBody>(raw.get()).ok()).and_then(|body| body.media);
    Some(WelcomeMessage {
        id: body.id.0,
        name: body.name.map(owned).unwrap_or_default(),
        message: Outgoing { text, options: options.collect(), links: links.collect(), ..Outgoing::default() },
        media: media.and_then(|media| media.id_str.or(media.id)).map(|id| id.0),
        created_at: millis(body.created_timestamp),
        app: body.source_app_id.map(|id| AppId(id.0)),
    })
}

fn read_rule(raw: &RawValue) -> Option<WelcomeRule> {
    let body: RuleBody = serde_json::from_str(raw.get()).ok()?;
    Some(WelcomeRule { id: body.id.0, welcome_message: body.welcome_message_id.0, created_at: millis(body.created_timestamp) })
}

#[derive(Serialize)]
struct Wrapped<'a> {
    welcome_message: NewBody<'a>,
}

#[derive(Serialize)]
struct NewBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    message_data: Data<'a>,
}

#[derive(Deserialize)]
struct MessageBody<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    created_timestamp: Option<Id>,
    source_app_id: Option<Id>,
    #[serde(borrow)]
    message_data: DataBody<'a>,
}

#[derive(Deserialize)]
struct DataBody<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    entities: Option<&'a RawValue>,
    #[serde(borrow)]
    attachment: Option<&'a RawValue>,
    #[serde(borrow)]
    quick_reply: Option<QuickReplyBody<'a>>,
    #[serde(borrow, default)]
    ctas: Vec<LinkBody<'a>>,
}

#[derive(Deserialize)]
struct QuickReplyBody<'a> {
    #[serde(borrow, default)]
    options: Vec<OptionBody<'a>>,
}

#[derive(Deserialize)]
struct OptionBody<'a> {
    #[serde(borrow)]
    label: Text<'a>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    metadata: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct LinkBody<'a> {
    #[serde(borrow)]
    label: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
}

#[derive(Deserialize)]
struct AttachmentBody {
    media: Option<MediaBody>,
}

#[derive(Deserialize)]
struct MediaBody {
    id: Option<Id>,
    id_str: Option<Id>,
}

#[derive(Deserialize)]
struct RuleBody {
    id: Id,
    welcome_message_id: Id,
    created_timestamp: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = r#"{"id":"844385345234","created_timestamp":"1470182274821","source_app_id":"16777259","name":"greeting","message_data":{
        "text":"Hi &amp; welcome: https:\/\/t.co\/a","entities":{"hashtags":[],"symbols":[],"user_mentions":[],
          "urls":[{"url":"https:\/\/t.co\/a","expanded_url":"https:\/\/example.org","indices":[18,32]}]},
        "quick_reply":{"type":"options","options":[{"label":"Go","description":"on","metadata":"m"},{"label":"Stay"}]},
        "ctas":[{"type":"web_url","label":"Shop","url":"https:\/\/example.org\/shop","tco_url":"x"}],
        "attachment":{"type":"media","media":{"id":9007199254740993,"id_str":"9007199254740993"}}}}"#;

    fn said() -> Outgoing {
        let option = |label: &str, description: Option<&str>, metadata: Option<&str>| QuickOption {
            label: label.to_owned(),
            description: description.map(str::to_owned),
            metadata: metadata.map(str::to_owned),
        };
        Outgoing {
            text: "Hi & welcome: https://example.org".to_owned(),
            options: vec![option("Go", Some("on"), Some("m")), option("Stay", None, None)],
            links: vec![Link { label: "Shop".to_owned(), url: "https://example.org/shop".to_owned() }],
            ..Outgoing::default()
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let kept = WelcomeMessage {
            id: 844_385_345_234,
            name: "greeting".to_owned(),
            message: said(),
            media: Some(9_007_199_254_740_993),
            created_at: Some(Timestamp::from_millis(1_470_182_274_821)),
            app: Some(AppId(16_777_259)),
        };
        assert_eq!(welcome_message(format!(r#"{{"welcome_message":{KEPT},"apps":{{}}}}"#).as_bytes()), Some(kept.clone()));
        let list = format!(r#"{{"welcome_messages":[{KEPT},7],"apps":{{}},"next_cursor":"5"}}"#);
        assert_eq!(welcome_messages(list.as_bytes()), Some(Page { items: vec![kept.clone()], next: Some("5".to_owned()) }));
        assert_eq!(welcome_messages(b"{}"), Some(Page { items: vec![], next: None }));
        let beside = format!(r#"{{"welcome_message":{},"name":"greeting"}}"#, KEPT.replace(r#""name":"greeting","#, ""));
        assert_eq!(welcome_message(beside.as_bytes()), Some(kept));
        let bare = welcome_message(br#"{"welcome_message":{"id":"1","message_data":{}}}"#).expect("a message");
        assert_eq!((bare.id, bare.message, bare.name.as_str()), (1, Outgoing::default(), ""));
        assert_eq!(welcome_message(b"{}"), None);
    }

    #[test]
    fn bodies_are_those_of_the_contract() {
        let hi = Outgoing { text: "Hi".to_owned(), ..Outgoing::default() };
        let named = r#"{"welcome_message":{"name":"greeting","message_data":{"text":"Hi"}}}"#;
        assert_eq!(new_welcome(Some("greeting"), &hi, None), named);
        assert_eq!(new_welcome(None, &hi, None), r#"{"welcome_message":{"message_data":{"text":"Hi"}}}"#);
        let with_media = r#"{"message_data":{"text":"Hi","attachment":{"type":"media","media":{"id":"5"}}}}"#;
        assert_eq!(changed_welcome(&hi, Some(5)), with_media);
        assert_eq!(new_rule(7), r#"{"welcome_message_rule":{"welcome_message_id":"7"}}"#);
        let one = r#"{"id":"9","created_timestamp":"1000","welcome_message_id":"7"}"#;
        let told = WelcomeRule { id: 9, welcome_message: 7, created_at: Some(Timestamp::from_millis(1000)) };
        assert_eq!(rule(format!(r#"{{"welcome_message_rule":{one}}}"#).as_bytes()), Some(told.clone()));
        let list = rules(format!(r#"{{"welcome_message_rules":[{one}]}}"#).as_bytes());
        assert_eq!(list, Some(Page { items: vec![told], next: None }));
    }
}
