//! Letting the app in: where X sends the browser back to, and the OAuth 2 tokens that have to be renewed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use url::Url;

use super::AccountError;
use super::secret_file::{FileError, check_writable, write_secret};
use crate::client::{Client, OAuth2App, OAuth2Token};
use crate::model::{Secret, Timestamp};

/// The path that the browser comes back to.
const PATH: &str = "/callback";

/// The longest head of a request that is read.
const LONGEST_HEAD: usize = 16 << 10;

/// A browser says at once what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// A token that ends so soon is renewed before it is used.
const SOON: Duration = Duration::from_secs(60);

/// Renewals are seldom, so all that this process makes stand in one line.
static RENEWAL: Mutex<()> = Mutex::const_new(());

/// The OAuth 2 tokens of an account: the app that it let in, and the file that they are kept in.
#[derive(Debug, Clone)]
pub struct OAuth2File {
    /// The app.
    pub app: OAuth2App,
    /// The file.
    pub path: PathBuf,
}

impl OAuth2File {
    /// An access token that holds now, and is not the one that X `refused`.
    pub async fn token(&self, client: &Client, now: Timestamp, refused: Option<&Secret>) -> Result<Secret, AccountError> {
        Ok(fresh(client, &self.app, &self.path, now, refused).await?.access)
    }
}

/// A door on this machine for the browser that comes back from X.
#[derive(Debug)]
pub struct Callback {
    listener: TcpListener,
    address: Url,
}

/// What the browser brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// The user said yes: the verifier of OAuth 1.0a, or the code of OAuth 2.
    Yes(Secret),
    /// The user said no.
    No,
}

impl Callback {
    /// Opens the door at a port of 127.0.0.1; 0 takes any free one.
    pub async fn open(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let address = Url::parse(&format!("http://127.0.0.1:{port}{PATH}")).map_err(std::io::Error::other)?;
        Ok(Callback { listener, address })
    }

    /// What the app tells X to send the browser to.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Waits for the browser. What names another question than `expected` is turned away: it belongs to somebody else's sign-in.
    pub async fn wait(&self, expected: &str) -> std::io::Result<Brought> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            // One that says nothing must not keep the right one out.
            let Ok(Ok(target)) = tokio::time::timeout(PATIENCE, requested(&mut stream)).await else { continue };
            let brought = self.address.join(&target).ok().filter(|url| url.path() == PATH).and_then(|url| read(&url, expected));
            let (status, text) = match &brought {
                Some(Brought::Yes(_)) => ("200 OK", "Junco is let in. You may close this window."),
                Some(Brought::No) => ("200 OK", "Junco was not let in. You may close this window."),
                None => ("404 Not Found", "This is not the way back from the sign-in that is under way."),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                text.len()
            );
            // Whether the browser hears of it changes nothing.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            if let Some(brought) = brought {
                return Ok(brought);
            }
        }
    }
}

/// The target of a request, once its head is whole.
async fn requested(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut piece).await?;
        if count == 0 || head.len() > LONGEST_HEAD {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&piece[..count]);
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.lines().next().and_then(|line| line.strip_prefix("GET ")).and_then(|line| line.split(' ').next());
    target.map(str::to_owned).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// Reads what came back: of OAuth 1.0a the request token and a verifier, of OAuth 2 the state and a code.
fn read(url: &Url, expected: &str) -> Option<Brought> {
    let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if field("denied").is_some_and(|token| token == expected) {
        return Some(Brought::No);
    }
    let named = field("oauth_token").or_else(|| field("state"))?;
    if named != expected {
        return None;
    }
    if field("error").is_some() {
        return Some(Brought::No);
    }
    field("oauth_verifier").or_else(|| field("code")).map(|secret| Brought::Yes(Secret::new(secret)))
}

/// OAuth 2 tokens as their file has them.
#[derive(Serialize, Deserialize)]
struct Kept {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Milliseconds since the Unix epoch.
    expires_at: Timestamp,
    #[serde(default)]
    scopes: Vec<String>,
}

