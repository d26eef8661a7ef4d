//! Direct messages by the newer API: the same chat as the older one's.

use std::time::Duration;

use junco::model::{MediaKind, UserId};
use junco::simulator::{Permission, Person, Settings};
use serde_json::{Value, json};

use crate::bot::{Bot, Reply};
use crate::v2::SCOPES;

const EVENTS: &str = "/2/dm_events";

fn with(user: UserId) -> String {
    format!("/2/dm_conversations/with/{user}/messages")
}

impl Bot {
    async fn send_newer(&self, body: Value) -> Reply {
        self.post(Settings::BOT, &with(Settings::ADA), Some(body)).await
    }

    /// Reads with a caller's window all to itself.
    async fn read_newer(&self, path: &str) -> Value {
        let reply = self.get(Settings::BOT, path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }
}

#[tokio::test]
async fn a_message_goes_out_and_comes_back_as_an_echo() {
    let bot = Bot::ready().await;
    let reply = bot.send_newer(json!({ "text": "hello" })).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let data = &reply.json()["data"];
    assert_eq!(data["dm_conversation_id"], format!("{}-{}", Settings::BOT, Settings::ADA), "the smaller id comes first");
    let got = bot.got(1).await;
    assert_eq!(got[0].message().to_string(), data["dm_event_id"].as_str().expect("an id"));
    let create = &got[0].json()["direct_message_events"][0]["message_create"];
    assert_eq!(create["source_app_id"], Settings::APP.to_string(), "deliveries are those of the older API");
    let path = format!("/2/dm_conversations/{}-{}/messages", Settings::BOT, Settings::ADA);
    let granted = bot.granted(Settings::BOT, SCOPES).await;
    assert_eq!(bot.with_token("POST", &path, &granted, Some(json!({ "text": "again" }))).await.status, 201);
    assert_eq!(bot.transcript().iter().map(|shown| shown.text.as_str()).collect::<Vec<_>>(), ["hello", "again"]);
}

#[tokio::test]
async fn what_the_newer_api_does_not_have_is_refused() {
    let bot = Bot::ready().await;
    for body in [
        json!({}),
        json!({ "text": "" }),
        json!({ "text": "x".repeat(10_001) }),
        json!({ "text": "?", "quick_reply": { "type": "options", "options": [{ "label": "a" }] } }),
        json!({ "text": "?", "ctas": [] }),
        json!({ "text": "?", "attachments": [{ "media_id": "1" }, { "media_id": "2" }] }),
        json!({ "attachments": [{ "media_id": "x" }] }),
    ] {
        assert_eq!(bot.send_newer(body.clone()).await.problem(), (400, "Invalid Request".to_owned()), "{body}");
    }
    assert!(bot.transcript().is_empty());
    let text = || Some(json!({ "text": "hello" }));
    assert_eq!(bot.post(Settings::BOT, "/2/dm_conversations/with/x/messages", text()).await.problem().0, 400);
    let foreign = format!("/2/dm_conversations/{}-{}/messages", Settings::ADA, Settings::BEN);
    assert_eq!(bot.post(Settings::BOT, &foreign, text()).await.problem(), (403, "Forbidden".to_owned()));
    let group = json!({ "conversation_type": "Group", "participant_ids": ["1", "2"], "message": { "text": "hi" } });
    let refused = bot.post(Settings::BOT, "/2/dm_conversations", Some(group)).await;
    assert_eq!(refused.json()["detail"], "This operation is not permitted.");
}

#[tokio::test]
async fn whom_one_may_not_write_to_is_not_told_apart() {
    let mut closed = Person::new(77, "closed", "Closed");
    closed.open_dms = false;
    let mut blocking = Person::new(78, "blocking", "Blocking");
    blocking.blocks.insert(Settings::BOT);
    let people = [closed, blocking];
    let bot = Bot::with(|settings| settings.people.extend(people)).await;
    for id in [77, 78, 4711] {
        let reply = bot.post(Settings::BOT, &with(UserId(id)), Some(json!({ "text": "hello" }))).await;
        assert_eq!(reply.problem(), (403, "Forbidden".to_owned()));
        assert_eq!(reply.json()["detail"], "You do not have permission to DM one or more participants.", "{id}");
    }
}

#[tokio::test]
async fn writing_takes_a_token_for_messages() {
    let bot = Bot::with(|settings| settings.tokens[0].permission = Permission::ReadWrite).await;
    let (path, text) = (with(Settings::ADA), || Some(json!({ "text": "hello" })));
    assert_eq!(bot.post(Settings::BOT, &path, text()).await.problem(), (403, "Forbidden".to_owned()));
    assert_eq!(bot.with_token("POST", &path, &bot.app().await, text()).await.problem(), (403, "Unsupported Authentication".to_owned()));
    let reader = bot.granted(Settings::BOT, "dm.read tweet.read users.read").await;
    assert_eq!(bot.with_token("POST", &path, &reader, text()).await.problem(), (403, "Forbidden".to_owned()));
    assert_eq!(bot.with_token("GET", EVENTS, &reader, None).await.status, 200);
    assert_eq!(bot.with_token("DELETE", "/2/dm_events/1", &reader, None).await.problem(), (403, "Forbidden".to_owned()));
}

#[tokio::test]
async fn one_file_may_be_attached() {
    let bot = Bot::ready().await;
    let id = bot.simulator.upload(Settings::BOT, MediaKind::Photo).to_string();
    let body = || json!({ "attachments": [{ "media_id": id }] });
    assert_eq!(bot.send_newer(body()).await.status, 201);
    let again = bot.send_newer(body()).await;
    assert_eq!((again.status, &again.json()["detail"]), (403, &json!("You are not permitted to attach this media to a DM event.")));
    let page = bot.read_newer(&format!("{EVENTS}?expansions=attachments.media_keys")).await;
    assert_eq!(page["data"][0]["attachments"]["media_keys"], json!([format!("3_{id}")]));
    assert_eq!(page["includes"]["media"], json!([{ "media_key": format!("3_{id}"), "type": "photo" }]));
    let page = bot.read_newer(&format!("{EVENTS}?expansions=attachments.media_keys&media.fields=url")).await;
    let address = page["includes"]["media"][0]["url"].as_str().expect("an address");
    let path = address.strip_prefix(&bot.simulator.url()).expect("an address of this server");
    assert!(path.starts_with("/2/dm_conversations/media/"), "{path}");
    let client = bot.request("GET", path).header("authorization", format!("Bearer {}", bot.granted(Settings::ADA, SCOPES).await));
    let response = client.send().await.expect("an answer");
    assert!(response.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("image/")), "{response:?}");
    assert_eq!(bot.with_token("GET", path, &bot.granted(Settings::BEN, SCOPES).await, None).await.problem().0, 404, "it is not his");
}

