//! Messages and users as the platform writes them, field by field (contract §2.4, §3.1).

use serde::Serialize;
use serde_json::{Value, json};

use super::super::json;
use super::super::settings::Person;
use super::super::world::{File, Message, Picture, UrlEntity, escape};
use crate::model::{AppId, MediaKind, MessageId, QuickOption, Timestamp, UserId};

/// Who reads a message, and thereby what they get to see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Reader {
    /// A webhook, for this user.
    Webhook(UserId),
    /// The REST calls that read messages back, for this user.
    Rest(UserId),
    /// The sender, in the answer to their sending it.
    Answer,
}

/// When everybody here joined: the ids of people are chosen, so they tell no time.
pub(in crate::simulator) const JOINED: Timestamp = Timestamp::from_millis(1_741_944_413_000);

/// A message as an event.
#[derive(Serialize)]
pub(in crate::simulator) struct EventView<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "json::text")]
    id: MessageId,
    #[serde(serialize_with = "json::text")]
    created_timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiated_via: Option<Initiated>,
    message_create: Create<'a>,
}

impl<'a> EventView<'a> {
    pub(in crate::simulator) fn new(message: &'a Message, reader: Reader) -> Self {
        let shown = &message.shown;
        let (full, app) = match reader {
            Reader::Webhook(user) => (user == shown.from, user == shown.from),
            Reader::Rest(user) => (true, user == shown.from),
            Reader::Answer => (true, false),
        };
        EventView {
            r#type: "message_create",
            id: shown.id,
            created_timestamp: shown.at,
            initiated_via: shown.initiated_via.map(|welcome_message_id| Initiated { welcome_message_id }),
            message_create: Create {
                target: Target { recipient_id: shown.to },
                sender_id: shown.from,
                source_app_id: app.then_some(shown.app),
                custom_profile_id: shown.profile,
                message_data: DataView::new(message, full),
            },
        }
    }
}

#[derive(Serialize)]
struct Create<'a> {
    target: Target,
    #[serde(serialize_with = "json::text")]
    sender_id: UserId,
    #[serde(serialize_with = "json::maybe_text", skip_serializing_if = "Option::is_none")]
    source_app_id: Option<AppId>,
    #[serde(serialize_with = "json::maybe_text", skip_serializing_if = "Option::is_none")]
    custom_profile_id: Option<u64>,
    message_data: DataView<'a>,
}

#[derive(Serialize)]
struct Initiated {
    #[serde(serialize_with = "json::text")]
    welcome_message_id: u64,
}

#[derive(Serialize)]
struct Target {
    #[serde(serialize_with = "json::text")]
    recipient_id: UserId,
}

/// What a message says and what hangs on it.
#[derive(Serialize)]
pub(in crate::simulator) struct DataView<'a> {
    text: String,
    entities: Entities<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quick_reply: Option<QuickReply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quick_reply_response: Option<Tapped<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ctas: Vec<Button<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment<'a>>,
}

impl<'a> DataView<'a> {
    /// `full` for those who get to see what only the sender does.
    pub(in crate::simulator) fn new(message: &'a Message, full: bool) -> Self {
        let shown = &message.shown;
        DataView {
            text: escape(&message.wrapped.text),
            entities: Entities { hashtags: [], symbols: [], user_mentions: [], urls: &message.wrapped.urls },
            quick_reply: (full && !shown.options.is_empty()).then_some(QuickReply { r#type: "options", options: &shown.options }),
            quick_reply_response: shown.tap.as_ref().map(|tap| Tapped { r#type: "options", metadata: tap.metadata.as_deref() }),
            ctas: if full { buttons(message) } else { vec![] },
            attachment: shown.picture.and_then(|picture| attachment(message, picture)),
        }
    }
}

/// All four lists are always there; only links are ever found in them here.
#[derive(Serialize)]
struct Entities<'a> {
    hashtags: [(); 0],
    symbols: [(); 0],
    user_mentions: [(); 0],
    urls: &'a [UrlEntity],
}

#[derive(Serialize)]
struct QuickReply<'a> {
    r#type: &'static str,
    options: &'a [QuickOption],
}

#[derive(Serialize)]
struct Tapped<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
}

#[derive(Serialize)]
struct Button<'a> {
    r#type: &'static str,
    label: &'a str,
    url: &'a str,
    tco_url: &'a str,
}

