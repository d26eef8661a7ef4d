//! The X Activity API: subscriptions to single kinds of events, by webhook and by stream.

use std::time::Duration;

use junco::model::UserId;
use junco::simulator::{ActivityShape, Settings, Stage, Tie};
use serde_json::{Value, json};

use crate::bot::{Bot, PATIENCE, Reply};
use crate::v2::SCOPES;

const ALL: &str = "/2/activity/subscriptions";

/// A bot that has a webhook of the newer API and the word of its account.
struct Listener {
    bot: Bot,
    app: String,
    hook: String,
    token: String,
}

impl Listener {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let bot = Bot::with(change).await;
        let (app, hook, token) = (bot.app().await, bot.newer_hook().await, bot.granted(Settings::BOT, SCOPES).await);
        Listener { bot, app, hook, token }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.bot.with_token(method, path, &self.app, body).await
    }

    /// Subscribes the webhook to a kind of event of the bot's account.
    async fn hear(&self, kind: &str) -> String {
        let body = json!({ "event_type": kind, "filter": { "user_id": Settings::BOT.to_string() }, "webhook_id": self.hook, "tag": kind });
        let reply = self.call("POST", ALL, Some(body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"]["subscription"]["subscription_id"].as_str().expect("an id").to_owned()
    }
}

fn of(user: UserId) -> Value {
    json!({ "user_id": user.to_string() })
}

#[tokio::test]
async fn a_message_is_told_in_the_newer_envelope_at_both_ends() {
    let listener = Listener::new().await;
    let bot = &listener.bot;
    listener.hear("dm.received").await;
    listener.hear("dm.sent").await;
    let message = bot.simulator.say(Settings::ADA, Settings::BOT, "a < b").expect("a message");
    let got = bot.got(1).await[0].clone();
    assert!(got.signed);
    let data = &got.json()["data"];
    assert_eq!((&data["event_type"], &data["tag"], &data["filter"]), (&json!("dm.received"), &json!("dm.received"), &of(Settings::BOT)));
    data["event_uuid"].as_str().expect("a text").parse::<i64>().expect("a number that may be below 0");
    let event = &data["payload"]["direct_message_events"][0];
    assert_eq!((&event["id"], &event["message_create"]["message_data"]["text"]), (&json!(message.to_string()), &json!("a &lt; b")));
    let ada = &data["payload"]["users"][Settings::ADA.to_string()]["data"];
    assert_eq!((&ada["username"], &ada["created_at"]), (&json!("ada"), &json!("2025-03-14T09:26:53.000Z")));
    assert_eq!((&ada["public_metrics"]["tweet_count"], &ada["public_metrics"]["tweet_count_str"]), (&json!(8), &json!("8")));
    assert_eq!((&got.json()["for_user_id"], &data["payload"]["apps"]), (&Value::Null, &Value::Null));

    bot.say("hello").await;
    let got = bot.got(2).await[1].json();
    assert_eq!(got["data"]["event_type"], "dm.sent");
    let create = &got["data"]["payload"]["direct_message_events"][0]["message_create"];
    assert_eq!((&create["sender_id"], &create["source_app_id"]), (&json!(Settings::BOT.to_string()), &Value::Null));
}

#[tokio::test]
async fn typing_and_reading_are_told_too() {
    let listener = Listener::with(|settings| settings.tokens.push(junco::simulator::Token::for_user(Settings::ADA, Settings::APP))).await;
    let bot = &listener.bot;
    listener.hear("dm.indicate_typing").await;
    listener.hear("dm.read").await;
    let to = Settings::BOT.to_string();
    let typing = bot.form(Settings::ADA, "/1.1/direct_messages/indicate_typing.json", &[("recipient_id", &to)]).await;
    assert_eq!(typing.status, 204);
    let payload = &bot.got(1).await[0].json()["data"]["payload"];
    assert_eq!(payload["direct_message_indicate_typing_events"][0]["sender_id"], Settings::ADA.to_string());
    let form = [("recipient_id", to.as_str()), ("last_read_event_id", "4711")];
    assert_eq!(bot.form(Settings::ADA, "/1.1/direct_messages/mark_read.json", &form).await.status, 204);
    let got = bot.got(2).await[1].json();
    assert_eq!(got["data"]["event_type"], "dm.read");
    assert_eq!(got["data"]["payload"]["direct_message_mark_read_events"][0]["last_read_event_id"], "4711");
}

#[tokio::test]
async fn some_ids_of_deliveries_are_below_zero() {
    let listener = Listener::new().await;
    listener.hear("dm.received").await;
    for number in 0..20 {
        listener.bot.simulator.say(Settings::ADA, Settings::BOT, &number.to_string()).expect("a message");
    }
    let got = listener.bot.got(20).await;
    let below = got.iter().filter(|got| got.json()["data"]["event_uuid"].as_str().is_some_and(|id| id.starts_with('-'))).count();
    assert!((1..20).contains(&below), "{below}");
}

#[tokio::test]
async fn private_events_need_the_users_word_for_as_long_as_they_are_told() {
    let listener = Listener::new().await;
    let bot = &listener.bot;
    let wanted = |kind: &str, user| Some(json!({ "event_type": kind, "filter": of(user), "webhook_id": listener.hook }));
    assert_eq!(listener.call("POST", ALL, wanted("dm.received", Settings::BEN)).await.problem(), (403, "Forbidden".to_owned()));
    bot.granted(Settings::BEN, "users.read").await;
    assert_eq!(listener.call("POST", ALL, wanted("dm.received", Settings::BEN)).await.status, 403, "the scope is too narrow");
    assert_eq!(listener.call("POST", ALL, wanted("follow.follow", Settings::BEN)).await.status, 200, "follows are public");

    listener.hear("dm.received").await;
    let form = [("token", listener.token.as_str())];
    assert_eq!(bot.client("/2/oauth2/revoke", &form).await.status, 200);
    bot.simulator.say(Settings::ADA, Settings::BOT, "not told").expect("a message");
    bot.granted(Settings::BOT, SCOPES).await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "told").expect("a message");
    let got = bot.got(1).await;
    assert!(got[0].body.contains("\"told\""), "{}", got[0].body);
    let recorded = |stage: &Stage| (stage.deliveries().len() == 1).then_some(());
    bot.simulator.wait_for(PATIENCE, recorded).await.expect("one delivery and no more");
}

