//! What each input at the door gets (design §8), and that nothing is said twice.

use std::collections::BTreeMap;

use actix_web::App as HttpApp;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use serde_json::{Value, json};

use super::*;
use crate::bot::{Sources, compile};
use crate::clock::ManualClock;
use crate::conversation::{Action, Event, Origin};
use crate::model::{Key, Timestamp, UserId};
use crate::store::{Commit, Committed, Entry, MemoryStore, Record, Store, StoreError};
use crate::wire::arrivals::{self, Arrival as LatelyCame, Arrivals, Arrived};

const ACCOUNT: u64 = 4_503_599_627_370_601;
const PEER: u64 = 1_900_000_000_000_000_007;
const FIRST: &str = "sim-consumer-secret-01";
const SECOND: &str = "another-apps-secret";

const BOT: &str = r#"bot "b" version=1
on "hi" { goto "a" }
state "a" { say "Hello {{ user.name }}."; option "Again" goto="a" }"#;

/// A door, and the memory behind it.
struct Room {
    door: web::Data<Door>,
    store: Arc<MemoryStore>,
}

fn room() -> Room {
    let store = Arc::new(MemoryStore::new());
    let door = door(store.clone());
    Room { door, store }
}

fn door(store: Arc<dyn Store>) -> web::Data<Door> {
    let sources = Sources::from([("bot.kdl".to_owned(), BOT.to_owned())]);
    let program = Arc::new(compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program);
    let programs = BTreeMap::from([(UserId(ACCOUNT), program)]);
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_500)));
    let (turns, _) = Turns::new(store, clock, programs, Duration::from_secs(30));
    let apps = vec![
        App { id: AppId(1), secrets: vec![Secret::new(FIRST), Secret::new("rotated-out")] },
        App { id: AppId(2), secrets: vec![Secret::new(SECOND)] },
    ];
    web::Data::new(Door::new(apps, Limits { body: 1 << 20, body_timeout: Duration::from_millis(200) }, Arc::new(turns)))
}

async fn call(door: web::Data<Door>, request: TestRequest) -> ServiceResponse {
    let service = init_service(HttpApp::new().configure(|config| routes(config, "/webhook/twitter", door))).await;
    call_service(&service, request.to_request()).await
}

async fn post(door: &web::Data<Door>, body: impl AsRef<[u8]>, signature: Option<&str>) -> StatusCode {
    let mut request = TestRequest::post().uri("/webhook/twitter").set_payload(body.as_ref().to_vec());
    if let Some(signature) = signature {
        request = request.insert_header((signature::SIGNATURE_HEADER, signature));
    }
    let response = call(door.clone(), request).await;
    let status = response.status();
    assert!(read_body(response).await.is_empty(), "answers to deliveries have no body");
    status
}

/// A delivery signed by the first app.
async fn deliver(door: &web::Data<Door>, body: &Value) -> StatusCode {
    signed(door, body.to_string(), FIRST).await
}

async fn signed(door: &web::Data<Door>, body: impl AsRef<[u8]>, secret: &str) -> StatusCode {
    let signature = signature::sign(secret.as_bytes(), body.as_ref());
    post(door, body, Some(&signature)).await
}

