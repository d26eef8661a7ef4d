//! An account that withdraws its access, or whose token X takes no longer: nothing is sent, nothing is lost.

use junco::conversation::{Event, Notice};
use junco::model::Key;
use junco::store::Entry;

use crate::world::{ADA, BOT, EVE, MINUTE, World};

const QUICK: &str = "[watch]\nevery = \"1s\"";

/// What X delivers when the account withdraws its access.
fn withdrawn(world: &World) {
    let body = format!(
        r#"{{"user_event":{{"revoke":{{"date_time":"2026-01-02T03:04:05+00:00","target":{{"app_id":"{}"}},"source":{{"user_id":"{BOT}"}}}}}}}}"#,
        junco::simulator::Settings::APP
    );
    assert_eq!(world.x.post_raw(BOT, &body).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_holds_every_message_back_until_there_is_a_new_one() {
    let mut world = World::with(QUICK).await;
    world.looked().await;
    world.answer(ADA, world.says(ADA, "hi")).await;
    world.token_is_good(false);
    world.restart_with(QUICK).await;
    let hi = world.says(EVE, "hi");
    world.until("sending is paused", |standing| standing.paused.is_some()).await;
    world.says(ADA, "name Ada");
    world.says(EVE, "name Eve");
    world.has_taken(EVE, 2).await;
    // Far longer than a single message is tried, and often enough for the outbox to look.
    for _ in 0..5 {
        world.x.advance(24 * 60 * MINUTE);
        world.looked().await;
    }
    let tried = world.x.api_calls().into_iter().filter(|call| call.path.contains("events/new") && call.status == 401).count();
    assert!(tried <= 2, "X was asked {tried} times");
    assert_eq!(world.said(EVE), [""; 0]);

    world.token_is_good(true);
    world.restart_with(QUICK).await;
    assert_eq!(world.answer(EVE, hi).await.text, "Home.");
    world.until("sending goes on", |standing| standing.paused.is_none()).await;
    let names: Vec<&str> =
        world.noticed().await.iter().map(Notice::name).filter(|name| name.starts_with("token") || *name == "recovered").collect();
    assert_eq!(names, ["token_refused", "recovered"]);
    world.has_said(EVE, &["Home.", "Noted: Eve."]).await;
    world.has_said(ADA, &["Home.", "Noted: Ada."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_withdraws_access_hears_nothing_until_it_is_given_again() {
    let world = World::with("[watch]\nevery = \"1h\"").await;
    world.answer(ADA, world.says(ADA, "hi")).await;
    withdrawn(&world);
    world.until("sending is paused", |standing| standing.paused.is_some_and(|pause| pause.revoked)).await;
    world.says(ADA, "name Ada");
    world.has_taken(ADA, 2).await;
    // The simulator's token was never void; that it is good is seen by the next look.
    world.x.advance(61 * MINUTE);
    let given_again = world.x.now();
    world.has_said(ADA, &["Home.", "Noted: Ada."]).await;
    let entries = world.store().journal(Key::new(BOT, ADA), 0..=u64::MAX).await.unwrap();
    let claims = |entry: &&Entry| entry.turns.iter().any(|turn| matches!(turn.event, Event::Claimed { .. }));
    assert!(entries.iter().rfind(claims).unwrap().at >= given_again, "nothing was even tried before");
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_of_an_account_that_withdraws_are_forgotten_where_that_is_wished() {
    let mut world = World::with(QUICK).await;
    let home = world.answer(ADA, world.says(ADA, "hi")).await;
    world.answer(ADA, world.taps(ADA, &home, "Hours")).await;
    world.token_is_good(false);
    world.restart_with(&format!("{QUICK}\nrevoked = \"forget\"")).await;
    withdrawn(&world);
    world.until("all is forgotten", |standing| standing.paused.is_some_and(|pause| pause.erased)).await;
    let store = world.store();
    let record = store.load(Key::new(BOT, ADA)).await.unwrap().unwrap();
    assert_eq!(record.state.at, None);
    let entries = store.journal(Key::new(BOT, ADA), 0..=u64::MAX).await.unwrap();
    assert_eq!(entries.len(), 1, "nobody is shown what was before");
    assert!(entries[0].turns.iter().all(|turn| !matches!(&turn.event, Event::Message { .. })));
}
