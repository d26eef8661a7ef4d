//! One try: the call, its redirects, and its answer, read within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use percent_encoding::{CONTROLS, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::guard::{Guard, PrivateAddress, Resolver, named_by};
use super::{check, host, locked};
use crate::client::{causes, install_tls};
use crate::model::{HostRule, LookupAnswer, LookupFailure, LookupMethod, LookupRequest};

/// More than this of an answer is never read.
const LONGEST_ANSWER: usize = 64 << 10;

/// How many redirects a `get` follows.
const MOST_REDIRECTS: usize = 3;

/// An idle connection is dropped before the other side is likely to: servers do it after five seconds or more.
const IDLE: Duration = Duration::from_secs(3);

/// A try that brought no answer.
#[derive(Debug)]
pub(super) struct Miss {
    reason: LookupFailure,
    /// The HTTP status that meant no.
    status: Option<u16>,
    detail: String,
    /// Whether another try may do better.
    again: bool,
    /// How long the server wants to be left alone.
    retry_after: Option<Duration>,
}

impl Miss {
    /// Another try would end as this one.
    pub(super) fn settled(reason: LookupFailure, detail: String) -> Self {
        Miss { reason, status: None, detail, again: false, retry_after: None }
    }

    /// Another try may do better.
    pub(super) fn again(reason: LookupFailure, detail: String) -> Self {
        Miss { reason, status: None, detail, again: true, retry_after: None }
    }

    /// How long to wait before another try, if there is sense in one: at least `pause`, at most `patience`. A server that wants to be
    /// left alone for longer has had its say.
    pub(super) fn wait(&self, pause: Duration, patience: Duration) -> Option<Duration> {
        let asked_for = self.retry_after.unwrap_or_default();
        (self.again && asked_for <= patience).then_some(asked_for.max(pause))
    }

    pub(super) fn into_answer(self) -> LookupAnswer {
        LookupAnswer::Failed { reason: self.reason, status: self.status, detail: self.detail }
    }
}

/// The HTTP clients: each has a guard of its own, and connections of its own. A connection that one bot may have is thus never lent to
/// another that may not.
pub(super) struct Clients {
    resolver: Arc<dyn Resolver>,
    made: Mutex<BTreeMap<(bool, BTreeSet<IpAddr>), Client>>,
}

impl Clients {
    pub(super) fn new(resolver: Arc<dyn Resolver>) -> Self {
        Clients { resolver, made: Mutex::default() }
    }

