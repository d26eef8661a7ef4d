//! Things that go wrong on demand.

use std::time::Duration;

use junco::simulator::{Copies, Failure, Fault, FaultKind, Order, Settings};
use serde_json::json;

use crate::bot::{Bot, Got};

fn once(kind: FaultKind) -> Fault {
    Fault { kind, of: Copies::All, times: Some(1) }
}

#[tokio::test]
async fn a_delivery_comes_three_times() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::Duplicate { copies: 3 }));
    bot.simulator.say(Settings::ADA, Settings::BOT, "thrice").expect("a message");
    bot.got(3).await;
    let last = bot.simulator.say(Settings::ADA, Settings::BOT, "once").expect("a message");
    let got = bot.got(4).await;
    assert_eq!(got.iter().filter(|got| got.message() == last).count(), 1);
    assert_eq!(got.len(), 4);
    assert_eq!(bot.simulator.faults()[0].struck, 1);
}

#[tokio::test]
async fn held_deliveries_come_in_any_order() {
    let bot = Bot::ready().await;
    bot.simulator.fault(Fault { kind: FaultKind::Hold, of: Copies::Inbound, times: None });
    let ids: Vec<_> = ["a", "b", "c"].map(|text| bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message")).to_vec();
    assert_eq!(bot.simulator.held().len(), 3);
    let middle = bot.simulator.held()[1];
    bot.simulator.release(Order::Chosen(vec![middle])).await;
    bot.simulator.release(Order::Reverse).await;
    let got: Vec<_> = bot.got(3).await.iter().map(Got::message).collect();
    assert_eq!(got, [ids[1], ids[2], ids[0]]);
    assert!(bot.simulator.held().is_empty());
}

#[tokio::test]
async fn what_is_released_waits_for_what_was_released_before() {
    let bot = Bot::with(|settings| settings.rules.answer_limit = Duration::from_millis(300)).await.set_up().await;
    bot.simulator.fault(Fault { kind: FaultKind::Hold, of: Copies::All, times: Some(2) });
    for text in ["never answered", "after it"] {
        bot.simulator.say(Settings::ADA, Settings::BOT, text).expect("a message");
    }
    bot.answer(&[0]);
    let first_was_over = async {
        bot.got(2).await;
        !bot.simulator.deliveries()[0].attempts.is_empty()
    };
    let ((), first_was_over) = tokio::join!(bot.simulator.release(Order::Forward), first_was_over);
    assert!(first_was_over);
}

#[tokio::test]
async fn an_answer_is_lost_but_the_message_is_not() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::LoseAnswer { with: Failure::Close }));
    let request = bot.request("POST", "/1.1/direct_messages/events/new.json");
    let header = bot.header(&crate::bot::Signed::by(Settings::BOT), "POST", "/1.1/direct_messages/events/new.json", &[]);
    let body = crate::bot::message(Settings::ADA, json!({ "text": "said" }));
    let result = bot.carry_out(request.header("authorization", header).json(&body)).await;
    assert!(result.is_err(), "the connection breaks: {result:?}");
    assert_eq!(bot.got(1).await[0].message(), bot.transcript()[0].id, "but the echo comes");
    assert_eq!(bot.simulator.api_calls().last().expect("a call").status, 0);
}

#[tokio::test]
async fn the_door_refuses_before_anything_is_taken() {
    let bot = Bot::ready().await;
    for (with, refusal) in
        [(Failure::InternalError, (500, 131)), (Failure::OverCapacity, (503, 130)), (Failure::RateLimited { seconds: 60 }, (429, 88))]
    {
        bot.simulator.fault(once(FaultKind::Refuse { with }));
        let reply = bot.send(json!({ "text": "refused" })).await;
        assert_eq!(reply.refused(), refusal);
        assert_eq!(reply.headers.contains_key("x-rate-limit-reset"), refusal.0 == 429);
    }
    assert!(bot.transcript().is_empty());
    bot.say("taken").await;
    assert_eq!(bot.got(1).await.len(), 1);
}

#[tokio::test]
async fn the_platform_lies_about_a_message_that_it_took() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::LoseAnswer { with: Failure::AlreadySaid }));
    assert_eq!(bot.send(json!({ "text": "said" })).await.refused(), (403, 151));
    assert_eq!(bot.transcript().len(), 1);
}

