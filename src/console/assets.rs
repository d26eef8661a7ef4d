//! The few files that pages load, under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::graph;

/// The pages' own style, and that of the picture of a bot.
static STYLE: LazyLock<String> = LazyLock::new(|| [include_str!("assets/console.css"), graph::STYLE].concat());

const SCRIPT: &str = include_str!("assets/console.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Where the style sheet is.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{:08x}.css", crc32fast::hash(STYLE.as_bytes())));

/// Where the picture of a junco is.
pub(super) static ICON_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{:08x}.svg", crc32fast::hash(ICON.as_bytes())));

/// Where the script is.
pub(super) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{:08x}.js", crc32fast::hash(SCRIPT.as_bytes())));

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route(&STYLE_PATH, web::get().to(async || kept("text/css; charset=utf-8", STYLE.as_str())))
        .route(&ICON_PATH, web::get().to(async || kept("image/svg+xml", ICON)))
        .route(&SCRIPT_PATH, web::get().to(async || kept("text/javascript; charset=utf-8", SCRIPT)));
}

/// A file that never changes under its name.
fn kept(kind: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content)
}