#[derive(Serialize)]
struct Attachment<'a> {
    r#type: &'static str,
    media: Media<'a>,
}

#[derive(Serialize)]
struct Media<'a> {
    id: u64,
    id_str: String,
    indices: [usize; 2],
    media_url: String,
    media_url_https: String,
    url: &'a str,
    display_url: &'a str,
    expanded_url: &'a str,
    r#type: &'static str,
    sizes: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_info: Option<Value>,
}

/// The condensed user of deliveries (contract §2.4).
#[derive(Serialize)]
pub(super) struct UserView<'a> {
    #[serde(serialize_with = "json::text")]
    id: UserId,
    #[serde(serialize_with = "json::text")]
    created_timestamp: Timestamp,
    name: &'a str,
    screen_name: &'a str,
    protected: bool,
    verified: bool,
    followers_count: u32,
    friends_count: usize,
    statuses_count: u32,
    profile_image_url: &'static str,
    profile_image_url_https: &'static str,
}

impl<'a> UserView<'a> {
    pub(super) fn new(person: &'a Person) -> Self {
        UserView {
            id: person.id,
            created_timestamp: JOINED,
            name: &person.name,
            screen_name: &person.screen_name,
            protected: false,
            verified: false,
            followers_count: 3,
            friends_count: person.follows.len(),
            statuses_count: 8,
            profile_image_url: "http://pbs.twimg.com/profile_images/1/a_normal.jpg",
            profile_image_url_https: "https://pbs.twimg.com/profile_images/1/a_normal.jpg",
        }
    }
}

fn buttons(message: &Message) -> Vec<Button<'_>> {
    let links = message.shown.links.iter().zip(&message.short_links);
    links.map(|(link, short)| Button { r#type: "web_url", label: &link.label, url: &link.url, tco_url: short }).collect()
}

fn attachment(message: &Message, picture: Picture) -> Option<Attachment<'_>> {
    let link = message.wrapped.urls.last()?;
    let File { base, name, .. } = message.file.as_ref()?;
    let ending = message.file.as_ref()?.ending();
    let kind = match picture.kind {
        MediaKind::Photo => "photo",
        MediaKind::AnimatedGif => "animated_gif",
        MediaKind::Video => "video",
    };
    // Photos are for the two who talk; of what moves there is a still and a film that anybody may see.
    let shown = match picture.kind {
        MediaKind::Photo => format!("{base}/1.1/ton/data/dm/{}/{}/{name}.{ending}", message.shown.id, picture.id),
        MediaKind::AnimatedGif | MediaKind::Video => format!("{base}/media/preview/{}/{name}.jpg", picture.id),
    };
    let film = format!("{base}/dm_video/{}/{name}.mp4", message.shown.id);
    let moving = json!({ "aspect_ratio": [16, 9], "variants": [{ "bitrate": 0, "content_type": "video/mp4", "url": film }] });
    Some(Attachment {
        r#type: "media",
        media: Media {
            id: picture.id,
            id_str: picture.id.to_string(),
            indices: link.indices,
            media_url: shown.clone(),
            media_url_https: shown,
            url: &link.url,
            display_url: &link.display_url,
            expanded_url: &link.expanded_url,
            r#type: kind,
            sizes: json!({
                "thumb": { "w": 150, "h": 150, "resize": "crop" },
                "small": { "w": 680, "h": 510, "resize": "fit" },
                "medium": { "w": 1200, "h": 900, "resize": "fit" },
                "large": { "w": 2048, "h": 1536, "resize": "fit" },
            }),
            video_info: (picture.kind != MediaKind::Photo).then_some(moving),
        },
    })
}
