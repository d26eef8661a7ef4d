//! Messages on their way out: claims, outcomes, echoes in either order, the bound of what may wait.

use super::*;

const BOT: &str = r#"bot "b" version=1
on "hi" { goto "a" }
state "a" { say "One."; say "Two." break=#true; say "Three." break=#true; option "Again" goto="a" }"#;

fn chat() -> Chat {
    let mut chat = Chat::with(BOT);
    chat.delivers = false;
    chat.says("hi");
    chat
}

fn row(index: u32) -> RowId {
    RowId { revision: 1, index }
}

fn echo(chat: &Chat, text: &str, origin: Origin) -> Event {
    let message = Incoming { id: MessageId(77), sent_at: chat.now, text: text.into(), tap: None, attachment: None };
    Event::Echo { message, origin }
}

#[track_caller]
fn waiting(chat: &Chat, rows: &[u32]) {
    assert_eq!(chat.state.rows.iter().map(|row| row.id.index).collect::<Vec<_>>(), rows);
}

#[test]
fn every_message_is_a_row_in_its_order() {
    let chat = chat();
    waiting(&chat, &[0, 1, 2]);
    assert_eq!(chat.state.due(Duration::ZERO), Some(chat.now));
    assert_eq!(chat.state.rows[2].asking, Some(1), "the menu hangs on the last");
}

#[test]
fn echo_and_answer_settle_a_row_once_in_either_order() {
    let sent = Event::Settled { row: row(0), outcome: Outcome::Sent(MessageId(77)) };
    for echo_first in [true, false] {
        let mut chat = chat();
        chat.take(Event::Claimed { row: row(0) });
        let echo = echo(&chat, "One.", Origin::Ours);
        let events = if echo_first { [echo, sent.clone()] } else { [sent.clone(), echo] };
        for event in events {
            chat.take(event);
        }
        waiting(&chat, &[1, 2]);
        assert_eq!(chat.state.replies, 1, "counted once");
        assert_eq!(chat.messages.len(), 3, "an echo is never answered");
    }
}

#[test]
fn an_echo_settles_nothing_that_was_never_tried() {
    let mut chat = chat();
    let echo = echo(&chat, "One.", Origin::Ours);
    chat.take(echo);
    waiting(&chat, &[0, 1, 2]);
}

#[test]
fn an_echo_of_before_the_attempt_is_another_messages() {
    let mut chat = chat();
    let early = echo(&chat, "One.", Origin::Ours);
    chat.wait("10s").take(Event::Claimed { row: row(0) }).take(early);
    waiting(&chat, &[0, 1, 2]);
}

#[test]
fn a_person_at_the_account_settles_nothing() {
    let mut chat = chat();
    chat.take(Event::Claimed { row: row(0) });
    let other = echo(&chat, "One.", Origin::Other);
    chat.take(other);
    waiting(&chat, &[0, 1, 2]);
    assert_eq!(chat.trace.fired, Fired::Operator);
}

#[test]
fn an_echo_without_an_app_is_ours_where_it_matches_and_a_persons_only_when_nothing_flies() {
    let mut chat = chat();
    chat.take(Event::Claimed { row: row(0) });
    let unknown = echo(&chat, "Something else.", Origin::Unknown);
    chat.take(unknown.clone());
    assert_eq!(chat.trace.fired, Fired::Nothing, "a row is in flight");
    let ours = echo(&chat, "One.", Origin::Unknown);
    chat.take(ours);
    waiting(&chat, &[1, 2]);
    chat.state.rows.clear();
    chat.take(unknown.clone());
    assert_eq!(chat.trace.fired, Fired::Nothing, "one was in flight just now");
    chat.wait("30s").take(unknown);
    assert_eq!(chat.trace.fired, Fired::Operator);
}

#[test]
fn an_unsure_row_waits_for_its_echo_and_is_then_sent_again() {
    let mut chat = chat();
    let check_at = chat.now.plus(Duration::from_secs(30));
    chat.take(Event::Claimed { row: row(0) }).take(Event::Settled { row: row(0), outcome: Outcome::Unsure { check_at, refusal: None } });
    assert_eq!(chat.state.due(Duration::ZERO), Some(check_at));
    chat.wait("30s").take(Event::Settled { row: row(0), outcome: Outcome::Resend });
    assert_eq!(chat.state.rows[0].status, RowStatus::Due(chat.now));
    let echo = echo(&chat, "One.", Origin::Ours);
    chat.take(echo);
    waiting(&chat, &[1, 2]);
}

#[test]
fn a_refusal_is_a_dead_letter_and_the_rest_goes_on() {
    let mut chat = chat();
    let refused = |person| Outcome::Refused { code: 151, reason: "said already".into(), person };
    chat.take(Event::Claimed { row: row(0) }).take(Event::Settled { row: row(0), outcome: refused(false) });
    waiting(&chat, &[1, 2]);
    assert!(matches!(&chat.actions[..], [Action::DeadLetter { code: 151, .. }]));
}

#[test]
fn a_person_who_takes_no_messages_is_not_tried_again() {
    let mut chat = chat();
    let outcome = Outcome::Refused { code: 349, reason: "closed".into(), person: true };
    chat.take(Event::Claimed { row: row(0) }).take(Event::Settled { row: row(0), outcome });
    waiting(&chat, &[]);
    assert_eq!(chat.actions.len(), 3, "each held-back message is a dead letter of its own");
}

#[test]
fn what_waits_is_bounded() {
    let mut chat = chat();
    for _ in 0..10 {
        chat.says("hi");
    }
    assert_eq!(chat.state.rows.len(), 20);
    assert_eq!(chat.state.backlog, Some(Backlog { next: RowId { revision: 7, index: 2 }, count: 13, desk: false }));
    assert_eq!(chat.actions.len(), 3, "they are in the journal");
}

#[test]
fn what_waits_in_the_journal_takes_its_turn() {
    let mut chat = chat();
    for _ in 0..10 {
        chat.says("hi");
    }
    let next = chat.state.backlog.unwrap().next;
    chat.state.rows.clear();
    assert_eq!(chat.state.due(Duration::ZERO), Some(Timestamp::default()), "at once");
    let message = Outgoing { text: "Three.".into(), ..Outgoing::default() };
    let rows = vec![Row::due(next, &message, None, chat.now)];
    let after = RowId { revision: 8, index: 0 };
    let refill = Event::Refilled { rows: rows.clone(), next: Some(after) };
    chat.take(refill.clone());
    assert_eq!((&chat.state.rows, chat.state.backlog), (&rows, Some(Backlog { next: after, count: 12, desk: false })));
    chat.take(refill);
    assert_eq!(chat.state.rows.len(), 1, "a refill that came before is not made twice");
    chat.says("hi");
    assert_eq!(chat.state.backlog.map(|backlog| backlog.count), Some(15), "what is new waits behind what waits");
}

#[test]
fn a_refill_that_does_not_know_of_the_newest_is_not_made() {
    let mut chat = chat();
    for _ in 0..7 {
        chat.says("hi");
    }
    let Backlog { next, count, .. } = chat.state.backlog.unwrap();
    assert_eq!(count, 4);
    chat.state.rows.clear();
    let message = Outgoing { text: "Two.".into(), ..Outgoing::default() };
    let rows: Vec<Row> = (0..3).map(|n| Row::due(RowId { index: next.index + n, ..next }, &message, None, chat.now)).collect();
    chat.take(Event::Refilled { rows, next: None });
    assert_eq!(chat.state.backlog, Some(Backlog { next, count, desk: false }), "the fourth would be lost");
}

#[test]
fn a_row_that_x_certainly_did_not_take_is_settled_by_nothing_but_its_own_send() {
    let mut chat = chat();
    for row in [row(0), row(1)] {
        chat.take(Event::Claimed { row }).take(Event::Settled { row, outcome: Outcome::Sent(MessageId(5)) });
    }
    let at = chat.now.plus(Duration::from_secs(60));
    chat.take(Event::Claimed { row: row(2) }).take(Event::Settled { row: row(2), outcome: Outcome::RetryAt(at) });
    let echo = echo(&chat, "Three.", Origin::Ours);
    chat.take(echo);
    waiting(&chat, &[2]);
    chat.taps("Again");
    assert_eq!((chat.trace.lateness, chat.state.rows[0].id), (Some(Lateness::Current), row(2)));
}

#[test]
fn a_row_in_doubt_stays_in_doubt_through_later_attempts() {
    let mut chat = chat();
    let check_at = chat.now.plus(Duration::from_secs(30));
    chat.take(Event::Claimed { row: row(0) }).take(Event::Settled { row: row(0), outcome: Outcome::Unsure { check_at, refusal: None } });
    let echo = echo(&chat, "One.", Origin::Ours);
    chat.wait("30s").take(Event::Settled { row: row(0), outcome: Outcome::Resend }).take(Event::Claimed { row: row(0) });
    let at = chat.now.plus(Duration::from_secs(60));
    chat.take(Event::Settled { row: row(0), outcome: Outcome::RetryAt(at) });
    chat.take(echo);
    waiting(&chat, &[1, 2]);
}

#[test]
fn a_name_of_any_length_keeps_the_record_small() {
    let mut chat = chat();
    chat.state.peer.name = "ж".repeat(10_000);
    chat.state.peer.screen_name = "x".repeat(10_000);
    chat.says("hi");
    assert!(rmp_serde::to_vec_named(&chat.state).unwrap().len() < 5_000);
}

#[test]
fn what_was_taken_at_an_earlier_attempt_of_unknown_fate_is_the_rows_too() {
    let mut chat = chat();
    let first = echo(&chat, "One.", Origin::Ours);
    let unsure = Event::Settled { row: row(0), outcome: Outcome::Unsure { check_at: chat.now, refusal: None } };
    for _ in 0..2 {
        chat.take(Event::Claimed { row: row(0) }).take(unsure.clone()).wait("30s");
        chat.take(Event::Settled { row: row(0), outcome: Outcome::Resend });
    }
    chat.wait("30s").take(Event::Claimed { row: row(0) }).take(first);
    waiting(&chat, &[1, 2]);
}

#[test]
fn a_row_is_told_only_by_its_words_at_its_time() {
    let mut chat = chat();
    let said = |chat: &Chat, text: &str| match echo(chat, text, Origin::Ours) {
        Event::Echo { message, .. } => message,
        other => panic!("{other:?}"),
    };
    let (early, words) = (said(&chat, "One."), |chat: &Chat, text| chat.state.rows[0].is_told_by(&said(chat, text)));
    assert!(!words(&chat, "One."), "it was never tried");
    chat.wait("6s").take(Event::Claimed { row: row(0) });
    assert!(words(&chat, "One.") && !words(&chat, "Two."));
    assert!(!chat.state.rows[0].is_told_by(&early));
}

#[test]
fn a_refusal_that_may_not_be_meant_is_remembered_with_the_row() {
    let mut chat = chat();
    let refusal = Some(Refusal { code: 151, reason: "said already".into() });
    let (since, check_at) = (chat.now, chat.now.plus(Duration::from_secs(10)));
    chat.take(Event::Claimed { row: row(0) }).wait("1s");
    for check_at in [check_at, check_at.plus(Duration::from_secs(20))] {
        chat.take(Event::Settled { row: row(0), outcome: Outcome::Unsure { check_at, refusal: refusal.clone() } });
        assert_eq!(chat.state.rows[0].status, RowStatus::Unsure { since, check_at, refusal: refusal.clone() });
    }
}
