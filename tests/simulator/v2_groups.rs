//! Groups, which only the newer API knows: opened with a message, written into and read by their members.

use std::time::Duration;

use junco::model::{MediaKind, UserId};
use junco::simulator::{Group, Person, Settings};
use serde_json::{Value, json};

use crate::bot::{Bot, Reply};
use crate::v2::SCOPES;

const GROUPS: &str = "/2/dm_conversations";
const EVENTS: &str = "/2/dm_events";
const TRIO: [UserId; 3] = [Settings::BOT, Settings::ADA, Settings::BEN];

/// A group of two and the caller.
fn group(people: [UserId; 2], message: Value) -> Value {
    json!({ "conversation_type": "Group", "participant_ids": people.map(|id| id.to_string()), "message": message })
}

impl Bot {
    async fn open(&self, text: &str) -> Reply {
        self.post(Settings::BOT, GROUPS, Some(group([Settings::ADA, Settings::BEN], json!({ "text": text })))).await
    }

    /// Opens a group with Ada and Ben; gives its name.
    async fn opened(&self) -> String {
        let reply = self.open("all of you").await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["data"]["dm_conversation_id"].as_str().expect("a name").to_owned()
    }

    async fn write_in(&self, group: &str, text: &str) -> Reply {
        self.post(Settings::BOT, &format!("{GROUPS}/{group}/messages"), Some(json!({ "text": text }))).await
    }

    /// The events that a person reads, by a token of their own.
    async fn read_as(&self, person: UserId, path: &str) -> Vec<Value> {
        let reply = self.with_token("GET", path, &self.granted(person, SCOPES).await, None).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"].as_array().cloned().unwrap_or_default()
    }

    fn only_group(&self) -> Group {
        let mut groups = self.simulator.groups();
        assert_eq!(groups.len(), 1, "{groups:?}");
        groups.remove(0)
    }
}

fn texts(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["text"].as_str()).collect()
}

#[tokio::test]
async fn a_group_is_opened_and_its_members_write_and_read() {
    let bot = Bot::ready().await;
    bot.simulator.say(Settings::BEN, Settings::BOT, "between us").expect("a message");
    let opened = bot.open("a & b").await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let data = &opened.json()["data"];
    let name = data["dm_conversation_id"].as_str().expect("a name");
    assert!(name.len() >= 15 && name.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    let ada = bot.granted(Settings::ADA, SCOPES).await;
    let hers = bot.with_token("POST", &format!("{GROUPS}/{name}/messages"), &ada, Some(json!({ "text": "hello" }))).await;
    assert_eq!((hers.status, &hers.json()["data"]["dm_conversation_id"]), (201, &json!(name)));
    let fields = "dm_event.fields=dm_conversation_id,sender_id,created_at,participant_ids";
    for reader in TRIO {
        let events = bot.read_as(reader, &format!("{GROUPS}/{name}/dm_events?{fields}")).await;
        assert_eq!(texts(&events), ["hello", "a &amp; b"]);
        assert_eq!((&events[0]["sender_id"], &events[1]["id"]), (&json!(Settings::ADA.to_string()), &data["dm_event_id"]));
        assert!(events.iter().all(|event| event["dm_conversation_id"] == name && event["created_at"].is_string()), "{events:?}");
        assert!(events.iter().all(|event| event.get("participant_ids").is_none()), "they are no part of a message: {events:?}");
    }
    assert_eq!(
        texts(&bot.read_as(Settings::BOT, EVENTS).await),
        ["hello", "a &amp; b", "between us"],
        "newest first, of all conversations"
    );
    assert_eq!(texts(&bot.read_as(Settings::ADA, EVENTS).await), ["hello", "a &amp; b"]);
    let pair = format!("{GROUPS}/with/{}/dm_events", Settings::BEN);
    assert_eq!(texts(&bot.read_as(Settings::BOT, &pair).await), ["between us"]);
}

#[tokio::test]
async fn pages_go_through_groups_and_pairs_alike() {
    let bot = Bot::ready().await;
    let name = bot.opened().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "2").expect("a message");
    bot.write_in(&name, "3").await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "4").expect("a message");
    let first = bot.get(Settings::BOT, &format!("{EVENTS}?max_results=3")).await.json();
    assert_eq!(texts(first["data"].as_array().expect("events")), ["4", "3", "2"]);
    let next = first["meta"]["next_token"].as_str().expect("a token");
    let second = bot.get(Settings::BOT, &format!("{EVENTS}?max_results=3&pagination_token={next}")).await.json();
    assert_eq!(texts(second["data"].as_array().expect("events")), ["all of you"]);
    bot.simulator.advance(Duration::from_secs(30 * 24 * 60 * 60 + 60));
    assert!(bot.read_as(Settings::BOT, &format!("{GROUPS}/{name}/dm_events")).await.is_empty(), "of the last thirty days");
}

