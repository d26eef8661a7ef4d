//! The same set-up over each interface of X that delivers events, and over mixtures of them.

use junco::model::MessageId;
use junco::simulator::{Choice, Settings, Shown};
use serde_json::json;

use crate::office::{HEAD_START, Office, PATIENCE};

/// What Ada is answered.
async fn answer(office: &Office, after: MessageId) -> Shown {
    let answer = office.x.next_message(Settings::BOT, Settings::ADA, after, PATIENCE).await;
    answer.expect("the bot answers")
}

/// Every command of an account that is set up, with the same outcome whatever the interface.
async fn serves(office: &Office) {
    assert_eq!(office.asks(&["webhook", "register"]).1["webhooks"][0]["new"], false);
    assert_eq!(office.asks(&["webhook", "check"]).1["webhooks"][0]["webhook"]["valid"], true);
    assert_eq!(office.asks(&["subscription", "add"]).1["subscriptions"][0]["new"], false);
    assert_eq!(office.asks(&["subscription", "list"]).1["webhooks"][0]["users"], json!([Settings::BOT.to_string()]));
    let (code, count) = office.asks(&["subscription", "count"]);
    assert_eq!(code, Some(0), "{count}");
    let said = office.x.say(Settings::ADA, Settings::BOT, "hi").unwrap();
    let menu = answer(office, said).await;
    if office.read("junco.toml").contains("flavor = \"v2\"") {
        // The newer interface has no buttons: the options are lines, and a number takes one.
        assert!(menu.text.contains("\n1 ") || menu.text.contains("\n1."), "{}", menu.text);
        office.x.say(Settings::ADA, Settings::BOT, "6").unwrap();
    } else {
        office.x.tap(Settings::ADA, menu.id, &Choice::Label("About".to_owned())).unwrap();
    }
    let about = answer(office, menu.id).await;
    assert!(about.text.starts_with("SnowBot is the example bot"), "{}", about.text);
    let told = office.does(&["doctor"]);
    assert!(told.ends_with("\nall is well\n"), "{told}");
}

/// What came while nobody listened is delivered again, once it is asked for.
async fn replays(office: &mut Office) {
    office.stop();
    let before = office.x.deliveries().len();
    let said = office.x.say(Settings::BEN, Settings::BOT, "report aspen").unwrap();
    // What X has tried it keeps for a replay.
    let tried = office.x.wait_for(PATIENCE, |x| x.deliveries().get(before).filter(|missed| !missed.attempts.is_empty()).map(drop)).await;
    tried.expect("X tries to deliver it");
    office.x.advance(HEAD_START);
    office.start();
    office.does(&["replay", "--from", "3h ago", "--to", "20m ago"]);
    let answer = office.x.next_message(Settings::BOT, Settings::BEN, said, PATIENCE).await.expect("the bot answers");
    assert!(answer.text.contains("Aspen"), "{}", answer.text);
}

/// And it is taken down as it was set up.
fn ends(office: &Office) {
    for removed in [true, false] {
        let (code, document) = office.asks(&["subscription", "remove"]);
        assert_eq!((code, &document["subscriptions"][0]["removed"]), (Some(0), &json!(removed)));
    }
    office.does(&["webhook", "delete", "--yes"]);
    assert!(office.x.webhooks().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn premium_serves_but_has_no_replay() {
    let office = Office::set_up_over("environment = \"dev\"\n").await;
    serves(&office).await;
    let refused = office.run(&["replay", "--from", "3h ago", "--to", "20m ago"]);
    assert!(refused.code == Some(2) && refused.err.contains("replay"), "{refused:?}");
    ends(&office);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_interface_delivers_and_the_older_one_sends() {
    let mut office = Office::set_up_over("events = \"v2\"\n").await;
    serves(&office).await;
    replays(&mut office).await;
    ends(&office);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_interface_delivers_and_sends() {
    let mut office = Office::set_up_over("flavor = \"v2\"\n").await;
    serves(&office).await;
    replays(&mut office).await;
    ends(&office);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_the_newer_interface_that_is_missing_or_void_is_named() {
    let office = Office::set_up_over("flavor = \"v2\"\n").await;
    let found = || {
        let (code, document) = office.asks(&["doctor", "--no-like"]);
        let step = document["steps"].as_array().unwrap().iter().find(|step| step["step"] == "OAuth 2 token").unwrap().clone();
        (code, step)
    };
    assert_eq!(found().1["verdict"], "right");
    let kept = office.read("secrets/bot.oauth2.json");
    office.write("secrets/bot.oauth2.json", &kept.replace("\"access_token\":\"", "\"access_token\":\"no"));
    let (code, void) = found();
    assert!(code == Some(1) && void["told"].as_str().unwrap().contains("revoked"), "{void}");
    std::fs::remove_file(office.path("secrets/bot.oauth2.json")).unwrap();
    let (code, missing) = found();
    assert!(code == Some(1) && missing["told"].as_str().unwrap().contains("no OAuth 2 token"), "{missing}");
    assert_eq!(missing["mend"], format!("junco login --oauth2 --account {}", Settings::BOT));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_interface_delivers_and_the_newer_one_sends() {
    let office = Office::set_up_over("events = \"v1.1\"\nflavor = \"v2\"\n").await;
    serves(&office).await;
    ends(&office);
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_delivers_and_either_sends() {
    for over in ["events = \"activity\"\n", "events = \"activity\"\nflavor = \"v2\"\n"] {
        let office = Office::set_up_over(over).await;
        // No message came yet, and a like would not be told.
        let told = office.does(&["doctor"]);
        assert!(told.contains("X Activity tells of messages only") && told.contains("not everything was looked at"), "{told}");
        serves(&office).await;
        ends(&office);
    }
}
