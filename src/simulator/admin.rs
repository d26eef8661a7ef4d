//! The verbs of [`Stage`] over HTTP, under `/sim/`: JSON in and out, ids as strings, people by id or `@screen_name`.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, JsonConfig, Path, Query, QueryConfig, ServiceConfig};
use actix_web::{HttpResponse, ResponseError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::crc::CrcFailure;
use super::error::Error;
use super::json::span;
use super::settings::Person;
use super::stage::{Order, Stage};
use super::world::{Choice, Fault, Feed, Webhook, WebhookId};
use crate::model::{AppId, MediaKind, MessageId, UserId};

type Reply = Result<HttpResponse, Error>;

/// Puts the paths under `/sim` into a server. Bodies must be declared as JSON, so that no web page can send them unasked.
pub(super) fn configure(config: &mut ServiceConfig) {
    let scope = web::scope("/sim")
        .app_data(JsonConfig::default().error_handler(|error, _| unreadable(error)))
        .app_data(QueryConfig::default().error_handler(|error, _| unreadable(error)))
        .route("/people", web::get().to(people))
        .route("/people", web::post().to(admit))
        .route("/say", web::post().to(say))
        .route("/open", web::post().to(open))
        .route("/tap", web::post().to(tap))
        .route("/send_as_human", web::post().to(send_as_human))
        .route("/transcript", web::get().to(transcript))
        .route("/faults", web::get().to(faults))
        .route("/faults", web::post().to(add_fault))
        .route("/faults", web::delete().to(clear_faults))
        .route("/held", web::get().to(held))
        .route("/release", web::post().to(release))
        .route("/redeliver", web::post().to(redeliver))
        .route("/raw", web::post().to(raw))
        .route("/deliveries", web::get().to(deliveries))
        .route("/calls", web::get().to(calls))
        .route("/signals", web::get().to(signals))
        .route("/feed", web::get().to(feeds))
        .route("/feed/{path:.*}", web::put().to(set_feed))
        .route("/webhooks", web::get().to(webhooks))
        .route("/check", web::post().to(check))
        .route("/advance", web::post().to(advance))
        .route("/rules", web::get().to(rules))
        .route("/rules", web::patch().to(change_rules))
        .route("/time", web::get().to(time))
        .route("/time", web::patch().to(change_time));
    config.service(scope);
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::BadRequest().json(json!({ "error": self.to_string() }))
    }
}

#[derive(Deserialize)]
struct NewPerson {
    id: String,
    name: String,
    screen_name: String,
    #[serde(default = "yes")]
    open_dms: bool,
    #[serde(default)]
    follows: Vec<String>,
    #[serde(default)]
    blocks: Vec<String>,
}

#[derive(Deserialize)]
struct Say {
    from: String,
    to: String,
    text: String,
    #[serde(default)]
    picture: Option<MediaKind>,
}

#[derive(Deserialize)]
struct Open {
    person: String,
    account: String,
    #[serde(default)]
    welcome: Option<String>,
}

#[derive(Deserialize)]
struct Tap {
    person: String,
    message: String,
    option: Choice,
}

#[derive(Deserialize)]
struct SendAsHuman {
    account: String,
    to: String,
    text: String,
    #[serde(default)]
    app: Option<String>,
}

#[derive(Deserialize)]
struct Chat {
    a: String,
    b: String,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    wait_ms: u64,
}

#[derive(Deserialize)]
struct Release {
    order: Order,
}

#[derive(Deserialize)]
struct Redeliver {
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    account: String,
    body: String,
}

#[derive(Deserialize)]
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

async fn people(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.people())
}

async fn admit(stage: Data<Stage>, new: Json<NewPerson>) -> Reply {
    let ids = |names: &[String]| names.iter().map(|who| id_of(&stage, who)).collect::<Result<BTreeSet<UserId>, Error>>();
    let id = new.id.parse().map_err(|_| Error::UnknownPerson(new.id.clone()))?;
    let person = Person {
        id,
        name: new.name.clone(),
        screen_name: new.screen_name.clone(),
        open_dms: new.open_dms,
        follows: ids(&new.follows)?,
        blocks: ids(&new.blocks)?,
    };
    stage.admit(person)?;
    done(json!({}))
}

