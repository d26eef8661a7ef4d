//! What somebody tries who means no good, or presses twice.

use super::*;
use crate::conversation::{Outcome, RowId};
use crate::model::Attachment;
use crate::webhook::{Seen, Sighting};

impl Room {
    /// Sends a form of the conversation's page as that page has it, with what is typed into it.
    async fn submit(&self, cookie: &Cookie<'static>, path: &str, typed: &[(&str, &str)], page: &str) -> StatusCode {
        let action = format!("action=\"{}/{path}\"", self.page());
        let form = page.split(&action).nth(1).and_then(|rest| rest.split("</form>").next()).expect("the form");
        let hidden = form.split("type=\"hidden\" name=\"").skip(1).filter_map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"")?;
            Some((name, rest.split('"').next()?))
        });
        let fields: Vec<(&str, &str)> = hidden.chain(typed.iter().copied()).collect();
        let request = TestRequest::post().uri(&format!("{}/{path}", self.page())).cookie(cookie.clone()).set_form(fields);
        self.call(request).await.status()
    }

    /// X refuses a message for good.
    async fn refuses(&self, row: RowId, code: u32, reason: &str) {
        let outcome = Outcome::Refused { code, reason: reason.into(), person: false };
        let settled = vec![Event::Claimed { row }, Event::Settled { row, outcome }];
        self.turns.apply(self.key(), |_| settled.clone()).await.expect("settled");
    }

    /// The conversation's page, and the cookie of whoever sees it.
    async fn seen_by(&self, who: &str) -> (Cookie<'static>, String) {
        let cookie = self.cookie(who).await;
        let page = self.call(TestRequest::get().uri(&self.page()).cookie(cookie.clone())).await;
        (cookie, String::from_utf8(read_body(page).await.to_vec()).expect("text"))
    }
}

#[actix_web::test]
async fn a_page_whose_name_leads_here_cannot_lie_about_it() {
    let mut room = room().await;
    room.enter(Rules { proxy: false, idle: Duration::from_secs(1), operators: None });
    for lie in [("x-forwarded-host", "localhost"), ("forwarded", "host=localhost")] {
        let request = TestRequest::get().uri("/").insert_header((header::HOST, "rebound.example:8081")).insert_header(lie);
        assert_eq!(room.call(request).await.status(), StatusCode::FORBIDDEN, "{lie:?}");
    }
}

