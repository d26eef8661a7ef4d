//! Signing in by OAuth 1.0a, through the pages as a browser would, and taking it back.

use junco::model::UserId;
use junco::simulator::{Permission, Settings};
use junco::wire::oauth::{Credentials, Request, Stamp, authorization};
use junco::wire::{EventBody, envelope::parse};
use reqwest::redirect::Policy;
use serde_json::json;
use url::{Url, form_urlencoded};

use crate::bot::{Bot, Reply, Signed};

const CALLBACK: &str = "https://bot.example/done?id=7";

/// The bot's side of the dance.
struct Dance<'a> {
    bot: &'a Bot,
    browser: reqwest::Client,
}

impl<'a> Dance<'a> {
    fn with(bot: &'a Bot) -> Self {
        Dance { bot, browser: reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client") }
    }

    /// A call signed by the app, with a request token or without any.
    async fn call(&self, path: &str, token: Option<(&str, &str)>, callback: Option<&str>, verifier: Option<&str>) -> Reply {
        let fresh = Signed::by(Settings::BOT);
        let credentials = Credentials { consumer_key: &fresh.consumer_key, consumer_secret: &fresh.consumer_secret, token };
        let url = Url::parse(&format!("{}{path}", self.bot.simulator.url())).expect("an address");
        let stamp = Stamp { nonce: &fresh.nonce, timestamp: fresh.timestamp, callback, verifier };
        let header = authorization(&credentials, &Request { method: "POST", url: &url, form: &[] }, &stamp);
        self.bot.carry_out(self.bot.request("POST", path).header("authorization", header)).await.expect("an answer")
    }

    async fn ask(&self, callback: &str) -> Reply {
        self.call("/oauth/request_token", None, Some(callback), None).await
    }

    async fn asked(&self, callback: &str) -> (String, String) {
        let reply = self.ask(callback).await;
        assert_eq!((reply.status, field(&reply.text, "oauth_callback_confirmed")), (200, "true".to_owned()), "{}", reply.text);
        (field(&reply.text, "oauth_token"), field(&reply.text, "oauth_token_secret"))
    }

    async fn page(&self, path: &str, cookie: &str) -> (u16, String, reqwest::header::HeaderMap) {
        let url = format!("{}{path}", self.bot.simulator.url());
        told(self.browser.get(url).header("cookie", cookie).send().await.expect("an answer")).await
    }

    async fn decide(&self, token: &str, person: &str, decision: &str) -> (u16, String, reqwest::header::HeaderMap) {
        let form = [("oauth_token", token), ("person", person), ("decision", decision)];
        let url = format!("{}/oauth/authorize", self.bot.simulator.url());
        told(self.browser.post(url).form(&form).send().await.expect("an answer")).await
    }

    async fn exchange(&self, token: &(String, String), verifier: &str) -> Reply {
        self.call("/oauth/access_token", Some((&token.0, &token.1)), None, Some(verifier)).await
    }

    /// The whole dance without a browser.
    async fn token_for(&self, user: UserId) -> Signed {
        let token = self.asked("oob").await;
        let pin = self.bot.simulator.allow(&token.0, user).expect("it is asked for");
        let reply = self.exchange(&token, &pin).await;
        signed(&reply)
    }
}

async fn told(response: reqwest::Response) -> (u16, String, reqwest::header::HeaderMap) {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, response.text().await.expect("a text"), headers)
}

