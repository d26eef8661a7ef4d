//! Writes down every call of the platform's API and its answer, whichever face it came through.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use tokio::time::Instant;

use super::shared::Shared;
use super::world::wire::{Answer, Asked, Body, Way, covered_fields, covered_proof};

/// Paths that are not the platform's.
const OURS: [&str; 3] = ["/phone", "/sim", "/feed"];

/// Lets a call pass, and keeps what was asked and answered.
pub(super) async fn record(
    shared: Data<Shared>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, actix_web::Error> {
    let first = request.path().get(1..).and_then(|path| path.split('/').next()).unwrap_or_default().to_owned();
    if first.is_empty() || OURS.iter().any(|path| path[1..] == first) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let body = request.extract::<Bytes>().await?;
    let number = {
        let asked = asked(&request, &body);
        shared.change(|world, now| world.wire.asked(asked, now))
    };
    let again = futures_util::stream::once(async move { Ok(body) });
    request.set_payload(Payload::Stream { payload: Box::pin(again) });
    let started = Instant::now();
    let response = next.call(request).await?;
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let media_type = text(response.headers(), CONTENT_TYPE);
    let breaks = response.head().connection_type() == ConnectionType::Close;
    let status = Some(response.status().as_u16());
    let (status, shown, body) = match body.try_into_bytes() {
        Ok(bytes) => (status, Body::of(&media_type, &bytes), BoxBody::new(bytes)),
        // A body that is not there at once is a stream, or the one that breaks the connection before its first byte.
        Err(body) => (status.filter(|_| !breaks), Body::Empty, body.boxed()),
    };
    let latency = started.elapsed();
    shared.change(|world, now| world.wire.answered(number, Answer { at: now, latency, status, body: shown }));
    Ok(ServiceResponse::new(request, response.set_body(body)).map_into_right_body())
}

fn asked(request: &ServiceRequest, body: &[u8]) -> Asked {
    let query = request.query_string();
    let target = match query {
        "" => request.path().to_owned(),
        query => format!("{}?{}", request.path(), covered_fields(query)),
    };
    let proof = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    Asked {
        way: Way::Call,
        method: request.method().to_string(),
        target,
        proofs: proof.map(|proof| ("authorization", covered_proof(proof))).into_iter().collect(),
        body: Body::of(&text(request.headers(), CONTENT_TYPE), body),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
