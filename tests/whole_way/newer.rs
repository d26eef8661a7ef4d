//! The whole way over the newer interface of X, which has no buttons but pictures.

use std::path::Path;

use junco::simulator::{ApiCall, Stage};

use crate::town::{BOT, PATIENCE, Town};

#[tokio::test(flavor = "multi_thread")]
async fn pictures_go_with_their_captions_and_each_is_uploaded_once() {
    let town = Town::over(Path::new("bots/snowbot"), &[BOT], "v2").await;
    let mut shown = Vec::new();
    // There are five, and then the first comes again.
    for _ in 0..6 {
        let photo = town.answer(town.says("pic")).await;
        assert!(photo.picture.is_some() && photo.options.is_empty() && photo.text.contains("\n1 Another"), "{photo:?}");
        shown.push(photo.text);
    }
    assert!(shown[0] == shown[5] && shown[1..5].iter().all(|text| *text != shown[0]), "{shown:?}");
    let made = |calls: &[ApiCall], path: &str| calls.iter().filter(|call| call.path.contains(path)).count();
    // A message is there before its call has ended.
    let sent = |stage: &Stage| Some(stage.api_calls()).filter(|calls| made(calls, "/2/dm_conversations") == 6);
    let calls = town.x.wait_for(PATIENCE, sent).await.expect("six sends");
    assert_eq!(["/2/media/upload/initialize", "/1.1/media", "/1.1/direct"].map(|path| made(&calls, path)), [5, 0, 0]);
    assert!(calls.iter().all(|call| call.status < 400), "{calls:?}");
}
