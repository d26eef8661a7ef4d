//! Replay by the newer API: what was attempted within a day comes again.

use std::time::Duration;

use junco::model::Timestamp;
use junco::simulator::{Copies, Fault, FaultKind, Outcome, Settings, Stage};
use serde_json::{Value, json};

use crate::bot::{Bot, Crc, PATIENCE, Reply};

const HOUR: Duration = Duration::from_secs(3_600);

/// A bot whose webhook missed a message an hour ago.
async fn after_an_outage() -> (Bot, String) {
    let bot = Bot::with(|settings| settings.begins = 72 * HOUR).await;
    let hook = bot.newer_hook().await;
    bot.subscribe_newer().await;
    bot.simulator.fault(Fault { kind: FaultKind::Outage, of: Copies::All, times: None });
    bot.simulator.say(Settings::ADA, Settings::BOT, "missed").expect("a message");
    let dropped = |stage: &Stage| stage.deliveries().iter().all(|record| record.outcome == Outcome::Dropped).then_some(());
    bot.simulator.wait_for(PATIENCE, dropped).await.expect("the delivery is given up");
    bot.simulator.clear_faults();
    bot.simulator.advance(HOUR);
    (bot, hook)
}

fn digits(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).expect("a date").strftime("%Y%m%d%H%M").to_string()
}

fn wanted(bot: &Bot, hook: &str, from: Duration, to: Duration) -> Value {
    let now = bot.simulator.now();
    json!({ "webhook_id": hook, "from_date": digits(now.minus(from)), "to_date": digits(now.minus(to)) })
}

async fn replay(bot: &Bot, body: Value) -> Reply {
    bot.with_token("POST", "/2/webhooks/replay", &bot.app().await, Some(body)).await
}

#[tokio::test]
async fn what_was_missed_comes_again_and_then_the_end() {
    let (bot, hook) = after_an_outage().await;
    let reply = replay(&bot, wanted(&bot, &hook, 2 * HOUR, HOUR / 2)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let job = &reply.json()["data"];
    assert!(job["created_at"].as_str().is_some_and(|at| at.len() == 24), "{job}");
    let got = bot.got(2).await;
    assert!(got[0].body.contains("missed") && got[0].signed, "{}", got[0].body);
    let end = &got[1].json()["replay_job_status"];
    assert_eq!((&end["job_id"], &end["job_state"]), (&job["job_id"], &json!("Complete")));
}

#[tokio::test]
async fn the_former_path_leads_there_too() {
    let (bot, hook) = after_an_outage().await;
    let span = wanted(&bot, &hook, 2 * HOUR, HOUR / 2);
    let dates = ["from_date", "to_date"].map(|name| format!("{name}={}", span[name].as_str().expect("digits"))).join("&");
    let path = format!("/2/account_activity/replay/webhooks/{hook}/subscriptions/all?{dates}");
    let reply = bot.with_token("POST", &path, &bot.app().await, None).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.json()["replay_event"]["job_id"].is_string(), "{}", reply.text);
    assert!(bot.got(2).await[0].body.contains("missed"));
}

#[tokio::test]
async fn each_reason_for_a_refusal_has_its_name() {
    let (bot, hook) = after_an_outage().await;
    let good = || wanted(&bot, &hook, 2 * HOUR, HOUR / 2);
    let with = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    for body in [
        with("from_date", Value::Null),
        with("to_date", json!("tomorrow")),
        wanted(&bot, &hook, HOUR / 3, HOUR / 4),
        wanted(&bot, &hook, 2 * HOUR, Duration::ZERO),
        wanted(&bot, &hook, HOUR, 2 * HOUR),
        wanted(&bot, &hook, 25 * HOUR, HOUR),
    ] {
        assert_eq!(replay(&bot, body.clone()).await.reason(), (400, "QueryParamInvalid".to_owned()), "{body}");
    }
    assert_eq!(replay(&bot, with("webhook_id", json!("7"))).await.reason(), (400, "WebhookIdInvalid".to_owned()));
    assert_eq!(
        bot.post(Settings::OWNER, "/2/webhooks/replay", Some(good())).await.problem(),
        (403, "Unsupported Authentication".to_owned())
    );
    bot.answer_crc(Crc::WrongSecret);
    assert_eq!(replay(&bot, good()).await.reason(), (400, "CrcValidationFailed".to_owned()));
    assert_eq!(replay(&bot, good()).await.reason(), (400, "CrcValidationFailed".to_owned()), "it is invalid now");
    bot.answer_crc(Crc::Right);
    bot.simulator.check_webhooks().await;
    bot.answer(&[0]);
    assert_eq!(replay(&bot, good()).await.status, 200);
    assert_eq!(replay(&bot, good()).await.reason(), (409, "ReplayConflictError".to_owned()), "one job at a time");
}
