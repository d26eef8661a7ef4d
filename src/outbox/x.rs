//! X itself: the accounts' credentials, and the files of their bots.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::Mutex as AsyncMutex;

use super::platform::{MediaFailure, Platform};
use crate::client::{Access, Among, Auth, Client, Download, DownloadFailure, Failure, Media, NotTaken, Refusal, UploadFailure, VOID_TOKEN};
use crate::clock::Clock;
use crate::model::{AppId, MediaType, MessageId, Outgoing, Secret, UserId};
use crate::wire::oauth::Credentials;
use crate::wire::rest::MessagePage;

/// What X holds is named only while it holds it long enough for a send that is tried again a few times.
const SLACK: Duration = Duration::from_secs(10 * 60);

/// How an account sends.
#[derive(Clone)]
pub struct Sender {
    /// The app that sends for it.
    pub app: AppId,
    /// The app's public key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// The account's token.
    pub token: Secret,
    /// The account's token secret.
    pub token_secret: Secret,
    /// The folder of its bot, where the files of its messages are.
    pub folder: PathBuf,
    /// Whether it sends through the newer interface, which has no buttons, and shows neither typing nor reading.
    pub newer: bool,
    /// The account's OAuth 2 token for that interface; without one its calls are signed as all others are.
    pub access: Option<Arc<dyn Access>>,
}

impl Sender {
    fn credentials(&self) -> Credentials<'_> {
        Credentials {
            consumer_key: &self.consumer_key,
            consumer_secret: self.consumer_secret.expose(),
            token: Some((self.token.expose(), self.token_secret.expose())),
        }
    }

    /// The token for a call of the newer interface.
    async fn access(&self) -> Result<Option<Secret>, Failure> {
        match &self.access {
            Some(access) => access.token().await.map(Some),
            None => Ok(None),
        }
    }

    /// Remembers a token that X turned away, so that the next call comes with another.
    fn heed(&self, token: Option<&Secret>, failure: &Failure) {
        if let (Some(access), Some(token)) = (&self.access, token) {
            access.heed(token, failure);
        }
    }

    /// What a failure means: a token that is not renewed is void where the newer interface turns it away, which tells no code.
    fn judge(&self, token: Option<&Secret>, failure: Failure) -> Failure {
        self.heed(token, &failure);
        match failure {
            Failure::Refused(refusal) if token.is_none() && (refusal.status, refusal.code) == (401, 0) => {
                Failure::Refused(Refusal { code: VOID_TOKEN, ..refusal })
            }
            other => other,
        }
    }

    fn auth<'a>(&'a self, access: Option<&'a Secret>) -> Auth<'a> {
        access.map_or_else(|| Auth::User(self.credentials()), Auth::OAuth2)
    }
}

/// X, through its REST API.
pub struct X {
    api: Client,
    upload: Client,
    clock: Arc<dyn Clock>,
    senders: BTreeMap<UserId, Sender>,
    /// What was uploaded, by account and file. Lost with the process: then it is uploaded again.
    uploads: Mutex<BTreeMap<(UserId, String), Upload>>,
}

/// An upload, or one under way.
type Upload = Arc<AsyncMutex<Option<Uploaded>>>;

/// An upload of a file as it was at that time.
#[derive(Clone, Copy)]
struct Uploaded {
    media: Media,
    file: Stamp,
}

/// Tells a file's content from an older one without reading it.
type Stamp = (Option<SystemTime>, u64);

impl X {
    /// X at the addresses of two clients, one for calls and one for uploads.
    pub fn new(api: Client, upload: Client, clock: Arc<dyn Clock>, senders: BTreeMap<UserId, Sender>) -> Self {
        X { api, upload, clock, senders, uploads: Mutex::default() }
    }

    /// The apps that send, by their accounts.
    pub fn apps(&self) -> BTreeMap<UserId, AppId> {
        self.senders.iter().map(|(account, sender)| (*account, sender.app)).collect()
    }

