//! An hour in which nothing arrives: afterwards each event of it is answered, once, late ones by their policy.

use junco::conversation::{Deafness, Notice};
use junco::model::MessageId;
use junco::simulator::{Copies, Fault, FaultKind, Outcome, Shown, Stage};

use crate::world::{ADA, BEN, BOT, EVE, MINUTE, PATIENCE, World};

const QUICK: &str = "[watch]\nevery = \"1s\"";

/// What people have in hand before the outage.
struct Before {
    home: Shown,
    order: Shown,
}

async fn before(world: &World) -> Before {
    let home = world.answer(ADA, world.says(ADA, "hi")).await;
    let order = world.answer(BEN, world.says(BEN, "order")).await;
    world.looked().await;
    Before { home, order }
}

/// People write and tap while nobody listens, and X gives up.
async fn meanwhile(world: &World, before: &Before) {
    world.x.advance(20 * MINUTE);
    world.taps(ADA, &before.home, "Hours");
    world.says(EVE, "hi");
    world.x.advance(20 * MINUTE);
    world.taps(BEN, &before.order, "Yes");
    world.says(EVE, "name Eve");
    world.x.send_as_human(BOT, ADA, "I am on my way.", None).unwrap();
    world.retries_run_out().await;
    world.x.advance(20 * MINUTE);
}