#[tokio::test]
async fn no_webhook_hears_of_a_group_nor_does_the_older_api() {
    let bot = Bot::ready().await;
    let name = bot.opened().await;
    let ada = bot.granted(Settings::ADA, SCOPES).await;
    bot.with_token("POST", &format!("{GROUPS}/{name}/messages"), &ada, Some(json!({ "text": "hello" }))).await;
    assert_eq!(bot.simulator.redeliver_all(), 0);
    let told = bot.say("to Ada alone").await;
    assert_eq!(bot.got(1).await[0].message(), told, "what comes first is what was sent last");
    let deliveries = bot.simulator.deliveries();
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    let listed = bot.get(Settings::BOT, "/1.1/direct_messages/events/list.json").await.json();
    assert_eq!(listed["events"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(bot.transcript().len(), 1);
}

#[tokio::test]
async fn who_is_not_in_a_group_may_not_write_or_read() {
    let bot = Bot::ready().await;
    let people = [Settings::BOT, Settings::ADA];
    let ben = bot.granted(Settings::BEN, SCOPES).await;
    bot.simulator.admit(Person::new(77, "cleo", "Cleo")).expect("a free name");
    let opened = bot.with_token("POST", GROUPS, &ben, Some(group(people, json!({ "text": "hi" })))).await;
    let name = opened.json()["data"]["dm_conversation_id"].as_str().expect("a name").to_owned();
    let cleo = bot.granted(UserId(77), SCOPES).await;
    for name in [name.as_str(), "150000000000000"] {
        let path = format!("{GROUPS}/{name}/messages");
        let refused = bot.with_token("POST", &path, &cleo, Some(json!({ "text": "may I?" }))).await;
        assert_eq!((refused.status, &refused.json()["detail"]), (403, &json!("This operation is not permitted.")), "{name}");
        let refused = bot.with_token("GET", &format!("{GROUPS}/{name}/dm_events"), &cleo, None).await;
        assert_eq!(refused.problem(), (403, "Forbidden".to_owned()), "{name}");
    }
    assert!(bot.read_as(UserId(77), EVENTS).await.is_empty());
    let id = bot.only_group().messages[0].id;
    assert_eq!(bot.with_token("DELETE", &format!("{EVENTS}/{id}"), &cleo, None).await.problem().0, 404);
    assert_eq!(bot.only_group().messages.len(), 1);
    let short = bot.write_in("12345678901234", "too short a name").await;
    assert_eq!(short.problem(), (400, "Invalid Request".to_owned()));
}

#[tokio::test]
async fn all_whom_a_group_names_must_be_open_to_its_opener() {
    let mut closed = Person::new(77, "closed", "Closed");
    closed.open_dms = false;
    let mut blocking = Person::new(78, "blocking", "Blocking");
    blocking.blocks.insert(Settings::BOT);
    let people = [closed, blocking];
    let bot = Bot::with(|settings| settings.people.extend(people)).await;
    for id in [77, 78, 4711] {
        let reply = bot.post(Settings::BOT, GROUPS, Some(group([Settings::ADA, UserId(id)], json!({ "text": "hi" })))).await;
        assert_eq!(reply.problem(), (403, "Forbidden".to_owned()));
        assert_eq!(reply.json()["detail"], "You do not have permission to DM one or more participants.", "{id}");
    }
    assert!(bot.simulator.groups().is_empty());
}

#[tokio::test]
async fn a_group_of_a_wrong_shape_is_refused() {
    let bot = Bot::ready().await;
    let good = || group([Settings::ADA, Settings::BEN], json!({ "text": "hi" }));
    let with = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    for body in [
        json!({ "conversation_type": "Group", "participant_ids": ["1", "2"] }),
        with("conversation_type", json!("group")),
        with("participant_ids", json!([Settings::ADA.to_string()])),
        with("participant_ids", json!(vec![Settings::ADA.to_string(); 50])),
        with("participant_ids", json!(["x", "y"])),
        with("participant_ids", json!([1, 2])),
        with("message", json!({})),
        with("message", json!({ "text": "x".repeat(10_001) })),
        with("message", json!({ "text": "?", "quick_reply": {} })),
        with("name", json!("Us")),
    ] {
        let reply = bot.post(Settings::BOT, GROUPS, Some(body.clone())).await;
        assert_eq!(reply.problem(), (400, "Invalid Request".to_owned()), "{body}");
    }
    let reader = bot.granted(Settings::BOT, "dm.read tweet.read users.read").await;
    assert_eq!(bot.with_token("POST", GROUPS, &reader, Some(good())).await.problem(), (403, "Forbidden".to_owned()));
    let app = bot.app().await;
    assert_eq!(bot.with_token("POST", GROUPS, &app, Some(good())).await.problem(), (403, "Unsupported Authentication".to_owned()));
    assert!(bot.simulator.groups().is_empty());
    let named_twice = with("participant_ids", json!([Settings::ADA, Settings::BEN, Settings::ADA].map(|id| id.to_string())));
    assert_eq!(bot.post(Settings::BOT, GROUPS, Some(named_twice)).await.status, 201);
    assert_eq!(bot.only_group().members, TRIO.into());
}

#[tokio::test]
async fn a_picture_in_a_group_is_for_its_members() {
    let bot = Bot::ready().await;
    let id = bot.simulator.upload(Settings::BOT, MediaKind::Photo).to_string();
    let message = || json!({ "attachments": [{ "media_id": id }] });
    let opened = bot.post(Settings::BOT, GROUPS, Some(group([Settings::ADA, Settings::BEN], message()))).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let name = opened.json()["data"]["dm_conversation_id"].as_str().expect("a name").to_owned();
    let again = bot.post(Settings::BOT, &format!("{GROUPS}/{name}/messages"), Some(message())).await;
    assert_eq!((again.status, &again.json()["detail"]), (403, &json!("You are not permitted to attach this media to a DM event.")));
    let page =
        bot.get(Settings::BOT, &format!("{GROUPS}/{name}/dm_events?expansions=attachments.media_keys&media.fields=url")).await.json();
    assert_eq!(page["data"][0]["attachments"]["media_keys"], json!([format!("3_{id}")]));
    let address = page["includes"]["media"][0]["url"].as_str().expect("an address");
    let path = address.strip_prefix(&bot.simulator.url()).expect("an address of this server");
    let hers = bot.request("GET", path).bearer_auth(bot.granted(Settings::ADA, SCOPES).await).send().await.expect("an answer");
    assert!(hers.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("image/")), "{hers:?}");
    let stranger = bot.granted(Settings::OWNER, SCOPES).await;
    assert_eq!(bot.with_token("GET", path, &stranger, None).await.problem().0, 404);
    let message = bot.only_group().messages[0].id;
    let seen = bot.request("GET", &format!("/sim/media/{message}")).send().await.expect("an answer");
    assert!(seen.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("image/")), "{seen:?}");
}

