//! Replay: what was attempted and failed comes again.

use std::time::Duration;

use junco::model::Timestamp;
use junco::simulator::{Copies, Fault, FaultKind, Outcome, Settings, Stage};
use junco::wire::{EventBody, envelope::parse};
use serde_json::json;

use crate::bot::{Bot, Crc, Got, PATIENCE, Reply};

const HOUR: Duration = Duration::from_secs(3_600);

/// A bot in a world that began three days ago and was in service since.
async fn ready() -> Bot {
    Bot::with(|settings| settings.begins = 72 * HOUR).await.set_up().await
}

fn digits(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).expect("a date").strftime("%Y%m%d%H%M").to_string()
}

fn path(bot: &Bot, from: &str, to: &str) -> String {
    let id = bot.simulator.webhooks()[0].id;
    format!("/1.1/account_activity/replay/webhooks/{id}/subscriptions/all.json?from_date={from}&to_date={to}")
}

/// Asks for all that was attempted between so long and so long ago.
async fn replay(bot: &Bot, from: Duration, to: Duration) -> Reply {
    let now = bot.simulator.now();
    bot.with_bearer("POST", &path(bot, &digits(now.minus(from)), &digits(now.minus(to)))).await
}

async fn settled(bot: &Bot, count: usize) {
    let over = |stage: &Stage| {
        let all = stage.deliveries();
        (all.len() >= count && all.iter().all(|record| record.outcome != Outcome::Pending)).then_some(())
    };
    bot.simulator.wait_for(PATIENCE, over).await.unwrap_or_else(|| panic!("{:?}", bot.simulator.deliveries()));
}

fn outage() -> Fault {
    Fault { kind: FaultKind::Outage, of: Copies::All, times: None }
}

#[tokio::test]
async fn what_an_outage_swallowed_comes_again() {
    let bot = ready().await;
    let before = bot.simulator.say(Settings::ADA, Settings::BOT, "got through").expect("a message");
    bot.got(1).await;
    bot.simulator.fault(outage());
    let lost: Vec<_> = ["one", "two"].map(|text| bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message")).to_vec();
    bot.simulator.like(Settings::ADA, bot.simulator.post(Settings::BOT, "like me", None).expect("a post")).expect("a like");
    settled(&bot, 5).await;
    let dropped: Vec<_> = bot.simulator.deliveries().into_iter().filter(|record| record.outcome == Outcome::Dropped).collect();
    assert!(dropped.len() == 4 && dropped.iter().all(|record| record.attempts.len() == 4), "each attempt fails: {dropped:?}");
    assert_eq!(bot.got_so_far(), 1);
    bot.carry_out(bot.request("DELETE", "/sim/faults?kind=outage")).await.expect("an answer");
    bot.simulator.advance(HOUR);

    let challenged = bot.challenges().len();
    let reply = replay(&bot, 2 * HOUR, HOUR / 2).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let job = reply.json()["job_id"].as_str().expect("a job").to_owned();
    assert!(reply.json()["created_at"].as_str().is_some_and(|at| at.len() == 20 && at.ends_with('Z')));
    assert_eq!(bot.challenges().len(), challenged + 1, "the challenge comes first");
    let got = bot.got(7).await;
    let mut messages: Vec<_> = got[1..].iter().filter(|got| got.body.contains("direct_message_events")).map(Got::message).collect();
    messages.sort();
    assert_eq!(messages, [vec![before], lost].concat(), "what was delivered comes again too");
    assert!(got.iter().all(|got| got.signed));
    assert_eq!(got.iter().filter(|again| again.body == got[0].body).count(), 2, "identical to the first");
    let end = got.last().expect("an end");
    assert_eq!(end.json()["replay_job_status"]["job_state"], "Complete");
    assert_eq!(end.json()["replay_job_status"]["job_id"], job.as_str());
    let read = parse(end.body.as_bytes()).expect("JSON").events;
    assert!(matches!(read[0].body, EventBody::ReplayJob { complete: true, .. }), "{read:?}");
    let replayed = bot.simulator.deliveries().into_iter().filter(|record| record.replay.is_some()).count();
    assert_eq!(replayed, 5);
}

#[tokio::test]
async fn what_was_not_attempted_does_not_come() {
    let bot = ready().await;
    bot.answer_crc(Crc::Status(500));
    bot.simulator.check_webhooks().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "while the webhook was invalid").expect("a message");
    settled(&bot, 1).await;
    assert_eq!(bot.simulator.deliveries()[0].outcome, Outcome::Withheld);
    bot.simulator.advance(HOUR);
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.refused(), (400, 214), "an invalid webhook gets none");
    bot.answer_crc(Crc::Right);
    let put = format!("/1.1/account_activity/webhooks/{}.json", bot.simulator.webhooks()[0].id);
    assert_eq!(bot.call("PUT", Settings::OWNER, &put, None).await.status, 204);
    bot.simulator.say(Settings::ADA, Settings::BOT, "too young").expect("a message");
    bot.got(1).await;
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.status, 202);
    let got = bot.got(2).await;
    assert_eq!(got[1].json()["replay_job_status"]["job_state"], "Complete", "a job may have nothing to do");

    bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "replay": false })).expect("rules"));
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.refused(), (403, 200));
    bot.simulator.say(Settings::ADA, Settings::BOT, "before replay was enabled").expect("a message");
    bot.got(3).await;
    bot.simulator.set_rules(bot.simulator.rules().changed(&json!({ "replay": true })).expect("rules"));
    bot.simulator.advance(HOUR);
    assert_eq!(replay(&bot, 4 * HOUR / 3, HOUR / 2).await.status, 202);
    let got = bot.got(5).await;
    assert!(got[3..].iter().all(|got| !got.body.contains("before replay")), "{got:?}");
}

