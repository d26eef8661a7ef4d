//! Who may use what is not the platform's: programs, a browser on this machine, and no page of another site that runs in it.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::json;

use super::settings::Settings;

const ELSEWHERE: &str = "this is for the machine that it runs on: open it as http://127.0.0.1 or http://localhost";
const ANOTHER_SITE: &str = "this came from a page of another site";

/// Refuses what another site may have thought of, in words for people.
pub(super) async fn guard(
    settings: Data<Settings>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let told = |mut response: HttpResponseBuilder, what: &str| response.content_type("text/plain; charset=utf-8").body(what.to_owned());
    passed(&settings, request, next, told).await
}

/// The same in JSON, for programs.
pub(super) async fn guard_programs(
    settings: Data<Settings>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    passed(&settings, request, next, |mut response, what| response.json(json!({ "error": what }))).await
}

async fn passed(
    settings: &Settings,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    told: impl FnOnce(HttpResponseBuilder, &str) -> HttpResponse,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match refusal(&request, settings.listen.ip()) {
        Some((status, what)) => Ok(request.into_response(told(HttpResponse::build(status), what))),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// Why a request is let no further. A name that leads here but is not this machine's is another site's: so that site could read what it
/// may not.
fn refusal(request: &ServiceRequest, listen: IpAddr) -> Option<(StatusCode, &'static str)> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST.as_str()).unwrap_or_default();
    if !is_here(host, listen) {
        return Some((StatusCode::MISDIRECTED_REQUEST, ELSEWHERE));
    }
    // A frame without an origin says `null`, and is not this page either.
    let origin = header(header::ORIGIN.as_str()).map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host));
    let from_here = match header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => origin.is_none_or(|origin| origin.eq_ignore_ascii_case(host)),
    };
    // A link may lead here from anywhere; anything else comes from the page itself.
    let follows_link = request.method() == Method::GET && header("sec-fetch-mode") == Some("navigate");
    (!from_here && !follows_link).then_some((StatusCode::FORBIDDEN, ANOTHER_SITE))
}

/// Whether a `Host` names this machine. Only names can be bent to lead elsewhere: an address that somebody told the simulator to
/// listen on is what it says, and a name without a dot, such as a container's, is of no site that is out there.
fn is_here(host: &str, listen: IpAddr) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address == listen || listen.is_unspecified(),
        Err(_) => !name.is_empty() && !name.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_here() {
        let [loopback, all]: [IpAddr; 2] = ["127.0.0.1", "0.0.0.0"].map(|address| address.parse().expect("an address"));
        for host in ["127.0.0.1:8090", "localhost:8090", "LocalHost", "[::1]:8090", "127.9.9.9", "simulator:8090"] {
            assert!(is_here(host, loopback), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example:8090", "localhost.evil.example", "192.0.2.7", "[2001:db8::1]:80", "com."] {
            assert!(!is_here(host, loopback), "{host}");
        }
        assert!(is_here("192.0.2.7:8090", all) && !is_here("evil.example", all));
    }
}
