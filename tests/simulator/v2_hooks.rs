//! Webhooks and subscriptions of the newer API: the same state as the older one's, in other words.

use std::time::Duration;

use junco::simulator::{Settings, Stage};
use serde_json::{Value, json};

use crate::bot::{Bot, Crc, PATIENCE};
use crate::v2::SCOPES;

const HOOKS: &str = "/2/webhooks";

impl Bot {
    async fn register_newer(&self) -> crate::bot::Reply {
        self.with_token("POST", HOOKS, &self.app().await, Some(json!({ "url": self.url }))).await
    }

    /// A webhook of the newer API.
    pub(crate) async fn newer_hook(&self) -> String {
        let reply = self.register_newer().await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"]["id"].as_str().expect("an id").to_owned()
    }

    fn hook_is_valid(&self) -> bool {
        self.simulator.webhooks()[0].valid
    }
}

#[tokio::test]
async fn a_webhook_comes_is_listed_is_checked_and_goes() {
    let bot = Bot::new().await;
    let app = bot.app().await;
    assert_eq!(bot.with_token("GET", HOOKS, &app, None).await.json(), json!({ "data": [], "meta": { "result_count": 0 } }));
    let hook = bot.register_newer().await.json()["data"].clone();
    assert_eq!((&hook["url"], &hook["valid"]), (&json!(bot.url), &json!(true)));
    assert!(hook["created_at"].as_str().is_some_and(|date| date.len() == "2026-01-02T03:04:05.000Z".len()), "{hook}");
    assert_eq!(bot.challenges(), [true]);
    assert_eq!(bot.with_token("GET", HOOKS, &app, None).await.json(), json!({ "data": [hook], "meta": { "result_count": 1 } }));
    let one = format!("{HOOKS}/{}", hook["id"].as_str().expect("an id"));
    assert_eq!(bot.with_token("PUT", &one, &app, None).await.json(), json!({ "data": { "valid": true } }));
    assert_eq!(bot.challenges().len(), 2);
    assert_eq!(bot.call("DELETE", Settings::OWNER, &one, None).await.json(), json!({ "data": { "deleted": true } }), "the owner may too");
    for method in ["PUT", "DELETE"] {
        assert_eq!(bot.with_token(method, &one, &app, None).await.reason(), (400, "WebhookIdInvalid".to_owned()));
        assert_eq!(bot.with_token(method, "/2/webhooks/x1", &app, None).await.reason(), (400, "WebhookIdInvalid".to_owned()));
    }
}

#[tokio::test]
async fn each_reason_for_a_refusal_has_its_name() {
    let bot = Bot::with(|settings| {
        settings.rules.webhooks = 1;
        settings.rules.v2.answer_limit = Duration::from_millis(300);
    })
    .await;
    let app = bot.app().await;
    for crc in [Crc::WrongSecret, Crc::Text("{}"), Crc::Status(500), Crc::Redirect, Crc::Gzip, Crc::Never] {
        bot.answer_crc(crc);
        assert_eq!(bot.register_newer().await.reason(), (400, "CrcValidationFailed".to_owned()), "{crc:?}");
        assert!(bot.simulator.webhooks().is_empty(), "{crc:?}");
    }
    bot.answer_crc(Crc::Right);
    let register = async |url: &str| bot.with_token("POST", HOOKS, &app, Some(json!({ "url": url }))).await;
    let untrusted = register(&bot.url.replace("http://", "https://")).await;
    assert!(untrusted.text.contains("certificate"), "the webhook speaks no TLS: {}", untrusted.text);
    assert_eq!(register("ftp://example.org/").await.reason(), (400, "UrlValidationFailed".to_owned()));
    assert_eq!(register(&bot.url).await.status, 200);
    assert_eq!(register(&bot.url).await.reason(), (400, "DuplicateUrlFailed".to_owned()));
    assert_eq!(register("https://example.org/").await.reason(), (400, "WebhookLimitExceeded".to_owned()));
    for body in [json!({}), json!({ "url": bot.url, "more": 1 }), json!([])] {
        assert_eq!(bot.with_token("POST", HOOKS, &app, Some(body)).await.problem(), (400, "Invalid Request".to_owned()));
    }
    let granted = bot.granted(Settings::OWNER, SCOPES).await;
    assert_eq!(bot.with_token("GET", HOOKS, &granted, None).await.problem(), (403, "Unsupported Authentication".to_owned()));
    assert_eq!(bot.get(Settings::OWNER, HOOKS).await.problem(), (403, "Unsupported Authentication".to_owned()));
    assert_eq!(bot.post(Settings::BOT, HOOKS, Some(json!({ "url": bot.url }))).await.problem().0, 403, "the bot is not the owner");
}