#[actix_web::test]
async fn of_what_is_forwarded_only_the_last_word_is_the_proxys() {
    let mut room = room().await;
    let kim = Operator { name: "kim".into(), role: Role::Admin, texts: false, password_hash: Secret::new(CHEAP) };
    room.enter(Rules { proxy: true, idle: Duration::from_secs(3600), operators: Some(vec![kim]) });
    let from = |lie: &str| {
        let form = [("name", "kim"), ("password", "wrong")];
        let request = TestRequest::post().uri("/sign-in").append_header(("x-forwarded-for", lie));
        room.call(request.append_header(("x-forwarded-for", "192.0.2.9")).set_form(form))
    };
    for lie in 0..5 {
        assert_eq!(from(&format!("198.51.100.{lie}")).await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(from("198.51.100.9").await.status(), StatusCode::TOO_MANY_REQUESTS, "a header of one's own is no other place");
}

#[actix_web::test]
async fn whoever_signs_in_stays_here_and_is_let_in_whatever_the_address_says() {
    let room = room().await;
    for next in ["/\t/evil.example", "/\u{1}", "/ä", "javascript:alert(1)", "/%09/x\n"] {
        let form = [("name", "kim"), ("password", "correct horse"), ("next", next)];
        let response = room.call(TestRequest::post().uri("/sign-in").set_form(form)).await;
        assert_eq!((response.status(), told(&response, "location").as_str()), (StatusCode::SEE_OTHER, "/"), "{next:?}");
    }
}

#[actix_web::test]
async fn the_records_of_accounts_and_of_the_house_are_no_conversations() {
    let room = room().await;
    room.turns.notice(ACCOUNT, |_| vec![crate::conversation::Notice::Listening]).await.expect("noticed");
    for record in [format!("{ACCOUNT}/0"), "0/0".to_owned()] {
        for part in ["", "/part", "/live"] {
            let (status, seen) = room.get(&format!("/conversation/{record}{part}"), "kim").await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{record}{part}: {seen}");
        }
        let status = room.post(&format!("/conversation/{record}/say"), "kim", &[("text", "x")], |request| request).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let record = room.turns.store().load(Key::of_account(ACCOUNT)).await.expect("a store").expect("a record");
    assert_eq!((record.revision, record.state.rows.len()), (1, 0));
}

#[actix_web::test]
async fn odd_addresses_are_answered() {
    let room = room().await;
    let most = u64::MAX;
    let pages = [
        (format!("/?page={most}"), StatusCode::OK),
        (format!("/conversations/part?page={most}"), StatusCode::OK),
        (format!("{}?turn={most}&until={most}", room.page()), StatusCode::OK),
        (format!("{}?turn=0&until=0", room.page()), StatusCode::OK),
        (format!("{}/part?turn=0", room.page()), StatusCode::OK),
        (format!("/audit?until={most}"), StatusCode::OK),
        ("/audit?until=0".to_owned(), StatusCode::OK),
        (format!("/activity?after={most}&account=x&person=-1&kind=%00"), StatusCode::OK),
        ("/?page=-1".to_owned(), StatusCode::BAD_REQUEST),
        ("/conversation/..%2f..%2fetc/passwd".to_owned(), StatusCode::NOT_FOUND),
        ("/assets/..%2f..%2fCargo.toml".to_owned(), StatusCode::NOT_FOUND),
    ];
    for (page, expected) in pages {
        assert_eq!(room.get(&page, "ada").await.0, expected, "{page}");
    }
}

#[actix_web::test]
async fn where_somebody_is_is_for_those_who_may_read() {
    let room = room().await;
    let attachment = Attachment::Place { longitude: 13.377_704, latitude: 52.516_266, name: Some("My street".into()) };
    room.sends(Incoming { attachment: Some(attachment), ..room.says(3, "here") }).await;
    for (who, sees) in [("kim", true), ("vic", false)] {
        let (_, seen) = room.get(&room.page(), who).await;
        assert!(seen.contains("📍"), "{seen}");
        assert!(["13.377", "52.516", "My street"].iter().all(|told| seen.contains(told) == sees), "{who}: {seen}");
    }
}

#[actix_web::test]
async fn the_time_machine_goes_on_behind_the_oldest_turn_of_a_page() {
    let room = room().await;
    for number in 3..300 {
        room.hears(number, "hi").await;
    }
    let newest = room.turns.store().load(room.key()).await.expect("a store").expect("a record").revision;
    for turn in [1, 2, newest - 250, newest] {
        let (_, seen) = room.get(&format!("{}?turn={turn}", room.page()), "kim").await;
        assert!(seen.contains(&format!("Turn {turn} of {newest}")), "{turn}");
    }
    // From the oldest turn of a page on.
    let (_, seen) = room.get(&format!("{}?turn={}&until={newest}", room.page(), newest - 240), "kim").await;
    let earlier = seen.split("id=\"earlier\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)).and_then(|rest| rest.split('"').next());
    let earlier = earlier.expect("a way back").replace("&amp;", "&");
    let (_, seen) = room.get(&format!("{}{earlier}", room.page()), "kim").await;
    assert!(seen.contains(&format!("Turn {} of {newest}", newest - 241)), "{earlier}");
}

#[actix_web::test]
async fn what_is_pressed_twice_is_said_once() {
    let room = room().await;
    let (kim, page) = room.seen_by("kim").await;
    for _ in 0..2 {
        assert_eq!(room.submit(&kim, "say", &[("text", "Hello")], &page).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(room.orders().await.len(), 1);
    // A browser may bring an old page back; what is new in it is said, and on a new page the same may be said again.
    assert_eq!(room.submit(&kim, "say", &[("text", "And more")], &page).await, StatusCode::SEE_OTHER);
    let (kim, page) = room.seen_by("kim").await;
    assert_eq!(room.submit(&kim, "say", &[("text", "Hello")], &page).await, StatusCode::SEE_OTHER);
    assert_eq!(room.orders().await.len(), 3);
}

#[actix_web::test]
async fn the_desk_goes_by_how_it_stands_now_also_on_a_page_of_the_past() {
    let room = room().await;
    assert_eq!(room.post(&format!("{}/pause", room.page()), "kim", &[], |request| request).await, StatusCode::SEE_OTHER);
    let (_, seen) = room.get(&format!("{}?until=1", room.page()), "kim").await;
    assert!(seen.contains("Give the bot back"), "{seen}");
}

#[actix_web::test]
async fn what_was_refused_is_sent_again_once_and_nothing_else_is() {
    let room = room().await;
    let rows: Vec<RowId> =
        room.turns.store().load(room.key()).await.expect("a store").expect("a record").state.rows.iter().map(|row| row.id).collect();
    let [first, second] = rows[..] else { panic!("two answers: {rows:?}") };
    // X gave no code with it: it was tried until it was given up.
    room.refuses(first, 0, "given up after 20 attempts").await;
    let (kim, page) = room.seen_by("kim").await;
    assert!(page.contains("given up after 20 attempts") && page.matches("Send again").count() == 1, "{page}");
    until(|| room.console.ledger.directory(|all| all.line(room.key()).is_some_and(|line| line.refused == 1))).await;
    let forged = |row: RowId| {
        let path = format!("{}/again", room.page());
        let (revision, index) = (row.revision.to_string(), row.index.to_string());
        let room = &room;
        async move { room.post(&path, "kim", &[("revision", &revision), ("index", &index)], |request| request).await }
    };
    assert_eq!(forged(second).await, StatusCode::BAD_REQUEST, "it waits to be sent the first time");
    assert_eq!(room.submit(&kim, "again", &[], &page).await, StatusCode::SEE_OTHER);
    assert_eq!(room.submit(&kim, "again", &[], &page).await, StatusCode::SEE_OTHER);
    assert_eq!(forged(first).await, StatusCode::SEE_OTHER, "also from another page");
    assert_eq!(room.orders().await.len(), 1);
    // What was not sent since somebody took over is no failure.
    assert_eq!(room.post(&format!("{}/pause", room.page()), "kim", &[], |request| request).await, StatusCode::SEE_OTHER);
    let (_, page) = room.seen_by("kim").await;
    assert!(page.contains("not sent: withheld") && !page.contains("Send again"), "{page}");
}

#[actix_web::test]
async fn of_two_refused_messages_that_are_alike_each_is_sent_again_by_itself() {
    let room = room().await;
    room.hears(3, "hi").await;
    let rows = room.turns.store().load(room.key()).await.expect("a store").expect("a record").state.rows;
    let alike: Vec<RowId> = rows.iter().filter(|row| row.fingerprint == rows[0].fingerprint).map(|row| row.id).collect();
    for row in &alike {
        room.refuses(*row, 150, "no").await;
    }
    for (row, left) in alike.iter().zip([1, 0]) {
        let (revision, index) = (row.revision.to_string(), row.index.to_string());
        let fields = [("revision", revision.as_str()), ("index", index.as_str())];
        let status = room.post(&format!("{}/again", room.page()), "kim", &fields, |request| request).await;
        let (_, page) = room.seen_by("kim").await;
        assert_eq!((status, page.matches("Send again").count()), (StatusCode::SEE_OTHER, left), "{page}");
    }
    assert_eq!((alike.len(), room.orders().await.len()), (2, 2));
}

#[actix_web::test]
async fn a_page_that_nobody_looks_at_keeps_nobody_signed_in() {
    let room = room().await;
    let cookie = room.cookie("kim").await;
    let asks = |path: &str, header: (&str, &str)| {
        let header = (header.0.to_owned(), header.1.to_owned());
        room.call(TestRequest::get().uri(path).cookie(cookie.clone()).insert_header(header))
    };
    let by_page = [("/conversations/part", ("junco-part", "yes")), ("/conversations/live", ("accept", "text/event-stream"))];
    room.clock.advance(Duration::from_secs(3000));
    for (path, header) in by_page {
        assert_eq!(asks(path, header).await.status(), StatusCode::OK, "{path}");
    }
    room.clock.advance(Duration::from_secs(1000));
    for (path, header) in by_page {
        assert_eq!(asks(path, header).await.status(), StatusCode::UNAUTHORIZED, "{path}: the way to sign in is no part of a page");
    }
    assert_eq!(asks("/", ("accept", "text/html")).await.status(), StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn who_takes_a_line_up_again_hears_what_they_have_missed_and_nothing_twice() {
    let room = room().await;
    let door = tokio::sync::broadcast::Sender::new(8);
    let follows = tokio::spawn(room.console.log.clone().follow(door.subscribe()));
    for _ in 0..3 {
        door.send(Sighting { at: room.at, what: Seen::Challenge { signed: true } }).expect("a log");
    }
    until(|| room.console.log.newest(9, 0, |_| true).1 == 3).await;
    let cookie = room.cookie("kim").await;
    let first = async |path: &str, last: Option<&str>| {
        let request = TestRequest::get().uri(path).cookie(cookie.clone());
        let request = last.into_iter().fold(request, |request, last| request.insert_header(("last-event-id", last)));
        let mut body = Box::pin(room.call(request).await.into_body());
        let chunk = std::future::poll_fn(|context| body.as_mut().poll_next(context)).await;
        let chunk = chunk.and_then(Result::ok).unwrap_or_default();
        String::from_utf8(chunk.to_vec()).expect("text")
    };
    for (after, last, number) in [(0, None, 1), (1, None, 2), (0, Some("2"), 3), (99, None, 1)] {
        let told = first(&format!("/activity/live?after={after}"), last).await;
        assert!(told.starts_with(&format!("event: item\nid: {number}\ndata: <li")), "{told}");
    }
    follows.abort();
}

#[actix_web::test]
async fn a_tag_may_hold_what_somebody_wrote() {
    let room = room().await;
    room.hears(3, "note my secret").await;
    for (who, sees) in [("kim", true), ("vic", false)] {
        let (_, seen) = room.get(&room.page(), who).await;
        assert!(seen.contains("tagged") && seen.contains("Tags") && seen.contains("my secret") == sees, "{who}: {seen}");
    }
}
