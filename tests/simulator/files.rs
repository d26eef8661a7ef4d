//! The bytes of what people send, and who gets to see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junco::model::{MediaKind, MediaType};
use junco::simulator::{Settings, Token};
use serde_json::{Value, json};

use crate::bot::{Bot, Signed};

async fn media(bot: &Bot, count: usize) -> Value {
    bot.got(count).await[count - 1].json()["direct_message_events"][0]["message_create"]["message_data"]["attachment"]["media"].clone()
}

/// The path of an address that points at the simulator.
fn path(bot: &Bot, url: &Value) -> String {
    let url = url.as_str().expect("an address");
    url.strip_prefix(&bot.simulator.url()).unwrap_or_else(|| panic!("{url} points elsewhere")).to_owned()
}

async fn bytes(request: reqwest::RequestBuilder) -> (u16, Vec<u8>) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.bytes().await.expect("bytes").to_vec())
}

fn signed(bot: &Bot, user: junco::model::UserId, path: &str) -> reqwest::RequestBuilder {
    bot.request("GET", path).header("authorization", bot.header(&Signed::by(user), "GET", path, &[]))
}

#[tokio::test]
async fn a_photo_is_for_those_who_talk() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::BEN, Settings::APP))).await.set_up().await;
    bot.simulator.say_with_media(Settings::ADA, Settings::BOT, "look", MediaKind::Photo).expect("a message");
    let media = media(&bot, 1).await;
    let path = path(&bot, &media["media_url_https"]);
    assert!(path.starts_with("/1.1/ton/data/dm/") && path.ends_with(".png"), "{path}");
    let (status, photo) = bytes(signed(&bot, Settings::BOT, &path)).await;
    assert_eq!((status, MediaType::of(&photo)), (200, Some(MediaType::Png)));
    assert_eq!(bot.transcript()[0].picture.expect("a picture").size, photo.len() as u64);
    assert_eq!(bytes(bot.request("GET", &path)).await.0, 401, "not without a signature");
    assert_eq!(bytes(signed(&bot, Settings::BEN, &path)).await.0, 404, "not for a third");
    assert_eq!(bytes(signed(&bot, Settings::BOT, &path.replace(".png", "x.png"))).await.0, 404);
    let wrong = Signed { secret: "wrong".to_owned(), ..Signed::by(Settings::BOT) };
    let request = bot.request("GET", &path).header("authorization", bot.header(&wrong, "GET", &path, &[]));
    assert_eq!(bytes(request).await.0, 401);
}

#[tokio::test]
async fn what_moves_is_open_to_anybody() {
    let bot = Bot::ready().await;
    for (number, (kind, name)) in [(MediaKind::Video, "video"), (MediaKind::AnimatedGif, "animated_gif")].into_iter().enumerate() {
        bot.simulator.say_with_media(Settings::ADA, Settings::BOT, "", kind).expect("a message");
        let media = media(&bot, number + 1).await;
        assert_eq!(media["type"], name);
        let film = bytes(bot.request("GET", &path(&bot, &media["video_info"]["variants"][0]["url"]))).await;
        assert_eq!((film.0, MediaType::of(&film.1)), (200, Some(MediaType::Mp4)));
        let still = bytes(bot.request("GET", &path(&bot, &media["media_url"]))).await;
        assert_eq!((still.0, MediaType::of(&still.1)), (200, Some(MediaType::Png)));
    }
    assert_eq!(bytes(bot.request("GET", "/dm_video/5/x.mp4")).await.0, 404);
}

#[tokio::test]
async fn a_person_sends_a_file_of_their_own() {
    let bot = Bot::ready().await;
    let file = b"\xff\xd8\xff\xe0 a photo of snow";
    let body = json!({ "from": "@ada", "to": "@snowbot", "text": "mine", "file": STANDARD.encode(file) });
    let said = bot.carry_out(bot.request("POST", "/sim/say").json(&body)).await.expect("an answer").json();
    let media = media(&bot, 1).await;
    let path = path(&bot, &media["media_url"]);
    assert!(path.ends_with(".jpg"), "{path}");
    assert_eq!(bytes(signed(&bot, Settings::BOT, &path)).await, (200, file.to_vec()));
    let id = said["message"].as_str().expect("an id");
    assert_eq!(bytes(bot.request("GET", &format!("/sim/media/{id}"))).await, (200, file.to_vec()));
    let body = json!({ "from": "@ada", "to": "@snowbot", "text": "no picture", "file": STANDARD.encode(b"text") });
    assert_eq!(bot.carry_out(bot.request("POST", "/sim/say").json(&body)).await.expect("an answer").status, 400);
}
