//! The console over HTTP: who is let in, what they see, what they may do.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};

use super::access::{COOKIE, tests::CHEAP};
use super::*;
use crate::account::{Heard, Unheard};
use crate::bot::{Sources, compile};
use crate::client::{Client, Timeouts};
use crate::clock::ManualClock;
use crate::conversation::{DeskOrder, Event};
use crate::model::{EventId, Incoming, Key, MessageId, Profile, Role, Secret, Timestamp, UserId};
use crate::store::MemoryStore;
use crate::turn::Arrival;
use crate::wire::arrivals::Arrivals;

pub(super) const ACCOUNT: UserId = UserId(4_503_599_627_370_601);
const PEER: UserId = UserId(1_900_000_000_000_000_007);
const NASTY: &str = "<script>alert(1)</script>\u{202e}evil";

const BOT: &str = r#"bot "b" version=1
on "hi" { goto "a" }
on "note {what...}" { tag "{{ what }}"; say "Noted." }
state "a" { say "Hello."; option "Again" goto="a" }
fallback { say "What?" }"#;

pub(super) struct Room {
    console: Data<Console>,
    turns: Arc<Turns>,
    clock: Arc<ManualClock>,
    at: Timestamp,
}

pub(super) async fn room() -> Room {
    let at = Timestamp::from_millis(1_767_225_600_000);
    let clock = Arc::new(ManualClock::at(at));
    let sources = Sources::from([("bot.kdl".to_owned(), BOT.to_owned())]);
    let program = compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program;
    let scripts = BTreeMap::from([(ACCOUNT, Arc::new(sources))]);
    let programs = BTreeMap::from([(ACCOUNT, Arc::new(program))]);
    let (turns, _) = Turns::new(Arc::new(MemoryStore::new()), clock.clone(), programs, Duration::from_secs(30));
    let turns = Arc::new(turns);
    let operator = |name: &str, role| Operator { name: name.into(), role, texts: false, password_hash: Secret::new(CHEAP) };
    let operators = vec![operator("vic", Role::View), operator("kim", Role::Reply), operator("ada", Role::Admin)];
    let rules = Rules { proxy: false, idle: Duration::from_secs(3600), operators: Some(operators) };
    let (ledger, log) = (Ledger::new(), Log::new(clock.clone()));
    tokio::spawn(ledger.clone().follow(turns.clone(), clock.clone()));
    let access = Access::new(rules, clock.clone()).expect("good hashes");
    let caretaker = nobodys(clock.clone());
    let console = Console { access, turns: turns.clone(), scripts, desk: Desk::default(), clock: clock.clone(), ledger, log, caretaker };
    let room = Room { console: Data::new(console), turns, clock, at };
    until(|| room.console.ledger.is_whole()).await;
    room.hears(1, "hi").await;
    room.hears(2, NASTY).await;
    until(|| room.console.ledger.directory(|all| all.line(room.key()).is_some_and(|line| line.messages == 2))).await;
    room
}

/// A caretaker of no app.
fn nobodys(clock: Arc<ManualClock>) -> Arc<Caretaker> {
    struct Deaf;
    #[async_trait::async_trait]
    impl Heard for Deaf {
        async fn lately(&self) -> Result<Arrivals, Unheard> {
            Ok(Arrivals::default())
        }
    }
    let api: url::Url = "http://127.0.0.1:9".parse().expect("an address");
    let client = Client::new(api.clone(), Timeouts::default(), clock.clone()).expect("a client");
    Caretaker::new(Upkeep {
        apps: Vec::new(),
        client: client.clone(),
        upload: client.clone(),
        sending: client,
        api,
        address: None,
        folder: None,
        heard: Arc::new(Deaf),
        sends: Arc::new(|_| None),
        clock,
    })
}

