//! Uploading a picture or video: announced, sent in pieces, ended, and asked after until X has made something of it (contract §4.4, §6.5).

use std::time::Duration;

use reqwest::Method;

use super::call::{Answer, Body, nonce};
use super::{Auth, Client, Failure};
use crate::model::{MediaType, Timestamp};
use crate::wire::oauth::Credentials;
use crate::wire::rest::{self, Processing, Upload};

/// How much of a file goes in one call. X takes five times as much; less is lost with a call that fails.
const PIECE: usize = 1_000_000;

/// Where the older interface takes all that there is to an upload.
const OLDER: &str = "/1.1/media/upload.json";

/// X is asked no more often than this, whatever it says; nor are we told to come back in a day.
const ASKED: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// After so many questions X will not make anything of the file: ten minutes at the pace it usually names.
const QUESTIONS: usize = 120;

/// A picture or video that X holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// What a message names it by.
    pub id: u64,
    /// From when on a message that names it is refused.
    pub expires_at: Timestamp,
}

/// Why a file did not become media.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadFailure {
    /// One of the calls did not succeed. An upload that broke off leaves nothing behind: it may be begun anew.
    #[error("{0}")]
    Call(#[from] Failure),
    /// The file is larger than X takes, so nothing was sent.
    #[error("the file has {size} bytes, and X takes {largest} at most")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The most that X takes of its type.
        largest: u64,
    },
    /// X has looked at the file and cannot use it.
    #[error("X cannot use the file (code {code}): {message}")]
    Unusable {
        /// X's code; 0 where it gave none.
        code: u32,
        /// X's words; may be empty.
        message: String,
    },
    /// X has not said for many minutes whether it can use the file.
    #[error("X did not finish processing the file")]
    Unfinished,
}

impl Client {
    /// Uploads a file of a user; the client's address is the one for uploads (`x.upload`).
    ///
    /// A `shared` one may be attached to any number of messages until it expires, another to one.
    pub async fn upload_media(&self, user: Credentials<'_>, file: &[u8], media: MediaType, shared: bool) -> Result<Media, UploadFailure> {
        Uploading { client: self, auth: Auth::User(user), newer: false }.upload(file, media, shared).await
    }

    /// Uploads a file by v2; the client's address is the one for all calls (`x.api`).
    pub async fn upload_media_v2(&self, auth: Auth<'_>, file: &[u8], media: MediaType, shared: bool) -> Result<Media, UploadFailure> {
        Uploading { client: self, auth, newer: true }.upload(file, media, shared).await
    }
}

/// An upload through one of the two interfaces: the older names its commands in the fields, the newer in the address.
struct Uploading<'a> {
    client: &'a Client,
    auth: Auth<'a>,
    newer: bool,
}

impl Uploading<'_> {
    async fn upload(&self, file: &[u8], media: MediaType, shared: bool) -> Result<Media, UploadFailure> {
        let (size, largest) = (file.len() as u64, media.kind().largest());
        if size > largest {
            return Err(UploadFailure::TooLarge { size, largest });
        }
        let begun = self.client.clock.now();
        let announced = self.announce(size, media, shared).await?;
        for (index, piece) in file.chunks(PIECE).enumerate() {
            self.append(announced.id, index, piece).await?;
        }
        let ended = self.end(announced.id).await?;
        self.processed(announced.id, ended.processing).await?;
        Ok(Media { id: announced.id, expires_at: begun.plus(announced.kept.min(ended.kept)) })
    }

    async fn announce(&self, size: u64, media: MediaType, shared: bool) -> Result<Upload, Failure> {
        if self.newer {
            self.post("/2/media/upload/initialize", Body::Json(rest::upload_init_v2(size, media, shared))).await?.read(rest::upload)
        } else {
            self.post(OLDER, Body::Form(rest::upload_init(size, media, shared))).await?.read(rest::upload)
        }
    }

    async fn append(&self, media: u64, index: usize, piece: &[u8]) -> Result<(), Failure> {
        let outcome = if self.newer {
            let parts = rest::upload_append_v2(index, piece, &nonce());
            self.post(&format!("/2/media/upload/{media}/append"), Body::Multipart(parts)).await
        } else {
            self.post(OLDER, Body::Multipart(rest::upload_append(media, index, piece, &nonce()))).await
        };
        outcome.map(drop)
    }

    async fn end(&self, media: u64) -> Result<Upload, Failure> {
        if self.newer {
            self.post(&format!("/2/media/upload/{media}/finalize"), Body::Empty).await?.read(rest::upload)
        } else {
            self.post(OLDER, Body::Form(rest::upload_finalize(media))).await?.read(rest::upload)
        }
    }

    /// Waits until X has made something of an upload.
    async fn processed(&self, media: u64, mut state: Processing) -> Result<(), UploadFailure> {
        for _ in 0..QUESTIONS {
            match state {
                Processing::Done => return Ok(()),
                Processing::Failed { code, message } => return Err(UploadFailure::Unusable { code, message }),
                Processing::Wait(wait) => tokio::time::sleep(wait.clamp(ASKED.0, ASKED.1)).await,
            }
            let mut url = self.client.address(if self.newer { "/2/media/upload" } else { OLDER });
            url.query_pairs_mut().extend_pairs(rest::upload_status(media));
            state = self.client.call(Method::GET, url, self.auth, Body::Empty).await?.read(rest::upload)?.processing;
        }
        Err(UploadFailure::Unfinished)
    }

    async fn post(&self, path: &str, body: Body) -> Result<Answer, Failure> {
        self.client.call(Method::POST, self.client.address(path), self.auth, body).await
    }
}
