//! One call: signed freshly, made once, its answer read within bounds and judged.

use std::fmt::Write as _;
use std::sync::PoisonError;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use url::Url;

use super::auth::{Auth, basic, bearer};
use super::failure::causes;
use super::{Client, Failure, NotTaken, Refusal, Unsure};
use crate::wire::oauth::{self, Credentials, Stamp};
use crate::wire::rest::{self, ApiError, Fields, Limits, Multipart, Verdict};

/// No answer that we wait for is longer: fifty messages of 10 000 characters, each written as `\uXXXX`, with their quick replies.
const LONGEST_ANSWER: usize = 8 << 20;

/// No stream lives longer; without this a call's own time would end it.
const ENDLESS: Duration = Duration::from_secs(365 * 86_400);

/// What is sent along.
#[derive(Clone)]
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

    /// Makes one call. All that Junco says to X goes through here.
    pub(super) async fn call(&self, method: Method, url: Url, auth: Auth<'_>, body: Body) -> Result<Answer, Failure> {
        self.call_within(LONGEST_ANSWER, method, url, auth, body).await
    }

    /// Makes one call whose answer is to have no more than so many bytes.
    pub(super) async fn call_within(
        &self,
        longest: usize,
        method: Method,
        url: Url,
        auth: Auth<'_>,
        body: Body,
    ) -> Result<Answer, Failure> {
        let response = self.send(self.request(method, url, auth, body)).await?;
        read_bounded(response, longest).await.map(|body| Answer { body }).map_err(Failure::Unsure)
    }

    /// Makes one call whose answer does not end: it may take any time, and is read as it comes.
    pub(super) async fn open(&self, url: Url, auth: Auth<'_>) -> Result<Response, Failure> {
        let (endpoint, request) = self.request(Method::GET, url, auth, Body::Empty);
        self.send((endpoint, request.timeout(ENDLESS))).await
    }

    /// A request with its signature, and what its limits are known by.
    fn request(&self, method: Method, url: Url, auth: Auth<'_>, body: Body) -> (String, RequestBuilder) {
        let authorization = self.authorization(&auth, &method, &url, body.form());
        let endpoint = endpoint(&method, &url);
        let request = self.http.request(method, url);
        let request = authorization.into_iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
        let request = match body {
            Body::Empty => request,
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            Body::Form(fields) => request.form(&fields),
            Body::Multipart(parts) => request.header(CONTENT_TYPE, parts.content_type).body(parts.bytes),
        };
        (endpoint, request)
    }

    /// Sends a request; an answer whose status is no success is a failure.
    async fn send(&self, (endpoint, request): (String, RequestBuilder)) -> Result<Response, Failure> {
        let response = request.send().await.map_err(failed)?;
        let limits = read_limits(response.headers());
        self.remember(endpoint, &limits);
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        // A refusal whose body is lost is still a refusal.
        let body = read_bounded(response, LONGEST_ANSWER).await.unwrap_or_default();
        Err(self.judged(status, &limits, &body))
    }

    fn authorization(&self, auth: &Auth<'_>, method: &Method, url: &Url, form: &[(String, String)]) -> Option<HeaderValue> {
        let signed = |credentials, callback, verifier| self.signed(credentials, method, url, form, (callback, verifier));
        Some(match auth {
            Auth::User(credentials) => signed(credentials, None, None),
            Auth::SignIn { credentials, callback, verifier } => signed(credentials, *callback, *verifier),
            Auth::OAuth2(token) => bearer(token),
            Auth::App(bearer) => bearer.0.clone(),
            Auth::Basic(key, secret) => basic(key, secret),
            Auth::Nobody => return None,
        })
    }

    fn signed(
        &self,
        credentials: &Credentials<'_>,
        method: &Method,
        url: &Url,
        form: &[(String, String)],
        (callback, verifier): (Option<&str>, Option<&str>),
    ) -> HeaderValue {
        let nonce = nonce();
        // Before 1970 the clock is not set; X will say so.
        let timestamp = u64::try_from(self.clock.now().as_seconds()).unwrap_or(0);
        let request = oauth::Request { method: method.as_str(), url, form };
        let value = oauth::authorization(credentials, &request, &Stamp { nonce: &nonce, timestamp, callback, verifier });
        let mut value = HeaderValue::from_str(&value).expect("all that is signed is percent-encoded");
        value.set_sensitive(true);
        value
    }

    fn remember(&self, endpoint: String, limits: &Limits) {
        if !limits.is_empty() {
            self.limits.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint, limits.clone());
        }
    }

    fn judged(&self, status: u16, limits: &Limits, body: &[u8]) -> Failure {
        let errors = rest::read_errors(body);
        let (verdict, error) = rest::judge(status, &errors);
        match verdict {
            Verdict::RateLimited => {
                let now = self.clock.now();
                let retry_at = limits.retry_at().filter(|reset| *reset > now);
                Failure::NotTaken { cause: NotTaken::RateLimited, retry_at }
            }
            Verdict::Overloaded => Failure::NotTaken { cause: NotTaken::Overloaded, retry_at: None },
            Verdict::Unsure => Failure::Unsure(Unsure::ServerError(status)),
            Verdict::Refused(scope) => {
                let ApiError { code, message, reason } = error.cloned().unwrap_or_default();
                Failure::Refused(Refusal { status, code, reason, message, scope })
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

pub(super) fn lost(error: reqwest::Error) -> Unsure {
    if error.is_timeout() { Unsure::TimedOut } else { Unsure::ConnectionLost(causes(error)) }
}

fn read_limits(headers: &HeaderMap) -> Limits {
    Limits::read(|name| headers.get(name).and_then(|value| value.to_str().ok()))
}

/// What limits are known by: the method and the path, its numbers left out.
fn endpoint(method: &Method, url: &Url) -> String {
    let part = |part: &str| {
        let (name, ending) = part.split_once('.').map_or((part, ""), |(name, _)| (name, &part[name.len()..]));
        let number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        // The versions of the API are numbers too.
        if number && part != "1.1" && part != "2" { format!(":id{ending}") } else { part.to_owned() }
    };
    format!("{method} {}", url.path().split('/').map(part).collect::<Vec<_>>().join("/"))
}

async fn read_bounded(mut response: Response, longest: usize) -> Result<Vec<u8>, Unsure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > longest {
            return Err(Unsure::UnreadableAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// 128 bits of chance in hex: never used twice.
pub(crate) fn nonce() -> String {
    let mut bytes = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}
