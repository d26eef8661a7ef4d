//! The doctor names what is wrong, and what mends it: each of the ten breakages, and some more.

use std::sync::Arc;
use std::time::Duration;

use junco::account::doctor::{App, Doctor, Finding, Listener, Verdict};
use junco::account::{Account, Registry};
use junco::client::{Client, Keys, Timeouts, UserToken};
use junco::clock::{Clock, SystemClock};
use junco::model::{EventsApi, Secret, Timestamp};
use junco::simulator::{Permission, Settings, Token};
use serde_json::Value;

use crate::front::{Does, Front};
use crate::office::{Office, Ran};

/// A step as the doctor found it.
#[derive(Debug)]
struct Step {
    name: String,
    verdict: String,
    told: String,
    mend: String,
}

fn steps(document: &Value) -> Vec<Step> {
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let step = |step: &Value| Step {
        name: text(step, "step"),
        verdict: text(step, "verdict"),
        told: text(step, "told"),
        mend: text(step, "mend"),
    };
    document["steps"].as_array().unwrap().iter().map(step).collect()
}

/// Checks that this step alone is wrong, says so in these words, and tells what to do.
fn names(office: &Office, name: &str, told: &str, mend: &str) {
    let (code, document) = office.asks(&["doctor"]);
    assert_eq!(code, Some(1), "{document:#}");
    let steps = steps(&document);
    let wrong: Vec<&Step> = steps.iter().filter(|step| step.verdict == "wrong").collect();
    let [wrong] = wrong.as_slice() else { panic!("one step is wrong: {steps:#?}") };
    assert!(wrong.name == name && wrong.told.contains(told) && wrong.mend.contains(mend), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_in_the_configuration() {
    let office = Office::set_up(Settings::default()).await;
    office.write("secrets/consumer", "another\n");
    names(&office, "app keys", "wrong secret", "copy API key and API secret key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_in_the_service() {
    let mut office = Office::set_up(Settings::default()).await;
    office.stop();
    office.write("secrets/consumer", "another\n");
    office.start();
    office.write("secrets/consumer", "sim-consumer-secret-01\n");
    names(&office, "challenge", "wrong secret", "start `junco run` anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_the_address() {
    let office = Office::set_up(Settings::default()).await;
    let config = office.read("junco.toml");
    let url = config.lines().find(|line| line.starts_with("url = ")).unwrap();
    office.write("junco.toml", &config.replace(url, "url = \"https://bot.example:8443/webhook/twitter\""));
    names(&office, "webhook address", "no port", "change `url`");
    let refused = office.run(&["webhook", "register"]);
    assert!(refused.code == Some(2) && refused.err.contains("no port"), "{refused:?}");
}

/// An office whose service stands behind a front that now does this.
async fn behind(does: Does) -> Office {
    let mut made = None;
    let office = Office::set_up_behind(|port| {
        let (front, own) = Front::before(port);
        made = Some(front);
        own
    })
    .await;
    made.unwrap().now(does);
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_that_passes_on_is_no_trouble() {
    let told = behind(Does::Pass).await.does(&["doctor"]);
    assert!(told.ends_with("\nall is well\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirecting_address() {
    names(&behind(Does::Redirect).await, "challenge", "redirect: it answers 301 to https://elsewhere.example/", "instead of redirecting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer() {
    names(&behind(Does::Sleep).await, "challenge", "slow answer: none came within 3 s", "what stands between X and `junco run`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_answer() {
    names(&behind(Does::Pack).await, "challenge", "compressed answer (gzip)", "switch compression off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_that_loses_the_signature() {
    names(&behind(Does::Strip).await, "signature", "a rightly signed delivery is answered with 401", "pass body and headers on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_lets_everybody_in() {
    names(&behind(Does::Welcome).await, "signature", "answered with 200 instead of 401", "something else answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_that_loses_deliveries() {
    names(&behind(Does::Lose).await, "signature", "a delivery is answered with 502", "pass POST on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_x_does_not_answer_just_now_is_not_called_well() {
    let office = Office::set_up(Settings::default()).await;
    let listed = |ran: &Ran| ran.out.contains("X did not take the call: too many calls");
    let told = loop {
        let ran = office.run(&["doctor", "--no-like"]);
        if listed(&ran) {
            break ran;
        }
    };
    assert!(told.code == Some(1) && told.out.ends_with("try again in a while\n") && !told.out.contains("WRONG"), "{}", told.out);
    assert!(told.out.contains("to mend it: X takes it again from 2"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there() {
    let mut office = Office::set_up(Settings::default()).await;
    office.stop();
    names(&office, "challenge", "nothing answers there", "start `junco run`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token() {
    let office = Office::set_up(Settings::default()).await;
    office.x.let_tokens_work(Settings::BOT, false);
    names(&office, "account's token", "revoked", "junco login --account 906948460078698496");
}

/// An office whose account has another token besides, which may do only so much.
async fn with_lesser(permission: Permission) -> Office {
    let lesser = Office::lesser_token(permission);
    let mut settings = Settings::default();
    settings.tokens.push(lesser.clone());
    let office = Office::set_up(settings).await;
    office.give(&lesser, "bot");
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission() {
    let office = with_lesser(Permission::ReadWrite).await;
    names(&office, "permission", "lacks the permission for Direct Messages", "Read, write, and Direct Messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_reading_only() {
    names(&with_lesser(Permission::Read).await, "permission", "for reading only", "Read, write, and Direct Messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_webhook_is_named_and_mended() {
    let office = Office::set_up(Settings::default()).await;
    office.does(&["webhook", "delete", "--yes"]);
    names(&office, "webhook at X", "it was deleted, or never registered", "junco webhook register");
    let (_, document) = office.asks(&["doctor", "--fix", "--dry-run"]);
    assert!(office.x.webhooks().is_empty() && document["mended"].as_array().unwrap().len() == 2, "{document:#}");
    let (code, document) = office.asks(&["doctor", "--fix"]);
    assert_eq!(code, Some(0), "{document:#}");
    assert!(steps(&document).iter().all(|step| step.verdict == "right"), "{document:#}");
}

fn likes(office: &Office, path: &str) -> Vec<String> {
    let calls = office.x.api_calls();
    calls.iter().filter(|call| call.path.contains(path)).map(|call| format!("{} {}", call.method, call.status)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_like_is_taken_back_once_it_has_arrived() {
    let office = Office::set_up(Settings::default()).await;
    for _ in 0..2 {
        let (code, document) = office.asks(&["doctor"]);
        assert_eq!(code, Some(0), "{document:#}");
        assert!(steps(&document).iter().all(|step| step.verdict == "right"), "one post is enough for ever: {document:#}");
    }
    assert_eq!(likes(&office, "favorites"), ["POST 200"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_newer_interface_nothing_is_asked_of_the_older_messages_and_likes() {
    let office = Office::set_up_over("flavor = \"v2\"\n").await;
    for _ in 0..2 {
        let (code, document) = office.asks(&["doctor"]);
        assert_eq!(code, Some(0), "{document:#}");
        assert!(steps(&document).iter().all(|step| step.verdict == "right"), "{document:#}");
    }
    assert_eq!(likes(&office, "/likes"), ["POST 200", "DELETE 200", "POST 200", "DELETE 200"]);
    let (code, told) = office.asks(&["account"]);
    assert_eq!((code, &told["tokens"][1]["permission"]), (Some(0), &"read, write and Direct Messages".into()));
    assert!(likes(&office, "/1.1/direct_messages").is_empty() && likes(&office, "favorites").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_looked_at_is_said_loudly() {
    let office = Office::set_up(Settings::default()).await;
    let told = office.does(&["doctor", "--no-like"]);
    assert!(told.contains("\nSKIPPED") && told.contains("not everything was looked at") && !told.contains('\x1b'), "{told}");
    let liked = office.x.api_calls().iter().any(|call| call.path.contains("favorites"));
    assert!(!liked);
}

/// A clock that goes, but not with the world.
struct Wrong;

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(3600))
    }
}

/// Keeps what was found.
#[derive(Default)]
struct Notes(Vec<Finding>);

impl Listener for Notes {
    fn found(&mut self, finding: &Finding) {
        self.0.push(finding.clone());
    }

    fn waiting(&mut self, _: &str) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock() {
    let office = Office::set_up(Settings::default()).await;
    let clock: Arc<dyn Clock> = Arc::new(Wrong);
    let x: url::Url = office.x.url().parse().unwrap();
    let client = Client::new(x.clone(), Timeouts::default(), clock.clone()).unwrap();
    let token = |user| {
        let token = Token::for_user(user, Settings::APP);
        Some(UserToken { token: Secret::new(token.token), secret: Secret::new(token.secret) })
    };
    let keys = Keys {
        consumer_key: "simkey0001".to_owned(),
        consumer_secret: Secret::new("sim-consumer-secret-01"),
        owner: token(Settings::OWNER),
    };
    let app = App { id: Settings::APP, registry: Registry::new(client.clone(), EventsApi::Enterprise, keys), running: None };
    let account = Account { user: Settings::BOT, app: Settings::APP, token: token(Settings::BOT), oauth2: None };
    let doctor = Doctor { client, x, apps: vec![app], accounts: vec![account], address: None, like: false, newer: false, clock };
    let mut notes = Notes::default();
    doctor.examine(&mut notes).await;
    assert_eq!(notes.0[0].verdict, Verdict::Wrong);
    assert!(notes.0[0].told.contains("60 min ahead of X's") || notes.0[0].told.contains("59 min ahead"), "{:?}", notes.0[0]);
    assert!(notes.0[0].mend.as_ref().unwrap().contains("NTP"));
    let of = |name: &str| notes.0.iter().find(|finding| finding.step.name() == name).unwrap();
    assert_eq!(of("account's token").verdict, Verdict::NotReached, "a call that X refuses for the clock says nothing of the token");
}
