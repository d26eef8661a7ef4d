//! What stands in the data of a format: a little of everything. It is told as lines of JSON, which a later version must find again.

use std::path::Path;
use std::time::Duration;

use junco::clock::Clock as _;
use junco::conversation::Outcome;
use junco::model::{Attachment, MediaKind, Timestamp};
use junco::store::{EmbeddedStore, Store as _};
use serde_json::{Value, json};

use super::house::{ACCOUNT, House, key};

/// Until this, the talk in [`fill`] is older than journals are kept.
const LONG: Duration = Duration::from_secs(40 * 24 * 3600);

/// Talks so that every kind of thing is there, in a snapshot and in journal files.
pub(crate) async fn fill(house: &mut House, folder: &Path) {
    house.says(9, "hi").await;
    house.sends(9).await;
    for _ in 0..6 {
        house.says(1, "hi").await;
        house.sends(1).await;
    }
    house.clock.advance(LONG);
    house.says(1, "hi").await;
    house.sends(1).await;
    house.taps(1, "Order").await;
    house.sends(1).await;
    house.taps(1, "Spelt").await;
    house.sends(1).await;
    house.says(1, "12").await;
    house.sends(1).await;
    house.says(1, "3").await;
    house.person_speaks(1, "Let me see to that.").await;
    house.sends(1).await;
    house.taps_back(1, "About").await;
    house.says(2, "hi").await;
    let later = house.clock.now().plus(Duration::from_secs(3600));
    house.settles(2, Outcome::RetryAt(later)).await;
    house.says(3, "hi").await;
    house.leaves(3).await;
    house.says(4, "hi").await;
    house.settles(4, Outcome::Unsure { check_at: later, refusal: None }).await;
    house.says(5, "hi").await;
    let reason = "You cannot send messages to this user.".to_owned();
    house.settles(5, Outcome::Refused { code: 349, reason, person: true }).await;
    for _ in 0..22 {
        house.says(6, "hm").await;
    }
    // More than a record remembers by itself.
    house.says_at_once(10, "hm", 70).await;
    let url = "https://ton.x.com/1.1/ton/data/dm/1/2/3.jpg".to_owned();
    house.shows(7, Attachment::Media { id: 3, kind: MediaKind::Photo, url }).await;
    house.shows(7, Attachment::Place { longitude: 11.5, latitude: 47.25, name: Some("Innsbruck".to_owned()) }).await;
    house.turns.note(ACCOUNT, "direct_message_events[0]", "it has no id", b"{}").await.unwrap();
    let first = folder.join("journal-00000000000000000001.jnl");
    while first.exists() {
        // The snapshot is taken in the background, after a checkpoint.
        house.says(8, "hi").await;
        house.sends(8).await;
    }
}

/// All that the store holds, a line for each thing.
pub(crate) async fn tell(store: &EmbeddedStore) -> String {
    let mut lines = Vec::new();
    for (key, record) in store.scan(None, usize::MAX).await.unwrap() {
        lines.push(json!({ "key": key, "record": record }));
    }
    let mut entries = Vec::new();
    store.replay(Timestamp::from_millis(i64::MIN), &mut |entry| entries.push(entry)).await.unwrap();
    for entry in entries {
        for event in &entry.events {
            let is_taken = store.has_taken(entry.key, junco::model::MessageId(event.id)).await.unwrap();
            lines.push(json!({ "event": event, "taken": is_taken.then_some((entry.key, entry.revision())) }));
        }
        let found = store.journal(entry.key, entry.revision()..=entry.revision()).await.unwrap();
        assert_eq!(found.as_slice(), std::slice::from_ref(&entry));
        let mut line = json!({ "entry": entry });
        // Those of the newest entries were told already; all of them would take more room than the data.
        line["entry"]["record"] = entry.revision().into();
        lines.push(line);
    }
    let due = store.claim(Timestamp::from_millis(i64::MAX), usize::MAX, "", Duration::ZERO).await.unwrap();
    lines.push(json!({ "due": due }));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Compares with what [`tell`] told when the data was written. What was added since may be there too.
pub(crate) async fn compare(store: &EmbeddedStore, expected: &str) -> Result<(), String> {
    let told = tell(store).await;
    if told.lines().count() != expected.lines().count() {
        return Err(format!("there are {} things instead of {}", told.lines().count(), expected.lines().count()));
    }
    for (number, (found, expected)) in told.lines().zip(expected.lines()).enumerate() {
        let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let mut expected = value(expected);
        if expected.get("taken").is_some_and(Value::is_null) {
            // Too old for the index of format 1, which alone was asked; a record may know it all the same.
            expected = json!({ "event": expected["event"] });
        }
        holds(&value(found), &expected).map_err(|error| format!("line {}: {error}", number + 1))?;
    }
    Ok(())
}

/// Whether all of `expected` is in `found`.
fn holds(found: &Value, expected: &Value) -> Result<(), String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected.iter().try_for_each(|(name, expected)| {
            holds(found.get(name).unwrap_or(&Value::Null), expected).map_err(|error| format!("{name}: {error}"))
        }),
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            found.iter().zip(expected).try_for_each(|(found, expected)| holds(found, expected))
        }
        _ if found == expected => Ok(()),
        _ => Err(format!("{found} instead of {expected}")),
    }
}

/// Talks on, some of it about what was said long ago.
pub(crate) async fn go_on(house: &mut House) -> Result<(), String> {
    house.clock.advance(LONG + LONG);
    let known = house.store.journal(key(1), 0..=u64::MAX).await.unwrap();
    let event = known.iter().flat_map(|entry| &entry.events).next().ok_or("no event is left")?;
    if house.repeats(1, junco::model::MessageId(event.id)).await {
        return Err("an event was taken twice".to_owned());
    }
    // A menu of the old journal is still one.
    house.sends(1).await;
    house.taps_back(1, "Order").await;
    let record = house.store.load(key(1)).await.unwrap().ok_or("a conversation is gone")?;
    if record.state.at.as_deref() != Some("order") {
        return Err(format!("the tap led to {:?}", record.state.at));
    }
    // Those that waited are sent, one after the other.
    house.sends(6).await;
    Ok(())
}
