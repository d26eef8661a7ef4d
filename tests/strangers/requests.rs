//! Every kind of request, with every kind of value: what `wire::oauth` signs is what `oauthlib` and X check.

use junco::clock::{Clock as _, SystemClock};
use junco::simulator::{Settings, Simulator};
use junco::wire::oauth::{Request, Stamp, authorization};
use junco::wire::rest::upload_append;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use url::Url;

use crate::verifier::Verifier;
use crate::workshop::Workshop;
use crate::{Keys, world};

type Fields = Vec<(String, String)>;

/// Values that an encoding may get wrong.
const TRICKY: &[&str] =
    &["", " ", "a b", "a+b", "a&b=c", "100%", "%41", "☃ é 💡", "'()*!~-._", "https://example.org/?a=b&c=d#e", "\"", "\r\n\t", "\0"];

const ME: &str = "/1.1/account/verify_credentials.json";

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Empty,
    Form,
    Json,
    Multipart,
}

struct Signer {
    keys: Keys,
    http: reqwest::Client,
    base: Url,
    sent: u64,
}

impl Signer {
    /// Signs and sends; the answer tells whether the simulator knew the caller too.
    async fn send(&mut self, method: &str, query: &[(String, String)], body: Body, fields: &[(String, String)]) {
        let (path, known) = known_caller(method);
        let mut url = self.base.join(path).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let form = if body == Body::Form { fields } else { &[] };
        self.sent += 1;
        let nonce = format!("request-number-{:08}", self.sent);
        let timestamp = u64::try_from(SystemClock.now().as_seconds()).unwrap();
        let stamp = Stamp { nonce: &nonce, timestamp, ..Stamp::default() };
        let header = authorization(&self.keys.lend(), &Request { method, url: &url, form }, &stamp);
        let request = self.http.request(method.parse().unwrap(), url).header(AUTHORIZATION, header);
        let request = match body {
            Body::Empty => request,
            Body::Form => request.form(fields),
            Body::Json => request.header(CONTENT_TYPE, "application/json").body("{\"a b\": \"a&b=c\"}"),
            Body::Multipart => {
                let parts = upload_append(7, 0, b"a=b&c=d", "boundary");
                request.header(CONTENT_TYPE, parts.content_type).body(parts.bytes)
            }
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), known, "{method} {path}: {}", answer.text().await.unwrap());
    }
}

/// A page that needs a right signature, and the status with which a caller who is known is answered.
fn known_caller(method: &str) -> (&'static str, u16) {
    match method {
        "GET" => (ME, 200),
        // There is no such webhook, but a caller who is not known is not told so.
        "POST" => ("/1.1/account_activity/webhooks/1/subscriptions/all.json", 404),
        _ => ("/1.1/account_activity/webhooks/1.json", 404),
    }
}

async fn signer(x: &Simulator, python: &Workshop) -> (Verifier, Signer) {
    let verifier = Verifier::before(x, python);
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let signer = Signer { keys: Keys::of(Settings::OWNER), http, base: verifier.url.clone(), sent: 0 };
    (verifier, signer)
}

#[tokio::test]
async fn every_kind_of_request_that_we_sign_is_accepted_by_oauthlib() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    let (verifier, mut signer) = signer(&x, &python).await;
    // Each value under two names that only their encoding brings into order, and one name three times.
    let named = TRICKY.iter().flat_map(|value| [(format!("q {value}"), value), (format!("Q {value}"), value)]);
    let named = named.map(|(name, value)| (name, (*value).to_owned()));
    let twice = ["b", "a", ""].map(|value| ("twice".to_owned(), value.to_owned()));
    let tricky: Fields = named.chain(twice).collect();
    for query in [&[][..], &tricky[..]] {
        for method in ["GET", "DELETE"] {
            signer.send(method, query, Body::Empty, &[]).await;
        }
        for method in ["POST", "PUT"] {
            for body in [Body::Empty, Body::Json, Body::Multipart] {
                signer.send(method, query, body, &[]).await;
            }
            for form in [&[][..], &tricky[..]] {
                signer.send(method, query, Body::Form, form).await;
            }
        }
    }
    let verdicts = verifier.all_accepted().await;
    assert_eq!(verdicts.len() as u64, signer.sent, "each was checked");
    let seen = |kind: &str| verdicts.iter().filter(|verdict| verdict.kind == kind).count();
    assert_eq!((seen("application/x-www-form-urlencoded"), seen("application/json"), seen("multipart/form-data")), (8, 4, 4));
}

#[tokio::test]
async fn any_request_that_we_sign_is_accepted_by_oauthlib() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    let (verifier, mut signer) = signer(&x, &python).await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let (query, form) = (fields(), fields()).new_tree(&mut runner).unwrap().current();
        let body = if form.is_empty() { Body::Empty } else { Body::Form };
        signer.send("POST", &query, body, &form).await;
    }
    assert_eq!(verifier.all_accepted().await.len(), 200);
}

#[tokio::test]
async fn oauthlib_refuses_what_is_signed_wrongly() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    let (verifier, mut signer) = signer(&x, &python).await;
    signer.keys.secret.push_str("-not");
    let Signer { keys, http, base, .. } = &signer;
    let url = base.join(ME).unwrap();
    let timestamp = u64::try_from(SystemClock.now().as_seconds()).unwrap();
    let stamp = Stamp { nonce: "a-nonce-that-is-long-enough", timestamp, ..Stamp::default() };
    let header = authorization(&keys.lend(), &Request { method: "GET", url: &url, form: &[] }, &stamp);
    assert_eq!(http.get(url).header(AUTHORIZATION, header).send().await.unwrap().status(), 401);
    assert!(!verifier.verdicts().await[0].accepted, "the check checks");
}

fn fields() -> impl Strategy<Value = Fields> {
    // OAuth's own names have a meaning.
    let name = any::<String>().prop_filter("a name of OAuth", |name| !name.starts_with("oauth_") && name != "realm");
    let value = prop_oneof![any::<String>(), "[ +%&=a-c☃é\"]{0,6}".prop_map(String::from)];
    prop::collection::vec((name, value), 0..5)
}
