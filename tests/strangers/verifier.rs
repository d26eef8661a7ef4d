//! Python's `oauthlib` in front of the simulator: it checks every signature by its own reading of the RFC.

use std::io::{BufRead as _, BufReader};

use junco::simulator::{Settings, Simulator, Token};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::workshop::{Running, Workshop};

/// The checking server; it passes on what it checked.
pub(crate) struct Verifier {
    pub(crate) url: Url,
    _server: Running,
}

/// What it made of a signed call.
#[derive(Deserialize)]
pub(crate) struct Verdict {
    method: String,
    path: String,
    /// The media type of the body; empty where there is none.
    pub(crate) kind: String,
    pub(crate) accepted: bool,
    /// What oauthlib says of one that it cannot even read.
    why: String,
}

impl Verifier {
    /// Starts one that knows the keys and tokens of the default world.
    pub(crate) fn before(x: &Simulator, python: &Workshop) -> Self {
        let users = [Settings::BOT, Settings::OWNER];
        let tokens = users.map(|user| Token::for_user(user, Settings::APP)).map(|token| (token.token, token.secret));
        let apps = x.settings().apps.iter().map(|app| (app.consumer_key.clone(), app.consumer_secret.clone()));
        let given = json!({
            "url": x.url(),
            "apps": std::collections::BTreeMap::from_iter(apps),
            "tokens": std::collections::BTreeMap::from(tokens),
        });
        let mut server = python.start("check_with_oauthlib.py", &given);
        let mut url = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Verifier { url: url.trim().parse().unwrap(), _server: server }
    }

    /// All verdicts so far, in order.
    pub(crate) async fn verdicts(&self) -> Vec<Verdict> {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        http.get(self.url.join("/verdicts").unwrap()).send().await.unwrap().json().await.unwrap()
    }

    /// Checks that every signature was accepted, and returns the verdicts.
    pub(crate) async fn all_accepted(&self) -> Vec<Verdict> {
        let verdicts = self.verdicts().await;
        for Verdict { method, path, kind, accepted, why } in &verdicts {
            assert!(accepted, "oauthlib refuses {method} {path} with a body of the type `{kind}`: {why}");
        }
        verdicts
    }
}
