//! Whoever asks for a page: found by their cookie, with what they may do.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};

use super::Session;
use crate::console::{Console, frame};
use crate::conversation::{Act, Deed};
use crate::model::Role;

/// The name of the cookie.
pub(in crate::console) const COOKIE: &str = "junco-console";

/// The header by which the script tells that a page asks for a part of itself.
const PART: &str = "junco-part";

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(in crate::console) struct Visitor(pub(in crate::console) Session);

/// Why a page is not shown or a form not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::console) enum Refusal {
    /// Nobody is signed in; the page to return to.
    #[error("sign in first")]
    SignIn(Option<String>),
    /// Their role is not enough.
    #[error("this takes the role `{0}`; ask somebody who can change it in the configuration")]
    Role(Role),
    /// Not one of the console's own forms.
    #[error("this did not come from a page of this console, or from one that is too old: go back, load the page again, and try once more")]
    Strange,
    /// A form with a field missing or unreadable.
    #[error("{0}")]
    Unreadable(String),
    /// Nothing there.
    #[error("there is nothing here: {0}")]
    Missing(String),
    /// Something failed.
    #[error("{0}")]
    Failed(String),
}

impl Visitor {
    /// Refuses those whose role is not enough.
    pub(in crate::console) fn wants(&self, role: Role) -> Result<(), Refusal> {
        if self.0.role >= role { Ok(()) } else { Err(Refusal::Role(role)) }
    }

    /// What they did, for the journal.
    pub(in crate::console) fn did(&self, act: Act) -> Deed {
        Deed { by: self.0.name.clone(), from: self.0.from.clone(), act }
    }

    /// Whether they may.
    pub(in crate::console) fn may(&self, role: Role) -> bool {
        self.wants(role).is_ok()
    }
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(console) = request.app_data::<Data<Console>>() else {
            return ready(Err(Refusal::Failed("the console is not set up".to_owned())));
        };
        let access = &console.access;
        let from = source(request, access.is_behind_proxy());
        if !access.is_guarded() {
            // A page from elsewhere may have made its own name lead here; it must not read what is nobody's business.
            // What a request says of being forwarded is that page's own word: only its `Host` is the browser's.
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let here = is_this_machine(host);
            let visitor = Visitor(Session::unguarded(access.mark.clone()).coming(from));
            return ready(if here { Ok(visitor) } else { Err(Refusal::Strange) });
        }
        let cookie = request.cookie(COOKIE);
        let is_by_page = is_by_page(request);
        let session = cookie
            .and_then(|cookie| if is_by_page { access.sessions.look_up(cookie.value()) } else { access.sessions.find(cookie.value()) });
        let page = (request.method() == Method::GET && !is_by_page).then(|| request.uri().to_string());
        ready(session.map(|session| Visitor(session.coming(from))).ok_or(Refusal::SignIn(page)))
    }
}

/// Whether a page asks by itself, to keep itself up to date: that is nobody's doing, and leads nobody to sign in.
fn is_by_page(request: &HttpRequest) -> bool {
    let accepts = request.headers().get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"text/event-stream");
    accepts || request.headers().contains_key(PART)
}

/// Where a request comes from. Only a proxy that stands there is believed, and of what it passes on only its own word, the last: some
/// proxies add it to the header, others add a header of their own.
pub(in crate::console) fn source(request: &HttpRequest, is_behind_proxy: bool) -> String {
    let forwarded = request.headers().get_all("x-forwarded-for").last().filter(|_| is_behind_proxy);
    let told =
        forwarded.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next()).map(|last| last.trim().to_owned());
    told.or_else(|| request.peer_addr().map(|address| address.ip().to_string())).unwrap_or_default()
}

/// Whether a `Host` names this machine itself.
fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Refusal::SignIn(Some(_)) => StatusCode::SEE_OTHER,
            Refusal::SignIn(None) => StatusCode::UNAUTHORIZED,
            Refusal::Role(_) | Refusal::Strange => StatusCode::FORBIDDEN,
            Refusal::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refusal::Missing(_) => StatusCode::NOT_FOUND,
            Refusal::Failed(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Refusal::SignIn(Some(page)) => {
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", page).finish();
                HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/sign-in?{query}"))).finish()
            }
            other => frame::sorry(self.status_code(), &other.to_string()),
        }
    }
}
