//! A small bot for the tests: a webhook that answers as it is told, and calls signed with OAuth 1.0a.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use junco::model::{MessageId, UserId};
use junco::simulator::{Settings, Shown, Simulator, Stage, Token};
use junco::wire::oauth::{Credentials, Request, Stamp, authorization};
use junco::wire::signature::{SIGNATURE_HEADER, crc_response, crc_token, verify};
use serde_json::{Value, json};
use tokio::sync::watch;
use url::Url;

/// Long enough for a loaded machine; no test waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const CLIENT_SECRET: &[u8] = b"sim-client-secret-01";

/// How the webhook answers a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crc {
    Right,
    WrongSecret,
    ClientSecret,
    Text(&'static str),
    Status(u16),
    Redirect,
    Gzip,
    /// Compressed, without a word of it.
    SecretGzip,
    /// Without end.
    Endless,
    /// Rightly, after a second.
    Late,
    Never,
}

/// One POST that the webhook got.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) body: String,
    pub(crate) signed: bool,
    /// The same for the second signature, if there was one.
    pub(crate) signed_for_client: Option<bool>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a delivery is JSON")
    }

    /// The id of the message it tells of.
    pub(crate) fn message(&self) -> MessageId {
        let json = self.json();
        json["direct_message_events"][0]["id"].as_str().and_then(|id| id.parse().ok()).expect("a message's delivery")
    }
}

struct Hook {
    crc: Mutex<Crc>,
    challenges: Mutex<Vec<bool>>,
    answers: Mutex<VecDeque<u16>>,
    got: watch::Sender<Vec<Got>>,
}

/// A simulator and a bot beside it, which is not registered yet.
pub(crate) struct Bot {
    pub(crate) simulator: Simulator,
    pub(crate) url: String,
    hook: Arc<Hook>,
    client: reqwest::Client,
    server: ServerHandle,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The status and the platform's code.
    pub(crate) fn refused(&self) -> (u16, u64) {
        (self.status, self.json()["errors"][0]["code"].as_u64().expect("an error has a code"))
    }
}