#[tokio::test]
async fn the_echo_comes_before_the_answer_or_long_after() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::EchoFirst));
    bot.simulator.fault(once(FaultKind::Delay { millis: 100 }));
    bot.say("echo first").await;
    assert_eq!(bot.got_so_far(), 1, "when the answer came, the echo was there");
    bot.simulator.fault(Fault { kind: FaultKind::Hold, of: Copies::Echo, times: Some(1) });
    let late = bot.say("echo later").await;
    bot.simulator.release(Order::Forward).await;
    assert_eq!(bot.got(2).await[1].message(), late);
}

#[tokio::test]
async fn signatures_and_bodies_are_spoilt() {
    let bot = Bot::with(|settings| settings.rules.retry_after.clear()).await.set_up().await;
    let kinds = [FaultKind::WrongSignature, FaultKind::NoSignature, FaultKind::Oversize { bytes: 2 << 20 }, FaultKind::WithoutUsers];
    for (number, kind) in kinds.into_iter().enumerate() {
        bot.simulator.fault(once(kind));
        bot.simulator.say(Settings::ADA, Settings::BOT, "spoilt").expect("a message");
        bot.got(number + 1).await;
    }
    let got = bot.got(4).await;
    assert_eq!(got.iter().map(|got| got.signed).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(got[2].body.len(), 2 << 20);
    assert!(got[2].json().get("padding").is_some(), "still JSON");
    assert!(got[3].json().get("users").is_none());
}

#[tokio::test]
async fn the_past_is_delivered_again() {
    let bot = Bot::ready().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "one").expect("a message");
    bot.say("two").await;
    bot.got(2).await;
    assert_eq!(bot.simulator.redeliver_all(), 2);
    let got = bot.got(4).await;
    for id in bot.transcript().iter().map(|message| message.id) {
        let bodies: Vec<_> = got.iter().filter(|got| got.message() == id).map(|got| &got.body).collect();
        assert!(bodies.len() == 2 && bodies[0] == bodies[1], "identical to the first");
    }
}

#[tokio::test]
async fn any_body_can_be_delivered_signed() {
    let bot = Bot::ready().await;
    assert_eq!(bot.simulator.post_raw(Settings::BOT, "not JSON").expect("a subscriber"), 1);
    let got = &bot.got(1).await[0];
    assert!(got.signed && got.body == "not JSON");
    assert!(bot.simulator.post_raw(Settings::BEN, "{}").is_err(), "nobody listens for Ben");
}

#[tokio::test]
async fn a_delayed_delivery_is_overtaken() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::Delay { millis: 1_000_000 }));
    bot.simulator.say(Settings::ADA, Settings::BOT, "delayed").expect("a message");
    let next = bot.simulator.say(Settings::ADA, Settings::BOT, "in time").expect("a message");
    assert_eq!(bot.got(1).await[0].message(), next);
    assert!(bot.simulator.deliveries()[0].attempts.is_empty());
}

#[tokio::test]
async fn a_message_is_taken_long_before_a_slow_answer() {
    let bot = Bot::ready().await;
    bot.simulator.fault(once(FaultKind::SlowAnswer { millis: 1_000_000 }));
    tokio::select! {
        biased;
        id = bot.say("slowly") => panic!("{id} was answered at once"),
        got = bot.got(1) => assert_eq!(got[0].message(), bot.transcript()[0].id),
    }
}

#[tokio::test]
async fn faults_are_counted_and_cleared() {
    let bot = Bot::ready().await;
    bot.simulator.fault(Fault { kind: FaultKind::Hold, of: Copies::All, times: None });
    bot.say("held").await;
    assert_eq!(bot.simulator.faults()[0].struck, 1);
    bot.simulator.clear_faults();
    assert!(bot.simulator.faults().is_empty());
    bot.say("not held").await;
    assert_eq!(bot.simulator.held().len(), 1, "what is held stays held");
    let nothing = bot.simulator.wait_for(Duration::from_millis(10), |_| None::<()>).await;
    assert!(nothing.is_none(), "waiting ends by itself");
}
