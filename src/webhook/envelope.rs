//! The body of a delivery whose signature was right: nothing else makes an [`Envelope`], and nothing else is parsed.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};

use super::{Door, Seen};

/// Verified bytes.
pub struct Envelope {
    /// The raw body.
    pub body: web::Bytes,
}

/// Why bytes were not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The signature is missing, malformed or wrong.
    #[error("the signature is missing or wrong")]
    Unsigned,
    /// The body is over the limit.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke.
    #[error("the body did not arrive whole")]
    Broken,
    /// The door is not set up.
    #[error("no door here")]
    NoDoor,
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Refusal::Unsigned => StatusCode::UNAUTHORIZED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Broken => StatusCode::BAD_REQUEST,
            Refusal::NoDoor => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        // What is left of a body that was not read must not be taken for the next request.
        if !matches!(self, Refusal::Unsigned) {
            response.insert_header((header::CONNECTION, "close"));
        }
        response.finish()
    }
}

impl FromRequest for Envelope {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let door = request.app_data::<web::Data<Door>>().cloned();
        let signature = super::header(request).map(str::to_owned);
        let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let from = request.peer_addr().map(|address| address.ip().to_string());
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let door = door.ok_or(Refusal::NoDoor)?;
            // A body that is announced as too large is not waited for.
            if announced.is_some_and(|length| length > door.limits.body) {
                return Err(Refusal::TooLarge);
            }
            let payload = payload.await.map_err(|_| Refusal::Broken)?;
            let read = payload.to_bytes_limited(door.limits.body);
            let read = tokio::time::timeout(door.limits.body_timeout, read).await.map_err(|_| Refusal::TooSlow)?;
            let body = read.map_err(|_| Refusal::TooLarge)?.map_err(|_| Refusal::Broken)?;
            door.signer(signature.as_deref(), &body).ok_or_else(|| {
                door.metrics.unsigned.inc();
                door.seen(Seen::Unsigned { bytes: body.len(), from });
                tracing::warn!(bytes = body.len(), "delivery without a right signature");
                Refusal::Unsigned
            })?;
            Ok(Envelope { body })
        })
    }
}
