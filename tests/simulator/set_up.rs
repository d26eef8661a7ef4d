//! Registering a webhook and subscribing to it.

use std::time::Duration;

use junco::simulator::{Outcome, Permission, Settings, Simulator, Stage};
use serde_json::json;

use crate::bot::{Bot, Crc, PATIENCE, encoded};

#[tokio::test]
async fn a_webhook_that_answers_the_challenge_is_stored() {
    let bot = Bot::new().await;
    let reply = bot.register().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let hook = reply.json();
    assert_eq!((&hook["url"], &hook["valid"]), (&json!(bot.url), &json!(true)));
    assert_eq!(bot.challenges(), [true], "the challenge is signed over the whole query");
    assert!(reply.text.contains(r"http:\/\/127.0.0.1"), "slashes are escaped: {}", reply.text);
    assert_eq!(bot.with_bearer("GET", "/1.1/account_activity/webhooks.json").await.json(), json!([hook]));
}

#[tokio::test]
async fn a_webhook_that_fails_the_challenge_is_not_stored() {
    let bot = Bot::with(|settings| settings.rules.answer_limit = Duration::from_millis(300)).await;
    let wrong = "Webhook URL does not meet the requirements. Invalid CRC token or json response format.";
    let status = "Non-200 response code during CRC GET request (i.e. 404, 500, etc).";
    let slow = "High latency on CRC GET request. Your webhook should respond in less than 3 seconds.";
    for (crc, message) in [
        (Crc::WrongSecret, wrong),
        (Crc::Text("{}"), wrong),
        (Crc::Text("sha256="), wrong),
        (Crc::Gzip, wrong),
        (Crc::SecretGzip, wrong),
        (Crc::Endless, wrong),
        (Crc::Status(201), status),
        (Crc::Status(500), status),
        (Crc::Redirect, status),
        (Crc::Never, slow),
    ] {
        bot.answer_crc(crc);
        let reply = bot.register().await;
        assert_eq!(reply.refused(), (403, 214), "{crc:?}");
        assert_eq!(reply.json()["errors"][0]["message"], message, "{crc:?}");
        assert!(bot.simulator.webhooks().is_empty(), "{crc:?}");
    }
}

#[tokio::test]
async fn addresses_and_their_number_are_limited() {
    let bot = Bot::with(|settings| settings.rules.webhooks = 1).await;
    let path = |url: &str| format!("/1.1/account_activity/webhooks.json?url={}", encoded(url));
    for bad in ["", "no address", "ftp://example.org/"] {
        assert_eq!(bot.post(Settings::OWNER, &path(bad), None).await.refused(), (403, 214), "{bad}");
    }
    assert_eq!(bot.post(Settings::OWNER, "/1.1/account_activity/webhooks.json", None).await.refused(), (403, 195));
    assert_eq!(bot.register().await.status, 200);
    let reply = bot.register().await;
    assert_eq!(reply.json()["errors"][0]["message"], "Too many resources already created.");

    let strict = Bot::with(|settings| settings.rules.strict_urls = true).await;
    for bad in [strict.url.as_str(), "http://example.org/", "https://example.org:8443/"] {
        assert_eq!(strict.post(Settings::OWNER, &path(bad), None).await.refused(), (403, 214), "{bad}");
    }
    assert!(strict.challenges().is_empty(), "an unfit address is not even called");
}

#[tokio::test]
async fn a_form_may_carry_the_address() {
    let bot = Bot::new().await;
    let reply = bot.form(Settings::OWNER, "/1.1/account_activity/webhooks.json", &[("url", &bot.url)]).await;
    assert_eq!(reply.status, 200, "form fields are signed too: {}", reply.text);
}

#[tokio::test]
async fn only_the_owner_registers_and_only_with_a_users_token() {
    let bot = Bot::new().await;
    let path = format!("/1.1/account_activity/webhooks.json?url={}", encoded(&bot.url));
    assert_eq!(bot.post(Settings::BOT, &path, None).await.refused(), (403, 200));
    assert_eq!(bot.with_bearer("POST", &path).await.refused(), (403, 261));
    assert_eq!(bot.get(Settings::OWNER, "/1.1/account_activity/webhooks.json").await.refused(), (401, 32));
    let unknown = bot.request("GET", "/1.1/account_activity/webhooks.json").header("authorization", "Bearer AAAA");
    assert_eq!(bot.carry_out(unknown).await.expect("an answer").refused(), (403, 99));
}

