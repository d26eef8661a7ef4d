//! What people do beside writing: ties, posts and likes, as the webhook hears of them.

use junco::simulator::{Error, Permission, Settings, Tie, Token};
use junco::wire::EventBody;
use junco::wire::envelope::parse;
use serde_json::{Value, json};

use crate::bot::{Bot, Got};

/// A bot that is told of one thing after the other, so that a test can count on their order.
async fn ready() -> Bot {
    Bot::with(|settings| settings.rules.concurrency = 1).await.set_up().await
}

async fn act(bot: &Bot, path: &str, body: Value) -> Value {
    let reply = bot.carry_out(bot.request("POST", path).json(&body)).await.expect("an answer");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()
}

/// What the house's own reader makes of a delivery.
fn read(got: &Got) -> Vec<EventBody> {
    parse(got.body.as_bytes()).expect("JSON").events.into_iter().map(|event| event.body).collect()
}

#[tokio::test]
async fn ties_are_told_to_those_whom_they_concern() {
    let bot = ready().await;
    let told = async |count: usize| bot.got(count).await[count - 1].json();
    act(&bot, "/sim/tie", json!({ "person": "@ada", "tie": "follow", "other": "@snowbot" })).await;
    let follow = told(1).await;
    let event = &follow["follow_events"][0];
    assert_eq!(
        (&event["type"], &event["source"]["screen_name"], &event["target"]["id"]),
        (&json!("follow"), &json!("ada"), &json!(Settings::BOT.to_string()))
    );
    assert_eq!(event["source"]["profile_link_color"], -1);
    assert!(follow.get("users").is_none() && event["created_timestamp"].is_string(), "{follow}");

    bot.simulator.tie(Settings::ADA, Tie::Follow, Settings::BOT).expect("people");
    bot.simulator.tie(Settings::ADA, Tie::Unfollow, Settings::BOT).expect("people");
    bot.simulator.tie(Settings::ADA, Tie::Mute, Settings::BOT).expect("people");
    for (number, (tie, kind, name)) in [
        (Tie::Follow, "follow_events", "follow"),
        (Tie::Unfollow, "follow_events", "unfollow"),
        (Tie::Mute, "mute_events", "mute"),
        (Tie::Unmute, "mute_events", "unmute"),
        (Tie::Block, "block_events", "block"),
        (Tie::Unblock, "block_events", "unblock"),
    ]
    .into_iter()
    .enumerate()
    {
        bot.simulator.tie(Settings::BOT, tie, Settings::ADA).expect("people");
        assert_eq!(told(number + 2).await[kind][0]["type"], name, "repeated and one-sided ties are not told");
    }
    bot.simulator.tie(Settings::BOT, Tie::Block, Settings::ADA).expect("people");
    let refused = bot.simulator.say(Settings::ADA, Settings::BOT, "let me in").expect_err("she is blocked");
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.code == 349), "{refused}");
}

#[tokio::test]
async fn posts_are_told_to_author_and_to_whom_they_name() {
    let bot = ready().await;
    let posted = act(&bot, "/sim/post", json!({ "author": "@ada", "text": "ask @snowbot & see https://example.org/" })).await;
    let id = posted["post"].as_str().expect("an id").to_owned();
    let got = bot.got(1).await[0].clone();
    let post = got.json()["tweet_create_events"][0].clone();
    assert_eq!(
        (&post["id_str"], &post["user"]["screen_name"], got.json()["user_has_blocked"].as_str()),
        (&json!(id), &json!("ada"), Some("false"))
    );
    let mention = &post["entities"]["user_mentions"][0];
    assert_eq!((&mention["id_str"], &mention["indices"]), (&json!(Settings::BOT.to_string()), &json!([4, 12])));
    assert!(post["text"].as_str().is_some_and(|text| text.contains("&amp;") && text.contains("https://t.co/")), "{post}");

    let path = format!("/1.1/statuses/update.json?status=yes&in_reply_to_status_id={id}");
    let reply = bot.post(Settings::BOT, &path, None).await;
    assert_eq!(reply.json()["in_reply_to_status_id_str"], id.as_str(), "{}", reply.text);
    let own = bot.got(2).await[1].json();
    assert!(own.get("user_has_blocked").is_none() && own["tweet_create_events"][0]["id"] == reply.json()["id"], "{own}");
    assert_eq!(bot.post(Settings::BOT, &path, None).await.refused(), (403, 187));
    assert_eq!(bot.post(Settings::BOT, "/1.1/statuses/update.json", None).await.refused(), (403, 38));
    let page = bot.get(Settings::BOT, "/1.1/statuses/user_timeline.json?screen_name=ada").await.json();
    assert_eq!((page.as_array().map(Vec::len), &page[0]["id_str"]), (Some(1), &json!(id)));

    let mine = reply.json()["id_str"].as_str().expect("an id").to_owned();
    assert_eq!(bot.post(Settings::BOT, &format!("/1.1/statuses/destroy/{id}.json"), None).await.refused(), (403, 183));
    assert_eq!(bot.post(Settings::BOT, &format!("/1.1/statuses/destroy/{mine}.json"), None).await.status, 200);
    let gone = bot.got(3).await[2].json()["tweet_delete_events"][0].clone();
    assert_eq!(gone["status"], json!({ "id": mine, "user_id": Settings::BOT.to_string() }));
    assert_eq!(bot.post(Settings::BOT, &format!("/1.1/favorites/create.json?id={mine}"), None).await.refused(), (404, 144));
}

