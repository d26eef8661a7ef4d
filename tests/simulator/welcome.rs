//! Welcome messages, the rule that makes one the default, and custom profiles.

use junco::model::{MediaKind, MessageId};
use junco::simulator::{Choice, Settings};
use serde_json::{Value, json};

use crate::bot::{Bot, Reply};

const WELCOME: &str = "/1.1/direct_messages/welcome_messages";

async fn new(bot: &Bot, message: Value) -> Reply {
    bot.post(Settings::BOT, &format!("{WELCOME}/new.json"), Some(json!({ "welcome_message": message }))).await
}

async fn new_rule(bot: &Bot, id: &str) -> Reply {
    let body = json!({ "welcome_message_rule": { "welcome_message_id": id } });
    bot.post(Settings::BOT, &format!("{WELCOME}/rules/new.json"), Some(body)).await
}

async fn delete(bot: &Bot, path: &str) -> u16 {
    bot.call("DELETE", Settings::BOT, &format!("{WELCOME}/{path}"), None).await.status
}

async fn get(bot: &Bot, path: &str) -> Reply {
    bot.get(Settings::BOT, &format!("{WELCOME}/{path}")).await
}

fn menu(text: &str) -> Value {
    json!({ "name": "first #1", "message_data": { "text": text, "quick_reply": { "type": "options", "options": [
        { "label": "Snow", "metadata": "snow" }, { "label": "Ice", "metadata": "ice" }] } } })
}

fn id(reply: &Reply) -> String {
    let json = reply.json();
    let id = json["welcome_message"]["id"].as_str().or_else(|| json["welcome_message_rule"]["id"].as_str());
    id.unwrap_or_else(|| panic!("{} {}", reply.status, reply.text)).to_owned()
}

#[tokio::test]
async fn welcome_messages_are_kept_and_changed() {
    let bot = Bot::new().await;
    assert_eq!(get(&bot, "list.json").await.json(), json!({}), "an empty list is an empty object");
    let made = new(&bot, menu("Hello <you>")).await;
    let first = id(&made);
    let json = made.json();
    assert_eq!((&json["welcome_message"]["name"], &json["welcome_message"]["source_app_id"]), (&json!("first #1"), &json!("16777259")));
    assert_eq!(json["apps"]["16777259"]["name"], "our-bot");
    assert_eq!(json["welcome_message"]["message_data"]["text"], "Hello &lt;you&gt;");
    let minted = first.parse::<MessageId>().expect("an id").minted_at().to_string();
    assert_eq!(json["welcome_message"]["created_timestamp"], minted);
    let beside = json!({ "welcome_message": { "message_data": { "text": "b" } }, "name": "beside" });
    let second = bot.post(Settings::BOT, &format!("{WELCOME}/new.json"), Some(beside)).await;
    assert_eq!(second.json()["welcome_message"]["name"], "beside");

    let page = get(&bot, "list.json?count=1").await.json();
    assert_eq!(page["welcome_messages"][0]["name"], "beside");
    let next = page["next_cursor"].as_str().expect("more");
    let page = get(&bot, &format!("list.json?count=1&cursor={next}")).await.json();
    assert!(page["welcome_messages"][0]["id"] == first.as_str() && page.get("next_cursor").is_none(), "{page}");

    let body = json!({ "message_data": { "text": "Changed" } });
    let changed = bot.call("PUT", Settings::BOT, &format!("{WELCOME}/update.json?id={first}"), Some(body)).await;
    assert_eq!((id(&changed), changed.status), (first.clone(), 200));
    let shown = get(&bot, &format!("show.json?id={first}")).await.json();
    assert_eq!(
        (&shown["welcome_message"]["message_data"]["text"], &shown["welcome_message"]["name"]),
        (&json!("Changed"), &json!("first #1"))
    );
    assert!(shown["welcome_message"]["message_data"].get("quick_reply").is_none(), "the whole is replaced");
    assert_eq!(delete(&bot, &format!("destroy.json?id={first}")).await, 204);
    assert_eq!(get(&bot, &format!("show.json?id={first}")).await.refused(), (404, 34));
    assert_eq!(delete(&bot, &format!("destroy.json?id={first}")).await, 404);
}

#[tokio::test]
async fn what_a_welcome_message_may_not_be() {
    let bot = Bot::new().await;
    let unshared = bot.simulator.upload(Settings::BOT, MediaKind::Photo).to_string();
    for (message, refusal) in [
        (json!({ "message_data": { "text": "x".repeat(9_991) } }), (403, 354)),
        (json!({ "name": "a!", "message_data": { "text": "a" } }), (400, 214)),
        (json!({ "name": "n".repeat(101), "message_data": { "text": "a" } }), (400, 214)),
        (json!({ "name": "no data" }), (400, 214)),
        (json!({ "message_data": { "text": "a", "attachment": { "type": "media", "media": { "id": unshared } } } }), (400, 324)),
    ] {
        assert_eq!(new(&bot, message.clone()).await.refused(), refusal, "{message}");
    }
    assert_eq!(new(&bot, json!({ "name": "n".repeat(100), "message_data": { "text": "x".repeat(9_990) } })).await.status, 200);
    let mut closed = bot.simulator.find("@snowbot").expect("the bot");
    closed.open_dms = false;
    bot.simulator.admit(closed).expect("the bot");
    let reply = new(&bot, menu("closed")).await;
    assert_eq!(reply.refused(), (400, 214));
    assert!(reply.text.contains("Owner must allow dms from anyone."), "{}", reply.text);
}

