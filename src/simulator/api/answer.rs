//! Answers of the API: JSON as the platform writes it, errors, rate headers, what comes as it happens, and connections that break.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use futures_util::stream::LocalBoxStream;
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use serde_json::json;

use super::super::json;
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Failure, Quota};
use crate::model::Timestamp;

/// What a call is answered with.
pub(super) struct Answer {
    /// The status; 0 to close the connection without a byte.
    pub(super) status: u16,
    /// The platform's error code, of a refusal.
    pub(super) code: Option<u32>,
    body: Body,
    headers: Vec<(&'static str, String)>,
    quotas: Vec<(&'static str, Quota)>,
}

/// What an answer carries.
enum Body {
    None,
    /// JSON of this media type, escaped if answers are.
    Json(&'static str, String),
    /// Anything of this media type, as it is.
    Bytes(&'static str, Bytes),
    /// What comes as it happens.
    Live(LocalBoxStream<'static, Result<Bytes, Infallible>>),
}

impl Answer {
    /// 200 with JSON, keys in the order of the view's fields.
    pub(super) fn json(body: &impl Serialize) -> Self {
        Self::empty(200).carrying(Body::Json("application/json; charset=utf-8", json::compact(body)))
    }

    /// A problem, in the newer API's words.
    pub(super) fn problem(status: u16, body: &impl Serialize) -> Self {
        Self::empty(status).carrying(Body::Json("application/problem+json; charset=utf-8", json::compact(body)))
    }

    /// 200 with bytes of this media type.
    pub(super) fn bytes(kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self::empty(200).carrying(Body::Bytes(kind, bytes.into()))
    }

    /// 200 with what comes as it happens, until the caller hangs up.
    pub(super) fn live(stream: impl Stream<Item = Bytes> + 'static) -> Self {
        Self::empty(200).carrying(Body::Live(stream.map(Ok).boxed_local()))
    }

    /// Sends a browser elsewhere.
    pub(super) fn redirect(to: &str) -> Self {
        Self::empty(302).with_header("location", to.to_owned())
    }

    /// A status without a body.
    pub(super) fn empty(status: u16) -> Self {
        Answer { status, code: None, body: Body::None, headers: vec![], quotas: vec![] }
    }

    fn carrying(self, body: Body) -> Self {
        Answer { body, ..self }
    }

    /// The same answer with one header more.
    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// How a failure on demand looks.
    pub(super) fn failing(failure: Failure, now: Timestamp) -> Self {
        match failure {
            Failure::Close => Answer::empty(0),
            Failure::InternalError => Refusal::new(500, 131, "Internal error").into(),
            Failure::OverCapacity => Refusal::new(503, 130, "Over capacity").into(),
            Failure::AlreadySaid => Refusal::unsendable("Whoops! You already said that.").into(),
            Failure::RateLimited { seconds } => {
                let reset = now.plus(Duration::from_secs(seconds));
                Answer::from(Refusal::over_limit()).within(Some(Quota { limit: 15, remaining: 0, reset, exceeded: true }))
            }
        }
    }

    /// The same answer under another status.
    pub(super) fn with_status(self, status: u16) -> Self {
        Answer { status, ..self }
    }

    /// The same answer, telling the caller where they stand in a window.
    pub(super) fn within(self, quota: Option<Quota>) -> Self {
        self.counted_as("x-rate-limit", quota)
    }

    /// The same for a window whose headers begin with `name`.
    pub(super) fn counted_as(mut self, name: &'static str, quota: Option<Quota>) -> Self {
        self.quotas.extend(quota.map(|quota| (name, quota)));
        self
    }

    /// The answer as the platform writes it.
    pub(super) fn respond(self, shared: &Shared) -> HttpResponse {
        let (escape, headers) = shared.see(|world| (world.rules.escape_answers, world.rules.rate_headers));
        let Ok(status) = StatusCode::from_u16(self.status) else {
            return HttpResponse::Ok().force_close().body(BrokenBody);
        };
        let mut response = HttpResponse::build(status);
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        for (name, quota) in self.quotas.into_iter().filter(|_| headers) {
            response.insert_header((format!("{name}-limit"), quota.limit.to_string()));
            response.insert_header((format!("{name}-remaining"), quota.remaining.to_string()));
            response.insert_header((format!("{name}-reset"), shared.clock.seen_outside(quota.reset).as_seconds().to_string()));
        }
        match self.body {
            Body::Json(kind, body) => response.content_type(kind).body(if escape { json::escape(&body) } else { body }),
            Body::Bytes(kind, bytes) => response.content_type(kind).body(bytes),
            Body::Live(stream) => response.content_type("application/json").streaming(stream),
            Body::None => response.finish(),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut error = json!({ "code": refusal.code, "message": refusal.message });
        if refusal.code == 99 {
            error["label"] = "authenticity_token_error".into();
        }
        let answer = Answer::json(&json!({ "errors": [error] })).with_status(refusal.status).within(refusal.quota);
        Answer { code: Some(refusal.code), ..answer }
    }
}

/// A body that fails before its first byte: the server then closes the connection without having written the head.
struct BrokenBody;

impl MessageBody for BrokenBody {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}
