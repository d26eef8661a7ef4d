//! What arrives at the webhook, how often, and how it is written.

use std::time::Duration;

use junco::model::{MediaKind, MessageId};
use junco::simulator::{Outcome, Settings, Stage, Token};
use junco::wire::signature::verify;
use serde_json::json;

use crate::bot::{Bot, PATIENCE};

#[tokio::test]
async fn a_persons_message_arrives_signed() {
    let bot = Bot::ready().await;
    let id = bot.simulator.say(Settings::ADA, Settings::BOT, "a < b & ☃, see https://example.org/?a=1").expect("a message");
    let got = &bot.got(1).await[0];
    assert!(got.signed);
    assert!(!verify("sha256=", b"sim-consumer-secret-01", got.body.as_bytes()), "the check can fail");
    assert!(
        got.body.starts_with(&format!(
            r#"{{"for_user_id":"{}","direct_message_events":[{{"type":"message_create","id":"{id}","created_timestamp":"{}","message_create":{{"target":{{"recipient_id":"{}"}},"sender_id":"{}","message_data":{{"text":"a &lt; b &amp; ☃, see https://t.co/"#,
            Settings::BOT,
            id.minted_at(),
            Settings::BOT,
            Settings::ADA
        )),
        "{}",
        got.body
    );
    let json = got.json();
    let data = &json["direct_message_events"][0]["message_create"]["message_data"];
    assert_eq!(data["entities"]["urls"][0]["expanded_url"], "https://example.org/?a=1");
    assert_eq!(data["entities"]["urls"][0]["indices"], json!([15, 38]));
    assert_eq!(data["entities"]["hashtags"], json!([]));
    assert_eq!(json["users"][Settings::ADA.to_string()]["screen_name"], "ada");
    assert!(json.get("apps").is_none() && !got.body.contains("source_app_id"), "those are for the sender's copy");
}

#[tokio::test]
async fn a_sent_message_is_answered_and_echoed() {
    let bot = Bot::ready().await;
    let reply = bot
        .send(json!({ "text": "Pick <one>",
            "quick_reply": { "type": "options", "options": [{ "label": "Snow", "metadata": "snow" }] },
            "ctas": [{ "type": "web_url", "label": "Shop", "url": "https://example.org/shop" }] }))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let event = &reply.json()["event"];
    let create = &event["message_create"];
    assert_eq!(create["sender_id"], Settings::BOT.to_string());
    assert!(create.get("source_app_id").is_none());
    assert_eq!(create["message_data"]["text"], "Pick &lt;one&gt;");
    assert!(create["message_data"]["ctas"][0]["tco_url"].as_str().expect("a short link").starts_with("https://t.co/"));

    let echo = bot.got(1).await[0].json();
    let echoed = &echo["direct_message_events"][0];
    assert_eq!(echoed["id"], event["id"]);
    assert_eq!(echoed["message_create"]["source_app_id"], Settings::APP.to_string());
    assert_eq!(echo["apps"][Settings::APP.to_string()]["name"], "our-bot");
    assert_eq!(echoed["message_create"]["message_data"]["quick_reply"]["options"][0]["metadata"], "snow");
    let shown = &bot.transcript()[0];
    assert_eq!((shown.text.as_str(), shown.options.len(), shown.links.len()), ("Pick <one>", 1, 1));
}

#[tokio::test]
async fn both_ends_hear_of_a_message_when_both_are_subscribed() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::ADA, Settings::APP))).await.set_up().await;
    let hook = bot.simulator.webhooks()[0].id;
    bot.post(Settings::ADA, &format!("/1.1/account_activity/webhooks/{hook}/subscriptions/all.json"), None).await;
    let id = bot.say("hello").await;
    let mut got = bot.got(2).await;
    got.sort_by_key(|got| got.json()["for_user_id"] == json!(Settings::ADA.to_string()));
    assert!(got.iter().all(|got| got.message() == id), "the same event");
    let (sent, received) = (got[0].json(), got[1].json());
    assert_eq!(sent["for_user_id"], Settings::BOT.to_string());
    assert!(sent.get("apps").is_some() && received.get("apps").is_none());
    assert!(received["direct_message_events"][0]["message_create"].get("source_app_id").is_none());
}

#[tokio::test]
async fn a_human_in_another_client_is_echoed_with_that_client() {
    let bot = Bot::ready().await;
    bot.simulator.send_as_human(Settings::BOT, Settings::ADA, "It is me", None).expect("a message");
    let echo = bot.got(1).await[0].json();
    assert_eq!(echo["direct_message_events"][0]["message_create"]["source_app_id"], "3033300");
    assert_eq!(echo["apps"]["3033300"]["name"], "Twitter Web App");
}

#[tokio::test]
async fn ids_tell_their_time_and_never_go_back() {
    let bot = Bot::ready().await;
    let ids: Vec<MessageId> =
        (0..50).map(|number| bot.simulator.say(Settings::ADA, Settings::BOT, &number.to_string()).expect("a message")).collect();
    assert!(ids.is_sorted_by(|a, b| a < b));
    for got in bot.got(50).await {
        let event = &got.json()["direct_message_events"][0];
        assert_eq!(event["created_timestamp"], got.message().minted_at().to_string());
    }
}

