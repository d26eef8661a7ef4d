//! Any order, any number of times: late taps, duplicates, both ends, two bots.

use junco::simulator::{Copies, Fault, FaultKind, Order};

use crate::town::{BOT, PATIENCE, PEER, Town};

#[tokio::test(flavor = "multi_thread")]
async fn taps_find_their_questions_out_of_order() {
    let town = Town::with_snowbot().await;
    let home = town.answer(town.says("hi")).await;
    assert_eq!(home.options.len(), 7);
    let question = town.answer(town.taps(&home, "Snow report")).await;
    assert_eq!(question.options.len(), 20);

    let photo = town.answer(town.taps(&home, "See a snow picture")).await;
    assert!(photo.text.starts_with("📷"), "an option of an older menu, at an open question: {}", photo.text);
    let aspen = town.answer(town.taps(&question, "Aspen")).await;
    assert!(aspen.text.contains("Aspen:"), "the question that was skipped: {}", aspen.text);
    let vail = town.answer(town.taps(&question, "Vail")).await;
    assert!(vail.text.contains("Vail:"), "the question that was answered: {}", vail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_three_times_is_one_reply() {
    let town = Town::with_snowbot().await;
    town.x.fault(Fault { kind: FaultKind::Duplicate { copies: 3 }, of: Copies::Inbound, times: None });
    let hi = town.says("hi");
    town.answer(hi).await;
    town.delivered().await;
    town.x.redeliver(hi);
    town.delivered().await;
    // A second message shows that the first has caused nothing more by the time it is answered.
    town.answer(town.says("about")).await;
    town.delivered().await;
    let deliveries = town.x.deliveries().into_iter().filter(|delivery| delivery.message == Some(hi)).count();
    assert!(deliveries >= 4, "{deliveries}");
    assert_eq!(town.said().len(), 2, "{:?}", town.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_both_ends_subscribed_and_the_echo_first_there_is_one_reply() {
    let town = Town::with_snowbot().await;
    town.subscribe(PEER).await;
    town.x.fault(Fault { kind: FaultKind::Hold, of: Copies::All, times: None });
    let hi = town.says("hi");
    let held = town.x.held();
    assert_eq!(held.len(), 2, "the sender's copy and the recipient's");
    let echo = town.x.deliveries().into_iter().find(|delivery| delivery.message == Some(hi) && delivery.echo).unwrap().number;
    town.x.release(Order::Chosen(vec![echo])).await;
    assert_eq!(town.said(), [""; 0], "the echo swallows nothing and is not answered");
    town.x.clear_faults();
    town.x.release(Order::Forward).await;
    town.answer(hi).await;
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_types_for_the_account_is_not_answered() {
    let town = Town::with_snowbot().await;
    town.x.send_as_human(BOT, PEER, "hi", None).unwrap();
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_ours_do_not_talk_for_ever() {
    let script = "bot \"parrot\" version=1\nfallback { say \"You said something.\"; }\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bot.kdl"), script).unwrap();
    let other = junco::model::UserId(321);
    let town = Town::with(folder.path(), &[BOT, other]).await;
    town.x.say(BOT, other, "hello").unwrap();
    let quiet = |stage: &junco::simulator::Stage| (stage.transcript(BOT, other).len() == 11).then_some(());
    town.x.wait_for(PATIENCE, quiet).await.expect("five answers each");
    town.delivered().await;
    town.x.say(BOT, other, "hello?").unwrap();
    town.delivered().await;
    assert_eq!(town.x.transcript(BOT, other).len(), 12, "no answer beyond ten an hour");
}
