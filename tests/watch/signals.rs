//! Typing and reading are shown within their limits, and before what they announce.

use std::time::Duration;

use junco::simulator::Stage;

use crate::world::{ADA, BEN, PATIENCE, World};

const SCRIPT: &str = r#"bot "b" version=1
on "go" { read; typing; say "Here." }
on "other" { say "There." }
fallback { say "What?" }
"#;

/// The calls that were made for the account, in their order, once so many messages are among them.
async fn calls(world: &World, messages: usize) -> Vec<String> {
    let ours = |stage: &Stage| {
        let calls = stage.api_calls().into_iter().filter(|call| call.path.contains("direct_messages"));
        let calls: Vec<_> =
            calls.map(|call| call.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json").to_owned()).collect();
        (calls.iter().filter(|call| *call == "new").count() == messages).then_some(calls)
    };
    world.x.wait_for(PATIENCE, ours).await.expect("the messages are sent")
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_goes_before_the_message_and_comes_once_in_three_seconds() {
    let world = World::of(SCRIPT, "").await;
    world.answer(ADA, world.says(ADA, "go")).await;
    let typed = |calls: &[String]| calls.iter().filter(|call| *call == "indicate_typing").count();
    let first = calls(&world, 1).await;
    let place = |name: &str| first.iter().position(|call| call == name);
    assert!(place("indicate_typing") < place("new") && place("indicate_typing").is_some(), "{first:?}");
    world.answer(ADA, world.says(ADA, "go")).await;
    assert_eq!(typed(&calls(&world, 2).await), 1);
    world.answer(BEN, world.says(BEN, "go")).await;
    assert_eq!(typed(&calls(&world, 3).await), 2, "another person sees it at once");
    world.x.advance(Duration::from_secs(4));
    world.answer(ADA, world.says(ADA, "go")).await;
    assert_eq!(typed(&calls(&world, 4).await), 3);
    world.answer(ADA, world.says(ADA, "other")).await;
    assert_eq!(typed(&calls(&world, 5).await), 3, "only where the bot wishes it");
}