#[tokio::test]
async fn events_are_read_with_what_is_asked_for() {
    let bot = Bot::ready().await;
    let said = bot.simulator.say(Settings::ADA, Settings::BOT, "a < b, see https://example.org/x").expect("a message");
    let plain = bot.read_newer(EVENTS).await;
    assert_eq!(plain["meta"], json!({ "result_count": 1 }));
    let event = plain["data"][0].as_object().expect("an event");
    assert_eq!(event.keys().collect::<Vec<_>>(), ["event_type", "id", "text"]);
    assert!(event["text"].as_str().is_some_and(|text| text.starts_with("a &lt; b, see https://t.co/")), "{event:?}");
    let fields = "dm_event.fields=created_at,sender_id,dm_conversation_id,entities&expansions=sender_id&user.fields=verified";
    let full = bot.read_newer(&format!("{EVENTS}?{fields}")).await;
    let event = &full["data"][0];
    assert_eq!((&event["id"], &event["sender_id"]), (&json!(said.to_string()), &json!(Settings::ADA.to_string())));
    assert_eq!(event["dm_conversation_id"], format!("{}-{}", Settings::BOT, Settings::ADA));
    assert_eq!(
        (&event["entities"]["urls"][0]["start"], &event["entities"]["urls"][0]["expanded_url"]),
        (&json!(11), &json!("https://example.org/x"))
    );
    assert_eq!(
        full["includes"]["users"],
        json!([{ "id": Settings::ADA.to_string(), "name": "Ada", "username": "ada", "verified": false }])
    );
    assert_eq!(bot.read_newer(&format!("{EVENTS}?event_types=ParticipantsJoin")).await, json!({ "meta": { "result_count": 0 } }));
}

