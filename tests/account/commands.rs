//! What each command does, says, and leaves alone.

use std::time::Duration;

use junco::simulator::{Settings, Simulator, Token};
use serde_json::json;

use crate::office::Office;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_once_challenged_and_deleted() {
    let office = Office::set_up(Settings::default()).await;
    let (code, again) = office.asks(&["webhook", "register"]);
    assert_eq!((code, &again["webhooks"][0]["new"]), (Some(0), &json!(false)));
    let id = again["webhooks"][0]["webhook"]["id"].as_str().unwrap().to_owned();
    assert_eq!(office.x.webhooks().len(), 1);
    assert!(office.does(&["webhook", "list"]).contains(&id));
    assert_eq!(office.asks(&["webhook", "check"]).1["webhooks"][0]["webhook"]["valid"], true);

    let silent = office.run(&["webhook", "delete"]);
    assert!(silent.code == Some(2) && silent.err.contains("Add --yes"), "{silent:?}");
    assert_eq!(office.asks(&["webhook", "delete", "--dry-run"]).1["webhooks"][0]["subscriptions"], 1);
    assert_eq!(office.x.webhooks().len(), 1, "a dry run and a question change nothing");
    office.does(&["webhook", "delete", "--yes"]);
    assert!(office.x.webhooks().is_empty());
    assert!(office.does(&["webhook", "delete", "--yes"]).contains("nothing to do"));
    let gone = office.run(&["webhook", "check"]);
    assert!(gone.code == Some(1) && gone.err.contains("run `junco webhook register`"), "{gone:?}");
    assert!(office.does(&["webhook", "register", "--dry-run"]).contains("would register it"));
    assert!(office.x.webhooks().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_answer_is_not_registered_and_says_why() {
    let mut office = Office::set_up(Settings::default()).await;
    office.stop();
    let broken = office.run(&["webhook", "check"]);
    assert!(broken.code == Some(1) && broken.err.contains("Non-200"), "{broken:?}");
    assert!(office.does(&["webhook", "list"]).contains("NOT valid"));
    office.write("junco.toml", &office.read("junco.toml").replace("/webhook/twitter", "/elsewhere"));
    assert_eq!(office.run(&["webhook", "register"]).code, Some(1));
    assert_eq!(office.x.webhooks().len(), 1, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_subscribed_counted_and_removed() {
    let office = Office::set_up(Settings::default()).await;
    assert_eq!(office.asks(&["subscription", "add"]).1["subscriptions"][0]["new"], false);
    assert_eq!(office.asks(&["subscription", "count"]).1["apps"][0]["subscribed"], 1);
    assert_eq!(office.asks(&["subscription", "list"]).1["webhooks"][0]["users"], json!([Settings::BOT.to_string()]));
    for removed in [true, false] {
        let (code, document) = office.asks(&["subscription", "remove"]);
        assert_eq!((code, &document["subscriptions"][0]["removed"]), (Some(0), &json!(removed)));
    }
    let dry = office.does(&["subscription", "add", "--dry-run"]);
    assert!(dry.contains("would be subscribed"), "{dry}");
    let stranger = office.run(&["subscription", "add", "--account", "7"]);
    assert!(stranger.code == Some(2) && stranger.err.contains("no [[account]] 7"), "{stranger:?}");
}

fn messages(x: &Simulator) -> usize {
    x.api_calls().iter().filter(|call| call.path.ends_with("welcome_messages/new.json")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_welcome_message_is_set_once_and_replaced_when_it_changes() {
    let office = Office::set_up(Settings::default()).await;
    office.write("mine/bot.kdl", WELCOME);
    std::fs::copy(office.path("bots/snowbot/photos").read_dir().unwrap().next().unwrap().unwrap().path(), office.path("mine/hello.jpg"))
        .unwrap();
    office.write("junco.toml", &office.read("junco.toml").replace("bots/snowbot", "mine"));
    assert!(office.does(&["welcome", "set", "--dry-run"]).contains("would be set"));
    let (_, first) = office.asks(&["welcome", "set"]);
    let first = &first["welcome_messages"][0];
    let link = format!("recipient_id={}&welcome_message_id={}", Settings::BOT, first["id"].as_str().unwrap());
    assert!(first["changed"] == true && first["link"].as_str().unwrap().ends_with(&link), "{first}");
    let (_, again) = office.asks(&["welcome", "set"]);
    assert_eq!((&again["welcome_messages"][0]["changed"], &again["welcome_messages"][0]["id"]), (&json!(false), &first["id"]));
    assert_eq!(messages(&office.x), 1);

    office.write("mine/bot.kdl", &WELCOME.replace("Hello.", "Good morning."));
    let (_, second) = office.asks(&["welcome", "set"]);
    assert_eq!(second["welcome_messages"][0]["deleted_messages"], json!([first["id"]]));
    let (_, listed) = office.asks(&["welcome", "list"]);
    let listed = listed["welcome_messages"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["text"], &listed[0]["default"]), (1, &json!("Good morning."), &json!(true)));
    assert_eq!(office.run(&["welcome", "delete"]).code, Some(2));
    office.does(&["welcome", "delete", "--yes"]);
    assert!(office.does(&["welcome", "list"]).contains("no welcome message"));
}

const WELCOME: &str = r#"bot "mine" version=1
welcome { say "Hello."; media "hello.jpg"; menu "home" }
on "hi" { goto "home" }
state "home" { say "Home."; option "Again" goto="home"; option "Bye" goto="bye" }
state "bye" { say "Bye."; option "Home" goto="home" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_followed_to_its_end() {
    let office = Office::set_up(Settings { begins: 4 * HOUR, ..Settings::default() }).await;
    office.x.advance(4 * HOUR);
    for (from, to, says) in [
        ("1h ago", "2h ago", "--from must be before --to"),
        ("20m ago", "15m ago", "31 minutes ago"),
        ("2h ago", "now", "10 minutes ago"),
        ("6d ago", "1d ago", "120 h only"),
        ("then", "now", "is no time"),
    ] {
        let wrong = office.run(&["replay", "--from", from, "--to", to]);
        assert!(wrong.code == Some(2) && wrong.err.contains(says), "{wrong:?}");
    }
    let (_, planned) = office.asks(&["replay", "--from", "5h ago", "--to", "20m ago", "--dry-run"]);
    assert_eq!(planned["jobs"].as_array().unwrap().len(), 3);
    let ran = office.run(&["replay", "--from", "3h ago", "--to", "20m ago", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let complete: Vec<_> = document["jobs"].as_array().unwrap().iter().map(|job| job["complete"].clone()).collect();
    assert_eq!(complete, [json!(true), json!(true)], "two jobs, one after the other");
    assert!(ran.err.contains("ended, everything was delivered again"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_told_with_what_it_may_do() {
    let office = Office::set_up(Settings::default()).await;
    let (code, told) = office.asks(&["account"]);
    assert_eq!(code, Some(0));
    let names: Vec<_> = told["tokens"].as_array().unwrap().iter().map(|token| token["screen_name"].clone()).collect();
    assert_eq!(names, ["dev", "snowbot"]);
    assert_eq!(told["tokens"][1]["permission"], "read, write and Direct Messages");
    let limits = &told["tokens"][1]["limits"]["GET /1.1/direct_messages/events/list.json"]["window"];
    assert_eq!(limits["remaining"], 14, "{told}");
    office.give(&Token::for_user(Settings::OWNER, Settings::APP), "bot");
    let (code, told) = office.asks(&["account"]);
    let error = told["tokens"][1]["error"].as_str().unwrap_or_default();
    assert!(code == Some(1) && error.contains("another user's token: junco login --account 906948460078698496"), "{told}");
    office.give(&Token::for_user(Settings::BOT, Settings::APP), "bot");
    office.x.let_tokens_work(Settings::BOT, false);
    let (code, told) = office.asks(&["account"]);
    assert!(code == Some(1) && told["tokens"][1]["error"].as_str().unwrap().contains("junco login"), "{told}");
}
