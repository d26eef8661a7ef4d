//! From nothing to a bot that answers, and a doctor who finds nothing.

use std::io::BufReader;
use std::process::Stdio;
use std::sync::Arc;

use junco::account::sign_in;
use junco::client::{Client, OAuth2App, Timeouts};
use junco::clock::{Clock as _, SystemClock};
use junco::model::{MessageId, Secret};
use junco::simulator::{Choice, Settings};

use crate::office::{Office, PATIENCE, Ran, browse, decide, is_private, request_token, submit};

fn nobody_signed_in() -> Settings {
    Settings { tokens: vec![], ..Settings::default() }
}

fn signed_in(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("signed in: @"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_bot_that_answers_and_a_doctor_who_is_content() {
    let mut office = Office::bare(nobody_signed_in()).await;
    office.write("junco.toml", &office.head());
    let refused = office.run(&["run"]);
    assert!(refused.code == Some(1) && refused.err.contains("run `junco login`"), "{refused:?}");

    signed_in(&office.signs_in(Settings::OWNER, &["--owner"]));
    let login = office.signs_in(Settings::BOT, &[]);
    signed_in(&login);
    // What it says is to be added is added, with the bot's name.
    let (_, add) = login.out.split_once("Add to the configuration:\n").unwrap();
    office.write("junco.toml", &(office.head() + &add.replace("bots/NAME", "bots/snowbot")));
    for name in ["owner.token", "owner.token-secret", "906948460078698496.token", "906948460078698496.token-secret"] {
        assert!(is_private(&office.path(&format!("secrets/{name}"))), "{name}");
    }

    office.start();
    office.does(&["webhook", "register"]);
    office.does(&["subscription", "add"]);
    office.does(&["welcome", "set"]);
    office.x.post(Settings::BOT, "Fresh powder", None).unwrap();
    let told = office.does(&["doctor"]);
    assert!(told.ends_with("\nall is well\n") && told.lines().filter(|line| line.starts_with("right ")).count() == 12, "{told}");

    // A tap on the welcome message is answered as one on the newest menu.
    let shown = office.x.open_chat(Settings::ADA, Settings::BOT, None).unwrap().expect("a welcome message is shown");
    office.x.tap(Settings::ADA, shown.id, &Choice::Label("About".to_owned())).unwrap();
    let answer = office.x.next_message(Settings::BOT, Settings::ADA, MessageId(shown.id.0), PATIENCE).await.expect("the bot answers");
    assert!(answer.text.starts_with("SnowBot is the example bot"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_who_signs_in_changes_nothing() {
    let office = Office::bare(nobody_signed_in()).await;
    let ran = office.signs_in(Settings::ADA, &["--account", "906948460078698496"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("signed in was @ada") && ran.err.contains("nothing was written"), "{ran:?}");
    assert!(!office.path("secrets/bot.token").exists());
    // The same of an account that another app acts for.
    let second = "[[app]]\nid = \"2\"\nconsumer_key = \"k\"\nconsumer_secret_file = \"secrets/consumer\"\n";
    let config = office.read("junco.toml");
    office.write("junco.toml", &(config.replace("app = \"16777259\"", "app = \"2\"") + second));
    let ran = office.signs_in(Settings::BOT, &["--app", "16777259"]);
    assert!(ran.code == Some(1) && ran.err.contains("nothing was written: add --app 2"), "{ran:?}");
    assert!(!office.path("secrets/bot.token").exists());
    office.write("junco.toml", &config);
    let silent = office.run(&["login"]);
    assert!(silent.code == Some(2) && silent.err.contains("--pin"), "{silent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_what_cannot_be_kept() {
    let office = Office::bare(nobody_signed_in()).await;
    office.write("secrets/bot.token-secret.new/in-the-way", "");
    let ran = office.run(&["login", "--pin", "--account", "906948460078698496"]);
    assert!(ran.code == Some(1) && ran.err.contains("secrets/bot.token-secret"), "{ran:?}");
    assert!(office.x.api_calls().is_empty(), "X was not asked");
    let typed_nothing = office.run(&["login", "--owner", "--pin"]);
    assert!(typed_nothing.code == Some(1) && typed_nothing.err.contains("no PIN was typed"), "{typed_nothing:?}");
}

/// Starts a login that waits for the browser, and gives it the page's answer.
fn through_the_browser(office: &Office, arguments: &[&str], decision: &str, page: impl FnOnce(&str) -> String) -> Ran {
    tokio::task::block_in_place(|| {
        let mut login = office.command(&[&["login"], arguments].concat());
        let mut login = login.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(login.stderr.take().unwrap());
        let back = page(&{
            let mut line = String::new();
            while !line.contains("http") {
                line.clear();
                std::io::BufRead::read_line(&mut told, &mut line).unwrap();
            }
            line.trim().to_owned()
        });
        assert!(back.starts_with("http://127.0.0.1:"), "{decision}: {back}");
        assert!(browse(&back, None).contains("You may close this window"));
        let mut err = String::new();
        std::io::Read::read_to_string(&mut told, &mut err).unwrap();
        let output = login.wait_with_output().unwrap();
        Ran { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_comes_back_by_itself() {
    let office = Office::bare(nobody_signed_in()).await;
    let page = |decision: &'static str| {
        let x = office.x.url();
        move |address: &str| {
            let token = request_token(&mut address.as_bytes());
            decide(&x, &token, Settings::BOT, decision).0.expect("X leads back")
        }
    };
    let ran = through_the_browser(&office, &["--callback", "0"], "cancel", page("cancel"));
    assert!(ran.code == Some(1) && ran.err.contains("the user said no"), "{ran:?}");
    signed_in(&through_the_browser(&office, &["--callback", "0"], "allow", page("allow")));
    assert!(is_private(&office.path("secrets/bot.token")));
}

/// Lets the app in for the bot's account by OAuth 2.
pub(crate) fn signs_in_the_newer_way(office: &Office) -> Ran {
    let ran = through_the_browser(office, &["--oauth2", "--callback", "0"], "allow", |address| {
        let (_, query) = address.split_once('?').unwrap();
        let form = format!("{query}&person={}&decision=allow", Settings::BOT);
        let (back, page) = submit(&format!("{}/i/oauth2/authorize", office.x.url()), &form);
        back.unwrap_or_else(|| panic!("{page}"))
    });
    signed_in(&ran);
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn x_activity_is_opened_by_the_one_whose_messages_they_are() {
    let office = Office::set_up(Settings::default()).await;
    office.write("junco.toml", &office.read("junco.toml").replace("[x]\n", "[x]\nevents = \"activity\"\n"));
    let (code, document) = office.asks(&["subscription", "add"]);
    let error = document["subscriptions"][0]["error"].as_str().unwrap_or_default();
    assert!(code == Some(1) && error.contains("junco login --oauth2 --account 906948460078698496"), "{document}");
    signs_in_the_newer_way(&office);
    for is_new in [true, false] {
        let (code, document) = office.asks(&["subscription", "add"]);
        assert_eq!((code, &document["subscriptions"][0]["new"]), (Some(0), &is_new.into()), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_sign_in_keeps_its_tokens_in_their_file() {
    let office = Office::bare(nobody_signed_in()).await;
    let ran = signs_in_the_newer_way(&office);
    let kept = office.path("secrets/bot.oauth2.json");
    assert!(is_private(&kept));
    let token = sign_in::kept(&kept).unwrap();
    assert!(token.refresh.is_some() && token.scopes.iter().any(|scope| scope == "dm.write"), "{:?}", token.scopes);
    assert!(!ran.out.contains(token.access.expose()) && !ran.err.contains(token.access.expose()));

    // One that is about to end is renewed and written back before it is used; one that is not stays.
    let client = Client::new(office.x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
    let app = OAuth2App { client_id: "simclient0001".to_owned(), client_secret: Some(Secret::new("sim-client-secret-01")) };
    let now = SystemClock.now();
    assert_eq!(sign_in::fresh(&client, &app, &kept, now, None).await.unwrap(), token);
    let renewed = sign_in::fresh(&client, &app, &kept, token.expires_at, None).await.unwrap();
    assert!(renewed.access != token.access && renewed.refresh != token.refresh);
    assert_eq!(sign_in::kept(&kept).unwrap(), renewed);
    // So is one that X has turned away, whatever its time; an older one that it turned away says nothing of this one.
    assert_eq!(sign_in::fresh(&client, &app, &kept, now, Some(&token.access)).await.unwrap(), renewed);
    let again = sign_in::fresh(&client, &app, &kept, now, Some(&renewed.access)).await.unwrap();
    assert!(again.access != renewed.access);
    assert!(is_private(&kept));
}
