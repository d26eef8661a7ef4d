//! Who calls, and what they call with.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::{Failure, Refusal};
use crate::model::Secret;
use crate::wire::oauth::{Credentials, encode};
use crate::wire::rest::UserToken;

/// An account's token of OAuth 2, which ends after a while and is renewed.
#[async_trait]
pub trait Access: Send + Sync {
    /// One that holds now.
    async fn token(&self) -> Result<Secret, Failure>;

    /// X takes that token no longer, whatever its time: the next one is a renewed one.
    fn refused(&self, token: &Secret);

    /// Remembers a token that X turned away (HTTP 401), so that the next call comes with another.
    fn heed(&self, token: &Secret, failure: &Failure) {
        if let Failure::Refused(Refusal { status: 401, .. }) = failure {
            self.refused(token);
        }
    }
}

/// Who calls.
#[derive(Clone, Copy)]
pub enum Auth<'a> {
    /// A user through an app: OAuth 1.0a.
    User(Credentials<'a>),
    /// A user through an app: the access token of OAuth 2, for calls of v2.
    OAuth2(&'a Secret),
    /// An app for itself.
    App(&'a Bearer),
    /// An app that asks for a token with its key and its secret.
    Basic(&'a str, &'a Secret),
    /// A step of the three that sign a user in (contract §4.5).
    SignIn {
        /// The app, and from the second step on the request token.
        credentials: Credentials<'a>,
        /// Where X sends the user back to, or `oob`.
        callback: Option<&'a str>,
        /// What X gave the user.
        verifier: Option<&'a str>,
    },
    /// Nobody: the body says who it is, as for an OAuth 2 app without a secret.
    Nobody,
}

/// An app's bearer token, ready for the header; it never shows (contract §4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer(pub(super) HeaderValue);

impl Bearer {
    /// A token as X gave it; it is used verbatim.
    pub fn new(token: &Secret) -> Self {
        Bearer(bearer(token))
    }
}

/// An app's keys, and the token of its owner.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The public key.
    pub consumer_key: String,
    /// The secret.
    pub consumer_secret: Secret,
    /// The owner's token, which registers webhooks of v1.1.
    pub owner: Option<UserToken>,
}

impl Keys {
    /// The app for itself.
    pub fn app(&self) -> Credentials<'_> {
        Credentials { consumer_key: &self.consumer_key, consumer_secret: self.consumer_secret.expose(), token: None }
    }

    /// A user through the app.
    pub fn user<'a>(&'a self, token: &'a UserToken) -> Credentials<'a> {
        Credentials { token: Some((token.token.expose(), token.secret.expose())), ..self.app() }
    }

    /// The owner through the app, where the token is known.
    pub fn owner(&self) -> Option<Credentials<'_>> {
        self.owner.as_ref().map(|token| self.user(token))
    }
}

/// A token that no header can hold becomes none at all, which X then says.
pub(super) fn bearer(token: &Secret) -> HeaderValue {
    sensitive(&format!("Bearer {}", token.expose()))
}

pub(super) fn basic(key: &str, secret: &Secret) -> HeaderValue {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(key), encode(secret.expose())))))
}

fn sensitive(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_the_contract_shows_them() {
        let value = basic("xvz1evFS4wEEPTGEFPHBog", &Secret::new("L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg"));
        let expected = "Basic eHZ6MWV2RlM0d0VFUFRHRUZQSEJvZzpMOHFxOVBaeVJnNmllS0dFS2hab2xHQzB2SldMdzhpRUo4OERSZHlPZw==";
        assert_eq!(value, expected);
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_not_sent() {
        assert_eq!(bearer(&Secret::new("a\nb")), "Bearer");
        assert!(bearer(&Secret::new("AAAA%2F")).is_sensitive());
        assert!(!format!("{:?}", Bearer::new(&Secret::new("hush"))).contains("hush"));
    }
}