#[tokio::test]
async fn three_paths_lead_to_the_events_of_the_last_thirty_days() {
    let bot = Bot::ready().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "old").expect("a message");
    bot.simulator.advance(Duration::from_secs(30 * 24 * 60 * 60 + 60));
    bot.simulator.say(Settings::ADA, Settings::BOT, "ada's").expect("a message");
    bot.simulator.say(Settings::BEN, Settings::BOT, "ben's").expect("a message");
    bot.simulator.say(Settings::BEN, Settings::ADA, "none of the bot's").expect("a message");
    let texts = async |path: &str| {
        let page = bot.read_newer(path).await;
        page["data"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .iter()
            .map(|event| event["text"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(EVENTS).await, ["ben's", "ada's"]);
    assert_eq!(texts(&format!("/2/dm_conversations/with/{}/dm_events", Settings::BEN)).await, ["ben's"]);
    assert_eq!(texts(&format!("/2/dm_conversations/{}-{}/dm_events", Settings::BOT, Settings::ADA)).await, ["ada's"]);
    let foreign = format!("/2/dm_conversations/{}-{}/dm_events", Settings::ADA, Settings::BEN);
    assert_eq!(bot.get(Settings::BOT, &foreign).await.problem().0, 403);
}

#[tokio::test]
async fn pages_lead_there_and_back() {
    let bot = Bot::ready().await;
    for text in ["1", "2", "3", "4", "5"] {
        bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message");
    }
    let page = async |token: Option<&Value>| {
        let token = token.and_then(Value::as_str).map(|token| format!("&pagination_token={token}")).unwrap_or_default();
        let page = bot.read_newer(&format!("{EVENTS}?max_results=2{token}")).await;
        let texts: String = page["data"].as_array().expect("events").iter().filter_map(|event| event["text"].as_str()).collect();
        (texts, page["meta"].clone())
    };
    let (first, meta) = page(None).await;
    assert_eq!((first.as_str(), meta.get("previous_token")), ("54", None));
    let (second, meta) = page(meta.get("next_token")).await;
    assert_eq!(second, "32");
    let (third, last) = page(meta.get("next_token")).await;
    assert_eq!((third.as_str(), last.get("next_token")), ("1", None));
    assert_eq!(page(last.get("previous_token")).await.0, "32");
    assert_eq!(page(meta.get("previous_token")).await.0, "54");
    for bad in ["max_results=0", "max_results=101", "pagination_token=elsewhere"] {
        assert_eq!(bot.get(Settings::BOT, &format!("{EVENTS}?{bad}")).await.problem(), (400, "Invalid Request".to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn deleting_takes_a_message_out_of_ones_own_view() {
    let bot = Bot::ready().await;
    let id = bot.say("hello").await;
    let path = format!("{EVENTS}/{id}");
    let reply = bot.call("DELETE", Settings::BOT, &path, None).await;
    assert_eq!(reply.json(), json!({ "data": { "deleted": true } }));
    assert_eq!(reply.headers["x-user-limit-24hour-remaining"], "1499");
    assert_eq!(bot.call("DELETE", Settings::BOT, &path, None).await.problem(), (404, "Not Found Error".to_owned()));
    assert_eq!(bot.read_newer(EVENTS).await["meta"]["result_count"], 0);
    assert_eq!(bot.transcript().len(), 1, "the other side goes on seeing it");
}

#[tokio::test]
async fn sends_are_counted_in_windows_and_days() {
    let bot = Bot::with(|settings| {
        settings.rules.v2.messages = 2;
        settings.rules.v2.user_daily = 3;
        settings.rules.v2.app_daily = 4;
    })
    .await;
    let first = bot.send_newer(json!({ "text": "1" })).await;
    let left = |reply: &Reply, name: &str| reply.headers[&format!("{name}-remaining")].to_str().expect("text").to_owned();
    let all = ["x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"].map(|name| left(&first, name));
    assert_eq!(all, ["1", "2", "3"]);
    assert_eq!(bot.send_newer(json!({ "text": "2" })).await.status, 201);
    let full = bot.send_newer(json!({ "text": "3" })).await;
    assert_eq!((full.problem(), left(&full, "x-rate-limit").as_str()), ((429, "Too Many Requests".to_owned()), "0"));
    bot.simulator.advance(Duration::from_secs(15 * 60));
    assert_eq!(bot.send_newer(json!({ "text": "3" })).await.status, 201);
    let full = bot.send_newer(json!({ "text": "4" })).await;
    assert_eq!((full.status, left(&full, "x-user-limit-24hour").as_str()), (429, "0"), "the day is full, though the window is not");
    assert_eq!(bot.transcript().len(), 3);
    let ada = bot.granted(Settings::ADA, SCOPES).await;
    let hers = async || bot.with_token("POST", &with(Settings::BOT), &ada, Some(json!({ "text": "from Ada" }))).await;
    assert_eq!(left(&hers().await, "x-app-limit-24hour"), "0");
    let full = hers().await;
    assert_eq!((full.status, left(&full, "x-app-limit-24hour").as_str()), (429, "0"), "all senders share the app's day");
    bot.simulator.advance(Duration::from_secs(15 * 60));
    bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "v2": { "app_daily": 9 } })).expect("rules"));
    assert_eq!(left(&hers().await, "x-user-limit-24hour"), "1", "what the app's limit refused is not counted as hers");
}

#[tokio::test]
async fn one_rule_is_changed_and_the_others_stay() {
    let bot = Bot::with(|settings| settings.rules.v2.user_daily = 7).await;
    bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "v2": { "messages": 1 } })).expect("rules"));
    let first = bot.send_newer(json!({ "text": "1" })).await;
    assert_eq!((first.status, &first.headers["x-user-limit-24hour-limit"]), (201, &"7".parse().expect("a header")));
    assert_eq!(bot.send_newer(json!({ "text": "2" })).await.status, 429);
    assert!(bot.simulator.rules().changed(&json!({ "v2": { "imagined": 1 } })).is_err());
}

#[tokio::test]
async fn faults_at_the_door_strike_here_too() {
    let bot = Bot::ready().await;
    let fault = |json: Value| serde_json::from_value(json).expect("a fault");
    bot.simulator.fault(fault(json!({ "kind": "refuse", "with": { "failure": "over_capacity" }, "times": 1 })));
    assert_eq!(bot.send_newer(json!({ "text": "a" })).await.problem().0, 503);
    assert!(bot.transcript().is_empty());
    bot.simulator.fault(fault(json!({ "kind": "lose_answer", "with": { "failure": "internal_error" }, "times": 1 })));
    assert_eq!(bot.send_newer(json!({ "text": "b" })).await.problem().0, 500);
    assert_eq!(bot.transcript().len(), 1, "the answer was lost, not the message");
}