#[tokio::test]
async fn a_refused_delivery_comes_again_three_times() {
    let bot = Bot::ready().await;
    bot.answer(&[500, 204, 404]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "again").expect("a message");
    let got = bot.got(4).await;
    assert!(got.iter().all(|again| again.body == got[0].body && again.signed), "the same bytes");
    let record = bot.simulator.wait_for(PATIENCE, settled).await.expect("an outcome");
    assert_eq!(record.outcome, Outcome::Delivered);
    let statuses: Vec<_> = record.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [500, 204, 404, 200].map(Some));
}

#[tokio::test]
async fn after_the_last_attempt_an_event_is_dropped() {
    let bot = Bot::with(|settings| settings.rules.answer_limit = Duration::from_millis(200)).await.set_up().await;
    bot.answer(&[500, 0, 500, 500]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "lost").expect("a message");
    let record = bot.simulator.wait_for(PATIENCE, settled).await.expect("an outcome");
    assert_eq!(record.outcome, Outcome::Dropped);
    assert_eq!(record.attempts.len(), 4);
    assert_eq!(record.attempts[1].status, None, "no answer within the limit");
    assert_eq!(bot.got_so_far(), 4);
}

#[tokio::test]
async fn a_webhook_that_never_answers_stops_no_other_delivery() {
    let bot = Bot::ready().await;
    bot.answer(&[0]);
    for text in ["stuck", "through"] {
        bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message");
    }
    let through = |stage: &Stage| stage.deliveries().iter().any(|record| record.outcome == Outcome::Delivered).then_some(());
    bot.simulator.wait_for(PATIENCE, through).await.expect("one of both is delivered");
}

#[tokio::test]
async fn a_delivery_that_waits_for_its_next_attempt_keeps_no_other_waiting() {
    let slow = |settings: &mut Settings| {
        settings.rules.concurrency = 1;
        settings.rules.retry_after = vec![Duration::from_secs(1_000_000)];
    };
    let bot = Bot::with(slow).await.set_up().await;
    bot.answer(&[500]);
    for text in ["refused", "taken"] {
        bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message");
    }
    assert_eq!(bot.got(2).await.len(), 2);
}

#[tokio::test]
async fn one_at_a_time_keeps_the_order() {
    let bot = Bot::with(|settings| settings.rules.concurrency = 1).await.set_up().await;
    let ids: Vec<_> = (0..20).map(|_| bot.simulator.say(Settings::ADA, Settings::BOT, "x").expect("a message")).collect();
    let got: Vec<_> = bot.got(20).await.iter().map(crate::bot::Got::message).collect();
    assert_eq!(got, ids);
}

#[tokio::test]
async fn a_picture_comes_with_its_link() {
    let bot = Bot::ready().await;
    let id = bot.simulator.say_with_media(Settings::ADA, Settings::BOT, "", MediaKind::Photo).expect("a message");
    let data = bot.got(1).await[0].json()["direct_message_events"][0]["message_create"]["message_data"].clone();
    let media = &data["attachment"]["media"];
    assert_eq!(data["text"], format!(" {}", media["url"].as_str().expect("a link")));
    assert_eq!(data["entities"]["urls"][0]["expanded_url"], format!("https://twitter.com/messages/media/{id}"));
    assert_eq!((&media["type"], &media["indices"]), (&json!("photo"), &json!([1, 24])));
}

#[tokio::test]
async fn typing_and_reading_are_told_to_the_other_side() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::ADA, Settings::APP))).await.set_up().await;
    let (to, last) = (Settings::BOT.to_string(), "2006515713954545665");
    let reply = bot.form(Settings::ADA, "/1.1/direct_messages/indicate_typing.json", &[("recipient_id", &to)]).await;
    assert_eq!(reply.status, 204, "{}", reply.text);
    let typing = bot.got(1).await[0].json();
    assert_eq!(typing["direct_message_indicate_typing_events"][0]["sender_id"], Settings::ADA.to_string());
    let fields = [("recipient_id", to.as_str()), ("last_read_event_id", last)];
    assert_eq!(bot.form(Settings::ADA, "/1.1/direct_messages/mark_read.json", &fields).await.status, 204);
    let read = &bot.got(2).await[1];
    assert!(read.body.starts_with(r#"{"for_user_id":""#), "{}", read.body);
    assert_eq!(read.json()["direct_message_mark_read_events"][0]["last_read_event_id"], last);
    assert_eq!(bot.form(Settings::ADA, "/1.1/direct_messages/mark_read.json", &fields[..1]).await.refused(), (400, 38));
}

/// The first delivery, once nothing more will come of it.
fn settled(stage: &Stage) -> Option<junco::simulator::DeliveryRecord> {
    stage.deliveries().into_iter().next().filter(|record| record.outcome != Outcome::Pending)
}
