//! The calls of the API: who may, what is refused and how, and how often.

use std::time::Duration;

use junco::model::{AppId, MediaKind};
use junco::simulator::{App, Error, Person, Settings, Simulator, Token};
use serde_json::{Value, json};

use crate::bot::{Bot, Signed, message, now};

const VERIFY: &str = "/1.1/account/verify_credentials.json";
const NEW: &str = "/1.1/direct_messages/events/new.json";

/// What the platform says to a call with this header.
async fn with_header(bot: &Bot, header: &str) -> (u16, u64) {
    bot.carry_out(bot.request("GET", VERIFY).header("authorization", header)).await.expect("an answer").refused()
}

#[tokio::test]
async fn a_right_signature_is_taken_once() {
    let bot = Bot::new().await;
    let header = bot.header(&Signed::by(Settings::BOT), "GET", VERIFY, &[]);
    let reply = bot.carry_out(bot.request("GET", VERIFY).header("authorization", &header)).await.expect("an answer");
    assert_eq!(reply.json()["id_str"], Settings::BOT.to_string());
    assert_eq!(with_header(&bot, &header).await, (401, 32), "the nonce is used up");
}

#[tokio::test]
async fn wrong_signatures_are_told_apart() {
    let bot = Bot::new().await;
    let good = Signed::by(Settings::BOT);
    let other = |text: &str| text.to_owned();
    for (signed, refusal) in [
        (Signed { consumer_key: other("nokey"), ..good.clone() }, (401, 32)),
        (Signed { token: other("7-notoken"), ..good.clone() }, (401, 89)),
        (Signed { consumer_secret: other("wrong"), ..good.clone() }, (401, 32)),
        (Signed { secret: other("wrong"), ..good.clone() }, (401, 32)),
        (Signed { timestamp: now() - 400, ..good.clone() }, (401, 135)),
        (Signed { timestamp: now() + 400, ..good.clone() }, (401, 135)),
    ] {
        let header = bot.header(&signed, "GET", VERIFY, &[]);
        assert_eq!(with_header(&bot, &header).await, refusal, "{signed:?}");
    }
    let elsewhere = bot.header(&good, "GET", "/1.1/account/verify_credentials.json?x=1", &[]);
    assert_eq!(with_header(&bot, &elsewhere).await, (401, 32), "the query is signed");
    for (header, refusal) in [("Bearer AAAA", (401, 89)), ("OAuth x", (400, 215)), ("Basic eA==", (400, 215))] {
        assert_eq!(with_header(&bot, header).await, refusal, "{header}");
    }
    let bare = bot.carry_out(bot.request("GET", VERIFY)).await.expect("an answer");
    assert_eq!(bare.refused(), (400, 215));
    assert_eq!(bot.with_bearer("GET", VERIFY).await.refused(), (403, 220));
    let header = bot.header(&good, "GET", VERIFY, &[]);
    let reply = bot.carry_out(bot.request("GET", VERIFY).header("authorization", header)).await.expect("an answer");
    assert_eq!(reply.status, 200, "refused calls use up no nonce");
}

#[tokio::test]
async fn wrong_keys_get_no_bearer() {
    let bot = Bot::new().await;
    let request = bot.request("POST", "/oauth2/token").basic_auth("simkey0001", Some("wrong"));
    let reply = bot.carry_out(request.form(&[("grant_type", "client_credentials")])).await.expect("an answer");
    assert_eq!(reply.refused(), (403, 99));
    assert_eq!(reply.json()["errors"][0]["label"], "authenticity_token_error");
}