/// Writes an account's OAuth 2 tokens into their file.
pub fn keep(path: &Path, token: &OAuth2Token) -> Result<(), AccountError> {
    let kept = Kept {
        access_token: token.access.expose().to_owned(),
        refresh_token: token.refresh.as_ref().map(|token| token.expose().to_owned()),
        expires_at: token.expires_at,
        scopes: token.scopes.clone(),
    };
    let text = serde_json::to_string(&kept).expect("texts and numbers become JSON");
    Ok(write_secret(path, &Secret::new(text))?)
}

/// The OAuth 2 tokens in a file.
pub fn kept(path: &Path) -> Result<OAuth2Token, AccountError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(AccountError::NotSignedIn(path.to_owned())),
        Err(source) => return Err(FileError { path: path.to_owned(), source }.into()),
    };
    // The parser's own words might quote the token.
    let odd = |_| AccountError::Odd(format!("{}: not what `junco login --oauth2` writes; run it again", path.display()));
    let kept: Kept = serde_json::from_str(&text).map_err(odd)?;
    Ok(OAuth2Token {
        access: Secret::new(kept.access_token),
        refresh: kept.refresh_token.map(Secret::new),
        expires_at: kept.expires_at,
        scopes: kept.scopes,
    })
}

/// The OAuth 2 tokens in a file, renewed where they are about to end or are those that X `refused`. A refresh token is good for once, so
/// nothing is renewed that could not be written, the new one is written before anything else is done with it, and one renewal is made at a
/// time.
pub async fn fresh(
    client: &Client,
    app: &OAuth2App,
    path: &Path,
    now: Timestamp,
    refused: Option<&Secret>,
) -> Result<OAuth2Token, AccountError> {
    let holds = |token: &OAuth2Token| refused != Some(&token.access) && token.expires_at > now.plus(SOON);
    let token = kept(path)?;
    if holds(&token) {
        return Ok(token);
    }
    let _turn = RENEWAL.lock().await;
    // Somebody else may have renewed it meanwhile.
    let token = kept(path)?;
    if holds(&token) {
        return Ok(token);
    }
    let Some(refresh) = &token.refresh else {
        return if refused == Some(&token.access) { Err(AccountError::NotSignedIn(path.to_owned())) } else { Ok(token) };
    };
    check_writable(path)?;
    let token = client.refresh_oauth2(app, refresh).await?;
    keep(path, &token)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(query: &str) -> Option<Brought> {
        read(&Url::parse(&format!("http://127.0.0.1:1/callback?{query}")).unwrap(), "mine")
    }

    #[test]
    fn only_the_way_back_from_our_own_question_counts() {
        let yes = Some(Brought::Yes(Secret::new("v")));
        assert_eq!(brought("oauth_token=mine&oauth_verifier=v"), yes);
        assert_eq!(brought("state=mine&code=v"), yes);
        assert_eq!(brought("denied=mine"), Some(Brought::No));
        assert_eq!(brought("state=mine&error=access_denied"), Some(Brought::No));
        for other in ["", "oauth_token=other&oauth_verifier=v", "state=other&code=v", "denied=other", "code=v", "state=mine"] {
            assert_eq!(brought(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn strangers_do_not_keep_the_browser_out() {
        let callback = Callback::open(0).await.unwrap();
        let port = callback.address().port().unwrap();
        let asks = tokio::spawn(async move {
            let mut answers = Vec::new();
            for target in ["/", "/callback?state=other&code=x", "/callback?state=mine&code=v"] {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                answers.push(answer[9..12].to_owned());
            }
            answers
        });
        assert_eq!(callback.wait("mine").await.unwrap(), Brought::Yes(Secret::new("v")));
        assert_eq!(asks.await.unwrap(), ["404", "404", "200"]);
    }

    #[test]
    fn tokens_are_kept_as_they_are_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("oauth2.json");
        let token = OAuth2Token {
            access: Secret::new("hush"),
            refresh: Some(Secret::new("hush too")),
            expires_at: Timestamp::from_millis(5),
            scopes: vec!["dm.read".to_owned()],
        };
        keep(&path, &token).unwrap();
        assert_eq!(kept(&path).unwrap(), token);
        std::fs::write(&path, "\"hush").unwrap();
        let error = kept(&path).unwrap_err().to_string();
        assert!(error.contains("run it again") && !error.contains("hush"), "{error}");
    }
}