#[tokio::test]
async fn one_rule_makes_the_default() {
    let bot = Bot::new().await;
    assert_eq!(get(&bot, "rules/list.json").await.json(), json!({}));
    let (first, second) = (id(&new(&bot, menu("a")).await), id(&new(&bot, menu("b")).await));
    assert_eq!(new_rule(&bot, "7").await.refused(), (404, 34));
    let made = new_rule(&bot, &first).await;
    let rule = made.json()["welcome_message_rule"].clone();
    assert_eq!(rule["welcome_message_id"], first.as_str());
    assert_eq!(new_rule(&bot, &second).await.refused(), (400, 214), "the old one must go before");
    assert_eq!(get(&bot, "rules/list.json").await.json(), json!({ "welcome_message_rules": [rule] }));
    let shown = get(&bot, &format!("rules/show.json?id={}", id(&made))).await.json();
    assert_eq!(shown["welcome_message_rule"], rule);

    let patch = bot.request("PATCH", "/sim/rules").json(&json!({ "newest_welcome_wins": true }));
    assert_eq!(bot.carry_out(patch).await.expect("an answer").status, 200);
    assert_eq!(new_rule(&bot, &second).await.status, 200);
    let default = bot.simulator.open_chat(Settings::ADA, Settings::BOT, None).expect("a chat").expect("a welcome");
    assert_eq!(default.text, "b");
    assert_eq!(delete(&bot, &format!("rules/destroy.json?id={}", id(&made))).await, 204);
    assert_eq!(delete(&bot, &format!("destroy.json?id={second}")).await, 204);
    assert_eq!(get(&bot, "rules/list.json").await.json(), json!({}), "the rule goes with its message");
    assert!(bot.simulator.open_chat(Settings::ADA, Settings::BOT, None).expect("a chat").is_none());
}

#[tokio::test]
async fn a_welcome_message_is_shown_and_can_be_tapped() {
    let bot = Bot::ready().await;
    let (default, linked) = (id(&new(&bot, menu("default")).await), id(&new(&bot, menu("linked")).await));
    new_rule(&bot, &default).await;
    let open = async |welcome: Value| {
        let body = json!({ "person": "@ada", "account": "@snowbot", "welcome": welcome });
        bot.carry_out(bot.request("POST", "/sim/open").json(&body)).await.expect("an answer")
    };
    let shown = open(Value::Null).await.json()["shown"].clone();
    assert_eq!((&shown["text"], &shown["welcome"]), (&json!("default"), &json!(default)));
    let shown: MessageId = shown["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    assert_eq!(bot.transcript().len(), 1, "it stands in the chat");
    assert!(bot.simulator.deliveries().is_empty(), "but it is no event");
    assert_eq!(bot.get(Settings::BOT, "/1.1/direct_messages/events/list.json").await.json()["events"], json!([]));
    assert_eq!(bot.simulator.redeliver_all(), 0);

    bot.simulator.tap(Settings::ADA, shown, &Choice::Index(1)).expect("a tap");
    bot.simulator.say(Settings::ADA, Settings::BOT, "and more").expect("a message");
    let mut got = bot.got(2).await;
    got.sort_by_key(crate::bot::Got::message);
    let event = |at: usize| got[at].json()["direct_message_events"][0].clone();
    assert_eq!(event(0)["initiated_via"], json!({ "welcome_message_id": default }));
    assert_eq!(event(0)["message_create"]["message_data"]["quick_reply_response"]["metadata"], "ice");
    assert!(event(1).get("initiated_via").is_none(), "only the next message tells");

    assert_eq!(open(json!(linked)).await.json()["shown"]["text"], "linked");
    bot.simulator.say(Settings::ADA, Settings::BOT, "typed").expect("a message");
    assert_eq!(bot.got(3).await[2].json()["direct_message_events"][0]["initiated_via"]["welcome_message_id"], linked.as_str());
    assert_eq!(open(json!("7")).await.status, 400, "a link to nothing");
}

#[tokio::test]
async fn a_message_goes_out_under_a_custom_profile() {
    let bot = Bot::ready().await;
    let avatar = bot.simulator.upload(Settings::BOT, MediaKind::Photo).to_string();
    let body = |name: &str| json!({ "custom_profile": { "name": name, "avatar": { "media": { "id": avatar } } } });
    let new = "/1.1/custom_profiles/new.json";
    assert_eq!(bot.post(Settings::BOT, new, Some(body(&"n".repeat(49)))).await.refused(), (400, 214));
    let made = bot.post(Settings::BOT, new, Some(body("Jane, of SnowBot"))).await.json();
    let id = made["custom_profile"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(bot.get(Settings::BOT, &format!("/1.1/custom_profiles/{id}.json")).await.json(), made);
    assert_eq!(bot.get(Settings::BOT, "/1.1/custom_profiles/list.json").await.json()["custom_profiles"][0], made["custom_profile"]);
    let mut message = crate::bot::message(Settings::ADA, json!({ "text": "It is Jane" }));
    message["event"]["message_create"]["custom_profile_id"] = json!(id);
    let events = "/1.1/direct_messages/events/new.json";
    let sent = bot.post(Settings::BOT, events, Some(message.clone())).await.json();
    assert_eq!(sent["event"]["message_create"]["custom_profile_id"], id.as_str());
    assert_eq!(bot.got(1).await[0].json()["direct_message_events"][0]["message_create"]["custom_profile_id"], id.as_str());
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    assert_eq!(bot.call("DELETE", Settings::BOT, &destroy, None).await.status, 204);
    assert_eq!(bot.post(Settings::BOT, events, Some(message)).await.refused(), (404, 34));
    bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "custom_profiles": false })).expect("rules"));
    assert_eq!(bot.post(Settings::BOT, new, Some(body("Jane"))).await.refused(), (403, 200));
}