#[tokio::test]
async fn a_message_of_a_group_is_deleted_from_ones_own_view() {
    let bot = Bot::ready().await;
    let name = bot.opened().await;
    let path = format!("{EVENTS}/{}", bot.only_group().messages[0].id);
    assert_eq!(bot.call("DELETE", Settings::BOT, &path, None).await.json(), json!({ "data": { "deleted": true } }));
    assert_eq!(bot.call("DELETE", Settings::BOT, &path, None).await.problem().0, 404);
    let events = format!("{GROUPS}/{name}/dm_events");
    assert!(bot.read_as(Settings::BOT, &events).await.is_empty());
    assert_eq!(bot.read_as(Settings::BEN, &events).await.len(), 1, "the others go on seeing it");
    assert_eq!(bot.only_group().messages.len(), 1);
}

#[tokio::test]
async fn sends_to_groups_count_as_all_others_do() {
    let bot = Bot::with(|settings| {
        settings.rules.v2.messages = 3;
        settings.rules.v2.user_daily = 4;
    })
    .await;
    let left = |reply: &Reply, name: &str| reply.headers[&format!("{name}-remaining")].to_str().expect("text").to_owned();
    let opened = bot.open("1").await;
    assert_eq!(["x-rate-limit", "x-user-limit-24hour"].map(|name| left(&opened, name)), ["2", "3"]);
    let name = opened.json()["data"]["dm_conversation_id"].as_str().expect("a name").to_owned();
    assert_eq!(left(&bot.write_in(&name, "2").await, "x-user-limit-24hour"), "2");
    let to_ada = bot.post(Settings::BOT, &format!("{GROUPS}/with/{}/messages", Settings::ADA), Some(json!({ "text": "3" }))).await;
    assert_eq!((to_ada.status, left(&to_ada, "x-user-limit-24hour").as_str()), (201, "1"));
    assert_eq!(bot.write_in(&name, "4").await.problem(), (429, "Too Many Requests".to_owned()));
    bot.simulator.advance(Duration::from_secs(15 * 60));
    let ada = bot.granted(Settings::ADA, SCOPES).await;
    let hers = bot.with_token("POST", &format!("{GROUPS}/{name}/messages"), &ada, Some(json!({ "text": "hers" }))).await;
    assert_eq!(hers.status, 201, "{}", hers.text);
    assert_eq!(left(&bot.write_in(&name, "4").await, "x-user-limit-24hour"), "0", "her message makes no reply free");
    let full = bot.open("5").await;
    assert_eq!((full.status, left(&full, "x-user-limit-24hour").as_str()), (429, "0"));
    assert_eq!(bot.only_group().messages.len(), 4);
}

