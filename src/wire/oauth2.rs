//! OAuth 2 with PKCE: what a user is shown, and what is asked afterwards (contract §6.5). Chance is an argument.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::model::Secret;
use crate::wire::rest::Fields;

/// What a bot needs: its messages, and a token that can be renewed.
pub const SCOPES: [&str; 6] = ["dm.read", "dm.write", "tweet.read", "users.read", "like.write", "offline.access"];

/// What a user is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The app's client id.
    pub client_id: &'a str,
    /// Where the answer goes; one of those that the app is registered with.
    pub redirect: &'a str,
    /// What the app wants to do.
    pub scopes: &'a [&'a str],
    /// Comes back with the answer, so that it belongs to this question.
    pub state: &'a str,
    /// What only the asker knows, and shows when it takes the answer.
    pub verifier: &'a Secret,
}

/// The page that asks a user; `site` is X's, as `https://x.com`.
pub fn authorize_url(site: &Url, question: &Question<'_>) -> Url {
    let mut url = site.clone();
    url.set_path(&format!("{}/i/oauth2/authorize", site.path().trim_end_matches('/')));
    url.set_query(None);
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", question.client_id),
        ("redirect_uri", question.redirect),
        ("scope", &question.scopes.join(" ")),
        ("state", question.state),
        ("code_challenge", &challenge(question.verifier)),
        ("code_challenge_method", "S256"),
    ]);
    url
}

/// What the verifier is known by before it is shown: S256 of RFC 7636.
pub fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()))
}

/// Asks for tokens with the code that a user's answer brought. It holds for 30 seconds.
pub fn exchange(client_id: &str, redirect: &str, code: &Secret, verifier: &Secret) -> Fields {
    fields(&[
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("redirect_uri", redirect),
        ("client_id", client_id),
        ("code_verifier", verifier.expose()),
    ])
}

/// Asks for new tokens. The old refresh token is used up by it.
pub fn refresh(client_id: &str, token: &Secret) -> Fields {
    fields(&[("grant_type", "refresh_token"), ("refresh_token", token.expose()), ("client_id", client_id)])
}

/// Gives a token back.
pub fn revoke(client_id: &str, token: &Secret) -> Fields {
    fields(&[("token", token.expose()), ("client_id", client_id)])
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_page_has_all_that_the_user_is_asked() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let question = Question {
            client_id: "c",
            redirect: "http://127.0.0.1/back",
            scopes: &["dm.read", "offline.access"],
            state: "s",
            verifier: &verifier,
        };
        let url = authorize_url(&Url::parse("https://x.com").expect("a URL"), &question);
        assert_eq!(
            url.as_str(),
            "https://x.com/i/oauth2/authorize?response_type=code&client_id=c&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
             &scope=dm.read+offline.access&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
    }
}
