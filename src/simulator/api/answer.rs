//! Answers of the API: JSON as the platform writes it, errors, rate headers, and connections that break.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::json;

use super::super::json;
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Failure, Quota};
use crate::model::Timestamp;

/// What a call is answered with.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status; 0 to close the connection without a byte.
    pub(super) status: u16,
    /// The platform's error code, of a refusal.
    pub(super) code: Option<u32>,
    body: Option<String>,
    quota: Option<Quota>,
}

impl Answer {
    /// 200 with JSON, keys in the order of the view's fields.
    pub(super) fn json(body: &impl Serialize) -> Self {
        Answer { body: Some(json::compact(body)), ..Self::empty(200) }
    }

    /// A status without a body.
    pub(super) fn empty(status: u16) -> Self {
        Answer { status, code: None, body: None, quota: None }
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
        Answer { quota, ..self }
    }

    /// The answer as the platform writes it.
    pub(super) fn respond(self, shared: &Shared) -> HttpResponse {
        let (escape, headers) = shared.see(|world| (world.rules.escape_answers, world.rules.rate_headers));
        let Ok(status) = StatusCode::from_u16(self.status) else {
            return HttpResponse::Ok().force_close().body(BrokenBody);
        };
        let mut response = HttpResponse::build(status);
        if let Some(quota) = self.quota.filter(|_| headers) {
            response.insert_header(("x-rate-limit-limit", quota.limit.to_string()));
            response.insert_header(("x-rate-limit-remaining", quota.remaining.to_string()));
            response.insert_header(("x-rate-limit-reset", shared.clock.seen_outside(quota.reset).as_seconds().to_string()));
        }
        match self.body {
            Some(body) => response.content_type("application/json; charset=utf-8").body(if escape { json::escape(&body) } else { body }),
            None => response.finish(),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut error = json!({ "code": refusal.code, "message": refusal.message });
        if refusal.code == 99 {
            error["label"] = "authenticity_token_error".into();
        }
        let body = json::compact(&json!({ "errors": [error] }));
        Answer { status: refusal.status, code: Some(refusal.code), body: Some(body), quota: refusal.quota }
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
