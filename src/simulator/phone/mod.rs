//! The phone page: people of the world chat with a bot, let things go wrong, and see what goes over the wire.
//!
//! It acts on [`Stage`] and nothing else. Pages are made on the server and work without script; with it they keep themselves up to
//! date. Both assets are in the binary, and nothing is loaded from elsewhere.

mod act;
mod assets;
mod chat;
mod news;
mod page;
mod switches;
mod view;
mod wire;
mod written;

use actix_web::http::StatusCode;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, ResponseError};
use maud::{Markup, html};

use super::door;
use super::error::Error;
use crate::model::Timestamp;
use crate::wire::browser::HEADERS;

/// Puts everything under `/phone` into a server.
pub(super) fn configure(config: &mut ServiceConfig) {
    let scope = web::scope("/phone")
        .configure(assets::configure)
        .route("", web::get().to(page::page))
        .route("/news", web::get().to(news::news))
        .route("/switches", web::get().to(switches::part))
        .route("/wire", web::get().to(wire::list))
        .route("/wire/{number}", web::get().to(wire::one))
        .route("/picture/{id}", web::get().to(chat::picture))
        .route("/chat.test.kdl", web::get().to(written::test))
        .configure(act::configure)
        .default_service(web::to(async || sorry(StatusCode::NOT_FOUND, "there is no such page")))
        .wrap(from_fn(door::guard))
        .wrap(headers());
    config.service(scope);
}

/// What holds for every answer.
fn headers() -> DefaultHeaders {
    HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// Why something cannot be shown or done.
#[derive(Debug, thiserror::Error)]
enum Sorry {
    #[error(transparent)]
    World(#[from] Error),
    #[error("{0}")]
    Unfit(String),
    #[error("there is no such {0}")]
    Missing(&'static str),
    #[error("{0}")]
    Broken(String),
}

impl ResponseError for Sorry {
    fn status_code(&self) -> StatusCode {
        match self {
            Sorry::World(_) | Sorry::Unfit(_) => StatusCode::BAD_REQUEST,
            Sorry::Missing(_) => StatusCode::NOT_FOUND,
            Sorry::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        sorry(self.status_code(), &self.to_string())
    }
}

/// A word about what went wrong, which the page's script shows and a browser without it too.
fn sorry(status: StatusCode, what: &str) -> HttpResponse {
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(what.to_owned())
}

/// A part of a page, for its script.
fn part(content: &Markup) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(content.0.clone())
}

/// A time, which the script shows in the time zone and manner of whoever looks.
fn time(at: Timestamp) -> Markup {
    let told = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let (exact, short) = (told.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), told.strftime("%H:%M:%S").to_string());
    html! { time datetime=(exact) { (short) " UTC" } }
}
