//! One call: signed freshly, made once, its answer read within bounds and judged.

use std::fmt::Write as _;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response};
use url::Url;

use super::failure::causes;
use super::{Bearer, Client, Failure, NotTaken, Refusal, Unsure};
use crate::wire::oauth::{self, Credentials, Stamp};
use crate::wire::rest::{self, Fields, Multipart, Verdict};

/// No answer that we wait for is longer: fifty messages of 10 000 characters, each written as `\uXXXX`, with their quick replies.
const LONGEST_ANSWER: usize = 8 << 20;

/// Who calls.
pub(super) enum Auth<'a> {
    /// A user through an app: OAuth 1.0a.
    User(Credentials<'a>),
    /// An app for itself.
    App(&'a Bearer),
    /// An app that asks for its bearer token.
    Keys(HeaderValue),
}

/// What is sent along.
pub(super) enum Body {
    Empty,
    Json(String),
    /// Its fields are signed (contract §7.1).
    Form(Fields),
    Multipart(Multipart),
}

impl Body {
    fn form(&self) -> &[(String, String)] {
        match self {
            Body::Form(fields) => fields,
            Body::Empty | Body::Json(_) | Body::Multipart(_) => &[],
        }
    }
}

/// An answer whose status says success.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// What the answer says, if it can be read.
    pub(super) fn read<T>(&self, reader: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, Failure> {
        reader(&self.body).ok_or(Failure::Unsure(Unsure::UnreadableAnswer))
    }
}

impl Client {
    /// The address of a path of the API.
    pub(super) fn address(&self, path: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!("{}{path}", self.api.path().trim_end_matches('/')));
        url
    }

    /// Makes one call.
    pub(super) async fn call(&self, method: Method, url: Url, auth: Auth<'_>, body: Body) -> Result<Answer, Failure> {
        let mut authorization = match auth {
            Auth::User(credentials) => self.signed(&credentials, &method, &url, body.form()),
            Auth::App(bearer) => bearer.0.clone(),
            Auth::Keys(value) => value,
        };
        authorization.set_sensitive(true);
        let request = self.http.request(method, url).header(AUTHORIZATION, authorization);
        let request = match body {
            Body::Empty => request,
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            Body::Form(fields) => request.form(&fields),
            Body::Multipart(parts) => request.header(CONTENT_TYPE, parts.content_type).body(parts.bytes),
        };
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = read_bounded(response).await;
        if (200..300).contains(&status) {
            return body.map(|body| Answer { body }).map_err(Failure::Unsure);
        }
        // A refusal whose body is lost is still a refusal.
        Err(self.judged(status, &headers, &body.unwrap_or_default()))
    }

    fn signed(&self, credentials: &Credentials<'_>, method: &Method, url: &Url, form: &[(String, String)]) -> HeaderValue {
        let nonce = nonce();
        // Before 1970 the clock is not set; X will say so.
        let timestamp = u64::try_from(self.clock.now().as_seconds()).unwrap_or(0);
        let request = oauth::Request { method: method.as_str(), url, form };
        let value = oauth::authorization(credentials, &request, &Stamp { nonce: &nonce, timestamp, ..Stamp::default() });
        HeaderValue::from_str(&value).expect("all that is signed is percent-encoded")
    }

    fn judged(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
        let errors = rest::read_errors(body);
        let (verdict, error) = rest::judge(status, &errors);
        match verdict {
            Verdict::RateLimited => {
                let limit = rest::rate_limit(|name| headers.get(name).and_then(|value| value.to_str().ok()));
                let now = self.clock.now();
                let retry_at = limit.map(|limit| limit.reset).filter(|reset| *reset > now);
                Failure::NotTaken { cause: NotTaken::RateLimited, retry_at }
            }
            Verdict::Overloaded => Failure::NotTaken { cause: NotTaken::Overloaded, retry_at: None },
            Verdict::Unsure => Failure::Unsure(Unsure::ServerError(status)),
            Verdict::Refused(scope) => {
                let (code, message) = error.map(|error| (error.code, error.message.clone())).unwrap_or_default();
                Failure::Refused(Refusal { status, code, message, scope })
            }
        }
    }
}

/// What it means that no answer came.
fn failed(error: reqwest::Error) -> Failure {
    // First of all: while there was no connection, nothing was taken, even if time ran out.
    if error.is_connect() {
        Failure::NotTaken { cause: NotTaken::Unreachable(causes(error)), retry_at: None }
    } else {
        Failure::Unsure(lost(error))
    }
}

fn lost(error: reqwest::Error) -> Unsure {
    if error.is_timeout() { Unsure::TimedOut } else { Unsure::ConnectionLost(causes(error)) }
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, Unsure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Unsure::UnreadableAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// 128 bits of chance in hex: never used twice.
pub(super) fn nonce() -> String {
    let mut bytes = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}
