//! Tokens in answers: the app's, and those that sign a user in (contract §4.5).

use std::time::Duration;

use serde::Deserialize;
use url::form_urlencoded;

use crate::model::{Profile, Secret, Timestamp, UserId};
use crate::wire::lenient::{Id, Text};

/// A token of OAuth 1.0a and its secret: of a user, or of one who is about to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserToken {
    /// The token; one of a user begins with their id.
    pub token: Secret,
    /// Its secret.
    pub secret: Secret,
}

/// A user who has let the app in. The token holds until it is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// What the app calls with in the user's name.
    pub token: UserToken,
    /// Who it is; X tells the id and the handle.
    pub user: Profile,
}

/// The token in the answer to `oauth/request_token`; without the callback's confirmation it is of the unsafe old kind.
pub fn request_token(body: &[u8]) -> Option<UserToken> {
    field(body, "oauth_callback_confirmed").filter(|confirmed| confirmed == "true")?;
    token(body)
}

/// The user in the answer to `oauth/access_token`.
pub fn signed_in(body: &[u8]) -> Option<SignedIn> {
    let id = UserId(field(body, "user_id")?.parse().ok()?);
    let screen_name = field(body, "screen_name").unwrap_or_default();
    Some(SignedIn { token: token(body)?, user: Profile { screen_name, ..Profile::unknown(id) } })
}

/// The token in the answer to `oauth2/token`; it is used verbatim, percent signs and all (contract §4.5).
pub fn bearer_token(body: &[u8]) -> Option<Secret> {
    let grant: Grant<'_> = serde_json::from_slice(body).ok()?;
    grant.token_type.0.eq_ignore_ascii_case("bearer").then(|| Secret::new(grant.access_token.0))
}

/// A user's tokens of OAuth 2 (contract §6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2Token {
    /// What calls are made with.
    pub access: Secret,
    /// What a new one is got with, once; there is none without the scope `offline.access`.
    pub refresh: Option<Secret>,
    /// From when on the access token is refused.
    pub expires_at: Timestamp,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// The tokens in the answer to an exchange or a refresh that was asked for at `now`.
pub fn oauth2_token(body: &[u8], now: Timestamp) -> Option<OAuth2Token> {
    /// How long a token holds where X does not say.
    const USUAL: u64 = 7_200;
    let grant: Grant<'_> = serde_json::from_slice(body).ok()?;
    let lifetime = Duration::from_secs(grant.expires_in.map_or(USUAL, |seconds| seconds.0));
    grant.token_type.0.eq_ignore_ascii_case("bearer").then(|| OAuth2Token {
        access: Secret::new(grant.access_token.0),
        refresh: grant.refresh_token.map(|token| Secret::new(token.0)),
        expires_at: now.plus(lifetime),
        scopes: grant.scope.map(|scopes| scopes.0.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
    })
}

fn token(body: &[u8]) -> Option<UserToken> {
    let part = |name| field(body, name).filter(|value| !value.is_empty()).map(Secret::new);
    Some(UserToken { token: part("oauth_token")?, secret: part("oauth_token_secret")? })
}

fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[derive(Deserialize)]
struct Grant<'a> {
    #[serde(borrow)]
    token_type: Text<'a>,
    #[serde(borrow)]
    access_token: Text<'a>,
    #[serde(borrow)]
    refresh_token: Option<Text<'a>>,
    expires_in: Option<Id>,
    #[serde(borrow)]
    scope: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_sign_in_are_read() {
        let pair = |token: &str, secret: &str| UserToken { token: Secret::new(token), secret: Secret::new(secret) };
        let first = b"oauth_token=Z6e&oauth_token_secret=K%2Bc&oauth_callback_confirmed=true";
        assert_eq!(request_token(first), Some(pair("Z6e", "K+c")));
        for bad in [&b"oauth_token=Z6e&oauth_token_secret=K"[..], b"oauth_callback_confirmed=true&oauth_token=&oauth_token_secret=K", b"{}"]
        {
            assert_eq!(request_token(bad), None);
        }
        let ada = Profile { screen_name: "ada".to_owned(), ..Profile::unknown(UserId(7)) };
        let last = b"oauth_token=7-abc&oauth_token_secret=def&user_id=7&screen_name=ada";
        assert_eq!(signed_in(last), Some(SignedIn { token: pair("7-abc", "def"), user: ada }));
        assert_eq!(signed_in(b"oauth_token=7-abc&oauth_token_secret=def"), None);
    }

    #[test]
    fn tokens_are_read_as_they_are() {
        let token = bearer_token(br#"{"token_type":"bearer","access_token":"AAAA%2FAA%3D"}"#);
        assert_eq!(token, Some(Secret::new("AAAA%2FAA%3D")), "the token is not decoded");
        assert_eq!(bearer_token(br#"{"token_type":"mac","access_token":"x"}"#), None);
        let now = Timestamp::from_millis(1_000);
        let body = br#"{"token_type":"bearer","expires_in":7200,"access_token":"a","scope":"dm.read offline.access","refresh_token":"r"}"#;
        let told = OAuth2Token {
            access: Secret::new("a"),
            refresh: Some(Secret::new("r")),
            expires_at: Timestamp::from_millis(7_201_000),
            scopes: vec!["dm.read".to_owned(), "offline.access".to_owned()],
        };
        assert_eq!(oauth2_token(body, now), Some(told.clone()));
        let short = OAuth2Token { refresh: None, scopes: vec![], ..told };
        assert_eq!(oauth2_token(br#"{"token_type":"bearer","access_token":"a"}"#, now), Some(short));
        assert_eq!(oauth2_token(b"{}", now), None);
    }
}
