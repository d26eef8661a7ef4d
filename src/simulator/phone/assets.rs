//! The few files that the page loads, under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

const STYLE: &str = include_str!("assets/phone.css");
const SCRIPT: &str = include_str!("assets/phone.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Where the style sheet is.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path(STYLE, "css"));

/// Where the picture of a phone is.
pub(super) static ICON_PATH: LazyLock<String> = LazyLock::new(|| path(ICON, "svg"));

/// Where the script is.
pub(super) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| path(SCRIPT, "js"));

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let own = |path: &str| path.trim_start_matches("/phone").to_owned();
    config
        .route(&own(&STYLE_PATH), web::get().to(async || kept("text/css; charset=utf-8", STYLE)))
        .route(&own(&ICON_PATH), web::get().to(async || kept("image/svg+xml", ICON)))
        .route(&own(&SCRIPT_PATH), web::get().to(async || kept("text/javascript; charset=utf-8", SCRIPT)));
}

fn path(content: &str, ending: &str) -> String {
    format!("/phone/assets/{:08x}.{ending}", crc32fast::hash(content.as_bytes()))
}

/// A file that never changes under its name.
fn kept(kind: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content)
}