#[tokio::test]
async fn faults_and_repetitions_are_those_of_other_messages() {
    let bot = Bot::with(|settings| settings.rules.refuse_duplicates = true).await;
    let fault = |json: Value| serde_json::from_value(json).expect("a fault");
    bot.simulator.fault(fault(json!({ "kind": "refuse", "with": { "failure": "over_capacity" }, "times": 1 })));
    assert_eq!(bot.open("a").await.problem().0, 503);
    assert!(bot.simulator.groups().is_empty());
    bot.simulator.fault(fault(json!({ "kind": "lose_answer", "with": { "failure": "internal_error" }, "times": 1 })));
    assert_eq!(bot.open("a").await.problem().0, 500);
    let name = bot.only_group().id.to_string();
    assert_eq!(bot.write_in(&name, "a").await.problem(), (403, "Forbidden".to_owned()), "it is there already");
    assert_eq!(bot.write_in(&name, "b").await.status, 201);
    assert_eq!(bot.write_in(&name, "a").await.status, 201);
    assert_eq!(bot.open("a").await.status, 201, "in another group it is no repetition");
}

#[tokio::test]
async fn groups_are_seen_from_outside() {
    let bot = Bot::ready().await;
    let seen = async || bot.carry_out(bot.request("GET", "/sim/groups")).await.expect("an answer").json();
    assert_eq!(seen().await, json!([]));
    let name = bot.opened().await;
    bot.write_in(&name, "see https://example.org/x").await;
    let groups = seen().await;
    assert_eq!((&groups[0]["id"], &groups[0]["members"]), (&json!(name), &json!(TRIO.map(|id| id.to_string()))));
    let messages = groups[0]["messages"].as_array().expect("messages");
    assert_eq!(texts(messages), ["all of you", "see https://example.org/x"], "as they were typed, oldest first");
    assert_eq!((&messages[0]["from"], &messages[0]["app"]), (&json!(Settings::BOT.to_string()), &json!(Settings::APP.to_string())));
    assert!(messages.iter().all(|message| message["id"].is_string() && message["at"].is_u64() && message["picture"].is_null()));
}