#[tokio::test]
async fn replayed_events_are_never_repeated() {
    let bot = ready().await;
    for text in ["one", "two"] {
        bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message");
    }
    bot.got(2).await;
    bot.simulator.advance(HOUR);
    bot.answer(&[500]);
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.status, 202);
    let got = bot.got(5).await;
    assert_eq!(got[4].json()["replay_job_status"]["job_state"], "Incomplete");
    settled(&bot, 5).await;
    let replayed: Vec<_> = bot.simulator.deliveries().into_iter().filter(|record| record.replay.is_some()).collect();
    assert!(replayed.iter().all(|record| record.attempts.len() == 1), "{replayed:?}");
    assert_eq!(bot.got_so_far(), 5);
}

#[tokio::test]
async fn one_job_at_a_time() {
    let bot = ready().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "one").expect("a message");
    bot.got(1).await;
    bot.simulator.advance(HOUR);
    bot.answer(&[0]);
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.status, 202);
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.refused(), (409, 355));
    let ended = |stage: &Stage| stage.deliveries().iter().any(|record| record.kind == "replay_job_status").then_some(());
    bot.simulator.wait_for(PATIENCE, ended).await.expect("the attempt ends at the limit");
    assert_eq!(replay(&bot, 2 * HOUR, HOUR / 2).await.status, 202);
}

#[tokio::test]
async fn what_is_older_than_five_days_is_gone() {
    let bot = ready().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "old").expect("a message");
    bot.got(1).await;
    bot.simulator.advance(121 * HOUR);
    assert_eq!(replay(&bot, 122 * HOUR, 119 * HOUR).await.refused(), (400, 356));
    bot.simulator.say(Settings::ADA, Settings::BOT, "young").expect("a message");
    bot.got(2).await;
    bot.simulator.advance(HOUR);
    assert_eq!(replay(&bot, 119 * HOUR, HOUR / 2).await.status, 202);
    let got = bot.got(4).await;
    assert!(got[2].body.contains("young") && got[3].body.contains("replay_job_status"), "{got:?}");
}

#[tokio::test]
async fn every_refusal_has_its_code_and_text() {
    let bot = Bot::with(|settings| (settings.begins, settings.rules.rate_limits) = (72 * HOUR, false)).await.set_up().await;
    let now = bot.simulator.now();
    let ago = |minutes: u64| digits(now.minus(Duration::from_secs(60 * minutes)));
    let (from, to) = (ago(90), ago(30));
    let told = async |path: &str| {
        let reply = bot.with_bearer("POST", path).await;
        let error = reply.json()["errors"][0].clone();
        (reply.status, error["code"].as_u64().expect("a code"), error["message"].as_str().expect("a text").to_owned())
    };
    let young = ago(30);
    let younger = ago(9);
    for (from_date, to_date, expected) in [
        ("", to.as_str(), (400, 357, "from_date: queryParam is required.".to_owned())),
        (&from, "", (400, 357, "to_date: queryParam is required.".to_owned())),
        ("yesterday", &to, (400, 358, "Unable to parse parameter.".to_owned())),
        (&young, &to, (400, 368, format!("from_date: [{young}] is not in the past."))),
        (&from, &younger, (400, 368, format!("to_date: [{younger}] is not in the past."))),
        (&from, &from, (400, 356, "from_date must be before to_date.".to_owned())),
        (&ago(5 * 24 * 60 + 1), &to, (400, 356, "from_date must be within the past 5 days.".to_owned())),
    ] {
        assert_eq!(told(&path(&bot, from_date, to_date)).await, expected, "{from_date} {to_date}");
    }
    let good = path(&bot, &from, &to);
    let id = bot.simulator.webhooks()[0].id.to_string();
    let other = |id_there: &str| good.replace(&id, id_there);
    assert_eq!(told(&other("-5")).await, (400, 360, "webhook_id: [-5] is not greater than or equal to 0.".to_owned()));
    let unknown = "Webhook does not exist or is associated with a different X application.";
    assert_eq!(told(&other("5")).await, (404, 34, unknown.to_owned()));
    let reply = bot.post(Settings::OWNER, &good, None).await;
    assert_eq!(reply.refused(), (401, 32));
    bot.answer_crc(Crc::WrongSecret);
    assert_eq!(told(&good).await, (400, 214, "Webhook is marked invalid and requires a CRC check.".to_owned()));
    assert!(!bot.simulator.webhooks()[0].valid, "the challenge before a replay counts like any other");

    let limited = ready().await;
    let path = path(&limited, "x", "y");
    for _ in 0..5 {
        assert_eq!(limited.with_bearer("POST", &path).await.refused(), (400, 358));
    }
    let reply = limited.with_bearer("POST", &path).await;
    assert_eq!(reply.refused(), (429, 88));
    assert!(reply.text.contains("Too many requests. Please back off your API request rate."), "{}", reply.text);
}
