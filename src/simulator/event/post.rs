//! Posts and likes as the platform writes them (contract §2.5).

use serde_json::{Value, json};

use super::super::json;
use super::super::settings::Flag;
use super::super::world::{Post, UrlEntity, World, escape};
use super::user::{IdForm, full};
use super::{Body, app};
use crate::model::{MessageId, Timestamp, UserId};

/// The most characters of a post's `text`; longer ones are told in full beside it.
const SHORT: usize = 140;

/// Tells `user` of a post that they wrote, or that names or answers them.
pub(in crate::simulator) fn posted(world: &World, user: UserId, post: &Post) -> Body {
    let body = Body::new(user, "tweet_create_events", view(world, post).to_string());
    let has_blocked = world.people.get(user).is_some_and(|person| person.blocks.contains(&post.author));
    match world.rules.user_has_blocked {
        _ if user == post.author => body,
        Flag::Absent => body,
        Flag::Boolean => body.with_other("user_has_blocked", json!(has_blocked).to_string()),
        Flag::Text => body.with_other("user_has_blocked", json!(has_blocked.to_string()).to_string()),
    }
}

/// Tells its author that a post is gone.
pub(in crate::simulator) fn unposted(author: UserId, id: u64, now: Timestamp) -> Body {
    let status = json!({ "id": id.to_string(), "user_id": author.to_string() });
    let event = json!({ "status": status, "timestamp_ms": now.to_string() });
    Body::new(author, "tweet_delete_events", event.to_string())
}

/// A like.
pub(in crate::simulator) fn liked(world: &mut World, user: UserId, post: &Post, now: Timestamp) -> Value {
    let id = world.dice.uuid().replace('-', "");
    let fan = world.people.get(user).map(|person| full(person, IdForm::Number));
    json!({
        "id": id,
        "created_at": json::user_date(now),
        "timestamp_ms": now.as_millis(),
        "favorited_status": view(world, post),
        "user": fan,
    })
}

/// Tells `for_user` of a like.
pub(in crate::simulator) fn favorite(for_user: UserId, like: &Value) -> Body {
    Body::new(for_user, "favorite_events", like.to_string())
}

/// A post.
pub(in crate::simulator) fn view(world: &World, post: &Post) -> Value {
    let name = |user: UserId| world.people.get(user).map(|person| person.screen_name.clone());
    let text = escape(&post.wrapped.text);
    let is_long = text.chars().nth(SHORT).is_some();
    let app = app(world, post.app);
    let source = format!(r#"<a href="{}" rel="nofollow">{}</a>"#, text_of(&app["url"]), text_of(&app["name"]));
    let minted = MessageId(post.id).minted_at();
    let mut view = json!({
        "created_at": json::user_date(minted),
        "id": post.id,
        "id_str": post.id.to_string(),
        "text": if is_long { text.chars().take(SHORT - 1).chain(['…']).collect() } else { text.clone() },
        "source": source,
        "truncated": is_long,
        "in_reply_to_status_id": post.reply_to.map(|(id, _)| id),
        "in_reply_to_status_id_str": post.reply_to.map(|(id, _)| id.to_string()),
        "in_reply_to_user_id": post.reply_to.map(|(_, author)| author.0),
        "in_reply_to_user_id_str": post.reply_to.map(|(_, author)| author.to_string()),
        "in_reply_to_screen_name": post.reply_to.and_then(|(_, author)| name(author)),
        "user": world.people.get(post.author).map(|person| full(person, IdForm::Number)),
        "geo": null,
        "coordinates": null,
        "place": null,
        "contributors": null,
        "is_quote_status": false,
        "quote_count": 0,
        "reply_count": 0,
        "retweet_count": 0,
        "favorite_count": post.likes.len(),
        "entities": entities(world, post),
        "favorited": false,
        "retweeted": false,
        "filter_level": "low",
        "lang": "und",
        "timestamp_ms": minted.to_string(),
    });
    if is_long {
        view["extended_tweet"] = json!({ "full_text": text, "entities": entities(world, post) });
    }
    view
}

fn entities(world: &World, post: &Post) -> Value {
    let mentions = post.mentions.iter().filter_map(|(user, indices)| Some((world.people.get(*user)?, indices)));
    let mentions: Vec<Value> = mentions
        .map(|(person, indices)| {
            let (id, id_str) = (person.id.0, person.id.to_string());
            json!({ "screen_name": person.screen_name, "name": person.name, "id": id, "id_str": id_str, "indices": indices })
        })
        .collect();
    let urls: &[UrlEntity] = &post.wrapped.urls;
    json!({ "hashtags": [], "symbols": [], "user_mentions": mentions, "urls": urls })
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
