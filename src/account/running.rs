//! The running service, as X sees it: asked at its public address, by requests such as X makes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use url::Url;

use crate::client::{SetupError, causes, install_tls};
use crate::clock::Clock;
use crate::model::{Secret, Timestamp};
use crate::wire::arrivals::{self, Arrivals};
use crate::wire::signature::{SIGNATURE_HEADER, sign};

/// No answer of a webhook is longer.
const LONGEST_ANSWER: usize = 64 << 10;

/// The service behind an address.
#[derive(Clone)]
pub struct Running {
    http: reqwest::Client,
    address: Url,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

/// An answer as it came: no redirect was followed, nothing was unpacked.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// How the body is packed, though nobody asked for it.
    pub encoding: Option<String>,
    /// The kind of the body.
    pub kind: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it took.
    pub took: Duration,
    /// The other side's time.
    pub date: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// None came in time.
    #[error("no answer came within {} s", .0.as_secs())]
    Late(Duration),
    /// The connection could not be made.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// An answer of another kind came.
    #[error("what answers there is no running Junco of this version (HTTP {0})")]
    Stranger(u16),
}

/// Who can tell what came to the webhook lately.
#[async_trait]
pub trait Heard: Send + Sync {
    /// What came lately.
    async fn lately(&self) -> Result<Arrivals, Unheard>;
}

#[async_trait]
impl Heard for Running {
    async fn lately(&self) -> Result<Arrivals, Unheard> {
        self.arrivals().await
    }
}

impl Running {
    /// The service at an address, which has this secret.
    pub fn new(address: Url, secret: Secret, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        install_tls();
        // X follows no redirect and unpacks nothing, so neither is done here; and what answers is to be the address itself.
        let builder = reqwest::Client::builder().redirect(Policy::none()).retry(reqwest::retry::never()).no_proxy();
        let builder = if address.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        Ok(Running { http: builder.build()?, address, secret, clock })
    }

    /// Where it is asked.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Challenges it as X does: `crc_token` and `nonce` behind whatever query there is, the query signed.
    pub async fn challenge(&self, token: &str, nonce: &str, limit: Duration) -> Result<Answered, Unheard> {
        let mut url = self.address.clone();
        url.query_pairs_mut().append_pair("crc_token", token).append_pair("nonce", nonce);
        let signature = sign(self.secret.expose().as_bytes(), url.query().unwrap_or_default().as_bytes());
        self.ask(self.http.get(url).header(SIGNATURE_HEADER, signature), limit).await
    }

    /// Delivers a body, signed or not.
    pub async fn deliver(&self, body: String, signed: bool, limit: Duration) -> Result<Answered, Unheard> {
        let signature = sign(self.secret.expose().as_bytes(), body.as_bytes());
        let request = self.http.post(self.address.clone()).header(CONTENT_TYPE, "application/json").body(body);
        self.ask(if signed { request.header(SIGNATURE_HEADER, signature) } else { request }, limit).await
    }

    /// What came to it lately.
    pub async fn arrivals(&self) -> Result<Arrivals, Unheard> {
        let answered = self.deliver(arrivals::question(self.clock.now()), true, Duration::from_secs(10)).await?;
        serde_json::from_slice(&answered.body).map_err(|_| Unheard::Stranger(answered.status))
    }

    async fn ask(&self, request: reqwest::RequestBuilder, limit: Duration) -> Result<Answered, Unheard> {
        let begun = self.clock.now();
        let failed = |error: reqwest::Error| match () {
            () if error.is_timeout() => Unheard::Late(limit),
            () if error.is_connect() => Unheard::Unreachable(causes(error)),
            () => Unheard::Broken(causes(error)),
        };
        let mut response = request.timeout(limit).send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers());
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answered {
            status,
            location: text(LOCATION),
            encoding: text(CONTENT_ENCODING),
            kind: text(CONTENT_TYPE),
            body,
            took: self.clock.now().since(begun),
            date: date(headers),
        })
    }
}

/// Asks an address for nothing in particular, to hear whether and when somebody is there.
pub(super) async fn reach(address: &Url, clock: &Arc<dyn Clock>) -> Result<Answered, Unheard> {
    let somebody =
        Running::new(address.clone(), Secret::new(""), clock.clone()).map_err(|error| Unheard::Unreachable(error.to_string()))?;
    somebody.ask(somebody.http.get(address.clone()), Duration::from_secs(10)).await
}

/// The other side's time, to the second.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}