#[tokio::test]
async fn events_new_checks_in_the_platforms_order() {
    let mut closed = Person::new(77, "closed", "Closed");
    closed.open_dms = false;
    let mut blocking = Person::new(78, "blocking", "Blocking");
    blocking.blocks.insert(Settings::BOT);
    let people = [closed, blocking];
    let bot = Bot::with(|settings| settings.people.extend(people)).await;
    let to = |id: u64, text: &str| message(junco::model::UserId(id), json!({ "text": text }));
    let long = "x".repeat(10_001);

    let header = bot.header(&Signed::by(Settings::BOT), "POST", NEW, &[]);
    let untyped = bot.request("POST", NEW).header("authorization", header).header("content-type", "text/plain").body("{}");
    let reply = bot.carry_out(untyped).await.expect("an answer");
    assert_eq!((reply.status, reply.text.as_str()), (415, ""));

    for (body, refusal) in [
        (json!({ "event": 5 }), (400, 214)),
        (to(5, &long), (404, 108)),
        (to(77, &long), (403, 150)),
        (to(78, &long), (403, 349)),
        (to(Settings::ADA.0, &long), (403, 354)),
        (message(Settings::ADA, json!({ "text": "" })), (403, 151)),
        (message(Settings::ADA, json!({ "text": "a", "attachment": { "type": "media", "media": { "id": "5" } } })), (400, 325)),
    ] {
        assert_eq!(bot.post(Settings::BOT, NEW, Some(body)).await.refused(), refusal);
    }
    assert_eq!(bot.with_bearer("POST", NEW).await.refused(), (403, 220));
    assert_eq!(bot.post(Settings::BOT, "/1.1/geo/reverse_geocode.json", None).await.refused(), (404, 34));

    let writer = junco::model::UserId(77);
    bot.simulator.say(writer, Settings::BOT, "hello").expect("a message");
    let reply = bot.post(Settings::BOT, NEW, Some(to(77, "hello"))).await;
    assert_eq!(reply.status, 200, "whoever wrote can be answered: {}", reply.text);
}

#[tokio::test]
async fn a_picture_is_good_for_one_message_of_its_owner() {
    let bot = Bot::new().await;
    let media = |id: u64| json!({ "text": "", "attachment": { "type": "media", "media": { "id": id.to_string() } } });
    let (mine, hers) = (bot.simulator.upload(Settings::BOT, MediaKind::Photo), bot.simulator.upload(Settings::ADA, MediaKind::Photo));
    assert_eq!(bot.send(media(hers)).await.refused(), (400, 325));
    assert_eq!(bot.send(media(mine)).await.json()["event"]["message_create"]["message_data"]["attachment"]["media"]["id"], mine);
    assert_eq!(bot.send(media(mine)).await.refused(), (400, 325));
}

#[tokio::test]
async fn a_repeated_text_is_refused_when_asked_for() {
    let bot = Bot::with(|settings| settings.rules.refuse_duplicates = true).await;
    bot.say("hello").await;
    let reply = bot.send(json!({ "text": "hello" })).await;
    assert_eq!(reply.refused(), (403, 151));
    assert!(reply.text.contains("Whoops! You already said that."), "{}", reply.text);
    bot.say("something else").await;
    bot.say("hello").await;
}

#[tokio::test]
async fn the_day_has_a_limit_and_five_replies_are_free() {
    let bot = Bot::with(|settings| settings.rules.user_daily = 2).await;
    let sent = async || {
        let mut sent = 0;
        while bot.send(json!({ "text": sent.to_string() })).await.status == 200 {
            sent += 1;
        }
        sent
    };
    assert_eq!(sent().await, 2);
    let reply = bot.send(json!({ "text": "more" })).await;
    assert_eq!(reply.refused(), (429, 88));
    assert!(!reply.headers.contains_key("x-rate-limit-reset"), "daily limits have no headers");
    bot.simulator.say(Settings::ADA, Settings::BOT, "answer me").expect("a message");
    assert_eq!(sent().await, 5);
    bot.simulator.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(sent().await, 2);
}

