//! Who we are: tokens and users (contract §4.5).

use reqwest::Method;

use super::call::Body;
use super::{Auth, Bearer, Client, Failure};
use crate::model::{Profile, Secret};
use crate::wire::oauth::Credentials;
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
        let auth = Auth::Basic(consumer_key, consumer_secret);
        let body = Body::Form(vec![("grant_type".to_owned(), "client_credentials".to_owned())]);
        self.call(Method::POST, url, auth, body).await?.read(|body| rest::bearer_token(body).as_ref().map(Bearer::new))
    }
}