async fn challenge(query: &str) -> (StatusCode, String) {
    let request = TestRequest::get().uri(&format!("/webhook/twitter{query}"));
    let response = call(room().door, request).await;
    (response.status(), String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

fn message(id: u64, from: u64, to: u64, text: &str) -> Value {
    json!({"type": "message_create", "id": id.to_string(), "created_timestamp": "1767225600123",
        "message_create": {"target": {"recipient_id": to.to_string()}, "sender_id": from.to_string(),
            "message_data": {"text": text, "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}}}})
}

fn delivery(messages: Value) -> Value {
    json!({"for_user_id": ACCOUNT.to_string(), "direct_message_events": messages,
        "users": {PEER.to_string(): {"id": PEER.to_string(), "name": "Ada", "screen_name": "ada_example"}}})
}

fn greeting(id: u64) -> Value {
    delivery(json!([message(id, PEER, ACCOUNT, "hi")]))
}

impl Room {
    async fn entries(&self, key: Key) -> Vec<Entry> {
        self.store.journal(key, 0..=u64::MAX).await.unwrap()
    }

    /// What was said to the peer.
    async fn said(&self) -> Vec<String> {
        let turns = self.entries(Key::new(UserId(ACCOUNT), UserId(PEER))).await.into_iter().flat_map(|entry| entry.turns);
        let said = |action| if let Action::Send { message, .. } = action { Some(message.text) } else { None };
        turns.flat_map(|turn| turn.actions).filter_map(said).collect()
    }

    /// What was noted as unreadable.
    async fn noted(&self, account: u64) -> Vec<String> {
        let turns = self.entries(Key::of_account(UserId(account))).await.into_iter().flat_map(|entry| entry.turns);
        let noted = |turn: crate::store::TurnLog| if let Event::Unreadable { reason, .. } = turn.event { Some(reason) } else { None };
        turns.filter_map(noted).collect()
    }
}

#[actix_web::test]
async fn a_signed_message_is_answered_once_however_often_it_comes() {
    let room = room();
    for _ in 0..3 {
        assert_eq!(deliver(&room.door, &greeting(900)).await, StatusCode::OK);
    }
    assert_eq!(room.said().await, ["Hello Ada."]);
    assert_eq!(room.door.metrics.repeated.get(), 2);
}

#[actix_web::test]
async fn without_a_right_signature_nothing_is_read() {
    let room = room();
    let body = greeting(900).to_string();
    let right = signature::sign(FIRST.as_bytes(), body.as_bytes());
    let cut = &right[..right.len() - 4];
    let others = signature::sign(b"no app's secret", body.as_bytes());
    let of_another_body = signature::sign(FIRST.as_bytes(), b"{}");
    let bare = right.trim_start_matches("sha256=");
    for wrong in [None, Some(""), Some("sha256="), Some("sha256=!!!!"), Some(cut), Some(bare), Some(&others), Some(&of_another_body)] {
        assert_eq!(post(&room.door, &body, wrong).await, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    assert_eq!(room.door.metrics.unsigned.get(), 8);
    assert_eq!(room.store.scan(None, 10).await.unwrap(), [], "nothing was stored");
}

#[actix_web::test]
async fn every_secret_of_every_app_opens_the_door_and_two_apps_make_no_second_reply() {
    let room = room();
    for secret in [FIRST, "rotated-out", SECOND] {
        assert_eq!(signed(&room.door, greeting(900).to_string(), secret).await, StatusCode::OK, "{secret}");
    }
    assert_eq!(room.said().await.len(), 1);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_not_taken() {
    let room = room();
    let body = format!("{{\"x\":\"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(signed(&room.door, &body, FIRST).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[actix_web::test]
async fn a_signed_body_that_is_no_json_is_kept_and_answered_200() {
    let room = room();
    for body in [&b"not json"[..], b"[1,2]", b"{\"for_user_id\":", b"\xff\xfe", b""] {
        assert_eq!(signed(&room.door, body, FIRST).await, StatusCode::OK);
    }
    assert_eq!(room.noted(0).await.len(), 5, "X would only send it again, so it is kept here");
}

#[actix_web::test]
async fn a_bad_part_costs_the_others_nothing() {
    let room = room();
    let good = |id| message(id, PEER, ACCOUNT, "hi");
    let mut nested = json!({});
    for _ in 0..100 {
        nested = json!({"deeper": nested});
    }
    let body = json!({"for_user_id": ACCOUNT, "unknown_events": [1], "tweet_create_events": [], "apps": [nested],
        "direct_message_events": [good(901), {"type": "message_create"}, 7, good(902), message(903, 5, 6, "\u{0}hi")]});
    assert_eq!(deliver(&room.door, &body).await, StatusCode::OK);
    assert_eq!(room.said().await.len(), 2);
    assert_eq!(room.noted(0).await.len(), 3, "{:?}", room.noted(0).await);
}

#[actix_web::test]
async fn events_of_strangers_and_of_unused_kinds_are_counted_and_store_nothing() {
    let room = room();
    let stranger = json!({"for_user_id": "5", "direct_message_events": [message(900, PEER, 5, "hi")]});
    let typing = json!({"for_user_id": ACCOUNT.to_string(), "direct_message_indicate_typing_events":
        [{"created_timestamp": "1", "sender_id": PEER.to_string(), "target": {"recipient_id": ACCOUNT.to_string()}}]});
    for body in [stranger, typing, json!({"surprise": {}}), json!({})] {
        assert_eq!(deliver(&room.door, &body).await, StatusCode::OK, "{body}");
    }
    assert_eq!(room.door.metrics.strangers.get(), 1);
    assert_eq!(room.door.metrics.unused.get(), 2);
    assert_eq!(room.store.scan(None, 10).await.unwrap(), []);
}

#[actix_web::test]
async fn our_own_words_are_never_answered() {
    let room = room();
    let mut echo = message(900, ACCOUNT, PEER, "hi");
    echo["message_create"]["source_app_id"] = json!("268278");
    assert_eq!(deliver(&room.door, &delivery(json!([echo, message(901, ACCOUNT, ACCOUNT, "hi")]))).await, StatusCode::OK);
    assert_eq!(room.said().await, [""; 0]);
}

#[actix_web::test]
async fn the_app_of_an_echo_tells_who_spoke() {
    for (app, origin) in [(json!("1"), Origin::Ours), (json!("268278"), Origin::Other), (Value::Null, Origin::Unknown)] {
        let room = room();
        let mut echo = message(900, ACCOUNT, PEER, "hello");
        if !app.is_null() {
            echo["message_create"]["source_app_id"] = app;
        }
        deliver(&room.door, &delivery(json!([echo]))).await;
        let entries = room.entries(Key::new(UserId(ACCOUNT), UserId(PEER))).await;
        let told = |event: &Event| matches!(event, Event::Echo { origin: told, .. } if *told == origin);
        assert!(told(&entries[0].turns[0].event), "{entries:?}");
    }
}

#[actix_web::test]
async fn several_messages_of_one_person_are_one_commit_in_their_order() {
    let room = room();
    let body = delivery(json!([message(900, PEER, ACCOUNT, "hi"), message(899, PEER, ACCOUNT, "hi")]));
    deliver(&room.door, &body).await;
    let entries = room.entries(Key::new(UserId(ACCOUNT), UserId(PEER))).await;
    assert_eq!(entries.len(), 1);
    let overtaken: Vec<bool> = entries[0]
        .turns
        .iter()
        .filter_map(|turn| if let Event::Message { overtaken, .. } = turn.event { Some(overtaken) } else { None })
        .collect();
    assert_eq!(overtaken, [false, true], "ids are ordered by time, so the second was overtaken");
}

#[actix_web::test]
async fn the_same_message_twice_in_one_body_is_one_reply_however_old() {
    let room = room();
    // More ids than a record remembers raise its floor above the first.
    for id in 1_000..1_080 {
        deliver(&room.door, &greeting(id)).await;
    }
    let before = room.said().await.len();
    deliver(&room.door, &delivery(json!([message(900, PEER, ACCOUNT, "hi"), message(900, PEER, ACCOUNT, "hi")]))).await;
    assert_eq!(room.said().await.len() - before, 1, "an old message that comes for the first time");
}

#[actix_web::test]
async fn a_challenge_is_answered_with_the_secret_that_is_meant() {
    // Vector A of contract §1.6.
    let token = "crc_token=N2MxZjBhNTItNGI3ZS00ZDhhLTljNTUtMGY2ZTJhOWQzYjEx";
    let vector = r#"{"response_token":"sha256=/85kgp1DPl1xo5aUOflU5whrspK/dj2A5ybO4XmtXxk="}"#;
    assert_eq!(challenge(&format!("?{token}&nonce=MTc2")).await, (StatusCode::OK, vector.to_owned()), "the first app's newest");
    let (_, named) = challenge(&format!("?app=2&{token}")).await;
    assert_eq!(named, signature::crc_response(SECOND.as_bytes(), &token[10..]));

    let query = format!("{token}&nonce=MTc2");
    let signature = signature::sign(b"rotated-out", query.as_bytes());
    let request = TestRequest::get().uri(&format!("/webhook/twitter?{query}")).insert_header((signature::SIGNATURE_HEADER, signature));
    let response = call(room().door, request).await;
    assert_eq!(response.headers().get("content-type").expect("a type"), "application/json");
    assert_eq!(
        read_body(response).await,
        signature::crc_response(b"rotated-out", &token[10..]),
        "a signed one with the secret that signed"
    );
}

#[actix_web::test]
async fn what_is_no_challenge_is_not_signed() {
    let forged = "?crc_token=%7B%22for_user_id%22%3A%221%22%7D";
    for query in ["", "?crc_token=", "?token=x", forged, &format!("?crc_token={}", "x".repeat(257))] {
        let (status, body) = challenge(query).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(!body.contains("sha256="), "a challenge that could be a delivery would be signed by its answer");
    }
}

/// A store whose disk is full.
struct Full;

#[async_trait::async_trait]
impl Store for Full {
    async fn load(&self, _: Key) -> Result<Option<Record>, StoreError> {
        Ok(None)
    }
    async fn commit(&self, _: Vec<Commit>) -> Result<Vec<Committed>, StoreError> {
        Err(StoreError::Corrupt("no space".into()))
    }
    async fn claim(&self, _: Timestamp, _: usize, _: &str, _: Duration) -> Result<Vec<Key>, StoreError> {
        Ok(Vec::new())
    }
    async fn waiting(&self, _: usize) -> Result<Vec<Key>, StoreError> {
        Ok(Vec::new())
    }
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
    async fn journal(&self, _: Key, _: std::ops::RangeInclusive<u64>) -> Result<Vec<Entry>, StoreError> {
        Ok(Vec::new())
    }
    async fn has_taken(&self, _: Key, _: crate::model::MessageId) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn scan(&self, _: Option<Key>, _: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        Ok(Vec::new())
    }
    async fn replay(&self, _: Timestamp, _: &mut (dyn FnMut(Entry) + Send)) -> Result<(), StoreError> {
        Ok(())
    }
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[actix_web::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let door = door(Arc::new(Full));
    assert_eq!(deliver(&door, &greeting(900)).await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(signed(&door, "not json", FIRST).await, StatusCode::INTERNAL_SERVER_ERROR);
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let door = room().door;
    let server = actix_web::HttpServer::new(move || HttpApp::new().configure(|config| routes(config, "/webhook/twitter", door.clone())));
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    for (announced, status) in [(100, "408"), (2 << 20, "413")] {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("POST /webhook/twitter HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n{{");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // The connection is closed after the answer, or this would never end.
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    handle.stop(false).await;
}

/// What the door answers to somebody who signs a question so.
async fn asked(door: &web::Data<Door>, at: Timestamp, secret: &str) -> Option<Arrivals> {
    let body = arrivals::question(at);
    let signature = signature::sign(secret.as_bytes(), body.as_bytes());
    let request = TestRequest::post().uri("/webhook/twitter").set_payload(body).insert_header((signature::SIGNATURE_HEADER, signature));
    let response = call(door.clone(), request).await;
    if response.status() != StatusCode::OK {
        return None;
    }
    Some(serde_json::from_slice(&read_body(response).await).unwrap())
}

#[actix_web::test]
async fn what_came_lately_is_told_to_those_who_hold_a_secret() {
    let room = room();
    let now = Timestamp::from_millis(1_767_225_600_500);
    let like = json!({"for_user_id": ACCOUNT.to_string(), "favorite_events": [{"id": "a1", "created_at": "x", "timestamp_ms": 5,
        "favorited_status": {"id": 77, "id_str": "77", "user": {"id_str": ACCOUNT.to_string()}}, "user": {"id": PEER, "id_str": PEER.to_string()}}]});
    deliver(&room.door, &like).await;
    deliver(&room.door, &greeting(900)).await;
    let told = asked(&room.door, now, SECOND).await.unwrap();
    let favorite = Arrived::Favorite { post: 77, by: UserId(PEER) };
    assert_eq!(told.events, [LatelyCame { what: favorite, account: Some(UserId(ACCOUNT)), at: now }]);
    assert_eq!(told.messages, [(UserId(ACCOUNT), now)]);
    assert_eq!(asked(&room.door, now, "nobody's").await, None);
    let overheard = asked(&room.door, now.minus(Duration::from_secs(301)), FIRST).await.unwrap();
    assert_eq!((overheard.now, overheard.events.len(), overheard.messages.len()), (now, 0, 0));
    assert!(room.noted(0).await.is_empty(), "a question is no delivery");
}
