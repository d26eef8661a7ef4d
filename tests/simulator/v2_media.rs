//! Uploads of the newer API.

use std::time::Duration;

use junco::simulator::{Fault, FaultKind, Settings};
use junco::wire::rest::upload_append;
use serde_json::{Value, json};

use crate::bot::{Bot, Reply, Signed};
use crate::v2::SCOPES;

const UPLOAD: &str = "/2/media/upload";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42 and more";

async fn initialize(bot: &Bot, file: &[u8], media: &str, category: &str) -> Reply {
    let body = json!({ "media_type": media, "total_bytes": file.len(), "media_category": category });
    bot.post(Settings::BOT, &format!("{UPLOAD}/initialize"), Some(body)).await
}

async fn started(bot: &Bot, file: &[u8], media: &str, category: &str) -> String {
    let reply = initialize(bot, file, media, category).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["data"]["id"].as_str().expect("an id").to_owned()
}

async fn append(bot: &Bot, id: &str, index: usize, bytes: &[u8]) -> Reply {
    let path = format!("{UPLOAD}/{id}/append");
    let parts = upload_append(7, index, bytes, "between-the-parts");
    let header = bot.header(&Signed::by(Settings::BOT), "POST", &path, &[]);
    let request = bot.request("POST", &path).header("authorization", header).header("content-type", parts.content_type);
    bot.carry_out(request.body(parts.bytes)).await.expect("an answer")
}

async fn finalize(bot: &Bot, id: &str) -> Reply {
    bot.post(Settings::BOT, &format!("{UPLOAD}/{id}/finalize"), None).await
}

async fn status(bot: &Bot, id: &str) -> Value {
    bot.get(Settings::BOT, &format!("{UPLOAD}?command=STATUS&media_id={id}")).await.json()["data"].clone()
}

async fn attach(bot: &Bot, id: &str) -> Reply {
    let path = format!("/2/dm_conversations/with/{}/messages", Settings::ADA);
    bot.post(Settings::BOT, &path, Some(json!({ "attachments": [{ "media_id": id }] }))).await
}

#[tokio::test]
async fn a_picture_goes_up_in_pieces_of_both_kinds() {
    let bot = Bot::ready().await;
    let id = started(&bot, PNG, "image/png", "dm_image").await;
    let reply = append(&bot, &id, 1, &PNG[5..]).await;
    assert!(reply.status == 200 && reply.json()["data"]["expires_at"].is_i64(), "{}", reply.text);
    assert_eq!(finalize(&bot, &id).await.problem(), (400, "Invalid Request".to_owned()), "it is not whole");
    assert_eq!(attach(&bot, &id).await.json()["detail"], "You are not permitted to attach this media to a DM event.");
    let piece = json!({ "media": "iVBORw0=", "segment_index": 0 });
    assert_eq!(bot.post(Settings::BOT, &format!("{UPLOAD}/{id}/append"), Some(piece)).await.status, 200, "JSON will do");
    let data = finalize(&bot, &id).await.json()["data"].clone();
    assert_eq!((&data["id"], &data["media_key"], &data["size"]), (&json!(id), &json!(format!("3_{id}")), &json!(PNG.len())));
    assert_eq!(data["processing_info"], Value::Null, "a picture is ready at once");
    assert_eq!(attach(&bot, &id).await.status, 201);
    let older = json!({ "text": "x", "attachment": { "type": "media", "media": { "id": id } } });
    assert_eq!(bot.send(older).await.refused(), (400, 325), "it is used up at the older face too");
}

#[tokio::test]
async fn a_video_is_worked_on_for_a_while() {
    let bot = Bot::with(|settings| {
        settings.time_scale = 1.0;
        settings.rules.media_processing = Duration::from_secs(600);
    })
    .await;
    let id = started(&bot, MP4, "video/mp4", "dm_video").await;
    append(&bot, &id, 0, MP4).await;
    let info = finalize(&bot, &id).await.json()["data"]["processing_info"].clone();
    assert_eq!((&info["state"], &info["check_after_secs"]), (&json!("pending"), &json!(600)));
    assert_eq!(status(&bot, &id).await["processing_info"]["state"], "in_progress");
    assert_eq!(attach(&bot, &id).await.status, 403);
    bot.simulator.advance(Duration::from_secs(601));
    assert_eq!(status(&bot, &id).await["processing_info"]["state"], "succeeded");
    assert_eq!(status(&bot, &id).await["media_key"], format!("13_{id}"));

    bot.simulator
        .fault(Fault { kind: FaultKind::SpoilMedia, ..serde_json::from_value(json!({ "kind": "hold", "times": 1 })).expect("a fault") });
    let id = started(&bot, MP4, "video/mp4", "dm_video").await;
    append(&bot, &id, 0, MP4).await;
    finalize(&bot, &id).await;
    bot.simulator.advance(Duration::from_secs(601));
    assert_eq!(status(&bot, &id).await["processing_info"]["state"], "failed");
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_refused() {
    let bot = Bot::new().await;
    for (media, category) in [("text/plain", "dm_image"), ("image/png", "dm_poem"), ("image/png", "dm_video")] {
        assert_eq!(initialize(&bot, PNG, media, category).await.problem(), (400, "Invalid Request".to_owned()), "{media} {category}");
    }
    let id = started(&bot, PNG, "image/png", "dm_image").await;
    assert_eq!(bot.post(Settings::BOT, &format!("{UPLOAD}/{id}/append"), None).await.problem().0, 400);
    assert_eq!(append(&bot, "4711", 0, PNG).await.problem().0, 400);
    assert_eq!(bot.get(Settings::BOT, &format!("{UPLOAD}?media_id=x")).await.problem().0, 400);
    let owners = bot.granted(Settings::ADA, SCOPES).await;
    let foreign = bot.with_token("POST", &format!("{UPLOAD}/{id}/finalize"), &owners, None).await;
    assert_eq!(foreign.problem().0, 400, "it is somebody else's");
    let narrow = bot.granted(Settings::BOT, "dm.write").await;
    let path = format!("{UPLOAD}?media_id={id}");
    assert_eq!(bot.with_token("GET", &path, &narrow, None).await.problem(), (403, "Forbidden".to_owned()));
}
