//! The verbs of [`Stage`] over HTTP, under `/sim/`: JSON in and out, ids as strings, people by id or `@screen_name`.

mod apps;
mod people;
mod platform;
mod trouble;
mod verbs;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, QueryConfig, ServiceConfig};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::error::Error;
use super::stage::Stage;
use super::{LARGEST_CALL, door};
use crate::model::{MessageId, UserId};

pub(super) use verbs::{KINDS, VERBS, Verb};

type Reply = Result<HttpResponse, Error>;

/// Puts the paths under `/sim` into a server. Bodies must be declared as JSON, so that no web page can send them unasked.
pub(super) fn configure(config: &mut ServiceConfig) {
    let scope = web::scope("/sim")
        .wrap(from_fn(door::guard_programs))
        .app_data(JsonConfig::default().limit(LARGEST_CALL).error_handler(|error, _| unreadable(error)))
        .app_data(QueryConfig::default().error_handler(|error, _| unreadable(error)));
    config.service(
        scope.configure(people::configure).configure(apps::configure).configure(trouble::configure).configure(platform::configure),
    );
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::BadRequest().json(json!({ "error": self.to_string() }))
    }
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

/// The id of a thing that is no message.
fn number(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::World(format!("`{text}` is no id")))
}
