//! Clients that nobody here wrote, unchanged but for where their sockets lead: they prove the simulator, and `oauthlib` proves what we sign.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod calls;
mod requests;
mod verifier;
mod workshop;

use junco::simulator::{Settings, Simulator, Token};
use junco::wire::oauth::Credentials;
use serde_json::{Value, json};
use workshop::Workshop;

#[tokio::test]
async fn nodes_twitter_api_v2_talks_to_a_person() {
    let Some(node) = Workshop::node() else { return };
    let x = world().await;
    node.run("with_twitter_api_v2.mjs", &given(&x)).await;
}

#[tokio::test]
async fn pythons_tweepy_talks_to_a_person() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    python.run("with_tweepy.py", &given(&x)).await;
}

#[tokio::test]
async fn what_oauthlib_signs_is_checked_as_x_checks_it() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    python.run("sign_with_oauthlib.py", &given(&x)).await;
}

/// The default world.
async fn world() -> Simulator {
    Simulator::start(Settings::default()).await.unwrap()
}

/// The default token of a user, with its app's keys.
struct Keys {
    key: String,
    secret: String,
    token: Token,
}

impl Keys {
    fn of(user: junco::model::UserId) -> Self {
        let app = Settings::default().apps.remove(0);
        Keys { key: app.consumer_key, secret: app.consumer_secret, token: Token::for_user(user, Settings::APP) }
    }

    fn lend(&self) -> Credentials<'_> {
        let token = Some((self.token.token.as_str(), self.token.secret.as_str()));
        Credentials { consumer_key: &self.key, consumer_secret: &self.secret, token }
    }
}

/// What a script is told of the world.
fn given(x: &Simulator) -> Value {
    let app = &x.settings().apps[0];
    let token = |user| {
        let token = Token::for_user(user, Settings::APP);
        json!({ "id": user.to_string(), "token": token.token, "secret": token.secret })
    };
    json!({
        "url": x.url(),
        "app": {
            "id": app.id.to_string(),
            "key": app.consumer_key,
            "secret": app.consumer_secret,
            "clientId": app.client_id,
            "clientSecret": app.client_secret,
            // Nobody listens there: the scripts look where they are sent, and do not go.
            "callback": "http://127.0.0.1:9/back",
        },
        "bot": token(Settings::BOT),
        "owner": token(Settings::OWNER),
        // Nobody has given the app a token for them yet.
        "ada": { "id": Settings::ADA.to_string() },
        "ben": { "id": Settings::BEN.to_string() },
    })
}
