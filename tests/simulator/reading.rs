//! Messages read back: page by page, one by one, and no longer.

use std::time::Duration;

use junco::simulator::{Outcome, Settings, Stage, Token};
use serde_json::{Value, json};

use crate::bot::Bot;

const LIST: &str = "/1.1/direct_messages/events/list.json";

fn texts(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().expect("a list");
    events.iter().map(|event| event["message_create"]["message_data"]["text"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn a_page_may_be_empty_and_yet_not_the_last() {
    let bot = Bot::with(|settings| settings.rules.empty_pages = true).await;
    for text in ["one", "two", "three"] {
        bot.say(text).await;
    }
    let (mut found, mut pages, mut cursor) = (vec![], vec![], String::new());
    loop {
        let page = bot.get(Settings::BOT, &format!("{LIST}?count=2{cursor}")).await.json();
        pages.push(texts(&page).len());
        found.extend(texts(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((found.join(" ").as_str(), pages), ("three two one", vec![0, 2, 0, 1]));
}

#[tokio::test]
async fn what_one_side_destroys_the_other_goes_on_seeing() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::ADA, Settings::APP))).await;
    let (gone, kept) = (bot.say("gone").await, bot.say("kept").await);
    let destroy = format!("/1.1/direct_messages/events/destroy.json?id={gone}");
    let reply = bot.call("DELETE", Settings::BOT, &destroy, None).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let show = |id| format!("/1.1/direct_messages/events/show.json?id={id}");
    assert_eq!(texts(&bot.get(Settings::BOT, LIST).await.json()), ["kept"]);
    assert_eq!(bot.get(Settings::BOT, &show(gone)).await.refused(), (404, 34));
    assert_eq!(bot.call("DELETE", Settings::BOT, &destroy, None).await.refused(), (404, 34));
    assert_eq!(texts(&bot.get(Settings::ADA, LIST).await.json()), ["kept", "gone"]);
    let of_others = bot.simulator.say(Settings::ADA, Settings::BEN, "not the bot's").expect("a message");
    let destroy = format!("/1.1/direct_messages/events/destroy.json?id={of_others}");
    assert_eq!(bot.call("DELETE", Settings::BOT, &destroy, None).await.refused(), (404, 34));
    assert_eq!(bot.get(Settings::BOT, &show(kept)).await.status, 200);
}

#[tokio::test]
async fn what_no_source_pins_down_can_be_switched() {
    let bot = Bot::new().await;
    let misshapen = json!({ "event": 5 });
    let new = "/1.1/direct_messages/events/new.json";
    let long = json!({ "text": "a", "quick_reply": { "type": "options", "options": [{ "label": "x".repeat(37) }] } });
    assert_eq!(bot.post(Settings::BOT, new, Some(misshapen.clone())).await.refused(), (400, 214));
    assert!(bot.send(long.clone()).await.text.contains("longer than 36"));
    let patch = bot.request("PATCH", "/sim/rules").json(&json!({ "body_refusals": 403, "tell_limits": false, "crc_period": "30m" }));
    let rules = bot.carry_out(patch).await.expect("an answer").json();
    assert_eq!((&rules["body_refusals"], &rules["crc_period"], &rules["answer_limit"]), (&json!(403), &json!("30m"), &json!("3s")));
    assert_eq!(bot.post(Settings::BOT, new, Some(misshapen)).await.refused(), (403, 214));
    let untold = bot.send(long).await;
    assert_eq!(untold.refused(), (403, 151));
    assert!(!untold.text.contains("36"), "{}", untold.text);
    let mixed = json!([{ "label": "a", "description": "b" }, { "label": "c" }]);
    let known = bot.send(json!({ "text": "a", "quick_reply": { "type": "options", "options": mixed } })).await;
    assert!(known.text.contains("Field description is not present in all options."), "X's own text stays: {}", known.text);
    let unknown = bot.carry_out(bot.request("PATCH", "/sim/rules").json(&json!({ "no_rule": 1 }))).await.expect("an answer");
    assert_eq!(unknown.status, 400, "{}", unknown.text);
}

#[tokio::test]
async fn a_world_that_began_in_the_past_lives_through_an_hour() {
    let hour = Duration::from_secs(3_600);
    let slow = |settings: &mut Settings| {
        (settings.begins, settings.time_scale, settings.rules.retry_after) = (200 * hour, 1.0, vec![hour]);
    };
    let bot = Bot::with(slow).await.set_up().await;
    let old = bot.say("an hour ago and more").await;
    bot.got(1).await;
    bot.answer(&[500]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "refused at first").expect("a message");
    let delivered = |stage: &Stage| stage.deliveries().iter().all(|record| record.outcome == Outcome::Delivered).then_some(());
    bot.live_until(hour, delivered).await;
    let young = bot.say("in the same hour of the real clock").await;
    assert!(young.minted_at().since(old.minted_at()) >= hour);
    let real = junco::model::Timestamp::from_millis(i64::try_from(crate::bot::now()).expect("seconds") * 1000);
    assert!(young.minted_at() < real, "no id is of the future, and signatures are those of the real time");
    let patch = bot.request("PATCH", "/sim/time").json(&json!({ "advance": "1h" }));
    let before = bot.simulator.now();
    assert_eq!(bot.carry_out(patch).await.expect("an answer").json()["scale"], 1.0);
    assert!(bot.simulator.now().since(before) >= hour);
}

#[tokio::test]
async fn time_passes_faster_on_demand() {
    let bot = Bot::with(|settings| settings.time_scale = 1.0).await.set_up().await;
    bot.answer(&[500, 500, 500]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "refused at first").expect("a message");
    let patch = bot.request("PATCH", "/sim/time").json(&json!({ "scale": 10_000.0 }));
    assert_eq!(bot.carry_out(patch).await.expect("an answer").json()["scale"], 10_000.0);
    bot.got(4).await;
    let patch = bot.request("PATCH", "/sim/time").json(&json!({ "scale": 0.0 }));
    assert_eq!(bot.carry_out(patch).await.expect("an answer").status, 400);
}