#[tokio::test]
async fn each_face_has_its_own_patience() {
    let bot = Bot::with(|settings| settings.rules.answer_limit = Duration::from_millis(100)).await;
    bot.answer_crc(Crc::Late);
    assert_eq!(bot.register().await.refused(), (403, 214), "the older face waits for a tenth of a second");
    bot.newer_hook().await;

    let bot = Bot::with(|settings| {
        settings.rules.answer_limit = PATIENCE * 10;
        settings.rules.v2.answer_limit = Duration::from_millis(100);
    })
    .await;
    bot.newer_hook().await;
    bot.subscribe_newer().await;
    bot.answer(&[0]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "hello").expect("a message");
    let attempts = |stage: &Stage| stage.deliveries().first().and_then(|record| record.attempts.first().cloned());
    assert_eq!(bot.simulator.wait_for(PATIENCE, attempts).await.expect("an attempt").status, None, "deliveries are measured by it too");
}

#[tokio::test]
async fn failures_that_may_pass_are_borne_for_28_hours() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let bot = Bot::new().await;
    bot.newer_hook().await;
    for crc in [Crc::Status(503), Crc::Status(404)] {
        bot.answer_crc(crc);
        bot.simulator.advance(9 * HOUR);
        assert!(bot.simulator.check_webhooks().await[0].1.is_err());
        assert!(bot.hook_is_valid(), "{crc:?}");
    }
    bot.answer_crc(Crc::Right);
    bot.simulator.check_webhooks().await;
    bot.answer_crc(Crc::Status(503));
    bot.simulator.advance(27 * HOUR);
    bot.simulator.check_webhooks().await;
    assert!(bot.hook_is_valid(), "it is counted from the last success");
    bot.simulator.advance(2 * HOUR);
    bot.simulator.check_webhooks().await;
    assert!(!bot.hook_is_valid());
    bot.answer_crc(Crc::Right);
    bot.simulator.check_webhooks().await;
    assert!(bot.hook_is_valid(), "a check that succeeds brings it back");
    for crc in [Crc::WrongSecret, Crc::Redirect] {
        bot.answer_crc(crc);
        bot.simulator.check_webhooks().await;
        assert!(!bot.hook_is_valid(), "{crc:?} does not pass by itself");
        bot.answer_crc(Crc::Right);
        bot.simulator.check_webhooks().await;
    }
}

#[tokio::test]
async fn a_webhook_of_the_older_api_is_not_borne_with() {
    let bot = Bot::ready().await;
    bot.answer_crc(Crc::Status(503));
    bot.simulator.check_webhooks().await;
    assert!(!bot.hook_is_valid());
    bot.answer_crc(Crc::Right);
    bot.simulator.check_webhooks().await;
    assert!(!bot.hook_is_valid(), "only a PUT brings it back");
}

