//! Fetching what hangs on messages: of X's own hosts alone, within bounds, known by its first bytes (contract §3.3, §6.5).

use reqwest::Method;
use url::Url;

use super::call::Body;
use super::{Auth, Client, Failure, Unsure};
use crate::model::{MediaType, MessageId};

/// Private pictures are behind a signature here.
const PRIVATE: [&str; 3] = ["ton.twitter.com", "ton.x.com", "api.x.com"];

/// Films, animated pictures and previews are open here; who holds the address may fetch them.
const OPEN: [&str; 2] = ["video.twimg.com", "pbs.twimg.com"];

/// A file as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// What it is, by its first bytes.
    pub kind: MediaType,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadFailure {
    /// The call did not succeed. A file that is too long is an answer that cannot be read.
    #[error("{0}")]
    Call(#[from] Failure),
    /// The address is none of X's, so nobody was asked: a signature is not shown to strangers.
    #[error("the address is not one of X's hosts")]
    Stranger,
    /// The file is longer than what was allowed.
    #[error("the file has more than {0} bytes")]
    TooLong(usize),
    /// The bytes are no picture or film that X deals in.
    #[error("the file is neither a picture nor a film")]
    Unknown,
}

impl Client {
    /// Fetches what hangs on a message, at the address that the event told; no more than `longest` bytes. Redirects are not followed.
    pub async fn download(&self, auth: Auth<'_>, address: &str, longest: usize) -> Result<Download, DownloadFailure> {
        let url = Url::parse(address).map_err(|_| DownloadFailure::Stranger)?;
        let auth = if self.is_private(&url) {
            auth
        } else if is_https_of(&url, &OPEN) {
            Auth::Nobody
        } else {
            return Err(DownloadFailure::Stranger);
        };
        self.fetch(auth, url, longest).await
    }

    /// Fetches what hangs on a message of v2, which names it by keys.
    pub async fn download_v2(
        &self,
        auth: Auth<'_>,
        message: MessageId,
        media: &str,
        resource: &str,
        longest: usize,
    ) -> Result<Download, DownloadFailure> {
        let url = self.below("/2/dm_conversations/media", &[&message.to_string(), media, resource]);
        self.fetch(auth, url, longest).await
    }

    async fn fetch(&self, auth: Auth<'_>, url: Url, longest: usize) -> Result<Download, DownloadFailure> {
        let answer = self.call_within(longest, Method::GET, url, auth, Body::Empty).await;
        let bytes = match answer {
            Ok(answer) => answer.body,
            Err(Failure::Unsure(Unsure::UnreadableAnswer)) => return Err(DownloadFailure::TooLong(longest)),
            Err(failure) => return Err(failure.into()),
        };
        let kind = MediaType::of(&bytes).ok_or(DownloadFailure::Unknown)?;
        Ok(Download { kind, bytes })
    }

    /// Whether a signature is wanted there: by X's store of private files, and by an API that is its own store, as a simulator.
    fn is_private(&self, url: &Url) -> bool {
        url.origin() == self.api.origin() || is_https_of(url, &PRIVATE)
    }
}

fn is_https_of(url: &Url, hosts: &[&str]) -> bool {
    url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(|host| hosts.contains(&host))
}
