//! Apps, and what people allow them.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::error::Error;
use super::super::settings::{App, Permission};
use super::super::stage::Stage;
use super::{Reply, done, id_of};
use crate::model::AppId;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/apps", web::get().to(apps))
        .route("/apps/{id}", web::patch().to(change))
        .route("/authorize", web::post().to(authorize))
        .route("/revoke", web::post().to(revoke))
        .route("/tokens", web::post().to(tokens));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    permission: Option<Permission>,
    #[serde(default, deserialize_with = "given")]
    callbacks: Option<Option<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorize {
    request_token: String,
    person: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    person: String,
    app: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    person: String,
    working: bool,
}

async fn apps(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.apps().iter().map(view).collect::<Vec<Value>>())
}

async fn change(stage: Data<Stage>, id: Path<String>, change: Json<Change>) -> Reply {
    let (id, change) = (app_id(&id)?, change.into_inner());
    if let Some(permission) = change.permission {
        stage.set_permission(id, permission)?;
    }
    if let Some(callbacks) = change.callbacks {
        stage.set_callbacks(id, callbacks)?;
    }
    let changed = stage.apps().into_iter().find(|app| app.id == id).ok_or(Error::UnknownApp(id))?;
    done(view(&changed))
}

async fn authorize(stage: Data<Stage>, decision: Json<Authorize>) -> Reply {
    let verifier = stage.allow(&decision.request_token, id_of(&stage, &decision.person)?)?;
    done(json!({ "verifier": verifier }))
}

async fn revoke(stage: Data<Stage>, revoked: Json<Revoke>) -> Reply {
    stage.revoke(id_of(&stage, &revoked.person)?, app_id(&revoked.app)?);
    done(json!({}))
}

async fn tokens(stage: Data<Stage>, tokens: Json<Tokens>) -> Reply {
    stage.let_tokens_work(id_of(&stage, &tokens.person)?, tokens.working);
    done(json!({}))
}

fn view(app: &App) -> Value {
    json!({
        "id": app.id.to_string(),
        "name": app.name,
        "owner": app.owner.to_string(),
        "permission": app.permission,
        "callbacks": app.callbacks,
    })
}

fn app_id(text: &str) -> Result<AppId, Error> {
    text.parse().map_err(|_| Error::World(format!("`{text}` is no app id")))
}

/// Null is something else than nothing at all.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