fn field(form: &str, name: &str) -> String {
    form_urlencoded::parse(form.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn signed(reply: &Reply) -> Signed {
    assert_eq!(reply.status, 200, "{}", reply.text);
    Signed { token: field(&reply.text, "oauth_token"), secret: field(&reply.text, "oauth_token_secret"), ..Signed::by(Settings::BOT) }
}

/// What the platform says to a call with such a token.
async fn with(bot: &Bot, signed: &Signed, method: &str, path: &str) -> Reply {
    let header = bot.header(&Signed { nonce: Signed::by(Settings::BOT).nonce, ..signed.clone() }, method, path, &[]);
    bot.carry_out(bot.request(method, path).header("authorization", header)).await.expect("an answer")
}

#[tokio::test]
async fn verifier_and_token_may_stand_in_the_form_too() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let (token, secret) = dance.asked("oob").await;
    let pin = bot.simulator.allow(&token, Settings::ADA).expect("it is asked for");
    let signed = Signed { token: token.clone(), secret, ..Signed::by(Settings::BOT) };
    let verifier = [("oauth_verifier".to_owned(), pin.clone())];
    let header = bot.header(&signed, "POST", "/oauth/access_token", &verifier);
    let form = [("oauth_token", token), ("oauth_verifier", pin)];
    let request = bot.request("POST", "/oauth/access_token").header("authorization", header).form(&form);
    let reply = bot.carry_out(request).await.expect("an answer");
    assert_eq!((reply.status, field(&reply.text, "screen_name")), (200, "ada".to_owned()), "{}", reply.text);
}

#[tokio::test]
async fn a_person_allows_an_app_in_the_browser() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let token = dance.asked(CALLBACK).await;
    let (status, page, headers) = dance.page(&format!("/oauth/authorize?oauth_token={}&screen_name=ben", token.0), "").await;
    assert!(status == 200 && page.contains("our-bot") && !page.contains("<script"), "{page}");
    assert!(headers["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("default-src 'none'")));
    let checked = format!(r#"value="{}" required checked"#, Settings::BEN);
    assert!(page.contains(&checked), "the one who was named is chosen: {page}");

    let (status, _, headers) = dance.decide(&token.0, &Settings::ADA.to_string(), "allow").await;
    assert_eq!(status, 302);
    let back = Url::parse(headers["location"].to_str().expect("an address")).expect("an address");
    assert!(back.as_str().starts_with(&format!("{CALLBACK}&oauth_token={}&oauth_verifier=", token.0)), "{back}");
    let verifier = field(back.query().expect("a query"), "oauth_verifier");
    assert_eq!(dance.exchange(&token, "another").await.refused(), (401, 32));
    let reply = dance.exchange(&token, &verifier).await;
    assert_eq!((field(&reply.text, "user_id"), field(&reply.text, "screen_name")), (Settings::ADA.to_string(), "ada".to_owned()));
    let ada = signed(&reply);
    assert!(ada.token.starts_with(&format!("{}-", Settings::ADA)));
    let me = with(&bot, &ada, "GET", "/1.1/account/verify_credentials.json").await;
    assert_eq!(me.json()["screen_name"], "ada");
    assert_eq!(dance.exchange(&token, &verifier).await.refused(), (401, 89), "a request token is good for once");

    let cookie = headers["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
    let again = dance.asked(CALLBACK).await;
    let path = |page: &str| format!("/oauth/{page}?oauth_token={}", again.0);
    assert_eq!(dance.page(&path("authorize"), &cookie).await.0, 200, "authorize always asks");
    assert_eq!(dance.page(&format!("{}&force_login=true", path("authenticate")), &cookie).await.0, 200);
    assert_eq!(dance.page(&path("authenticate"), &cookie).await.0, 302, "authenticate asks nobody twice");
}

#[tokio::test]
async fn a_pin_is_shown_where_there_is_no_way_back() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let token = dance.asked("oob").await;
    let (_, page, _) = dance.decide(&token.0, "@ada", "allow").await;
    let pin = page.split(r#"<code id="pin">"#).nth(1).and_then(|rest| rest.split('<').next()).expect("a PIN").to_owned();
    assert!(pin.len() == 7 && pin.chars().all(|c| c.is_ascii_digit()), "{pin}");
    signed(&dance.exchange(&token, &pin).await);
}

#[tokio::test]
async fn whoever_cancels_is_sent_back_with_the_news() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let token = dance.asked(CALLBACK).await;
    let (status, _, headers) = dance.decide(&token.0, "@ada", "cancel").await;
    assert_eq!((status, headers["location"].to_str().expect("an address")), (302, format!("{CALLBACK}&denied={}", token.0).as_str()));
    let (status, page, _) = dance.page(&format!("/oauth/authorize?oauth_token={}", token.0), "").await;
    assert!(status == 403 && page.contains("Whoa there!"), "{page}");
    let old = dance.asked(CALLBACK).await;
    bot.simulator.advance(std::time::Duration::from_secs(16 * 60));
    assert!(bot.simulator.allow(&old.0, Settings::ADA).is_err(), "nobody has for ever to think");
}

#[tokio::test]
async fn a_form_of_another_server_decides_nothing() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let token = dance.asked("oob").await;
    for (path, form) in [
        ("/oauth/authorize", [("oauth_token", token.0.as_str()), ("person", "@ada"), ("decision", "allow")]),
        ("/settings/connected_apps", [("person", "@snowbot"), ("app", "16777259"), ("x", "y")]),
    ] {
        let url = format!("{}{path}", bot.simulator.url());
        let response = dance.browser.post(url).form(&form).header("origin", "http://elsewhere.example").send().await.expect("an answer");
        assert_eq!(response.status(), 403, "{path}");
    }
    assert_eq!(bot.get(Settings::BOT, "/1.1/account/verify_credentials.json").await.status, 200);
}

#[tokio::test]
async fn callbacks_are_held_to_what_the_app_registered() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    assert_eq!(dance.ask("no address").await.refused(), (403, 415));
    bot.simulator.set_callbacks(Settings::APP, Some(vec!["https://bot.example/done".to_owned()])).expect("an app");
    assert_eq!(dance.ask(CALLBACK).await.status, 200, "a query may differ");
    assert_eq!(dance.ask("https://bot.example/elsewhere").await.refused(), (403, 415));
    let patch = bot.request("PATCH", "/sim/apps/16777259").json(&json!({ "callbacks": [] }));
    assert_eq!(bot.carry_out(patch).await.expect("an answer").json()["callbacks"], json!([]));
    assert_eq!(dance.ask(CALLBACK).await.refused(), (401, 417), "an app of the desktop");
    assert_eq!(dance.ask("oob").await.status, 200);
    assert_eq!(dance.call("/oauth/request_token", Some(("a", "b")), Some("oob"), None).await.refused(), (401, 32), "signed with more");
}

#[tokio::test]
async fn a_token_keeps_the_permission_that_it_was_given_with() {
    let bot = Bot::new().await;
    let dance = Dance::with(&bot);
    let typing = format!("/1.1/direct_messages/events/show.json?id={}", bot.say("hello").await);
    let patch = bot.request("PATCH", "/sim/apps/16777259").json(&json!({ "permission": "read_write" }));
    assert_eq!(bot.carry_out(patch).await.expect("an answer").json()["permission"], "read_write");
    let poor = dance.token_for(Settings::ADA).await;
    bot.simulator.set_permission(Settings::APP, Permission::ReadWriteMessages).expect("an app");
    assert_eq!(with(&bot, &poor, "GET", &typing).await.refused(), (403, 93), "an old token is not upgraded");
    let rich = dance.token_for(Settings::ADA).await;
    assert_eq!(with(&bot, &rich, "GET", &typing).await.status, 200);
    assert_eq!(dance.token_for(Settings::ADA).await.token, rich.token, "whoever asks again gets the same");
}

#[tokio::test]
async fn whoever_revokes_ends_tokens_and_subscriptions() {
    let bot = Bot::ready().await;
    let dance = Dance::with(&bot);
    let ada = dance.token_for(Settings::ADA).await;
    let hook = bot.simulator.webhooks()[0].id;
    let all = format!("/1.1/account_activity/webhooks/{hook}/subscriptions/all.json");
    assert_eq!(with(&bot, &ada, "POST", &all).await.status, 204);
    let (_, page, _) = dance.page(&format!("/settings/connected_apps?person={}", Settings::ADA), "").await;
    assert!(page.contains("our-bot") && page.contains("Revoke access"), "{page}");
    let url = format!("{}/settings/connected_apps", bot.simulator.url());
    let form = [("person", Settings::ADA.to_string()), ("app", Settings::APP.to_string())];
    assert_eq!(dance.browser.post(url).form(&form).send().await.expect("an answer").status(), 303);

    let got = bot.got(1).await[0].clone();
    let revoke = got.json()["user_event"]["revoke"].clone();
    assert_eq!((&revoke["source"]["user_id"], &revoke["target"]["app_id"]), (&json!(Settings::ADA.to_string()), &json!("16777259")));
    assert!(revoke["date_time"].as_str().is_some_and(|date| date.len() == 25 && date.ends_with("+00:00")), "{revoke}");
    let read = parse(got.body.as_bytes()).expect("JSON").events;
    assert!(matches!(read[0].body, EventBody::Revoked { user: Settings::ADA, app: Some(Settings::APP) }), "{read:?}");
    assert_eq!(with(&bot, &ada, "GET", "/1.1/account/verify_credentials.json").await.refused(), (401, 89));
    bot.simulator.say(Settings::BEN, Settings::ADA, "not the bot's any longer").expect("a message");
    assert_eq!(bot.simulator.deliveries().len(), 1);
    let body = json!({ "person": "@ada", "app": "16777259" });
    bot.carry_out(bot.request("POST", "/sim/revoke").json(&body)).await.expect("an answer");
    assert_eq!(bot.simulator.deliveries().len(), 1, "what is over is not ended again");
}

#[tokio::test]
async fn tokens_can_stop_working_and_be_invalidated() {
    let bot = Bot::new().await;
    let verify = "/1.1/account/verify_credentials.json";
    let set = async |working: bool| {
        let body = json!({ "person": "@snowbot", "working": working });
        assert_eq!(bot.carry_out(bot.request("POST", "/sim/tokens").json(&body)).await.expect("an answer").status, 200);
    };
    set(false).await;
    assert_eq!(bot.get(Settings::BOT, verify).await.refused(), (401, 89));
    set(true).await;
    assert_eq!(bot.get(Settings::BOT, verify).await.status, 200);
    let reply = bot.post(Settings::BOT, "/1.1/oauth/invalidate_token.json", None).await;
    assert_eq!(reply.json()["access_token"], format!("{}-simtoken", Settings::BOT));
    assert_eq!(bot.get(Settings::BOT, verify).await.refused(), (401, 89));
    assert_eq!(bot.get(Settings::OWNER, verify).await.status, 200, "only the one that signed");
}