impl Bot {
    /// A bot in the default world, retries and checks sped up 1000 times.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { time_scale: 1000.0, ..Settings::default() };
        settings.rules.crc_period = None;
        change(&mut settings);
        let simulator = Simulator::start(settings).await.expect("a free port");
        let hook = Arc::new(Hook {
            crc: Mutex::new(Crc::Right),
            challenges: Mutex::default(),
            answers: Mutex::default(),
            got: watch::Sender::default(),
        });
        let data = Data::from(hook.clone());
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone()).app_data(web::PayloadConfig::new(8 << 20));
            app.route("/hook", web::get().to(challenged)).route("/hook", web::post().to(told)).route("/moved", web::get().to(moved))
        });
        let server = server.workers(1).shutdown_timeout(0).disable_signals().bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/hook?app=16777259", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Bot { simulator, url, hook, client, server: handle }
    }

    /// A bot that is registered and subscribed.
    pub(crate) async fn ready() -> Self {
        Self::new().await.set_up().await
    }

    pub(crate) async fn set_up(self) -> Self {
        let id = self.register().await.json()["id"].as_str().expect("a webhook id").to_owned();
        let reply = self.post(Settings::BOT, &format!("/1.1/account_activity/webhooks/{id}/subscriptions/all.json"), None).await;
        assert_eq!(reply.status, 204, "{}", reply.text);
        self
    }

    pub(crate) async fn register(&self) -> Reply {
        self.post(Settings::OWNER, &format!("/1.1/account_activity/webhooks.json?url={}", encoded(&self.url)), None).await
    }

    pub(crate) fn answer_crc(&self, crc: Crc) {
        *self.hook.crc.lock().expect("no panic") = crc;
    }

    /// Whether each challenge so far was rightly signed.
    pub(crate) fn challenges(&self) -> Vec<bool> {
        self.hook.challenges.lock().expect("no panic").clone()
    }

    /// The statuses of the next answers to deliveries; 200 when they are used up, 0 for no answer at all.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.hook.answers.lock().expect("no panic").extend(statuses);
    }

    /// Waits until the webhook got `count` deliveries.
    pub(crate) async fn got(&self, count: usize) -> Vec<Got> {
        let mut got = self.hook.got.subscribe();
        let enough = got.wait_for(|got| got.len() >= count);
        let got = tokio::time::timeout(PATIENCE, enough).await;
        got.unwrap_or_else(|_| panic!("{count} deliveries did not come: {:?}", self.hook.got.borrow())).expect("the sender lives").clone()
    }

    /// Moves the world forward step by step until there is something to be seen: a wait may begin only after the first step.
    pub(crate) async fn live_until<T>(&self, step: Duration, mut look: impl FnMut(&Stage) -> Option<T>) -> T {
        for _ in 0..100 {
            self.simulator.advance(step);
            if let Some(seen) = self.simulator.wait_for(PATIENCE / 100, &mut look).await {
                return seen;
            }
        }
        panic!("{:?} of the world's time changed nothing", 100 * step);
    }

    pub(crate) fn got_so_far(&self) -> usize {
        self.hook.got.borrow().len()
    }

    /// Sends `message_data` to Ada.
    pub(crate) async fn send(&self, message_data: Value) -> Reply {
        self.post(Settings::BOT, "/1.1/direct_messages/events/new.json", Some(message(Settings::ADA, message_data))).await
    }

    pub(crate) async fn say(&self, text: &str) -> MessageId {
        let reply = self.send(json!({ "text": text })).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["event"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    pub(crate) fn transcript(&self) -> Vec<Shown> {
        self.simulator.transcript(Settings::ADA, Settings::BOT)
    }

    pub(crate) async fn post(&self, user: UserId, path: &str, body: Option<Value>) -> Reply {
        self.call("POST", user, path, body).await
    }

    pub(crate) async fn get(&self, user: UserId, path: &str) -> Reply {
        self.call("GET", user, path, None).await
    }

    /// A call signed by the default token of `user`.
    pub(crate) async fn call(&self, method: &str, user: UserId, path: &str, body: Option<Value>) -> Reply {
        let signed = Signed::by(user);
        let request = self.request(method, path).header("authorization", self.header(&signed, method, path, &[]));
        self.carry_out(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
        .expect("an answer")
    }

    /// A form, which is signed too.
    pub(crate) async fn form(&self, user: UserId, path: &str, form: &[(&str, &str)]) -> Reply {
        let fields: Vec<_> = form.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let header = self.header(&Signed::by(user), "POST", path, &fields);
        self.carry_out(self.request("POST", path).header("authorization", header).form(form)).await.expect("an answer")
    }

    /// A call with the app's bearer.
    pub(crate) async fn with_bearer(&self, method: &str, path: &str) -> Reply {
        let keys = &self.simulator.settings().apps[0];
        let request = self.request("POST", "/oauth2/token").basic_auth(&keys.consumer_key, Some(&keys.consumer_secret));
        let token = self.carry_out(request.form(&[("grant_type", "client_credentials")])).await.expect("an answer").json();
        let bearer = token["access_token"].as_str().expect("a bearer").to_owned();
        self.carry_out(self.request(method, path).header("authorization", format!("Bearer {bearer}"))).await.expect("an answer")
    }

    pub(crate) fn header(&self, signed: &Signed, method: &str, path: &str, form: &[(String, String)]) -> String {
        let url = Url::parse(&format!("{}{path}", self.simulator.url())).expect("an address");
        let credentials = Credentials {
            consumer_key: &signed.consumer_key,
            consumer_secret: &signed.consumer_secret,
            token: Some((&signed.token, &signed.secret)),
        };
        let stamp = Stamp { nonce: &signed.nonce, timestamp: signed.timestamp, ..Stamp::default() };
        authorization(&credentials, &Request { method, url: &url, form }, &stamp)
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.simulator.url()))
    }

    pub(crate) async fn carry_out(&self, request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, text: response.text().await? })
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// What a signature is made of; each part can be spoilt.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: String,
    pub(crate) secret: String,
    pub(crate) nonce: String,
    pub(crate) timestamp: u64,
}

