//! Uploads as the platform has them, and the house's own client against them.

use std::sync::Arc;
use std::time::Duration;

use junco::client::{Client, Timeouts, UploadFailure};
use junco::clock::SystemClock;
use junco::model::{Link, MediaKind, MediaType, Outgoing, UserId};
use junco::simulator::{Fault, SignalKind};
use junco::simulator::{Settings, Token};
use junco::wire::oauth::Credentials;
use junco::wire::rest::upload_append;
use serde_json::json;
use url::Url;

use crate::bot::{Bot, Reply, Signed};

const UPLOAD: &str = "/1.1/media/upload.json";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
const GIF: &[u8] = b"GIF89a and more";
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42 and more";

/// The bot's side of the four commands.
struct Uploader<'a>(&'a Bot);

impl Uploader<'_> {
    async fn init(&self, size: usize, media: &str, more: &[(&str, &str)]) -> Reply {
        let size = size.to_string();
        let fields = [&[("command", "INIT"), ("total_bytes", &size), ("media_type", media)], more].concat();
        self.0.form(Settings::BOT, UPLOAD, &fields).await
    }

    async fn append(&self, id: u64, index: usize, bytes: &[u8]) -> Reply {
        let parts = upload_append(id, index, bytes, "between-the-parts");
        let header = self.0.header(&Signed::by(Settings::BOT), "POST", UPLOAD, &[]);
        let request = self.0.request("POST", UPLOAD).header("authorization", header).header("content-type", parts.content_type);
        self.0.carry_out(request.body(parts.bytes)).await.expect("an answer")
    }

    async fn finalize(&self, id: u64) -> Reply {
        self.0.form(Settings::BOT, UPLOAD, &[("command", "FINALIZE"), ("media_id", &id.to_string())]).await
    }

    async fn status(&self, id: u64) -> Reply {
        self.0.get(Settings::BOT, &format!("{UPLOAD}?command=STATUS&media_id={id}")).await
    }

    async fn attach(&self, id: u64) -> Reply {
        self.0.send(json!({ "text": "look", "attachment": { "type": "media", "media": { "id": id.to_string() } } })).await
    }

    /// A file without any command.
    async fn whole(&self, category: &str, file: &[u8]) -> Reply {
        let header = self.0.header(&Signed::by(Settings::BOT), "POST", UPLOAD, &[]);
        let request = self.0.request("POST", UPLOAD).header("authorization", header);
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"media_category\"\r\n\r\n{category}\r\n\
            --x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\n"
        );
        let body = [head.as_bytes(), file, b"\r\n--x--\r\n"].concat();
        self.0.carry_out(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await.expect("an answer")
    }

    /// The id of a whole upload.
    async fn upload(&self, file: &[u8], media: &str, more: &[(&str, &str)]) -> u64 {
        let id = self.init(file.len(), media, more).await.json()["media_id"].as_u64().expect("an id");
        assert_eq!(self.append(id, 0, file).await.status, 204);
        assert_eq!(self.finalize(id).await.status, 201);
        id
    }
}

#[tokio::test]
async fn a_picture_goes_up_in_pieces_and_hangs_on_one_message() {
    let bot = Bot::ready().await;
    let uploader = Uploader(&bot);
    let init = uploader.init(PNG.len(), "image/png", &[("media_category", "dm_image")]).await;
    assert_eq!((init.status, &init.json()["expires_after_secs"]), (202, &json!(86_400)));
    let id = init.json()["media_id"].as_u64().expect("an id");
    assert_eq!(init.json()["media_id_string"], id.to_string());
    assert_eq!(uploader.append(id, 1, &PNG[5..]).await.status, 204, "in any order");
    assert_eq!(uploader.finalize(id).await.refused(), (400, 324));
    assert_eq!(uploader.attach(id).await.refused(), (400, 324), "it is not whole");
    let header = bot.header(&Signed::by(Settings::BOT), "POST", UPLOAD, &[]);
    let base64 = "--x\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\nAPPEND\r\n--x\r\nContent-Disposition: form-data; \
        name=\"media_data\"\r\n\r\niVBORw0=\r\n";
    let rest = format!(
        "--x\r\nContent-Disposition: form-data; name=\"media_id\"\r\n\r\n{id}\r\n\
        --x\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n0\r\n--x--\r\n"
    );
    let request = bot.request("POST", UPLOAD).header("authorization", header).header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(bot.carry_out(request.body(format!("{base64}{rest}"))).await.expect("an answer").status, 204, "base64 will do");
    let ended = uploader.finalize(id).await;
    assert_eq!((ended.status, &ended.json()["size"]), (201, &json!(PNG.len())));
    assert!(ended.json().get("processing_info").is_none(), "a photo is there at once");

    let sent = uploader.attach(id).await.json();
    assert_eq!(sent["event"]["message_create"]["message_data"]["attachment"]["media"]["id"], id);
    let echo = &bot.got(1).await[0].json()["direct_message_events"][0]["message_create"]["message_data"];
    let media = &echo["attachment"]["media"];
    assert_eq!((&media["id_str"], &media["type"]), (&json!(id.to_string()), &json!("photo")));
    assert_eq!(echo["text"], format!("look {}", media["url"].as_str().expect("a link")), "the link of the media ends the text");
    assert_eq!(echo["entities"]["urls"][0]["url"], media["url"]);
    let picture = bot.transcript()[0].picture.expect("a picture");
    assert_eq!((picture.id, picture.kind, picture.size), (id, MediaKind::Photo, PNG.len() as u64));
    assert_eq!(bot.simulator.file(bot.transcript()[0].id), Some((junco::model::MediaType::Png, PNG.to_vec())), "the pieces in order");
    assert_eq!(uploader.attach(id).await.refused(), (400, 325), "it is used up");
}