#[tokio::test]
async fn a_full_window_says_when_it_opens() {
    let bot = Bot::new().await;
    for left in (0..15).rev() {
        let reply = bot.get(Settings::BOT, "/1.1/direct_messages/events/list.json").await;
        assert_eq!(reply.headers["x-rate-limit-remaining"], left.to_string());
    }
    let reply = bot.get(Settings::BOT, "/1.1/direct_messages/events/list.json").await;
    assert_eq!(reply.refused(), (429, 88));
    let reset: u64 = reply.headers["x-rate-limit-reset"].to_str().ok().and_then(|reset| reset.parse().ok()).expect("seconds");
    assert!(reset > now() + 800 && reset < now() + 1000, "seconds, not milliseconds");
    bot.simulator.advance(Duration::from_secs(15 * 60));
    assert_eq!(bot.get(Settings::BOT, "/1.1/direct_messages/events/list.json").await.status, 200);
}

#[tokio::test]
async fn messages_can_be_read_back_page_by_page() {
    let bot = Bot::new().await;
    bot.simulator.say(Settings::ADA, Settings::BOT, "too old").expect("a message");
    bot.simulator.advance(Duration::from_secs(31 * 24 * 60 * 60));
    for number in 0..3 {
        bot.simulator.say(Settings::ADA, Settings::BOT, &format!("in {number}")).expect("a message");
        bot.say(&format!("out {number}")).await;
    }
    bot.simulator.say(Settings::ADA, Settings::BEN, "none of the bot's business").expect("a message");
    let list = "/1.1/direct_messages/events/list.json?count=4";
    let first = bot.get(Settings::BOT, list).await.json();
    let second = bot.get(Settings::BOT, &format!("{list}&cursor={}", first["next_cursor"].as_str().expect("more"))).await.json();
    assert!(second.get("next_cursor").is_none(), "the end is the cursor's absence");
    let events = [first["events"].as_array().expect("a list").as_slice(), second["events"].as_array().expect("a list")].concat();
    let texts: Vec<&str> = events.iter().map(|event| event["message_create"]["message_data"]["text"].as_str().expect("a text")).collect();
    assert_eq!(texts, ["out 2", "in 2", "out 1", "in 1", "out 0", "in 0"]);
    assert_eq!(events[0]["message_create"]["source_app_id"], Settings::APP.to_string());
    assert!(events[1]["message_create"].get("source_app_id").is_none());

    let show = |id: &Value| format!("/1.1/direct_messages/events/show.json?id={}", id.as_str().expect("an id"));
    assert_eq!(bot.get(Settings::BOT, &show(&events[1]["id"])).await.json()["event"], events[1]);
    let alien = bot.simulator.transcript(Settings::ADA, Settings::BEN)[0].id.to_string();
    assert_eq!(bot.get(Settings::BOT, &show(&json!(alien))).await.refused(), (404, 34));
}

#[tokio::test]
async fn a_world_that_contradicts_itself_does_not_start() {
    let twins = Settings { people: vec![Person::new(1, "a", "A"), Person::new(2, "A", "B")], tokens: vec![], ..Settings::default() };
    let stranger = Settings { people: vec![], ..Settings::default() };
    let paced = [0.0, 1e-300, 1e300, f64::NAN].map(|time_scale| Settings { time_scale, ..Settings::default() });
    let with_app = |app: App| Settings { apps: vec![Settings::default().apps[0].clone(), app], ..Settings::default() };
    let same_id = with_app(App::new(Settings::APP, "another", Settings::OWNER));
    let other = App::new(AppId(5), "another", Settings::OWNER);
    let same_key = with_app(App { consumer_key: "simkey0001".to_owned(), ..other.clone() });
    let same_client = with_app(App { client_id: "simclient0001".to_owned(), ..other });
    let token = Token::for_user(Settings::BOT, Settings::APP);
    let same_token = Settings { tokens: vec![token.clone(), Token { user: Settings::ADA, ..token }], ..Settings::default() };
    for settings in [twins, stranger, same_id, same_key, same_client, same_token].into_iter().chain(paced) {
        assert!(matches!(Simulator::start(settings).await, Err(Error::World(_))));
    }
    let bot = Bot::new().await;
    let taken = bot.simulator.url().trim_start_matches("http://").parse().expect("an address");
    assert!(matches!(Simulator::start(Settings { listen: taken, ..Settings::default() }).await, Err(Error::Listen { .. })));
}