#[tokio::test]
async fn a_subscription_is_listed_changed_and_deleted() {
    let listener = Listener::new().await;
    let id = listener.hear("dm.received").await;
    let list = listener.call("GET", ALL, None).await.json();
    assert_eq!(list["meta"], json!({ "total_subscriptions": 1 }));
    let first = &list["data"][0];
    assert_eq!(
        (&first["subscription_id"], &first["webhook_id"], &first["filter"]),
        (&json!(id), &json!(listener.hook), &of(Settings::BOT))
    );
    assert_eq!(first["created_at"], first["updated_at"]);
    let one = format!("{ALL}/{id}");
    listener.bot.simulator.advance(Duration::from_secs(60));
    let changed = listener.call("PUT", &one, Some(json!({ "tag": "another" }))).await.json()["data"]["subscription"].clone();
    assert_eq!((&changed["tag"], &changed["webhook_id"]), (&json!("another"), &json!(listener.hook)));
    assert_ne!(changed["created_at"], changed["updated_at"]);
    for body in [json!({ "event_type": "dm.sent" }), json!({ "tag": "" }), json!({ "webhook_id": "7" })] {
        assert_eq!(listener.call("PUT", &one, Some(body)).await.problem(), (400, "Invalid Request".to_owned()));
    }
    let gone = listener.call("DELETE", &one, None).await.json();
    assert_eq!(gone, json!({ "data": { "deleted": true }, "meta": { "total_subscriptions": 0 } }));
    assert_eq!(listener.call("DELETE", &one, None).await.problem(), (404, "Not Found Error".to_owned()));
    assert_eq!(listener.call("PUT", &one, Some(json!({ "tag": "x" }))).await.status, 404);

    listener.hear("dm.received").await;
    assert_eq!(listener.call("DELETE", &format!("/2/webhooks/{}", listener.hook), None).await.status, 200);
    assert_eq!(listener.call("GET", ALL, None).await.json()["data"], json!([]), "subscriptions go with their webhook");
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused() {
    let listener = Listener::with(|settings| settings.rules.v2.activities = 2).await;
    let bot = of(Settings::BOT);
    for body in [
        json!({ "event_type": "DmReceived", "filter": bot }),
        json!({ "event_type": "dm.imagined", "filter": bot }),
        json!({ "event_type": "dm.received", "filter": {} }),
        json!({ "event_type": "dm.received" }),
        json!({ "event_type": "dm.received", "filter": { "user_id": "x" } }),
        json!({ "event_type": "dm.received", "filter": { "user_id": Settings::BOT.to_string(), "direction": "sideways" } }),
        json!({ "event_type": "dm.received", "filter": bot, "tag": "é".repeat(201) }),
        json!({ "event_type": "dm.received", "filter": bot, "webhook_id": "4711" }),
        json!({ "event_type": "dm.received", "filter": bot, "more": true }),
    ] {
        assert_eq!(listener.call("POST", ALL, Some(body.clone())).await.problem(), (400, "Invalid Request".to_owned()), "{body}");
    }
    let nobody = json!({ "event_type": "follow.follow", "filter": { "user_id": "4711" } });
    assert_eq!(listener.call("POST", ALL, Some(nobody)).await.problem(), (404, "Not Found Error".to_owned()));
    listener.hear("dm.received").await;
    let again = json!({ "event_type": "dm.received", "filter": bot, "webhook_id": listener.hook });
    assert_eq!(listener.call("POST", ALL, Some(again)).await.problem(), (409, "Conflict".to_owned()));
    assert_eq!(listener.call("POST", ALL, Some(json!({ "event_type": "oauth.revoke", "filter": {} }))).await.status, 200);
    let third = json!({ "event_type": "dm.sent", "filter": bot });
    assert_eq!(listener.call("POST", ALL, Some(third)).await.reason(), (400, "SubscriptionLimitExceeded".to_owned()));
}

#[tokio::test]
async fn the_answer_has_the_form_that_the_rule_says() {
    for (shape, path) in
        [(ActivityShape::Array, "/data/0"), (ActivityShape::Object, "/data"), (ActivityShape::Nested, "/data/subscription")]
    {
        let listener = Listener::with(|settings| settings.rules.v2.activity_shape = shape).await;
        let body = json!({ "event_type": "dm.received", "filter": of(Settings::BOT) });
        let reply = listener.bot.with_token("POST", ALL, &listener.token, Some(body)).await.json();
        assert_eq!(reply.pointer(path).expect("a subscription")["event_type"], "dm.received", "{reply}");
    }
}

#[tokio::test]
async fn the_stream_has_every_event_of_the_app_a_line_each() {
    let listener = Listener::new().await;
    let bot = &listener.bot;
    listener.hear("dm.received").await;
    let body = json!({ "event_type": "dm.sent", "filter": of(Settings::BOT) });
    assert_eq!(listener.call("POST", ALL, Some(body)).await.status, 200);
    bot.simulator.say(Settings::ADA, Settings::BOT, "before").expect("a message");
    let open = async |query: &str| {
        let request = bot.request("GET", &format!("/2/activity/stream{query}")).header("authorization", format!("Bearer {}", listener.app));
        request.send().await.expect("an answer")
    };
    let (mut live, mut late) = (open("").await, open("?backfill_minutes=5").await);
    assert_eq!(live.status(), 200);
    bot.say("live").await;
    let live = line(&mut live).await;
    assert_eq!(
        (&live["data"]["event_type"], text_of(&live)),
        (&json!("dm.sent"), "live"),
        "it has no webhook, and is streamed all the same"
    );
    assert_eq!(text_of(&line(&mut late).await), "before");
    for token in [&listener.token, "nonsense"] {
        assert_ne!(bot.with_token("GET", "/2/activity/stream", token, None).await.status, 200);
    }
    assert_eq!(bot.with_token("GET", "/2/activity/stream?backfill_minutes=6", &listener.app, None).await.problem().0, 400);
}

/// The first line of a stream.
async fn line(stream: &mut reqwest::Response) -> Value {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n") {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk()).await.expect("in time").expect("a stream").expect("more of it");
        read.extend(chunk);
    }
    let first = read.split(|byte| *byte == b'\r').next().expect("a line");
    serde_json::from_slice(first).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&read)))
}