#[tokio::test]
async fn a_picture_goes_up_in_one_call() {
    let bot = Bot::ready().await;
    let uploader = Uploader(&bot);
    for (category, file, kind) in [("dm_image", PNG, MediaKind::Photo), ("DmGif", GIF, MediaKind::AnimatedGif)] {
        let whole = uploader.whole(category, file).await;
        assert_eq!((whole.status, &whole.json()["size"]), (200, &json!(file.len())));
        let id = whole.json()["media_id"].as_u64().expect("an id");
        assert_eq!(uploader.attach(id).await.status, 200, "it need not be waited for");
        let picture = bot.transcript().last().and_then(|message| message.picture).expect("a picture");
        assert_eq!((picture.id, picture.kind), (id, kind));
    }
    assert_eq!(uploader.whole("dm_video", MP4).await.refused(), (400, 324), "films go in pieces");
    assert_eq!(uploader.whole("dm_image", b"no picture").await.refused(), (400, 324));
    assert_eq!(uploader.whole("dm_image", GIF).await.refused(), (400, 324));
    assert_eq!(bot.form(Settings::BOT, UPLOAD, &[]).await.refused(), (403, 38));
}

#[tokio::test]
async fn what_the_platform_does_not_take_is_refused() {
    let bot = Bot::new().await;
    let uploader = Uploader(&bot);
    let image = [("media_category", "dm_image")];
    for (size, media, more, refusal) in [
        (1, "application/pdf", &image[..], (400, 324)),
        (1, "image/png", &[("media_category", "dm_picture")], (400, 324)),
        (1, "image/gif", &image, (400, 324)),
        (0, "image/png", &image, (400, 324)),
        ((5 << 20) + 1, "image/png", &image, (400, 324)),
        ((15 << 20) + 1, "image/gif", &[("media_category", "dm_gif")], (400, 324)),
    ] {
        assert_eq!(uploader.init(size, media, more).await.refused(), refusal, "{size} {media} {more:?}");
    }
    assert_eq!(bot.form(Settings::BOT, UPLOAD, &[("command", "INIT")]).await.refused(), (403, 38));
    assert_eq!(bot.form(Settings::BOT, UPLOAD, &[("command", "DANCE")]).await.refused(), (404, 34));
    assert_eq!(bot.with_bearer("POST", UPLOAD).await.refused(), (403, 220));
    for reply in [uploader.append(5, 0, PNG).await, uploader.finalize(5).await, uploader.status(5).await] {
        assert_eq!(reply.refused(), (400, 325), "nobody announced it");
    }
    let id = uploader.init(PNG.len(), "image/png", &image).await.json()["media_id"].as_u64().expect("an id");
    assert_eq!(uploader.append(id, 1_000, PNG).await.refused(), (400, 324));
    assert_eq!(uploader.append(id, 0, &vec![0; (5 << 20) + 1]).await.refused(), (400, 324));
    assert_eq!(uploader.append(id, 0, &[PNG, b"!"].concat()).await.refused(), (400, 324), "it was announced as shorter");
    assert_eq!(uploader.append(id, 0, &[b'x'; 19][..PNG.len()]).await.status, 204);
    assert_eq!(uploader.finalize(id).await.refused(), (400, 324), "it is no picture");
    let gap = uploader.init(PNG.len(), "image/png", &image).await.json()["media_id"].as_u64().expect("an id");
    for (index, bytes) in [(0, &PNG[..9]), (2, &PNG[9..])] {
        assert_eq!(uploader.append(gap, index, bytes).await.status, 204);
    }
    assert_eq!(uploader.finalize(gap).await.refused(), (400, 324), "a piece is missing between");
    let post = uploader.upload(PNG, "image/png", &[("media_category", "tweet_image")]).await;
    let reply = uploader.attach(post).await;
    assert_eq!(reply.refused(), (400, 324));
    assert!(reply.text.contains("Invalid Media ID of category TweetImage"), "{}", reply.text);
}