    fn sender(&self, account: UserId) -> Result<&Sender, Failure> {
        let unknown = || NotTaken::Unreachable(format!("no account {account} is configured"));
        self.senders.get(&account).ok_or_else(|| Failure::NotTaken { cause: unknown(), retry_at: None })
    }
}

#[async_trait]
impl Platform for X {
    async fn send_message(&self, account: UserId, person: UserId, message: &Outgoing, media: Option<u64>) -> Result<MessageId, Failure> {
        let sender = self.sender(account)?;
        if !sender.newer {
            return self.api.send_message(sender.credentials(), person, message, media).await;
        }
        let access = sender.access().await?;
        // One that waited while the interface was changed still has its buttons.
        let sent = self.api.send_to(sender.auth(access.as_ref()), person, &message.as_text(), media).await;
        Ok(sent.map_err(|failure| sender.judge(access.as_ref(), failure))?.id)
    }

    async fn list_messages(&self, account: UserId, cursor: Option<&str>) -> Result<MessagePage, Failure> {
        let sender = self.sender(account)?;
        if !sender.newer {
            return self.api.list_messages(sender.credentials(), cursor).await;
        }
        let access = sender.access().await?;
        let page = self.api.list_messages_v2(sender.auth(access.as_ref()), Among::All, cursor).await;
        page.inspect_err(|failure| sender.heed(access.as_ref(), failure))
    }

    async fn media(&self, account: UserId, file: &str, anew: bool) -> Result<u64, MediaFailure> {
        let sender = self.sender(account)?;
        let path = sender.folder.join(file);
        let unreadable = |error: std::io::Error| MediaFailure::Unusable(format!("{file} cannot be read: {error}"));
        let stamp = std::fs::metadata(&path).map(|found| (found.modified().ok(), found.len())).map_err(unreadable)?;
        let known = self.uploads.lock().unwrap_or_else(PoisonError::into_inner).entry((account, file.to_owned())).or_default().clone();
        // Whoever wants the same file waits for this upload and then shares it.
        let mut known = known.lock().await;
        let fresh = |known: &Uploaded| known.file == stamp && known.media.expires_at > self.clock.now().plus(SLACK);
        if let Some(known) = known.filter(fresh).filter(|_| !anew) {
            return Ok(known.media.id);
        }
        let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await.map_err(std::io::Error::other);
        let bytes = read.flatten().map_err(unreadable)?;
        let kind = MediaType::of(&bytes).ok_or_else(|| MediaFailure::Unusable(format!("{file} is of no type that X takes")))?;
        let uploaded = if sender.newer {
            let access = sender.access().await?;
            let uploaded = self.api.upload_media_v2(sender.auth(access.as_ref()), &bytes, kind, true).await;
            uploaded.map_err(|failure| match failure {
                UploadFailure::Call(failure) => UploadFailure::Call(sender.judge(access.as_ref(), failure)),
                other => other,
            })
        } else {
            self.upload.upload_media(sender.credentials(), &bytes, kind, true).await
        };
        let media = uploaded.map_err(|failure| match failure {
            UploadFailure::Call(failure) => MediaFailure::Call(failure),
            other => MediaFailure::Unusable(format!("{file}: {other}")),
        })?;
        *known = Some(Uploaded { media, file: stamp });
        Ok(media.id)
    }

    async fn fetch(&self, account: UserId, address: &str, longest: usize) -> Result<Download, DownloadFailure> {
        // Whichever interface sends: X's store of private files knows one kind of signature.
        self.api.download(Auth::User(self.sender(account)?.credentials()), address, longest).await
    }

    async fn indicate_typing(&self, account: UserId, person: UserId) -> Result<(), Failure> {
        let sender = self.sender(account)?;
        if sender.newer { Ok(()) } else { self.api.indicate_typing(sender.credentials(), person).await }
    }

    async fn mark_read(&self, account: UserId, person: UserId, last: MessageId) -> Result<(), Failure> {
        let sender = self.sender(account)?;
        if sender.newer { Ok(()) } else { self.api.mark_read(sender.credentials(), person, last).await }
    }
}