async fn say(stage: Data<Stage>, said: Json<Say>) -> Reply {
    let (from, to) = (id_of(&stage, &said.from)?, id_of(&stage, &said.to)?);
    let message = match said.picture {
        Some(kind) => stage.say_with_media(from, to, &said.text, kind)?,
        None => stage.say(from, to, &said.text)?,
    };
    done(json!({ "message": message.to_string() }))
}

async fn open(stage: Data<Stage>, opened: Json<Open>) -> Reply {
    let welcome = opened.welcome.as_deref().map(|id| message_id(id).map(|id| id.0)).transpose()?;
    let shown = stage.open_chat(id_of(&stage, &opened.person)?, id_of(&stage, &opened.account)?, welcome)?;
    done(json!({ "shown": shown }))
}

async fn tap(stage: Data<Stage>, tap: Json<Tap>) -> Reply {
    let message = stage.tap(id_of(&stage, &tap.person)?, message_id(&tap.message)?, &tap.option)?;
    done(json!({ "message": message.to_string() }))
}

async fn send_as_human(stage: Data<Stage>, sent: Json<SendAsHuman>) -> Reply {
    let app = sent.app.as_deref().map(|app| app.parse::<AppId>().map_err(|_| Error::World(format!("`{app}` is no app id")))).transpose()?;
    let message = stage.send_as_human(id_of(&stage, &sent.account)?, id_of(&stage, &sent.to)?, &sent.text, app)?;
    done(json!({ "message": message.to_string() }))
}

/// With `wait_ms` the answer comes as soon as there is anything new after `after`.
async fn transcript(stage: Data<Stage>, chat: Query<Chat>) -> Reply {
    let (a, b) = (id_of(&stage, &chat.a)?, id_of(&stage, &chat.b)?);
    let after = chat.after.as_deref().map_or(Ok(MessageId(0)), message_id)?;
    let new = |stage: &Stage| Some(stage.transcript_after(a, b, after)).filter(|messages| !messages.is_empty());
    let messages = stage.wait_for(Duration::from_millis(chat.wait_ms), new).await;
    Ok(HttpResponse::Ok().json(messages.unwrap_or_default()))
}

async fn faults(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.faults())
}

async fn add_fault(stage: Data<Stage>, fault: Json<Fault>) -> Reply {
    stage.fault(fault.into_inner());
    done(json!({}))
}

async fn clear_faults(stage: Data<Stage>) -> Reply {
    stage.clear_faults();
    done(json!({}))
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

async fn deliveries(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.deliveries())
}

async fn calls(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.api_calls())
}

async fn signals(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.signals())
}

async fn feeds(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.feeds())
}

async fn set_feed(stage: Data<Stage>, path: Path<String>, feed: Json<Feed>) -> Reply {
    stage.set_feed(&path, feed.into_inner());
    done(json!({}))
}

async fn webhooks(stage: Data<Stage>) -> HttpResponse {
    let view = |hook: &Webhook| json!({ "id": hook.id.to_string(), "url": hook.url, "valid": hook.valid });
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
    stage.set_rules(stage.rules().changed(&changes)?);
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

/// What cannot be read is explained in JSON too.
fn unreadable(error: impl std::error::Error + 'static) -> actix_web::Error {
    let response = HttpResponse::BadRequest().json(json!({ "error": error.to_string() }));
    InternalError::from_response(error, response).into()
}

fn done(view: Value) -> Reply {
    Ok(HttpResponse::Ok().json(view))
}

fn id_of(stage: &Stage, who: &str) -> Result<UserId, Error> {
    stage.find(who).map(|person| person.id)
}

fn message_id(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| Error::World(format!("`{text}` is no message id")))
}

fn yes() -> bool {
    true
}
