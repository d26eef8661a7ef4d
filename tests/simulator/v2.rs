//! What the tests of the newer API have in common: consent by the page, tokens, and calls with them.

use junco::model::UserId;
use junco::simulator::Settings;
use serde_json::Value;
use url::Url;

use crate::bot::{Bot, Reply};

pub(crate) const CALLBACK: &str = "http://127.0.0.1:1/back?to=me";
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HASH: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// All that a bot needs.
pub(crate) const SCOPES: &str = "dm.read dm.write tweet.read users.read media.write offline.access";

/// What the page is asked for, with some of it changed.
pub(crate) fn asking<'a>(change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut asking = vec![
        ("response_type", "code"),
        ("client_id", "simclient0001"),
        ("redirect_uri", CALLBACK),
        ("scope", SCOPES),
        ("state", "s t&te"),
        ("code_challenge", HASH),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in change {
        asking.retain(|(known, _)| known != name);
        asking.push((name, value));
    }
    asking
}

impl Bot {
    /// Sends the form of the consent page; answers where the browser is sent.
    pub(crate) async fn consent(&self, person: UserId, change: &[(&str, &str)]) -> Url {
        let person = person.to_string();
        let form = asking(&[&[("person", person.as_str()), ("decision", "allow")], change].concat());
        let reply = self.carry_out(self.request("POST", "/i/oauth2/authorize").form(&form)).await.expect("an answer");
        assert_eq!(reply.status, 302, "{}", reply.text);
        reply.headers["location"].to_str().ok().and_then(|location| location.parse().ok()).expect("an address")
    }

    /// A call of the confidential client.
    pub(crate) async fn client(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let request = self.request("POST", path).basic_auth("simclient0001", Some("sim-client-secret-01"));
        self.carry_out(request.form(form)).await.expect("an answer")
    }

    pub(crate) async fn exchange(&self, code: &str) -> Reply {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        self.client("/2/oauth2/token", &form).await
    }

    /// An access token that a person granted.
    pub(crate) async fn granted(&self, person: UserId, scopes: &str) -> String {
        let back = self.consent(person, &[("scope", scopes)]).await;
        let tokens = self.exchange(&parameter(&back, "code").expect("a code")).await.json();
        tokens["access_token"].as_str().expect("an access token").to_owned()
    }

    /// The bearer of the app.
    pub(crate) async fn app(&self) -> String {
        let keys = &Settings::default().apps[0];
        let request = self.request("POST", "/oauth2/token").basic_auth(&keys.consumer_key, Some(&keys.consumer_secret));
        let reply = self.carry_out(request.form(&[("grant_type", "client_credentials")])).await.expect("an answer");
        reply.json()["access_token"].as_str().expect("a bearer").to_owned()
    }

    /// A call with a token, of whatever kind.
    pub(crate) async fn with_token(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Reply {
        let request = self.request(method, path).header("authorization", format!("Bearer {token}"));
        self.carry_out(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
        .expect("an answer")
    }
}

impl Reply {
    /// The status and the title of a problem, which has all four parts.
    pub(crate) fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        assert!(body["detail"].is_string() && body["type"].is_string(), "{body}");
        (self.status, body["title"].as_str().expect("a title").to_owned())
    }

    /// The reason that the first error begins with.
    pub(crate) fn reason(&self) -> (u16, String) {
        let body = self.json();
        let message = body["errors"][0]["message"].as_str().unwrap_or_default();
        (self.status, message.split(':').next().unwrap_or_default().to_owned())
    }
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
