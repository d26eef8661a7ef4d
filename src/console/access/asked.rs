//! A form of one of the console's own pages: nothing that changes anything is taken from elsewhere.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use super::{Refusal, Visitor};

/// The field that carries the session's mark.
const MARK: &str = "mark";

/// The fields of a form that one of our pages sent for this visitor.
pub(in crate::console) struct Asked<T> {
    pub(in crate::console) visitor: Visitor,
    pub(in crate::console) fields: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for Asked<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload);
        let body = Bytes::from_request(request, payload);
        // Browsers tell where a form was sent from; other programs have no cookie of ours to lend.
        let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok()).unwrap_or("same-origin");
        let is_ours = matches!(site, "same-origin" | "none");
        Box::pin(async move {
            let visitor = visitor.await?;
            let body = body.await.map_err(|error| Refusal::Unreadable(error.to_string()))?;
            let mark = url::form_urlencoded::parse(&body).find(|(name, _)| name == MARK).map(|(_, mark)| mark.into_owned());
            let is_marked = mark.is_some_and(|mark| bool::from(mark.as_bytes().ct_eq(visitor.0.mark.as_bytes())));
            if !is_ours || !is_marked {
                return Err(Refusal::Strange);
            }
            let fields =
                serde_urlencoded::from_bytes(&body).map_err(|error| Refusal::Unreadable(format!("the form is not whole: {error}")))?;
            Ok(Asked { visitor, fields })
        })
    }
}