#[tokio::test]
async fn subscriptions_come_and_go() {
    let bot = Bot::new().await;
    let id = bot.register().await.json()["id"].as_str().expect("an id").to_owned();
    let all = format!("/1.1/account_activity/webhooks/{id}/subscriptions/all.json");
    assert_eq!(bot.get(Settings::BOT, &all).await.refused(), (404, 34));
    assert_eq!(bot.post(Settings::BOT, &all, None).await.status, 204);
    assert_eq!(bot.get(Settings::BOT, &all).await.status, 204);
    assert_eq!(bot.post(Settings::BOT, &all, None).await.refused(), (409, 355));
    assert_eq!(bot.post(Settings::BOT, &all.replace(&id, "7"), None).await.refused(), (404, 34));
    assert_eq!(bot.with_bearer("POST", &all).await.refused(), (403, 220));

    let list = bot.with_bearer("GET", &all.replace("all.json", "all/list.json")).await.json();
    assert_eq!(list["subscriptions"], json!([{ "user_id": Settings::BOT.to_string() }]));
    let count = bot.with_bearer("GET", "/1.1/account_activity/subscriptions/count.json").await.json();
    assert_eq!(count["subscriptions_count_all"], "1", "numbers are strings");

    let one = all.replace("all.json", &format!("{}/all.json", Settings::BOT));
    assert_eq!(bot.call("DELETE", Settings::BOT, &all, None).await.refused(), (410, 251));
    assert_eq!(bot.with_bearer("DELETE", &one).await.status, 204);
    assert_eq!(bot.with_bearer("DELETE", &one).await.refused(), (404, 34));
}

#[tokio::test]
async fn a_token_without_messages_cannot_subscribe() {
    let bot = Bot::with(|settings| settings.tokens[0].permission = Permission::ReadWrite).await;
    let id = bot.register().await.json()["id"].as_str().expect("an id").to_owned();
    let all = format!("/1.1/account_activity/webhooks/{id}/subscriptions/all.json");
    assert_eq!(bot.post(Settings::BOT, &all, None).await.refused(), (403, 348));
    assert_eq!(bot.send(json!({ "text": "hi" })).await.refused(), (403, 93));
}

#[tokio::test]
async fn an_invalid_webhook_gets_nothing_until_it_is_put() {
    let bot = Bot::ready().await;
    bot.answer_crc(Crc::WrongSecret);
    let results = bot.simulator.check_webhooks().await;
    assert!(results.iter().all(|(_, result)| result.is_err()));
    bot.simulator.say(Settings::ADA, Settings::BOT, "anyone?").expect("a message");
    let withheld = |stage: &Stage| stage.deliveries().iter().any(|record| record.outcome == Outcome::Withheld).then_some(());
    bot.simulator.wait_for(PATIENCE, withheld).await.expect("the delivery is withheld");

    let path = format!("/1.1/account_activity/webhooks/{}.json", results[0].0);
    assert_eq!(bot.call("PUT", Settings::OWNER, &path, None).await.refused(), (403, 214));
    bot.answer_crc(Crc::Right);
    assert_eq!(bot.call("PUT", Settings::OWNER, &path, None).await.status, 204);
    let id = bot.simulator.say(Settings::ADA, Settings::BOT, "there you are").expect("a message");
    assert_eq!(bot.got(1).await[0].message(), id, "what was withheld does not come by itself");
}

#[tokio::test]
async fn webhooks_are_checked_every_so_often() {
    let bot = Bot::with(|settings| settings.rules.crc_period = Some(Duration::from_secs(60))).await.set_up().await;
    bot.answer_crc(Crc::Status(500));
    let invalid = |stage: &Stage| stage.webhooks().iter().all(|hook| !hook.valid).then_some(());
    bot.simulator.wait_for(PATIENCE, invalid).await.expect("a check that failed");
}

#[tokio::test]
async fn how_often_they_are_checked_and_which_addresses_are_fit_can_be_changed() {
    let bot = Bot::with(|settings| settings.time_scale = 1.0).await;
    bot.simulator.change_rules(&json!({ "strict_urls": true })).expect("rules");
    assert_eq!(bot.register().await.refused(), (403, 214));
    bot.simulator.change_rules(&json!({ "strict_urls": false, "crc_period": "1h" })).expect("rules");
    let bot = bot.set_up().await;
    bot.answer_crc(Crc::Status(500));
    bot.live_until(Duration::from_secs(3_600), |stage| stage.webhooks().iter().all(|hook| !hook.valid).then_some(())).await;
}

#[tokio::test]
async fn a_deleted_webhook_takes_its_subscriptions_along() {
    let bot = Bot::ready().await;
    let id = bot.simulator.webhooks()[0].id;
    let path = format!("/1.1/account_activity/webhooks/{id}.json");
    assert_eq!(bot.call("DELETE", Settings::BOT, &path, None).await.refused(), (403, 200));
    assert_eq!(bot.call("DELETE", Settings::OWNER, &path, None).await.status, 204);
    assert_eq!(bot.call("DELETE", Settings::OWNER, &path, None).await.refused(), (404, 34));
    let count = bot.with_bearer("GET", "/1.1/account_activity/subscriptions/count.json").await.json();
    assert_eq!(count["subscriptions_count_all"], "0");
    bot.simulator.say(Settings::ADA, Settings::BOT, "hello?").expect("a message");
    assert!(bot.simulator.deliveries().is_empty());
}

#[tokio::test]
async fn a_stopped_simulator_gives_its_address_back() {
    let simulator = Simulator::start(Settings::default()).await.expect("a free port");
    let url = simulator.url();
    simulator.stop().await;
    let listen = url.trim_start_matches("http://").parse().expect("an address");
    let again = Simulator::start(Settings { listen, ..Settings::default() }).await.expect("the address is free");
    assert_eq!(again.url(), url);
}
