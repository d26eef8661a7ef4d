//! Pictures that people send are handed to a server in the body of a lookup, and kept nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junco::model::{MediaKind, MediaType};
use junco::simulator::Feed;
use serde_json::json;

use crate::world::{ADA, BOT, World};

const SCRIPT: &str = r#"bot "b" version=1 { allow "desk.example" }
on "repair" { goto "repair" }
state "repair" {
  ask "damage" "A picture, please." type="picture" { invalid "No picture." }
  http "ticket" post="https://desk.example/tickets" idempotency="{{ prompt.id }}" {
    body person="{{ user.screen_name }}"
    picture "damage" as="photo"
    ok { say "Ticket {{ ticket.number }}." }
    fail { say "No ticket: {{ ticket.error }}." }
  }
  end
}
fallback { say "What?" }
"#;

const FEED: &str = "desk.example/tickets";

async fn world(settings: &str) -> World {
    let world = World::of(SCRIPT, settings).await;
    world.x.set_feed(FEED, Feed { status: 200, body: Some(json!({ "number": 7 })), delay_ms: 0 });
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_to_the_server_that_the_bot_asks() {
    let world = world("").await;
    world.answer(ADA, world.says(ADA, "repair")).await;
    assert!(world.answer(ADA, world.says(ADA, "here it is")).await.text.starts_with("No picture."));
    assert!(world.answer(ADA, world.x.say_with_media(ADA, BOT, "", MediaKind::Video).unwrap()).await.text.starts_with("No picture."));
    let sent = world.x.say_with_media(ADA, BOT, "", MediaKind::Photo).unwrap();
    assert_eq!(world.answer(ADA, sent).await.text, "Ticket 7.");

    let feeds = world.x.feeds();
    let asked = feeds[FEED].last.as_ref().unwrap();
    assert_eq!(asked.body["person"], "ada");
    let photo = asked.body["photo"].as_str().unwrap();
    let (kind, bytes) = photo.strip_prefix("data:").unwrap().split_once(";base64,").unwrap();
    let bytes = STANDARD.decode(bytes).unwrap();
    assert_eq!(MediaType::of(&bytes).map(MediaType::name), Some(kind), "its type is what its bytes say");
    // Fetched once, signed as the account: the simulator shows it to nobody else.
    assert_eq!(world.calls("/ton/data/dm/"), [200]);
    let journal = world.store().journal(junco::model::Key::new(BOT, ADA), 0..=u64::MAX).await.unwrap();
    assert!(!format!("{journal:?}").contains(";base64,"), "its bytes are kept nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_too_large_leads_to_the_other_branch() {
    let world = world("[limits]\nmedia = 16").await;
    world.answer(ADA, world.says(ADA, "repair")).await;
    let sent = world.x.say_with_media(ADA, BOT, "", MediaKind::Photo).unwrap();
    assert_eq!(world.answer(ADA, sent).await.text, "No ticket: too_large.");
    assert_eq!(world.x.feeds()[FEED].calls, 0, "the server is not asked");
}
