//! The platform: its rules and its time, its webhooks, what it delivered and was asked, and the server beside it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::crc::CrcFailure;
use super::super::error::Error;
use super::super::json::span;
use super::super::stage::Stage;
use super::super::world::{Feed, Webhook, WebhookId};
use super::{Reply, done};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/deliveries", web::get().to(deliveries))
        .route("/calls", web::get().to(calls))
        .route("/feed", web::get().to(feeds))
        .route("/feed/{path:.*}", web::put().to(set_feed))
        .route("/webhooks", web::get().to(webhooks))
        .route("/check", web::post().to(check))
        .route("/advance", web::post().to(advance))
        .route("/rules", web::get().to(rules))
        .route("/rules", web::patch().to(change_rules))
        .route("/time", web::get().to(time))
        .route("/time", web::patch().to(change_time));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeTime {
    #[serde(default)]
    scale: Option<f64>,
    #[serde(default, with = "span")]
    advance: Duration,
}

async fn deliveries(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.deliveries())
}

async fn calls(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.api_calls())
}

async fn feeds(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.feeds())
}

async fn set_feed(stage: Data<Stage>, path: Path<String>, feed: Json<Feed>) -> Reply {
    let feed = feed.into_inner();
    // What is below is no answer, but the announcement of one.
    if !(200..600).contains(&feed.status) {
        return Err(Error::World(format!("a feed cannot answer with the status {}", feed.status)));
    }
    stage.set_feed(&path, feed);
    done(json!({}))
}

async fn webhooks(stage: Data<Stage>) -> HttpResponse {
    let view = |hook: &Webhook| json!({ "id": hook.id.to_string(), "app": hook.app.to_string(), "environment": hook.environment, "url": hook.url, "valid": hook.valid });
    HttpResponse::Ok().json(stage.webhooks().iter().map(view).collect::<Vec<Value>>())
}

async fn check(stage: Data<Stage>) -> HttpResponse {
    let results = stage.check_webhooks().await;
    let view = |(id, result): &(WebhookId, Result<(), CrcFailure>)| json!({ "id": id.to_string(), "failure": result.err().map(|failure| failure.to_string()) });
    HttpResponse::Ok().json(results.iter().map(view).collect::<Vec<Value>>())
}

async fn advance(stage: Data<Stage>, advance: Json<Advance>) -> Reply {
    stage.advance(Duration::from_secs(advance.seconds));
    done(json!({ "now": stage.now() }))
}

async fn rules(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.rules())
}

async fn change_rules(stage: Data<Stage>, changes: Json<Value>) -> Reply {
    stage.change_rules(&changes)?;
    Ok(rules(stage).await)
}

async fn time(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "now": stage.now(), "scale": stage.time_scale() }))
}

async fn change_time(stage: Data<Stage>, change: Json<ChangeTime>) -> Reply {
    if let Some(scale) = change.scale {
        stage.set_time_scale(scale)?;
    }
    stage.advance(change.advance);
    Ok(time(stage).await)
}
