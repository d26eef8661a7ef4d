//! Stopped, killed, cut off: the conversation goes on, and the answer comes once.

use std::time::Duration;

use junco::simulator::{Copies, Failure, Fault, FaultKind, Order};

use crate::town::{PATIENCE, Town};

fn fault(kind: FaultKind, times: u32) -> Fault {
    Fault { kind, of: Copies::All, times: Some(times) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_after_a_stop_and_after_a_kill() {
    let mut town = Town::with_snowbot().await;
    let home = town.answer(town.says("hi")).await;
    let question = town.answer(town.taps(&home, "Snow report")).await;
    town.stop();
    town.start();
    let report = town.answer(town.says("2")).await;
    assert!(report.text.contains("Aspen:"), "the open question is remembered: {}", report.text);
    town.kill();
    // X delivers again until the service is back.
    let tap = town.taps(&question, "Vail");
    town.start();
    let report = town.answer(tap).await;
    assert!(report.text.contains("Vail:"), "{}", report.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_acknowledgement_and_the_answer_it_answers_once() {
    let mut town = Town::with_snowbot().await;
    // X refuses for now, so the answer is still to be sent when the process ends.
    town.x.fault(fault(FaultKind::Refuse { with: Failure::OverCapacity }, u32::MAX));
    let hi = town.says("hi");
    town.delivered().await;
    town.kill();
    town.x.clear_faults();
    assert_eq!(town.said(), [""; 0]);
    town.start();
    town.answer(hi).await;
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_very_moment_of_the_acknowledgement_it_answers_once() {
    let mut town = Town::with_snowbot().await;
    let hi = town.says("hi");
    let acknowledged = |stage: &junco::simulator::Stage| {
        stage.deliveries().iter().any(|delivery| delivery.message == Some(hi) && !delivery.attempts.is_empty()).then_some(())
    };
    town.x.wait_for(PATIENCE, acknowledged).await.unwrap();
    town.kill();
    town.start();
    town.answer(hi).await;
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_its_message_is_on_the_way_it_does_not_say_it_twice() {
    let mut town = Town::with_snowbot().await;
    town.x.fault(fault(FaultKind::SlowAnswer { millis: 3_000 }, 1));
    let hi = town.says("hi");
    town.answer(hi).await;
    // X has taken the message, but the process will never read the answer; the echo finds the next one.
    town.kill();
    town.start();
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_on_the_wire_is_not_said_again() {
    let town = Town::with_snowbot().await;
    town.x.fault(fault(FaultKind::LoseAnswer { with: Failure::Close }, 1));
    town.answer(town.says("hi")).await;
    town.delivered().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    town.has_said_just(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_answer_and_echo_is_found_at_x_and_not_said_again() {
    let mut town = Town::with_snowbot().await;
    town.x.fault(Fault { kind: FaultKind::Hold, of: Copies::Echo, times: Some(1) });
    town.x.fault(fault(FaultKind::LoseAnswer { with: Failure::AlreadySaid }, 1));
    town.answer(town.says("hi")).await;
    town.kill();
    town.start();
    // It waits until the fate of the one before is known.
    let about = town.says("about");
    town.answer(about).await;
    assert!(town.x.api_calls().iter().any(|call| call.path.ends_with("/events/list.json") && call.status == 200));
    town.x.release(Order::Forward).await;
    town.has_said_just(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_writes_on_while_x_is_away_is_answered_in_full() {
    let town = Town::with_snowbot().await;
    town.x.fault(fault(FaultKind::Refuse { with: Failure::OverCapacity }, u32::MAX));
    for _ in 0..45 {
        town.says("about");
    }
    town.delivered().await;
    assert_eq!(town.said(), [""; 0]);
    town.x.clear_faults();
    let all = |stage: &junco::simulator::Stage| {
        let said = stage.transcript(crate::town::BOT, crate::town::PEER).into_iter().filter(|message| message.from == crate::town::BOT);
        (said.count() == 45).then_some(())
    };
    town.x.wait_for(PATIENCE, all).await.unwrap_or_else(|| panic!("only {} answers", town.said().len()));
    town.delivered().await;
    town.answer(town.says("help")).await;
    assert_eq!(town.said().len(), 46, "more than the record holds, and none twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_loses_nothing() {
    let town = Town::with_snowbot().await;
    town.x.fault(fault(FaultKind::Refuse { with: Failure::Close }, 1));
    town.answer(town.says("hi")).await;
    town.x.fault(fault(FaultKind::Refuse { with: Failure::RateLimited { seconds: 1 } }, 1));
    town.answer(town.says("about")).await;
    assert_eq!(town.said().len(), 2);
}