#[tokio::test]
async fn subscriptions_are_the_same_at_both_faces() {
    let bot = Bot::new().await;
    let app = bot.app().await;
    let id = bot.newer_hook().await;
    let base = format!("/2/account_activity/webhooks/{id}/subscriptions");
    let (all, older) = (format!("{base}/all"), format!("/1.1/account_activity/webhooks/{id}/subscriptions/all.json"));
    let granted = bot.granted(Settings::ADA, SCOPES).await;
    let told = |subscribed: bool| json!({ "data": { "subscribed": subscribed } });
    assert_eq!(bot.with_token("GET", &all, &granted, None).await.json(), told(false));
    assert_eq!(bot.with_token("POST", &all, &granted, None).await.problem().0, 400, "there must be an object");
    assert_eq!(bot.with_token("POST", &all, &granted, Some(json!({}))).await.json(), told(true));
    assert_eq!(bot.post(Settings::BOT, &all, Some(json!({}))).await.json(), told(true));
    assert_eq!(bot.get(Settings::BOT, &older).await.status, 204);
    assert_eq!(bot.post(Settings::BOT, &all, Some(json!({}))).await.reason(), (400, "DuplicateSubscriptionFailed".to_owned()));
    let list = bot.with_token("GET", &format!("{all}/list"), &app, None).await.json();
    let users: Vec<Value> = [Settings::BOT, Settings::ADA].map(|user| json!({ "user_id": user.to_string() })).into();
    assert_eq!((&list["data"]["subscriptions"], &list["data"]["webhook_id"]), (&json!(users), &json!(id)));
    let count = bot.with_token("GET", "/2/account_activity/subscriptions/count", &app, None).await.json();
    assert_eq!((&count["data"]["subscriptions_count_all"], &count["data"]["provisioned_count"]), (&json!("2"), &json!("500")));

    let one = format!("{base}/{}/all", Settings::BOT);
    assert_eq!(bot.with_token("DELETE", &one, &app, None).await.json(), told(false));
    assert_eq!(bot.with_token("DELETE", &one, &app, None).await.reason(), (400, "SubscriptionNotFound".to_owned()));
    assert_eq!(bot.get(Settings::BOT, &older).await.refused(), (404, 34));
    assert_eq!(bot.with_token("GET", &all.replace(&id, "7"), &granted, None).await.reason(), (400, "WebhookIdInvalid".to_owned()));
}

#[tokio::test]
async fn subscribing_needs_the_users_word_and_a_place() {
    let bot = Bot::with(|settings| settings.rules.subscriptions = 1).await;
    let all = format!("/2/account_activity/webhooks/{}/subscriptions/all", bot.newer_hook().await);
    let narrow = bot.granted(Settings::ADA, "dm.read tweet.read users.read").await;
    assert_eq!(bot.with_token("POST", &all, &narrow, Some(json!({}))).await.problem(), (403, "Forbidden".to_owned()));
    let app = bot.app().await;
    assert_eq!(bot.with_token("POST", &all, &app, Some(json!({}))).await.problem(), (403, "Unsupported Authentication".to_owned()));
    assert_eq!(bot.post(Settings::BOT, &all, Some(json!({}))).await.status, 200);
    let wide = bot.granted(Settings::ADA, SCOPES).await;
    assert_eq!(bot.with_token("POST", &all, &wide, Some(json!({}))).await.reason(), (400, "SubscriptionLimitExceeded".to_owned()));
}

#[tokio::test]
async fn the_second_signature_is_keyed_with_the_client_secret() {
    let bot = Bot::with(|settings| settings.rules.v2.client_signature = true).await;
    assert_eq!(bot.register_newer().await.reason(), (400, "CrcValidationFailed".to_owned()), "the consumer secret is not the key");
    bot.answer_crc(Crc::ClientSecret);
    bot.newer_hook().await;
    bot.subscribe_newer().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "hello").expect("a message");
    let got = bot.got(1).await;
    assert_eq!((got[0].signed, got[0].signed_for_client), (true, Some(true)));

    let plain = Bot::ready().await;
    plain.simulator.say(Settings::ADA, Settings::BOT, "hello").expect("a message");
    assert_eq!(plain.got(1).await[0].signed_for_client, None, "as a rule there is none");
}

impl Bot {
    /// Subscribes the bot on its first webhook.
    pub(crate) async fn subscribe_newer(&self) {
        let first = |stage: &Stage| stage.webhooks().first().map(|hook| hook.id);
        let id = first(&self.simulator).expect("a webhook");
        let reply = self.post(Settings::BOT, &format!("/2/account_activity/webhooks/{id}/subscriptions/all"), Some(json!({}))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}