    /// Asks once, wherever redirects lead; nowhere that `rules` do not cover.
    pub(super) async fn exchange(&self, request: &LookupRequest, url: &Url, rules: &[HostRule]) -> Result<LookupAnswer, Miss> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.call(request, &url, rules).await?;
            match moved(request.method, &response, &url)? {
                Some(next) => {
                    check(&next, rules)?;
                    url = next;
                }
                None => return answer(response, &url).await,
            }
        }
        Err(Miss::settled(LookupFailure::Refused, format!("{} redirects without end", host(&url))))
    }

    async fn call(&self, request: &LookupRequest, url: &Url, rules: &[HostRule]) -> Result<Response, Miss> {
        let client = self.client(url.scheme() == "https", named_by(rules, url))?;
        let call = match request.method {
            LookupMethod::Get => client.get(url.clone()),
            LookupMethod::Post => client.post(url.clone()),
        };
        let call = match request.body.as_ref().filter(|_| request.method == LookupMethod::Post) {
            Some(body) => call.header(CONTENT_TYPE, "application/json").body(body.to_string()),
            None => call,
        };
        let call = call.header(ACCEPT, "application/json, text/plain;q=0.5");
        let call = match &request.idempotency {
            // A header holds no line breaks and nothing but ASCII.
            Some(key) => call.header("idempotency-key", utf8_percent_encode(key, CONTROLS).to_string()),
            None => call,
        };
        call.send().await.map_err(|error| lost(error, url))
    }

    /// The client for these private addresses. One without TLS needs no root certificates, which a bare machine does not have.
    fn client(&self, tls: bool, named: BTreeSet<IpAddr>) -> Result<Client, Miss> {
        let mut made = locked(&self.made);
        if let Some(client) = made.get(&(tls, named.clone())) {
            return Ok(client.clone());
        }
        install_tls();
        let builder = Client::builder()
            .user_agent(concat!("junco/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Guard::new(self.resolver.clone(), named.clone()))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would look names up by itself, behind the guard.
            .no_proxy()
            .retry(reqwest::retry::never())
            .pool_idle_timeout(IDLE)
            // A small answer must not become a large one by being unpacked.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        let builder = if tls { builder } else { builder.tls_certs_only([]) };
        let client = builder.build().map_err(|error| Miss::settled(LookupFailure::Unreachable, causes(error)))?;
        made.insert((tls, named), client.clone());
        Ok(client)
    }
}

/// Where an answer sends us, if it does. A `post` is never repeated elsewhere.
fn moved(method: LookupMethod, response: &Response, url: &Url) -> Result<Option<Url>, Miss> {
    let status = response.status();
    let redirects = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if method == LookupMethod::Post || !redirects.contains(&status) {
        return Ok(None);
    }
    target(url, header(response.headers(), LOCATION.as_str())).map(Some)
}

/// Where a redirect from `url` leads. From https it leads to https.
fn target(url: &Url, location: Option<&str>) -> Result<Url, Miss> {
    let target = location.and_then(|location| url.join(location).ok());
    let target = target.ok_or_else(|| Miss::settled(LookupFailure::Refused, format!("{} redirects to nowhere", host(url))))?;
    if url.scheme() == "https" && target.scheme() != "https" {
        return Err(Miss::settled(LookupFailure::NotAllowed, format!("{} redirects from https to {}", host(url), target.scheme())));
    }
    Ok(target)
}

async fn answer(response: Response, url: &Url) -> Result<LookupAnswer, Miss> {
    let status = response.status();
    if !status.is_success() {
        let detail = format!("{} answered with HTTP {}", host(url), status.as_u16());
        let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let retry_after = header(response.headers(), RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
        let (reason, status) = (LookupFailure::Refused, Some(status.as_u16()));
        return Err(Miss { reason, status, detail, again, retry_after: retry_after.map(Duration::from_secs) });
    }
    let unreadable = |why: &str| Miss::settled(LookupFailure::Unreadable, format!("{} {why}", host(url)));
    if header(response.headers(), CONTENT_ENCODING.as_str()).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(unreadable("compressed its answer unasked"));
    }
    let kind = header(response.headers(), CONTENT_TYPE.as_str()).map(str::to_owned).unwrap_or_default();
    let bytes = read(response, url).await?;
    let body = understood(&kind, &bytes).ok_or_else(|| unreadable("answered with neither JSON nor plain text"))?;
    Ok(LookupAnswer::Ok { status: status.as_u16(), body })
}

/// Reads until it is too much.
async fn read(mut response: Response, url: &Url) -> Result<Vec<u8>, Miss> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(error, url))? {
        if bytes.len() + chunk.len() > LONGEST_ANSWER {
            let detail = format!("the answer of {} is longer than {} KiB", host(url), LONGEST_ANSWER >> 10);
            return Err(Miss::settled(LookupFailure::TooLarge, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The answer as a value: what calls itself text is one, all else must be JSON.
fn understood(kind: &str, bytes: &[u8]) -> Option<Value> {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    if kind.starts_with("text/") && kind != "text/json" {
        return Some(json!({ "text": text }));
    }
    if text.trim().is_empty() { Some(Value::Null) } else { serde_json::from_str(text).ok() }
}

/// What it means that the exchange broke off.
fn lost(error: reqwest::Error, url: &Url) -> Miss {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<PrivateAddress>() {
            return Miss::settled(LookupFailure::NotAllowed, format!("{} leads to a private address", host(url)));
        }
        cause = error.source();
    }
    Miss::again(LookupFailure::Unreachable, format!("{}: {}", host(url), causes(error)))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_wants() {
        let seconds = Duration::from_secs;
        let busy = |retry_after| Miss { retry_after, ..Miss::again(LookupFailure::Refused, String::new()) };
        assert_eq!(busy(None).wait(seconds(1), seconds(3)), Some(seconds(1)));
        assert_eq!(busy(Some(seconds(0))).wait(seconds(1), seconds(3)), Some(seconds(1)));
        assert_eq!(busy(Some(seconds(3))).wait(seconds(1), seconds(3)), Some(seconds(3)));
        assert_eq!(busy(Some(seconds(4))).wait(seconds(1), seconds(3)), None);
        assert_eq!(Miss::settled(LookupFailure::Refused, String::new()).wait(seconds(1), seconds(3)), None);
    }

    #[test]
    fn a_redirect_keeps_what_was_encrypted_encrypted() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let from = url("https://feeds.example/a/b?c");
        let leads_to = |location: Option<&str>| target(&from, location).map_err(|miss| miss.reason);
        assert_eq!(leads_to(Some("../d?e")), Ok(url("https://feeds.example/d?e")));
        assert_eq!(leads_to(Some("//other.example/")), Ok(url("https://other.example/")));
        assert_eq!(leads_to(Some("http://feeds.example/d")), Err(LookupFailure::NotAllowed));
        assert_eq!(leads_to(Some("http://")), Err(LookupFailure::Refused));
        assert_eq!(leads_to(None), Err(LookupFailure::Refused));
    }

    #[test]
    fn json_is_read_as_it_is_and_text_as_text() {
        for (kind, bytes, value) in [
            ("application/json", r#"{"a":1,"b":1.0,"c":18446744073709551615}"#, Some(json!({ "a": 1, "b": 1.0, "c": u64::MAX }))),
            ("application/problem+json; charset=utf-8", "\u{feff}[1]", Some(json!([1]))),
            ("", "7", Some(json!(7))),
            ("application/octet-stream", "{}", Some(json!({}))),
            ("text/json", "{}", Some(json!({}))),
            ("Text/Plain; charset=utf-8", "{} ☃", Some(json!({ "text": "{} ☃" }))),
            ("text/html", "", Some(json!({ "text": "" }))),
            ("application/json", " \n", Some(Value::Null)),
            ("application/json", "{", None),
            ("image/png", "\u{89}PNG", None),
        ] {
            assert_eq!(understood(kind, bytes.as_bytes()), value, "{kind} {bytes}");
        }
        assert_eq!(understood("text/plain", b"\xff\xfe"), None);
        assert_eq!(understood("application/json", "[".repeat(100_000).as_bytes()), None, "depth is bounded");
    }
}
