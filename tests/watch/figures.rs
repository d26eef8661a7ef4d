//! The figures of a running service.

use crate::world::{ADA, EVE, World};

#[tokio::test(flavor = "multi_thread")]
async fn figures_tell_what_happened() {
    let mut world = World::with("metrics = \"127.0.0.1:0\"\n[watch]\nevery = \"1s\"").await;
    let home = world.answer(ADA, world.says(ADA, "hi")).await;
    // A tap that comes before its menu is known to have arrived would be early.
    world.settled().await;
    let tap = world.taps(ADA, &home, "Hours");
    world.answer(ADA, tap).await;
    world.x.redeliver(tap);
    world.looked().await;
    world.settled().await;
    let told = world.figures().await;
    for line in [
        "junco_events_total{kind=\"message\"} 5",
        "junco_taps_total{lateness=\"current\"} 1",
        "junco_sends_total{outcome=\"sent\"} 2",
        "junco_webhook_valid{app=\"16777259\"} 1",
        "junco_account_paused{account=\"123\"} 0",
        "junco_messages_waiting 0",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is missing in:\n{told}");
    }
    let figure = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in:\n{told}")).parse::<u64>().unwrap()
    };
    // An echo that comes behind the answer of its send is known already, as the tap is that came twice.
    assert_eq!(figure("junco_events_taken_total") + figure("junco_events_repeated_total"), 5);
    assert!(figure("junco_events_repeated_total") >= 1 && figure("junco_turns_total") >= 4);
    figure("junco_last_event_age_seconds{account=\"123\"}");
    assert!(told.contains("junco_challenges_total{answer=\"signed\"}") && told.contains("junco_commit_seconds_bucket"), "{told}");
    assert!(told.trim_end().ends_with("# EOF"), "whole");

    // With a token that X refuses, what is said waits.
    world.token_is_good(false);
    world.restart_with("metrics = \"127.0.0.1:0\"\n[watch]\nevery = \"1s\"").await;
    world.says(EVE, "hi");
    world.until("sending is paused", |standing| standing.paused.is_some()).await;
    let told = world.figures().await;
    for line in
        ["junco_account_paused{account=\"123\"} 1", "junco_messages_waiting 1", "junco_watch_actions_total{action=\"token_refused\"} 1"]
    {
        assert!(told.lines().any(|told| told == line), "{line} is missing in:\n{told}");
    }
}
