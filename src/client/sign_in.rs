//! Letting a user in: three steps of OAuth 1.0a, or a question and a code of OAuth 2 (contract §4.5, §6.5).

use reqwest::Method;
use url::Url;

use super::call::{Body, nonce};
use super::{Auth, Client, Failure, Keys};
use crate::model::{Profile, Secret};
use crate::wire::oauth::Credentials;
use crate::wire::oauth2::{self, Question};
use crate::wire::rest::{self, Fields, OAuth2Token, SignedIn, UserToken};

/// Says that X is to show the user a number instead of sending them back.
const OUT_OF_BAND: &str = "oob";

/// An app as OAuth 2 knows it.
#[derive(Debug, Clone)]
pub struct OAuth2App {
    /// Its client id.
    pub client_id: String,
    /// Its client secret; an app without one says so by its id alone.
    pub client_secret: Option<Secret>,
}

/// A question that is open until the user answers it.
#[derive(Debug, Clone)]
pub struct OAuth2Question {
    /// The page to be opened.
    pub url: Url,
    /// What the answer must bring back; another is not to be taken.
    pub state: String,
    /// What the answer is taken with.
    pub verifier: Secret,
}

impl Client {
    /// The first step: a token to ask the user with. Without a callback X shows them a number to type.
    pub async fn request_token(&self, keys: &Keys, callback: Option<&Url>) -> Result<UserToken, Failure> {
        let callback = Some(callback.map_or(OUT_OF_BAND, Url::as_str));
        let auth = Auth::SignIn { credentials: keys.app(), callback, verifier: None };
        self.call(Method::POST, self.address("/oauth/request_token"), auth, Body::Empty).await?.read(rest::request_token)
    }

    /// The second step: the page to be opened. X fills in the handle, and asks for the password even of one who is signed in when `anew`.
    pub fn authorize_url(&self, request: &UserToken, screen_name: Option<&str>, anew: bool) -> Url {
        let mut url = self.address("/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("oauth_token", request.token.expose())
            .extend_pairs(anew.then_some(("force_login", "true")))
            .extend_pairs(screen_name.map(|name| ("screen_name", name)));
        url
    }

    /// The third step: the user's token, for the number they typed or the verifier that came back.
    pub async fn access_token(&self, keys: &Keys, request: &UserToken, verifier: &str) -> Result<SignedIn, Failure> {
        let auth = Auth::SignIn { credentials: keys.user(request), callback: None, verifier: Some(verifier) };
        self.call(Method::POST, self.address("/oauth/access_token"), auth, Body::Empty).await?.read(rest::signed_in)
    }

    /// Makes a user's token void.
    pub async fn invalidate_token(&self, user: Credentials<'_>) -> Result<(), Failure> {
        let url = self.address("/1.1/oauth/invalidate_token.json");
        self.call(Method::POST, url, Auth::User(user), Body::Empty).await.map(drop)
    }

    /// A question to a user of OAuth 2: may the app do this?
    pub fn ask_oauth2(&self, app: &OAuth2App, redirect: &Url, scopes: &[&str]) -> OAuth2Question {
        let (state, verifier) = (nonce(), Secret::new(format!("{}{}", nonce(), nonce())));
        let question = Question { client_id: &app.client_id, redirect: redirect.as_str(), scopes, state: &state, verifier: &verifier };
        OAuth2Question { url: oauth2::authorize_url(&self.site(), &question), state, verifier }
    }

    /// The tokens for the code that the user's answer brought; it holds for 30 seconds.
    pub async fn exchange_code(&self, app: &OAuth2App, redirect: &Url, code: &Secret, verifier: &Secret) -> Result<OAuth2Token, Failure> {
        self.oauth2_token(app, oauth2::exchange(&app.client_id, redirect.as_str(), code, verifier)).await
    }

    /// New tokens for a refresh token, which is used up: what comes back is to be kept before anything else is done.
    pub async fn refresh_oauth2(&self, app: &OAuth2App, token: &Secret) -> Result<OAuth2Token, Failure> {
        self.oauth2_token(app, oauth2::refresh(&app.client_id, token)).await
    }

    /// Makes an access or refresh token void.
    pub async fn revoke_oauth2(&self, app: &OAuth2App, token: &Secret) -> Result<(), Failure> {
        let body = Body::Form(oauth2::revoke(&app.client_id, token));
        self.call(Method::POST, self.address("/2/oauth2/revoke"), app.auth(), body).await.map(drop)
    }

    /// The user that a token of v2 belongs to.
    pub async fn me(&self, auth: Auth<'_>) -> Result<Profile, Failure> {
        self.call(Method::GET, self.address("/2/users/me"), auth, Body::Empty).await?.read(rest::user)
    }

    async fn oauth2_token(&self, app: &OAuth2App, fields: Fields) -> Result<OAuth2Token, Failure> {
        let now = self.clock.now();
        let answer = self.call(Method::POST, self.address("/2/oauth2/token"), app.auth(), Body::Form(fields)).await?;
        answer.read(|body| rest::oauth2_token(body, now))
    }

    /// Where people sign in: X's site beside its API; elsewhere, as in a simulator, both are one.
    fn site(&self) -> Url {
        let mut site = self.api.clone();
        if let Some(name) = self.api.host_str().and_then(|host| host.strip_prefix("api.")) {
            // A name less its first part is a name.
            let _ = site.set_host(Some(name));
        }
        site
    }
}

impl OAuth2App {
    fn auth(&self) -> Auth<'_> {
        self.client_secret.as_ref().map_or(Auth::Nobody, |secret| Auth::Basic(&self.client_id, secret))
    }
}