fn told(response: &ServiceResponse<impl MessageBody>, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

impl Room {
    fn key(&self) -> Key {
        Key::new(ACCOUNT, PEER)
    }

    fn page(&self) -> String {
        format!("/conversation/{ACCOUNT}/{PEER}")
    }

    /// Lets people in by other rules.
    fn enter(&mut self, rules: Rules) {
        let Console { scripts, clock, ledger, log, caretaker, .. } = self.console.as_ref();
        let (scripts, clock, ledger, log, caretaker) = (scripts.clone(), clock.clone(), ledger.clone(), log.clone(), caretaker.clone());
        let access = Access::new(rules, clock.clone()).expect("good hashes");
        self.console =
            Data::new(Console { access, turns: self.turns.clone(), scripts, desk: Desk::default(), clock, ledger, log, caretaker });
    }

    pub(super) async fn hears(&self, number: u64, text: &str) {
        self.sends(self.says(number, text)).await;
    }

    fn says(&self, number: u64, text: &str) -> Incoming {
        Incoming { id: MessageId(number), sent_at: self.at, text: text.into(), tap: None, attachment: None }
    }

    async fn sends(&self, message: Incoming) {
        let from = Profile { id: PEER, name: NASTY.into(), screen_name: "ada".into() };
        let id = EventId::message(ACCOUNT, message.id);
        let event = Event::Message { message, from: from.clone(), overtaken: false, waited: false };
        self.turns.arrive(vec![Arrival { key: self.key(), id, event, peer: from }]).await.expect("taken");
    }

    pub(super) async fn call(&self, request: TestRequest) -> ServiceResponse<impl MessageBody> {
        let app = init_service(App::new().app_data(self.console.clone()).wrap(headers()).configure(routes)).await;
        call_service(&app, request.to_request()).await
    }

    pub(super) async fn get(&self, path: &str, who: &str) -> (StatusCode, String) {
        let response = self.call(TestRequest::get().uri(path).cookie(self.cookie(who).await)).await;
        let status = response.status();
        (status, String::from_utf8(read_body(response).await.to_vec()).expect("text"))
    }

    pub(super) async fn cookie(&self, who: &str) -> Cookie<'static> {
        let form = [("name", who), ("password", "correct horse")];
        let response = self.call(TestRequest::post().uri("/sign-in").set_form(form)).await;
        let cookie = response.response().cookies().find(|cookie| cookie.name() == COOKIE).map(Cookie::into_owned);
        cookie.unwrap_or_else(|| panic!("{who} was not let in"))
    }

    /// Sends a form as the page of that person would.
    async fn post(&self, path: &str, who: &str, fields: &[(&str, &str)], spoil: impl Fn(TestRequest) -> TestRequest) -> StatusCode {
        let cookie = self.cookie(who).await;
        let page = self.call(TestRequest::get().uri("/").cookie(cookie.clone())).await;
        let page = String::from_utf8(read_body(page).await.to_vec()).expect("text");
        let mark = page.split("name=\"mark\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a mark");
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("mark", mark)]).collect();
        self.call(spoil(TestRequest::post().uri(path).cookie(cookie).set_form(fields))).await.status()
    }

    async fn orders(&self) -> Vec<(String, DeskOrder)> {
        let entries = self.turns.store().journal(self.key(), 1..=u64::MAX).await.expect("a journal");
        let turns = entries.into_iter().flat_map(|entry| entry.turns);
        turns.filter_map(|turn| if let Event::Desk { by, order } = turn.event { Some((by, order)) } else { None }).collect()
    }
}