impl Signed {
    /// A fresh signature in the default world.
    pub(crate) fn by(user: UserId) -> Self {
        static NONCE: AtomicU64 = AtomicU64::new(1);
        let settings = Settings::default();
        let (app, token) = (&settings.apps[0], Token::for_user(user, Settings::APP));
        Signed {
            consumer_key: app.consumer_key.clone(),
            consumer_secret: app.consumer_secret.clone(),
            token: token.token,
            secret: token.secret,
            nonce: format!("n{}", NONCE.fetch_add(1, Ordering::Relaxed)),
            timestamp: now(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a signature needs the caller's time")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

pub(crate) fn message(to: UserId, message_data: Value) -> Value {
    json!({ "event": { "type": "message_create", "message_create": {
        "target": { "recipient_id": to.to_string() }, "message_data": message_data } } })
}

pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn secret() -> Vec<u8> {
    Settings::default().apps[0].consumer_secret.clone().into_bytes()
}

async fn challenged(hook: Data<Hook>, request: HttpRequest) -> HttpResponse {
    let signature = request.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = verify(signature, &secret(), request.query_string().as_bytes());
    hook.challenges.lock().expect("no panic").push(signed);
    let crc = *hook.crc.lock().expect("no panic");
    let token = crc_token(request.query_string()).expect("a challenge");
    let right = crc_response(&secret(), &token);
    match crc {
        Crc::Right => HttpResponse::Ok().content_type("application/json").body(right),
        Crc::WrongSecret => HttpResponse::Ok().content_type("application/json").body(crc_response(b"another", &token)),
        Crc::ClientSecret => HttpResponse::Ok().content_type("application/json").body(crc_response(CLIENT_SECRET, &token)),
        Crc::Text(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Crc::Status(status) => HttpResponse::build(status.try_into().expect("a status")).body(right),
        Crc::Redirect => HttpResponse::Found().insert_header(("location", format!("/moved?{}", request.query_string()))).finish(),
        Crc::Gzip => HttpResponse::Ok().insert_header(("content-encoding", "gzip")).body(right),
        Crc::Late => {
            tokio::time::sleep(Duration::from_secs(1)).await;
            HttpResponse::Ok().content_type("application/json").body(right)
        }
        // The empty text, compressed.
        Crc::SecretGzip => {
            HttpResponse::Ok().content_type("application/json").body(&b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"[..])
        }
        Crc::Endless => {
            let piece = || Some((Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1 << 16])), ()));
            HttpResponse::Ok()
                .content_type("application/json")
                .streaming(futures_util::stream::unfold((), move |()| async move { piece() }))
        }
        Crc::Never => std::future::pending().await,
    }
}

/// Where a redirect leads: the answer would be right.
async fn moved(request: HttpRequest) -> HttpResponse {
    let token = crc_token(request.query_string()).expect("a challenge");
    HttpResponse::Ok().content_type("application/json").body(crc_response(&secret(), &token))
}

async fn told(hook: Data<Hook>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let signature = request.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = verify(signature, &secret(), &body);
    let second = request.headers().get("x-twitter-webhooks-signature-oauth2").and_then(|value| value.to_str().ok());
    let signed_for_client = second.map(|signature| verify(signature, CLIENT_SECRET, &body));
    let got = Got { body: String::from_utf8(body.to_vec()).expect("UTF-8"), signed, signed_for_client };
    let status = hook.answers.lock().expect("no panic").pop_front().unwrap_or(200);
    hook.got.send_modify(|all| all.push(got));
    if status == 0 {
        std::future::pending::<()>().await;
    }
    HttpResponse::build(status.try_into().expect("a status")).finish()
}
