//! A call as it came in: address as the caller wrote it, form fields, body.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Bytes;
use url::{Url, form_urlencoded};

use super::super::refusal::Refusal;
use super::parts::{Part, parts};

/// One call of the API.
pub(super) struct Call {
    pub(super) method: String,
    /// The address by which the caller named this server: signatures cover its host (contract §7.4).
    pub(super) url: Url,
    pub(super) authorization: Option<String>,
    /// Who the browser says is sitting before it.
    pub(super) cookie: Option<String>,
    origin: Option<String>,
    pub(super) body: Bytes,
    /// The decoded fields of a form body; empty for any other.
    pub(super) form: Vec<(String, String)>,
    /// The parts of a multipart body, which are not signed; empty for any other.
    parts: Vec<Part>,
    media_type: String,
}

impl Call {
    pub(super) fn new(request: &HttpRequest, body: Bytes) -> Result<Self, Refusal> {
        let (scheme, host) = {
            let connection = request.connection_info();
            (connection.scheme().to_owned(), connection.host().to_owned())
        };
        let url = Url::parse(&format!("{scheme}://{host}{}", request.uri())).map_err(|_| Refusal::no_such_page())?;
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form =
            if media_type == "application/x-www-form-urlencoded" { form_urlencoded::parse(&body).into_owned().collect() } else { vec![] };
        let parts = parts(content_type, &body);
        let authorization = text(header::AUTHORIZATION).map(str::to_owned);
        let (cookie, origin) = (text(header::COOKIE).map(str::to_owned), text(header::ORIGIN).map(str::to_owned));
        Ok(Call { method: request.method().to_string(), url, authorization, cookie, origin, body, form, parts, media_type })
    }

    pub(super) fn is_json(&self) -> bool {
        self.media_type == "application/json"
    }

    /// Whether a form was sent by a page of this server, as far as the browser tells.
    pub(super) fn is_from_here(&self) -> bool {
        self.origin.as_ref().is_none_or(|origin| *origin == self.url.origin().ascii_serialization())
    }

    /// The bytes of a part.
    pub(super) fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts.iter().find(|part| part.name == name).map(|part| part.bytes.as_slice())
    }

    /// A parameter of the form, the parts or the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let in_form = self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let in_parts = || self.part(name).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        in_form.or_else(in_parts).or_else(|| self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()))
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.parameter(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name))
    }
}