#[tokio::test]
async fn media_are_their_owners_and_last_a_day() {
    let bot = Bot::with(|settings| settings.tokens.push(Token::for_user(Settings::ADA, Settings::APP))).await;
    let uploader = Uploader(&bot);
    let id = uploader.upload(PNG, "image/png", &[("media_category", "dm_image"), ("shared", "true")]).await;
    let status = format!("{UPLOAD}?command=STATUS&media_id={id}");
    assert_eq!(bot.get(Settings::ADA, &status).await.refused(), (400, 325));
    for _ in 0..2 {
        assert_eq!(uploader.attach(id).await.status, 200, "a shared one hangs on any number of messages");
    }
    bot.simulator.advance(Duration::from_secs(24 * 60 * 60 - 60));
    let left = uploader.status(id).await.json()["expires_after_secs"].as_u64().expect("seconds");
    assert!(left > 0 && left <= 60, "{left}");
    assert_eq!(uploader.attach(id).await.status, 200);
    bot.simulator.advance(Duration::from_secs(60));
    assert_eq!(uploader.attach(id).await.refused(), (400, 325));
    assert_eq!(uploader.status(id).await.refused(), (400, 325));
}

#[tokio::test]
async fn what_moves_is_worked_on() {
    let bot = Bot::with(|settings| settings.rules.media_processing = Duration::from_secs(3_600_000)).await;
    let uploader = Uploader(&bot);
    let ids = [
        uploader.upload(GIF, "image/gif", &[("media_category", "dm_gif")]).await,
        uploader.upload(MP4, "video/mp4", &[("media_category", "dm_video")]).await,
    ];
    let broken = uploader.upload(GIF, "video/mp4", &[("media_category", "dm_video")]).await;
    for id in ids {
        let info = uploader.finalize(id).await.json()["processing_info"].clone();
        assert_eq!((&info["state"], info["check_after_secs"].as_u64().is_some_and(|wait| wait > 3_000)), (&json!("pending"), true));
        assert_eq!(uploader.status(id).await.json()["processing_info"]["state"], "in_progress");
        assert_eq!(uploader.attach(id).await.refused(), (400, 324));
    }
    bot.simulator.advance(Duration::from_secs(3_600));
    for (id, kind) in ids.into_iter().zip(["animated_gif", "video"]) {
        assert_eq!(uploader.status(id).await.json()["processing_info"]["state"], "succeeded");
        let sent = uploader.attach(id).await.json();
        assert_eq!(sent["event"]["message_create"]["message_data"]["attachment"]["media"]["type"], kind);
    }
    let info = uploader.status(broken).await.json()["processing_info"].clone();
    assert_eq!((&info["state"], &info["error"]["code"]), (&json!("failed"), &json!(1)));
    assert_eq!(uploader.attach(broken).await.refused(), (400, 324));
}

/// The house's client for the simulator, and the credentials of an account there.
struct House {
    client: Client,
    token: Token,
}

impl House {
    fn of(bot: &Bot) -> Self {
        let address = Url::parse(&bot.simulator.url()).expect("an address");
        let client = Client::new(address, Timeouts::default(), Arc::new(SystemClock)).expect("a client");
        House { client, token: Token::for_user(Settings::BOT, Settings::APP) }
    }

    fn credentials(&self) -> Credentials<'_> {
        let token = Some((self.token.token.as_str(), self.token.secret.as_str()));
        Credentials { consumer_key: "simkey0001", consumer_secret: "sim-consumer-secret-01", token }
    }

    async fn send(&self, to: UserId, media: Option<u64>) -> Result<(), junco::client::Failure> {
        let links = ["a", "b"].map(|label| Link { label: label.to_owned(), url: format!("https://example.org/{label}") });
        let message = Outgoing { text: "look".to_owned(), links: links.to_vec(), ..Outgoing::default() };
        self.client.send_message(self.credentials(), to, &message, media).await.map(drop)
    }
}