fn text_of(event: &Value) -> &str {
    event.pointer("/data/payload/direct_message_events/0/message_create/message_data/text").and_then(Value::as_str).expect("a text")
}

#[tokio::test]
async fn follows_are_told_in_the_direction_that_is_asked_for() {
    let listener = Listener::new().await;
    let bot = &listener.bot;
    let filter = json!({ "user_id": Settings::BOT.to_string(), "direction": "inbound" });
    let body = json!({ "event_type": "follow.follow", "filter": filter, "webhook_id": listener.hook });
    assert_eq!(listener.call("POST", ALL, Some(body)).await.status, 200);
    listener.hear("follow.unfollow").await;
    bot.simulator.tie(Settings::BOT, Tie::Follow, Settings::ADA).expect("a tie");
    bot.simulator.tie(Settings::ADA, Tie::Follow, Settings::BOT).expect("a tie");
    bot.simulator.tie(Settings::BOT, Tie::Unfollow, Settings::ADA).expect("a tie");
    let got = bot.got(2).await;
    let first = got.iter().map(|got| got.json()["data"].clone()).find(|data| data["event_type"] == "follow.follow").expect("a follow");
    assert_eq!((&first["payload"]["source"]["data"]["username"], &first["filter"]), (&json!("ada"), &filter), "{first}");
    assert!(got.iter().any(|got| got.json()["data"]["event_type"] == "follow.unfollow"));
}

#[tokio::test]
async fn taking_back_ones_word_is_told_and_ends_what_is_private() {
    let listener = Listener::new().await;
    let bot = &listener.bot;
    listener.hear("dm.received").await;
    let body = json!({ "event_type": "oauth.revoke", "filter": {}, "webhook_id": listener.hook });
    assert_eq!(listener.call("POST", ALL, Some(body)).await.status, 200);
    bot.simulator.revoke(Settings::BOT, Settings::APP);
    let data = bot.got(1).await[0].json()["data"].clone();
    assert_eq!((&data["event_type"], &data["filter"]), (&json!("oauth.revoke"), &json!({})));
    assert_eq!(data["payload"]["user_id"], Settings::BOT.to_string());
    bot.simulator.say(Settings::ADA, Settings::BOT, "not told").expect("a message");
    assert_eq!(bot.simulator.deliveries().len(), 1);
    assert_eq!(bot.with_token("GET", "/2/users/me", &listener.token, None).await.status, 401);
}
