//! Several apps and accounts: what goes wrong with one does not cost the others, and is part of the one document.

use junco::model::AppId;
use junco::simulator::{App, Settings, Token};
use serde_json::json;

use crate::office::Office;

const ADA: &str = r#"[[account]]
user_id = "1900000000000000007"
app = "16777259"
bot = "bots/snowbot"
access_token_file = "secrets/ada.token"
access_token_secret_file = "secrets/ada.token-secret"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_nobody_signed_in_for_does_not_cost_the_others() {
    let office = Office::set_up(Settings::default()).await;
    office.write("junco.toml", &(office.head() + ADA + office.read("junco.toml").strip_prefix(&office.head()).unwrap()));
    office.does(&["subscription", "remove"]);
    for (command, list) in [(["subscription", "add"], "subscriptions"), (["welcome", "set"], "welcome_messages")] {
        let (code, document) = office.asks(&command);
        let [ada, bot] = document[list].as_array().unwrap().as_slice() else { panic!("{document}") };
        assert_eq!((code, &ada["account"], &bot["account"]), (Some(1), &json!("1900000000000000007"), &json!(Settings::BOT.to_string())));
        assert!(ada["error"].as_str().unwrap().contains("run `junco login --account 1900000000000000007`"), "{document}");
        assert!(bot["error"].is_null() && (bot["new"] == true || bot["changed"] == true), "{document}");
    }
    assert_eq!(office.run(&["welcome", "list"]).code, Some(1));
    assert!(office.run(&["welcome", "list"]).out.contains("welcome_message_id="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_several_apps_is_deleted_for_each_of_them() {
    let second = App::new(AppId(2), "another", Settings::OWNER);
    let owner = Token::for_user(Settings::OWNER, second.id);
    let owner = Token { token: format!("{}-second", owner.token), ..owner };
    let mut settings = Settings::default();
    settings.tokens.push(owner.clone());
    settings.apps.push(second.clone());
    let mut office = Office::set_up(settings).await;
    office.give(&owner, "second");
    office.write("secrets/second", &second.consumer_secret);
    let app = format!(
        "[[app]]\nid = \"2\"\nconsumer_key = \"{}\"\nconsumer_secret_file = \"secrets/second\"\n\
         owner_token_file = \"secrets/second.token\"\nowner_token_secret_file = \"secrets/second.token-secret\"\n",
        second.consumer_key
    );
    office.write("junco.toml", &(office.read("junco.toml") + &app));
    office.stop();
    office.start();
    office.does(&["webhook", "register"]);
    assert_eq!(office.x.webhooks().len(), 2);
    office.does(&["webhook", "delete", "--app", "2", "--yes"]);
    assert_eq!(office.x.webhooks().len(), 1);
    // Somebody who is not in the configuration may be subscribed through any app, and through this one certainly is not.
    assert_eq!(office.asks(&["subscription", "remove", "--account", "7"]).0, Some(0));
    office.does(&["webhook", "register"]);
    let (_, document) = office.asks(&["webhook", "delete", "--yes"]);
    assert_eq!((document["webhooks"].as_array().unwrap().len(), office.x.webhooks().len()), (2, 0), "{document}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_a_document_too() {
    let office = Office::bare(Settings::default()).await;
    for (arguments, code, says) in [
        (&["webhook", "register", "--config", "nowhere.toml"][..], 1, "no such file"),
        (&["subscription", "add", "--account", "7"], 2, "no [[account]] 7"),
        (&["replay", "--from", "then", "--to", "now"], 2, "is no time"),
        (&["login"], 2, "--pin"),
        (&["doctor", "--config", "nowhere.toml"], 1, "no such file"),
        (&["account", "--config", "nowhere.toml"], 1, "no such file"),
    ] {
        let (exit, document) = office.asks(arguments);
        assert_eq!(exit, Some(code), "{arguments:?}: {document}");
        assert!(document["error"].as_str().is_some_and(|error| error.contains(says)), "{arguments:?}: {document}");
    }
}