/// Everybody was answered, each event once.
async fn all_are_answered(world: &World) {
    world.until("every gap is closed", |standing| standing.gaps.is_empty()).await;
    for (person, said) in [
        (ADA, &["Home.", "I am on my way.", "We are open.", "What?"][..]),
        // A confirmation that is too old is rejected, and asked again.
        (BEN, &["Order now?", "That no longer counts.\nOrder now?", "What?\nOrder now?"]),
        (EVE, &["Home.", "Noted: Eve.", "What?"]),
    ] {
        // What this message is answered with is the last of what the bot says, so nothing is said twice.
        world.says(person, "???");
        let last = |stage: &Stage| {
            let said = stage.transcript(BOT, person);
            said.last().filter(|last| last.from == BOT && last.text.starts_with("What?")).map(drop)
        };
        world.x.wait_for(PATIENCE, last).await;
        // A replay comes in no order, but what this message is answered with is the last of it.
        let sorted = |mut said: Vec<String>| {
            said.sort();
            said
        };
        assert_eq!(sorted(world.said(person)), sorted(said.iter().map(ToString::to_string).collect()), "to {person}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_an_hour_without_the_service_are_found_in_the_list_where_x_replays_nothing() {
    let mut world = World::with(QUICK).await;
    world.replays(false);
    let before = before(&world).await;
    world.crash().await;
    meanwhile(&world, &before).await;
    world.start().await;
    world.until("the gap is found", |standing| !standing.gaps.is_empty()).await;
    assert_eq!(world.said(EVE), [""; 0], "nobody knows yet");
    // A replay can be ordered only now, so only now X says that there is none.
    world.x.advance(12 * MINUTE);
    all_are_answered(&world).await;
    let noticed = world.noticed().await;
    assert!(
        matches!(&noticed[..], [Notice::GapFound { withheld: false, .. }, Notice::ReplayUnavailable { .. }, Notice::GapListed { .. }]),
        "{noticed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_hour_without_the_service_are_replayed() {
    let mut world = World::with(QUICK).await;
    let before = before(&world).await;
    let down = world.x.now();
    world.crash().await;
    meanwhile(&world, &before).await;
    world.start().await;
    world.until("the gap is found", |standing| !standing.gaps.is_empty()).await;
    let up = world.x.now();
    assert_eq!(world.calls("replay"), [0; 0], "a replay may end ten minutes ago at the latest");
    world.x.advance(12 * MINUTE);
    all_are_answered(&world).await;
    assert_eq!(world.calls("replay"), [202], "one job, within the rules of X");
    assert_eq!(world.calls("events/list"), [0; 0], "nothing is left to be listed");
    let noticed = world.noticed().await;
    let [
        Notice::GapFound { from, until, withheld: false },
        Notice::ReplayOrdered { job, from: begun, until: ended },
        Notice::ReplayEnded { job: over, complete: true },
    ] = noticed[..]
    else {
        panic!("{noticed:?}")
    };
    assert_eq!(job, over);
    assert!(until <= up && ended.since(until) < MINUTE && from.since(begun) < MINUTE, "{noticed:?}");
    // X retries for five minutes, so what came so shortly before the last sign of life may be missing too.
    assert!(from <= down && down.since(from) < 7 * MINUTE, "{noticed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_was_cut_off_is_ordered_again() {
    let mut world = World::with(QUICK).await;
    let before = before(&world).await;
    world.crash().await;
    meanwhile(&world, &before).await;
    world.start().await;
    world.until("the gap is found", |standing| !standing.gaps.is_empty()).await;
    // The service is gone again before anything of the replay comes.
    world.x.fault(Fault { kind: FaultKind::Outage, of: Copies::All, times: None });
    world.x.advance(12 * MINUTE);
    world.until("a replay is ordered", |standing| standing.jobs().next().is_some()).await;
    world.crash().await;
    world.x.clear_faults();
    world.x.advance(10 * MINUTE);
    world.start().await;
    // It stands in the journal for good; how the account stands then may be over before anybody looks.
    world.has_noticed("the second gap", |notice| matches!(notice, Notice::GapFound { .. }), 2).await;
    world.x.advance(40 * MINUTE);
    all_are_answered(&world).await;
    assert!(world.calls("replay").len() >= 2, "{:?}", world.calls("replay"));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_an_hour_with_a_broken_webhook_are_found_once_it_is_mended() {
    let world = World::with(QUICK).await;
    let before = before(&world).await;
    world.webhook_is_reached(false).await;
    world.until("X finds the webhook invalid", |standing| standing.deaf == Some(Deafness::Invalid)).await;
    meanwhile(&world, &before).await;
    assert!(
        world.x.deliveries().iter().rev().take(5).all(|delivery| delivery.outcome == Outcome::Withheld),
        "X does not even try: {:?}",
        world.x.deliveries()
    );
    world.webhook_is_reached(true).await;
    // The pause between two attempts to mend it.
    world.x.advance(15 * MINUTE);
    world.until("it is valid again", |standing| standing.deaf.is_none()).await;
    assert!(world.x.webhooks()[0].valid);
    world.x.advance(12 * MINUTE);
    all_are_answered(&world).await;
    let noticed = world.noticed().await;
    // X has not tried to deliver any of them, so a replay has none and they are listed.
    let expected = ["webhook_invalid", "webhook_validated", "gap_found", "replay_ordered", "replay_complete", "gap_listed"];
    assert_eq!(noticed.iter().map(Notice::name).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_became_invalid_in_the_night_is_valid_from_the_start_on() {
    let mut world = World::with(QUICK).await;
    world.answer(ADA, world.says(ADA, "hi")).await;
    world.looked().await;
    world.stop().await;
    world.x.check_webhooks().await;
    assert!(!world.x.webhooks()[0].valid);
    world.start().await;
    world.until("it is valid again", |standing| !standing.gaps.is_empty()).await;
    let named = world.says(EVE, "name Eve");
    assert_eq!(world.answer(EVE, named).await.text, "Noted: Eve.", "X delivers again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_away_for_a_moment_has_missed_nothing() {
    let mut world = World::with(QUICK).await;
    world.answer(ADA, world.says(ADA, "hi")).await;
    world.looked().await;
    world.crash().await;
    world.says(EVE, "hi");
    world.x.advance(MINUTE);
    world.start().await;
    // X tries once more within four minutes.
    world.x.advance(4 * MINUTE);
    world.x.next_message(BOT, EVE, MessageId(0), PATIENCE).await.expect("an answer");
    world.looked().await;
    assert_eq!(world.noticed().await, [], "X itself delivers again what it tried a minute ago");
    assert_eq!(world.said(EVE), ["Home."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_subscription_is_made_again_and_a_lost_webhook_only_where_that_is_wished() {
    let mut world = World::with(QUICK).await;
    world.looked().await;
    world.restart_with(&format!("{QUICK}\nrepair = true")).await;
    world.looked().await;
    let webhook = world.x.webhooks()[0].id.0;
    world.events().unsubscribe(webhook, BOT).await.unwrap();
    world.until("it is subscribed again", |standing| !standing.gaps.is_empty()).await;
    assert_eq!(world.answer(ADA, world.says(ADA, "hi")).await.text, "Home.");
    world.events().delete(webhook).await.unwrap();
    world.x.advance(MINUTE);
    world.until("it is registered again", |standing| standing.gaps.len() == 2).await;
    assert_eq!(world.answer(ADA, world.says(ADA, "hi")).await.text, "Home.");
    let names: Vec<&str> = world.noticed().await.iter().map(Notice::name).collect();
    assert_eq!(names[..3], ["not_subscribed", "subscribed", "gap_found"]);
    assert_eq!(names[3..], ["webhook_gone", "webhook_registered", "not_subscribed", "subscribed", "gap_found"]);

    let careful = World::with(QUICK).await;
    careful.looked().await;
    careful.events().delete(careful.x.webhooks()[0].id.0).await.unwrap();
    careful.until("it is gone", |standing| standing.deaf == Some(Deafness::Gone)).await;
    careful.x.advance(MINUTE);
    assert_eq!(careful.x.webhooks(), [], "it is a person's to register");
}
