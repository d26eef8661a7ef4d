//! Who we are: tokens and users (contract §4.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::HeaderValue;

use super::call::{Auth, Body};
use super::{Bearer, Client, Failure};
use crate::model::{Profile, Secret};
use crate::wire::oauth::{Credentials, encode};
use crate::wire::rest;

impl Client {
    /// The user that the token belongs to.
    pub async fn verify_credentials(&self, user: Credentials<'_>) -> Result<Profile, Failure> {
        let url = self.address("/1.1/account/verify_credentials.json");
        self.call(Method::GET, url, Auth::User(user), Body::Empty).await?.read(rest::user)
    }

    /// The app's bearer token; X gives the same one until it is invalidated.
    pub async fn bearer_token(&self, consumer_key: &str, consumer_secret: &Secret) -> Result<Bearer, Failure> {
        let url = self.address("/oauth2/token");
        let auth = Auth::Keys(basic(consumer_key, consumer_secret));
        let answer =
            self.call(Method::POST, url, auth, Body::Form(vec![("grant_type".to_owned(), "client_credentials".to_owned())])).await?;
        answer.read(|body| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", rest::bearer_token(body)?.expose())).ok()?;
            value.set_sensitive(true);
            Some(Bearer(value))
        })
    }
}

fn basic(key: &str, secret: &Secret) -> HeaderValue {
    let pair = format!("{}:{}", encode(key), encode(secret.expose()));
    HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).expect("base64 is a header value")
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
}
