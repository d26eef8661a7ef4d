//! `/feed/…`: somebody else's server, for lookups that should not need the internet. It has nothing to do with the platform.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::shared::Shared;
use super::world::{Feed, FeedRequest};

/// Puts the feeds into a server.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/feed/{path:.*}", web::get().to(answer)).route("/feed/{path:.*}", web::post().to(answer));
}

async fn answer(shared: Data<Shared>, path: Path<String>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let (method, query) = (request.method().to_string(), request.query_string().to_owned());
    let (idempotency_key, body) = (key.map(str::to_owned), readable(&body));
    let feed = shared.change(|world, now| world.feeds.ask(&path, FeedRequest { at: now, method, query, idempotency_key, body }));
    let Some(Feed { status, body, delay_ms }) = feed else {
        let told = format!("nothing is set for this path; PUT /sim/feed/{path} sets it");
        return HttpResponse::NotFound().json(json!({ "error": told }));
    };
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    match body {
        Some(body) => response.json(body),
        None => response.finish(),
    }
}

fn readable(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}