#[tokio::test]
async fn a_long_post_has_its_whole_text_beside_it() {
    let bot = ready().await;
    let text = "snow ".repeat(40);
    bot.simulator.post(Settings::BOT, &text, None).expect("a post");
    let post = bot.got(1).await[0].json()["tweet_create_events"][0].clone();
    assert_eq!(post["text"].as_str().map(|text| text.chars().count()), Some(140));
    assert_eq!((&post["truncated"], &post["extended_tweet"]["full_text"]), (&json!(true), &json!(text)));
}

#[tokio::test]
async fn likes_are_told_once() {
    let bot = ready().await;
    let id = bot.simulator.post(Settings::BOT, "like me", None).expect("a post");
    act(&bot, "/sim/like", json!({ "person": "@ada", "post": id.to_string() })).await;
    let like = bot.got(2).await[1].json()["favorite_events"][0].clone();
    assert_eq!((&like["favorited_status"]["id"], &like["user"]["screen_name"]), (&json!(id), &json!("ada")));
    assert!(like["id"].as_str().is_some_and(|id| id.len() == 32) && like["timestamp_ms"].is_i64(), "{like}");
    assert!(bot.simulator.like(Settings::ADA, id).is_err());
    let path = format!("/1.1/favorites/create.json?id={id}");
    assert_eq!(bot.post(Settings::BOT, &path, None).await.json()["favorite_count"], 2);
    assert_eq!(bot.got(3).await.len(), 3, "one's own like of one's own post is told once");
}

#[tokio::test]
async fn a_token_that_only_reads_posts_nothing() {
    let bot = Bot::with(|settings| settings.tokens[0].permission = Permission::Read).await;
    assert_eq!(bot.post(Settings::BOT, "/1.1/statuses/update.json?status=a", None).await.refused(), (403, 261));
    assert_eq!(bot.get(Settings::BOT, "/1.1/statuses/user_timeline.json").await.json(), json!([]));
}

#[tokio::test]
async fn whether_one_blocked_the_author_is_told_in_any_form() {
    let bot = ready().await;
    bot.simulator.tie(Settings::BOT, Tie::Block, Settings::ADA).expect("people");
    for (number, (form, expected)) in [("text", json!("true")), ("boolean", json!(true)), ("absent", Value::Null)].into_iter().enumerate() {
        bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "user_has_blocked": form })).expect("rules"));
        bot.simulator.post(Settings::ADA, &format!("hi @snowbot {number}"), None).expect("a post");
        assert_eq!(bot.got(number + 2).await[number + 1].json()["user_has_blocked"], expected);
    }
}

#[tokio::test]
async fn the_houses_reader_knows_all_of_them() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::ADA, Settings::APP))).await.set_up().await;
    let post = bot.simulator.post(Settings::BOT, "hello", None).expect("a post");
    bot.got(1).await;
    bot.simulator.like(Settings::ADA, post).expect("a like");
    bot.got(2).await;
    bot.simulator.tie(Settings::ADA, Tie::Follow, Settings::BOT).expect("people");
    bot.got(3).await;
    bot.simulator.delete_post(Settings::BOT, post).expect("a post");
    bot.got(4).await;
    act(&bot, "/sim/typing", json!({ "from": "@ada", "to": "@snowbot" })).await;
    bot.got(5).await;
    act(&bot, "/sim/read", json!({ "from": "@ada", "to": "@snowbot", "last": "5" })).await;
    let read: Vec<EventBody> = bot.got(6).await.iter().flat_map(read).collect();
    assert!(
        matches!(
            read.as_slice(),
            [
                EventBody::PostCreated { .. },
                EventBody::Favorite { .. },
                EventBody::Tie { .. },
                EventBody::PostDeleted { .. },
                EventBody::Typing { .. },
                EventBody::Read { .. }
            ]
        ),
        "{read:?}"
    );
}
