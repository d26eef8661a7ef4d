//! The page of a bot, over HTTP.

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, read_body};

use crate::console::tests::{ACCOUNT, Room, room};

fn page() -> String {
    format!("/bot/{ACCOUNT}")
}

/// What the page answers to its form.
async fn proposed(room: &Room, who: &str, text: &str, taker: &str) -> (StatusCode, String) {
    let cookie = room.cookie(who).await;
    let page = room.call(TestRequest::get().uri(&page()).cookie(cookie.clone())).await;
    let page = String::from_utf8(read_body(page).await.to_vec()).expect("text");
    let mark = page.split("name=\"mark\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a mark");
    let fields = [("text", text), ("taker", taker), ("mark", mark)];
    let response = room.call(TestRequest::post().uri(&format!("{}/propose", self::page())).cookie(cookie).set_form(fields)).await;
    let status = response.status();
    (status, String::from_utf8(read_body(response).await.to_vec()).expect("text"))
}

#[actix_web::test]
async fn the_picture_has_the_figures_of_those_who_write() {
    let room = room().await;
    let (status, seen) = room.get(&page(), "kim").await;
    assert_eq!(status, StatusCode::OK);
    assert!(seen.contains("1 here · 1 entered") && seen.contains("class=\"state here\""), "{seen}");
    for part in ["picture", "figures"] {
        let (status, part) = room.get(&format!("{}/{part}", page()), "kim").await;
        assert!(status.is_success() && seen.contains(&part), "the part is as on the page: {part}");
    }
    for missing in ["/bot/1", "/bot/x", "/bot/1/picture"] {
        assert_eq!(room.get(missing, "kim").await.0, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[actix_web::test]
async fn what_was_not_understood_is_for_those_who_may_read() {
    let room = room().await;
    let (_, seen) = room.get(&page(), "kim").await;
    assert!(seen.contains("<bdi>&lt;script&gt;alert(1)") && !seen.contains("<script>alert"), "{seen}");
    let (status, seen) = room.get(&page(), "vic").await;
    assert!(status.is_success() && !seen.contains("alert(1)") && seen.contains("not shown to you"), "{seen}");
    let (status, seen) = proposed(&room, "vic", "hii", "").await;
    assert!(status == StatusCode::BAD_REQUEST && !seen.contains("hii"), "{seen}");
}

#[actix_web::test]
async fn a_rule_is_proposed_and_checked() {
    let room = room().await;
    let (_, seen) = proposed(&room, "kim", "hello", "rule 0").await;
    assert!(seen.contains("bot.kdl, line 2") && seen.contains("on &quot;hi&quot; &quot;hello&quot; { goto &quot;a&quot; }"), "{seen}");
    assert!(seen.contains("the script is good with it"), "{seen}");
    let (_, seen) = proposed(&room, "kim", "Where <are> you?", "state a").await;
    assert!(seen.contains("on &quot;where are you&quot; { goto &quot;a&quot; }"), "{seen}");
    // What check has against it is shown.
    let (_, seen) = proposed(&room, "kim", "hi", "state a").await;
    assert!(seen.contains("error[") || seen.contains("warning["), "{seen}");
    let (_, seen) = proposed(&room, "kim", "no rule is like this one", "").await;
    assert!(seen.contains("Choose what shall take it"), "{seen}");
}
