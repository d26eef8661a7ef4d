//! What people do: write, tap, and the same over HTTP.

use junco::model::{MessageId, Tap, UserId};
use junco::simulator::{Choice, Error, Settings};
use serde_json::{Value, json};

use crate::bot::{Bot, PATIENCE};

fn menu(text: &str) -> Value {
    let options = json!([{ "label": "Aspen", "metadata": format!("{text}.aspen") }, { "label": "Vail" }]);
    json!({ "text": text, "quick_reply": { "type": "options", "options": options } })
}

#[tokio::test]
async fn an_old_menu_can_be_tapped_for_ever() {
    let bot = Bot::ready().await;
    for text in ["first", "second", "third"] {
        assert_eq!(bot.send(menu(text)).await.status, 200);
    }
    let menus: Vec<MessageId> = bot.transcript().iter().map(|message| message.id).collect();
    let tapped: Vec<_> = [(0, Choice::Index(0)), (0, Choice::Index(0)), (1, Choice::Label("Vail".to_owned()))]
        .iter()
        .map(|(menu, choice)| bot.simulator.tap(Settings::ADA, menus[*menu], choice).expect("a tap"))
        .collect();
    let got = bot.got(6).await;
    let answer = |id: MessageId| {
        let got = got.iter().find(|got| got.message() == id).expect("every tap is delivered").json();
        got["direct_message_events"][0]["message_create"]["message_data"].clone()
    };
    assert_eq!(answer(tapped[0])["text"], "Aspen");
    assert_eq!(answer(tapped[1])["quick_reply_response"], json!({ "type": "options", "metadata": "first.aspen" }));
    assert_eq!(answer(tapped[2])["quick_reply_response"], json!({ "type": "options" }), "no metadata, none back");
    assert_eq!(bot.transcript()[5].tap, Some(Tap { metadata: None }));
}

#[tokio::test]
async fn only_who_got_a_menu_can_tap_it() {
    let bot = Bot::ready().await;
    bot.send(menu("where")).await;
    let id = bot.transcript()[0].id;
    let tap = |person, message, choice| bot.simulator.tap(person, message, &choice).expect_err("no tap");
    assert!(matches!(tap(Settings::BEN, id, Choice::Index(0)), Error::NotTheirs { .. }));
    assert!(matches!(tap(Settings::ADA, id, Choice::Index(2)), Error::NoSuchOption { .. }));
    assert!(matches!(tap(Settings::ADA, MessageId(1), Choice::Index(0)), Error::UnknownMessage(_)));
}

#[tokio::test]
async fn people_are_held_to_the_limits_too() {
    let bot = Bot::new().await;
    let refused = |from, to, text: &str| bot.simulator.say(from, to, text).expect_err("no message").to_string();
    assert!(refused(Settings::ADA, Settings::BOT, &"x".repeat(10_001)).contains("354"));
    assert!(refused(Settings::ADA, UserId(5), "hi").contains("108"));
    assert!(refused(UserId(5), Settings::BOT, "hi").contains('5'));
}

#[tokio::test]
async fn one_can_wait_for_the_answer() {
    let bot = Bot::ready().await;
    let asked = bot.simulator.say(Settings::ADA, Settings::BOT, "hello?").expect("a message");
    let answer = bot.simulator.next_message(Settings::BOT, Settings::ADA, asked, PATIENCE);
    let (answer, sent) = tokio::join!(answer, bot.say("hello!"));
    assert_eq!(answer.expect("an answer").id, sent);
}

#[tokio::test]
async fn the_stage_can_be_had_over_http() {
    let bot = Bot::ready().await;
    let post = async |path: &str, body: Value| {
        let reply = bot.carry_out(bot.request("POST", path).json(&body)).await.expect("an answer");
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    };
    let get = async |path: &str| bot.carry_out(bot.request("GET", path)).await.expect("an answer").json();
    post("/sim/people", json!({ "id": "9007199254740993", "name": "Zoë", "screen_name": "zoe" })).await;
    post("/sim/say", json!({ "from": "@zoe", "to": "@snowbot", "text": "hi" })).await;
    assert_eq!(bot.got(1).await[0].json()["users"]["9007199254740993"]["name"], "Zoë");
    bot.send(menu("where")).await;
    let chat = get("/sim/transcript?a=@ada&b=@snowbot&wait_ms=5000").await;
    let menu = chat[0]["id"].as_str().expect("ids are strings").to_owned();
    let tapped = post("/sim/tap", json!({ "person": "@ada", "message": menu, "option": "Vail" })).await;
    let after = get(&format!("/sim/transcript?a=@ada&b=@snowbot&after={menu}")).await;
    assert_eq!((&after[0]["id"], &after[0]["text"]), (&tapped["message"], &json!("Vail")));

    post("/sim/faults", json!({ "kind": "hold", "of": "inbound", "times": 1 })).await;
    post("/sim/send_as_human", json!({ "account": "@ada", "to": "@snowbot", "text": "held" })).await;
    let held = get("/sim/held").await;
    post("/sim/release", json!({ "order": { "chosen": held } })).await;
    assert_eq!(get("/sim/faults").await[0]["struck"], 1);
    assert_eq!(get("/sim/held").await, json!([]));
    assert_eq!(get("/sim/deliveries").await.as_array().expect("a list").len(), 4);
    assert_eq!(post("/sim/redeliver", json!({})).await["deliveries"], 4);
    assert_eq!(get("/sim/webhooks").await[0]["valid"], true);
    assert_eq!(post("/sim/check", json!({})).await[0]["failure"], Value::Null);
    let calls = get("/sim/calls").await.to_string();
    assert!(calls.contains("events/new.json") && !calls.contains("simtoken"), "{calls}");
}

#[tokio::test]
async fn the_admin_api_says_what_is_wrong() {
    let bot = Bot::new().await;
    let body = json!({ "from": "@nobody", "to": "@snowbot", "text": "hi" });
    let reply = bot.carry_out(bot.request("POST", "/sim/say").json(&body)).await.expect("an answer");
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"].as_str().expect("a reason").contains("@nobody"), "{}", reply.text);
    let incomplete = bot.carry_out(bot.request("POST", "/sim/say").json(&json!({ "from": "@ada" }))).await.expect("an answer");
    assert!(incomplete.json()["error"].as_str().expect("a reason").contains("missing field `to`"), "{}", incomplete.text);
    let untyped = bot.carry_out(bot.request("POST", "/sim/say").body(body.to_string())).await.expect("an answer");
    assert_eq!(untyped.status, 400, "a body that a web page could send unasked is refused");
}