#[tokio::test]
async fn the_houses_client_uploads_and_sends() {
    let bot = Bot::new().await;
    let house = House::of(&bot);
    let large = [PNG, &vec![7; 2_500_000]].concat();
    for (file, media, kind) in [
        (large.as_slice(), MediaType::Png, MediaKind::Photo),
        (GIF, MediaType::Gif, MediaKind::AnimatedGif),
        (MP4, MediaType::Mp4, MediaKind::Video),
    ] {
        let uploaded = house.client.upload_media(house.credentials(), file, media, true).await.expect("an upload");
        for to in [Settings::ADA, Settings::BEN] {
            house.send(to, Some(uploaded.id)).await.expect("it is sent");
            let shown = bot.simulator.transcript(Settings::BOT, to).pop().expect("a message");
            let picture = shown.picture.expect("a picture");
            assert_eq!((picture.id, picture.kind, picture.size), (uploaded.id, kind, file.len() as u64));
            assert_eq!(shown.links.len(), 2);
        }
        let day = Duration::from_secs(24 * 60 * 60);
        let left = uploaded.expires_at.since(bot.simulator.now());
        assert!(left <= day && left > day - Duration::from_secs(600), "{left:?}");
    }
    bot.simulator.fault(serde_json::from_value::<Fault>(json!({ "kind": "spoil_media" })).expect("a fault"));
    let spoilt = house.client.upload_media(house.credentials(), GIF, MediaType::Gif, true).await;
    assert!(matches!(spoilt, Err(UploadFailure::Unusable { code: 1, .. })), "{spoilt:?}");
    let spoilt = house.client.upload_media(house.credentials(), PNG, MediaType::Png, true).await;
    assert!(matches!(spoilt, Err(UploadFailure::Call(_))), "{spoilt:?}");
}

#[tokio::test]
async fn buttons_are_shown_to_the_sender_and_in_the_chat() {
    let bot = Bot::ready().await;
    House::of(&bot).send(Settings::ADA, None).await.expect("it is sent");
    let echo = bot.got(1).await[0].json()["direct_message_events"][0]["message_create"]["message_data"]["ctas"].clone();
    assert_eq!((&echo[1]["type"], &echo[1]["label"], &echo[1]["url"]), (&json!("web_url"), &json!("b"), &json!("https://example.org/b")));
    assert!(echo[1]["tco_url"].as_str().is_some_and(|short| short.starts_with("https://t.co/")), "{echo}");
    let id = bot.simulator.upload(Settings::BOT, MediaKind::Photo);
    House::of(&bot).send(Settings::ADA, Some(id)).await.expect("it is sent");
    let chat = bot.carry_out(bot.request("GET", "/sim/transcript?a=@ada&b=@snowbot")).await.expect("an answer").json();
    assert_eq!((&chat[1]["picture"]["id"], &chat[1]["picture"]["kind"]), (&json!(id.to_string()), &json!("photo")));
    assert_eq!(chat[1]["links"][0], json!({ "label": "a", "url": "https://example.org/a" }));
}

#[tokio::test]
async fn typing_and_reading_leave_a_trace() {
    let bot = Bot::new().await;
    let house = House::of(&bot);
    let message = bot.simulator.say(Settings::ADA, Settings::BOT, "hello").expect("a message");
    house.client.mark_read(house.credentials(), Settings::ADA, message).await.expect("it is marked");
    house.client.indicate_typing(house.credentials(), Settings::ADA).await.expect("it is shown");
    assert!(house.client.indicate_typing(house.credentials(), UserId(5)).await.is_err(), "to nobody");
    let signals = bot.simulator.signals();
    let kinds: Vec<_> = signals.iter().map(|signal| (signal.from, signal.to, signal.kind)).collect();
    let pair = (Settings::BOT, Settings::ADA);
    assert_eq!(kinds, [(pair.0, pair.1, SignalKind::Read { last: message }), (pair.0, pair.1, SignalKind::Typing)]);
    let told = bot.carry_out(bot.request("GET", "/sim/signals")).await.expect("an answer").json();
    assert_eq!((&told[0]["kind"], &told[0]["last"], &told[1]["kind"]), (&json!("read"), &json!(message.to_string()), &json!("typing")));
    assert_eq!(bot.simulator.api_calls().iter().filter(|call| call.path.ends_with("indicate_typing.json")).count(), 2);
}