#[actix_web::test]
async fn who_is_not_signed_in_sees_nothing_and_comes_back_after_signing_in() {
    let room = room().await;
    for page in ["/", &room.page(), "/activity", "/account", "/audit"] {
        let response = room.call(TestRequest::get().uri(page)).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{page}");
        let to = told(&response, "location");
        assert!(to.starts_with("/sign-in?next="), "{to}");
        assert!(read_body(response).await.is_empty());
    }
    let response = room.call(TestRequest::post().uri(&format!("{}/say", room.page())).set_form([("text", "x"), ("mark", "")])).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(room.orders().await, []);
    for (next, to) in [("/activity", "/activity"), ("https://evil.example", "/"), ("//evil.example", "/"), ("/\\evil.example", "/")] {
        let form = [("name", "kim"), ("password", "correct horse"), ("next", next)];
        let response = room.call(TestRequest::post().uri("/sign-in").set_form(form)).await;
        assert_eq!((response.status(), told(&response, "location").as_str()), (StatusCode::SEE_OTHER, to));
    }
    let form = [("name", "kim"), ("password", "wrong")];
    assert_eq!(room.call(TestRequest::post().uri("/sign-in").set_form(form)).await.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn forms_are_taken_only_from_pages_of_ours() {
    let room = room().await;
    let say = format!("{}/say", room.page());
    let text = [("text", "Hello")];
    let foreign = |request: TestRequest| request.insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(room.post(&say, "kim", &text, foreign).await, StatusCode::FORBIDDEN);
    let cookie = room.cookie("kim").await;
    for fields in [vec![("text", "Hello")], vec![("text", "Hello"), ("mark", "00")]] {
        let request = TestRequest::post().uri(&say).cookie(cookie.clone()).set_form(fields);
        assert_eq!(room.call(request).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(room.orders().await, []);
    assert_eq!(room.post(&say, "kim", &text, |request| request).await, StatusCode::SEE_OTHER);
    assert_eq!(room.orders().await, [("kim".to_owned(), DeskOrder::Say { text: "Hello".into() })], "and the journal knows who it was");
}

#[actix_web::test]
async fn a_role_sees_and_does_what_is_its_own() {
    let room = room().await;
    for page in ["/", &room.page(), &format!("{}/part", room.page()), "/conversations/part", "/?q=evil"] {
        let (status, seen) = room.get(page, "vic").await;
        assert!(status.is_success() && !seen.contains("What?"), "{page}: {seen}");
        assert!(!seen.contains("alert(1)&lt;/script&gt;\u{202e}evil</bdi></span>"), "{page}: {seen}");
    }
    let (_, seen) = room.get(&room.page(), "vic").await;
    assert!(seen.contains("fallback") && !seen.contains("<textarea"), "reasons, and no desk: {seen}");
    let (_, seen) = room.get(&room.page(), "kim").await;
    assert!(seen.contains("What?") && seen.contains("<textarea"), "{seen}");
    for path in ["say", "pause", "resume", "again"] {
        let fields = [("text", "x"), ("revision", "1"), ("index", "0")];
        let status = room.post(&format!("{}/{path}", room.page()), "vic", &fields, |request| request).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(room.orders().await, []);
}

#[actix_web::test]
async fn what_people_write_and_are_called_stays_text() {
    let room = room().await;
    for page in ["/", &room.page(), "/activity"] {
        let (status, seen) = room.get(page, "ada").await;
        assert!(status.is_success() && !seen.contains("<script>alert"), "{page}: {seen}");
        assert!(seen.len() < 150_000, "{page} weighs {}", seen.len());
    }
    let (_, seen) = room.get(&room.page(), "ada").await;
    assert!(seen.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;\u{202e}evil</bdi>"), "it runs backwards only within itself: {seen}");
}

#[actix_web::test]
async fn every_answer_forbids_what_no_page_of_ours_does() {
    let room = room().await;
    for path in ["/", "/sign-in", "/nowhere", assets::SCRIPT_PATH.as_str()] {
        let response = room.call(TestRequest::get().uri(path)).await;
        let policy = told(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(told(&response, "x-content-type-options"), "nosniff");
        assert_eq!(told(&response, "cross-origin-resource-policy"), "same-origin", "{path}");
    }
    let (status, _) = room.get("/nowhere", "kim").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, seen) = room.get("/conversation/1/2", "kim").await;
    assert!(status == StatusCode::NOT_FOUND && seen.contains("nobody of that id"), "{seen}");
}

#[actix_web::test]
async fn taking_over_writing_and_giving_back_pass_through_the_journal() {
    let room = room().await;
    let page = room.page();
    let press = |path: &str, text: &str| {
        let (path, text) = (format!("{page}/{path}"), text.to_owned());
        let room = &room;
        async move { room.post(&path, "kim", &[("text", &text)], |request| request).await }
    };
    assert_eq!(press("pause", "").await, StatusCode::SEE_OTHER);
    let (_, seen) = room.get(&page, "kim").await;
    assert!(seen.contains("kim took over") && seen.contains("Give the bot back"), "{seen}");
    let (_, seen) = room.get(&page, "vic").await;
    assert!(seen.contains("kim took over"), "what happens is for everybody: {seen}");
    let (_, seen) = room.get(&format!("{page}/desk"), "kim").await;
    assert!(seen.starts_with("<form") && seen.contains("Give the bot back"), "{seen}");
    assert_eq!(room.get(&format!("{page}/desk"), "vic").await.0, StatusCode::FORBIDDEN);
    assert_eq!(press("say", "One\r\nmoment").await, StatusCode::SEE_OTHER);
    assert_eq!(press("say", "  ").await, StatusCode::BAD_REQUEST);
    assert_eq!(press("say", &"x".repeat(10_001)).await, StatusCode::BAD_REQUEST);
    assert_eq!(press("resume", "").await, StatusCode::SEE_OTHER);
    let orders: Vec<_> = room.orders().await.into_iter().map(|(_, order)| order).collect();
    assert_eq!(orders, [DeskOrder::Pause, DeskOrder::Say { text: "One\nmoment".into() }, DeskOrder::Resume]);
    // The list follows the journal.
    let is_bots = || room.console.ledger.directory(|all| all.line(room.key()).is_some_and(|line| !line.is_at_desk));
    until(is_bots).await;
    let (_, seen) = room.get("/?kind=desk", "kim").await;
    assert!(seen.contains("0 conversations"), "{seen}");
}

#[actix_web::test]
async fn without_operators_only_this_machine_is_let_in() {
    let mut room = room().await;
    room.enter(Rules { proxy: false, idle: Duration::from_secs(1), operators: None });
    for (host, status) in
        [("localhost:1", StatusCode::OK), ("127.0.0.1:8081", StatusCode::OK), ("rebound.example:8081", StatusCode::FORBIDDEN)]
    {
        let response = room.call(TestRequest::get().uri("/").insert_header((header::HOST, host))).await;
        assert_eq!(response.status(), status, "{host}");
    }
}

#[actix_web::test]
async fn what_people_of_the_house_do_is_written_down_and_shown_to_admins() {
    let room = room().await;
    let (status, seen) = room.get("/", "kim").await;
    assert!(status.is_success() && !seen.contains("/audit"), "{seen}");
    for (name, password) in [("kim", "hush hush hush"), ("hunter2 hunter2", "x")] {
        room.call(TestRequest::post().uri("/sign-in").set_form([("name", name), ("password", password)])).await;
    }
    room.post(&format!("{}/say", room.page()), "kim", &[("text", "Between us")], |request| request).await;
    room.post("/sign-out", "kim", &[], |request| request).await;
    for path in ["/audit", "/audit/part", "/audit/live"] {
        assert_eq!(room.get(path, "kim").await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, seen) = room.get("/audit", "ada").await;
    for told in ["signed in", "signed out", "wrote as the account", "2 from there of late", "<bdi>kim</bdi>", "nobody we know"] {
        assert!(seen.contains(told), "{told}: {seen}");
    }
    for hidden in ["hush", "hunter2", "Between us"] {
        assert!(!seen.contains(hidden), "{hidden}: {seen}");
    }
    let address: std::net::SocketAddr = "192.0.2.7:1".parse().expect("an address");
    room.call(TestRequest::post().uri("/sign-in").peer_addr(address).set_form([("name", "kim"), ("password", "correct horse")])).await;
    let (_, seen) = room.get("/audit/part", "ada").await;
    assert!(seen.contains("192.0.2.7"), "{seen}");
    let (_, seen) = room.get("/audit?until=1", "ada").await;
    assert!(seen.matches("<tr>").count() == 2 && seen.contains("Newer"), "{seen}");
}

mod attacks;
