//! What goes wrong, what is held back, and what is delivered again.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Query, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::Error;
use super::super::stage::{Order, Stage};
use super::super::world::Fault;
use super::{KINDS, Reply, done, id_of, message_id};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/faults", web::get().to(faults))
        .route("/faults", web::post().to(add_fault))
        .route("/faults", web::delete().to(clear_faults))
        .route("/held", web::get().to(held))
        .route("/release", web::post().to(release))
        .route("/redeliver", web::post().to(redeliver))
        .route("/raw", web::post().to(raw));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearFaults {
    #[serde(default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    order: Order,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeliver {
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    account: String,
    body: String,
}

async fn faults(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.faults())
}

async fn add_fault(stage: Data<Stage>, written: Json<Value>) -> Reply {
    stage.fault(Fault::read(&written)?);
    done(json!({}))
}

async fn clear_faults(stage: Data<Stage>, of: Query<ClearFaults>) -> Reply {
    match &of.kind {
        Some(kind) if !is_kind(kind) => return Err(Error::World(format!("there is no fault `{kind}`"))),
        Some(kind) => stage.clear_faults_of(kind),
        None => stage.clear_faults(),
    }
    done(json!({}))
}

fn is_kind(name: &str) -> bool {
    KINDS.iter().any(|(example, _)| example.contains(&format!("\"kind\":\"{name}\"")))
}

async fn held(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.held())
}

async fn release(stage: Data<Stage>, release: Json<Release>) -> Reply {
    stage.release(release.into_inner().order).await;
    done(json!({}))
}

async fn redeliver(stage: Data<Stage>, again: Json<Redeliver>) -> Reply {
    let count = match &again.message {
        Some(message) => stage.redeliver(message_id(message)?),
        None => stage.redeliver_all(),
    };
    done(json!({ "deliveries": count }))
}

async fn raw(stage: Data<Stage>, raw: Json<Raw>) -> Reply {
    let count = stage.post_raw(id_of(&stage, &raw.account)?, &raw.body)?;
    done(json!({ "deliveries": count }))
}
