//! Typing and reading are shown within their limits, and before what they announce.

use junco::simulator::Stage;

use crate::world::{ADA, PATIENCE, World};

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
async fn typing_goes_before_the_message_that_it_announces() {
    let world = World::of(SCRIPT, "").await;
    world.answer(ADA, world.says(ADA, "go")).await;
    let first = calls(&world, 1).await;
    let place = |name: &str| first.iter().position(|call| call == name);
    assert!(place("indicate_typing") < place("new") && place("indicate_typing").is_some(), "{first:?}");
    world.answer(ADA, world.says(ADA, "other")).await;
    let second = calls(&world, 2).await;
    assert_eq!(second.iter().filter(|call| *call == "indicate_typing").count(), 1, "only where the bot wishes it: {second:?}");
}
