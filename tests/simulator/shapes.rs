//! Bodies that are other than the platform's usual ones, though rightly signed.

use junco::model::MessageId;
use junco::simulator::{Copies, Fault, FaultKind, Order, Outcome, Settings};
use serde_json::json;

use crate::bot::Bot;

fn always(kind: FaultKind) -> Fault {
    Fault { kind, of: Copies::All, times: None }
}

#[tokio::test]
async fn several_events_of_several_kinds_come_in_one_body() {
    let bot =
        Bot::with(|settings| settings.tokens.push(junco::simulator::Token::for_user(Settings::ADA, Settings::APP))).await.set_up().await;
    bot.simulator.fault(always(FaultKind::Batch { events: 3 }));
    let first = bot.simulator.say(Settings::ADA, Settings::BOT, "one").expect("a message");
    let recipient = Settings::BOT.to_string();
    bot.form(Settings::ADA, "/1.1/direct_messages/indicate_typing.json", &[("recipient_id", &recipient)]).await;
    assert_eq!((bot.got_so_far(), bot.simulator.held().len()), (0, 1), "they wait for a third");
    let third = bot.say("three").await;
    let got = &bot.got(1).await[0];
    let json = got.json();
    let ids: Vec<_> = json["direct_message_events"].as_array().expect("a list").iter().map(|event| event["id"].clone()).collect();
    assert!(got.signed);
    assert_eq!(ids, [json!(first.to_string()), json!(third.to_string())]);
    assert_eq!(json["direct_message_indicate_typing_events"][0]["sender_id"], Settings::ADA.to_string());
    assert_eq!(json["apps"].as_object().map(serde_json::Map::len), Some(1), "what the echo brings along is there too");

    bot.simulator.say(Settings::ADA, Settings::BOT, "alone").expect("a message");
    bot.simulator.release(Order::Forward).await;
    assert_eq!(
        bot.got(2).await[1].json()["direct_message_events"].as_array().map(Vec::len),
        Some(1),
        "what is released does not wait for more"
    );
    assert!(bot.simulator.deliveries().iter().all(|record| record.outcome == Outcome::Delivered));
}

#[tokio::test]
async fn the_other_end_hears_of_it_unasked() {
    let bot = Bot::ready().await;
    bot.simulator.fault(Fault { kind: FaultKind::BothEnds, of: Copies::All, times: Some(1) });
    let id = bot.say("hello").await;
    let got = bot.got(2).await;
    assert!(got.iter().all(|got| got.message() == id));
    assert!(got.iter().any(|got| got.json()["for_user_id"] == Settings::BOT.to_string()));
    let of_ada = got.iter().find(|got| got.json()["for_user_id"] == Settings::ADA.to_string()).expect("her copy");
    assert!(of_ada.json().get("apps").is_none(), "it is a recipient's copy");
}

#[tokio::test]
async fn shuffled_deliveries_overtake_one_another() {
    let bot = Bot::with(|settings| settings.rules.concurrency = 1).await.set_up().await;
    bot.simulator.fault(always(FaultKind::Shuffle { millis: 400 }));
    let sent: Vec<MessageId> =
        (0..12).map(|number| bot.simulator.say(Settings::ADA, Settings::BOT, &number.to_string()).expect("a message")).collect();
    let mut got: Vec<MessageId> = bot.got(12).await.iter().map(crate::bot::Got::message).collect();
    assert_ne!(got, sent, "12 in order by chance are one in 479 million");
    got.sort();
    assert_eq!(got, sent, "but all of them");
}

#[tokio::test]
async fn odd_members_stand_in_a_body_that_is_signed() {
    let bot = Bot::ready().await;
    for kind in [FaultKind::UsersInApps, FaultKind::UnknownKind] {
        bot.simulator.fault(Fault { kind, of: Copies::All, times: Some(1) });
        bot.say("odd").await;
    }
    let mut got = bot.got(2).await;
    got.sort_by_key(crate::bot::Got::message);
    assert!(got.iter().all(|got| got.signed));
    let nested = got[0].json();
    assert!(nested["apps"]["users"][Settings::ADA.to_string()].is_object() && nested.get("users").is_none(), "{nested}");
    let unknown = got[1].json();
    assert!(unknown["direct_message_reaction_events"].is_array() && unknown["users"].is_object(), "{unknown}");
}

#[tokio::test]
async fn a_body_may_take_its_time() {
    let bot = Bot::ready().await;
    bot.simulator.fault(Fault { kind: FaultKind::SlowBody { millis: 200 }, of: Copies::All, times: Some(1) });
    let slow = bot.simulator.say(Settings::ADA, Settings::BOT, "slowly").expect("a message");
    let got = &bot.got(1).await[0];
    assert!(got.signed && got.message() == slow, "it is whole in the end");
    let settled = |stage: &junco::simulator::Stage| stage.deliveries()[0].attempts.first().cloned();
    let attempt = bot.simulator.wait_for(crate::bot::PATIENCE, settled).await.expect("an attempt");
    assert!(attempt.latency >= std::time::Duration::from_millis(200), "{attempt:?}");
}

#[tokio::test]
async fn a_storm_of_retries_heeds_no_answer() {
    let bot = Bot::ready().await;
    bot.simulator.fault(Fault { kind: FaultKind::RetryStorm { attempts: 5, millis: 1 }, of: Copies::All, times: Some(1) });
    bot.simulator.say(Settings::ADA, Settings::BOT, "again and again").expect("a message");
    let got = bot.got(5).await;
    assert!(got.iter().all(|again| again.body == got[0].body && again.signed));
    let over = |stage: &junco::simulator::Stage| stage.deliveries().into_iter().find(|record| record.outcome == Outcome::Delivered);
    let record = bot.simulator.wait_for(crate::bot::PATIENCE, over).await.expect("an end");
    assert_eq!(record.attempts.len(), 5);
}
