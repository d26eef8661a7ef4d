//! Uploads: announced, filled piece by piece, ended, worked on, attached, and forgotten after a day (contract §4.4).

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web::Bytes;

use super::super::refusal::Refusal;
use super::files;
use super::messages::Picture;
use crate::model::{MediaKind, MediaType, Timestamp, UserId};

/// How long an upload is kept, from its announcement on.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Pieces are numbered below this.
const MOST_PIECES: usize = 1_000;
/// The most bytes of one piece.
const LARGEST_PIECE: usize = 5 << 20;
/// The largest file whose bytes are kept; of a larger one others will be shown.
const LARGEST_KEPT: u64 = 16 << 20;
/// Enough of a file's beginning to tell what it is.
const HEAD: usize = 16;

/// What INIT announces.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Announced {
    pub(in crate::simulator) owner: UserId,
    pub(in crate::simulator) size: u64,
    pub(in crate::simulator) media: MediaType,
    pub(in crate::simulator) category: Category,
    pub(in crate::simulator) shared: bool,
}

/// What a file is uploaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Category {
    pub(in crate::simulator) kind: MediaKind,
    /// The platform's own word for it.
    name: &'static str,
    /// Whether it may be attached to direct messages.
    direct: bool,
}

impl Category {
    /// The category of a parameter; without one a file is for posts. X takes its own words too, and some clients write only those.
    pub(in crate::simulator) fn named(name: Option<&str>) -> Option<Self> {
        let (kind, name, direct) = match name {
            Some("dm_image" | "DmImage") => (MediaKind::Photo, "DmImage", true),
            Some("dm_gif" | "DmGif") => (MediaKind::AnimatedGif, "DmGif", true),
            Some("dm_video" | "DmVideo") => (MediaKind::Video, "DmVideo", true),
            None | Some("tweet_image" | "TweetImage") => (MediaKind::Photo, "TweetImage", false),
            Some("tweet_gif" | "TweetGif") => (MediaKind::AnimatedGif, "TweetGif", false),
            Some("tweet_video" | "TweetVideo") => (MediaKind::Video, "TweetVideo", false),
            Some(_) => return None,
        };
        Some(Category { kind, name, direct })
    }
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Progress {
    /// There was nothing to be worked on.
    Unprocessed,
    /// It is worked on for so long still.
    Working(Duration),
    Succeeded,
    Failed,
}

/// An upload as its owner is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct UploadView {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) kind: MediaKind,
    pub(in crate::simulator) size: u64,
    pub(in crate::simulator) kept: Duration,
    pub(in crate::simulator) progress: Progress,
}

struct Upload {
    announced: Announced,
    pieces: BTreeMap<usize, Piece>,
    ended: Option<Ended>,
    /// What will be on messages, once the upload is ended.
    file: Bytes,
    used: bool,
    expires_at: Timestamp,
}

/// Of a piece of a large file only what the checks need is kept.
struct Piece {
    size: usize,
    /// All of it, where the file is small; else its head, and all of that where the piece is short: it may be spread over several.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Ended {
    done_at: Timestamp,
    usable: bool,
}

/// All uploads that are not forgotten.
#[derive(Default)]
pub(in crate::simulator) struct Uploads(BTreeMap<u64, Upload>);

impl Uploads {
    /// Announces a file under a new id.
    pub(super) fn announce(&mut self, id: u64, announced: Announced, now: Timestamp) -> Result<UploadView, Refusal> {
        let largest = announced.category.kind.largest();
        if announced.media.kind() != announced.category.kind {
            return Err(Refusal::bad_media(format_args!("{} is no {}", announced.media.name(), announced.category.name)));
        }
        if announced.size == 0 || announced.size > largest {
            return Err(Refusal::bad_media(format_args!("File size exceeds {largest} bytes or is 0.")));
        }
        self.0.retain(|_, upload| upload.expires_at > now);
        let upload =
            Upload { announced, pieces: BTreeMap::new(), ended: None, file: Bytes::new(), used: false, expires_at: now.plus(KEPT) };
        let view = upload.view(id, now);
        self.0.insert(id, upload);
        Ok(view)
    }

    /// A picture or video that is there at once, for one message: the given one, or one that is made up.
    pub(super) fn put(&mut self, id: u64, owner: UserId, kind: MediaKind, file: Option<Bytes>, now: Timestamp) {
        let (media, category) = match kind {
            MediaKind::Photo => (MediaType::Jpeg, Category::named(Some("dm_image"))),
            MediaKind::AnimatedGif => (MediaType::Gif, Category::named(Some("dm_gif"))),
            MediaKind::Video => (MediaType::Mp4, Category::named(Some("dm_video"))),
        };
        let category = category.expect("these are categories");
        let file = file.unwrap_or_else(|| files::made_up(kind, id));
        let announced = Announced { owner, size: file.len() as u64, media, category, shared: false };
        let ended = Some(Ended { done_at: now, usable: true });
        self.0.insert(id, Upload { announced, pieces: BTreeMap::new(), ended, file, used: false, expires_at: now.plus(KEPT) });
    }

    /// Takes a piece; one that came before is replaced.
    pub(in crate::simulator) fn append(
        &mut self,
        owner: UserId,
        id: u64,
        index: usize,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let upload = self.owned(owner, id, now)?;
        if upload.ended.is_some() {
            return Err(Refusal::bad_media("The upload was finalized."));
        }
        if index >= MOST_PIECES {
            return Err(Refusal::bad_media(format_args!("Segment index {index} is not below {MOST_PIECES}.")));
        }
        if bytes.is_empty() || bytes.len() > LARGEST_PIECE {
            return Err(Refusal::bad_media(format_args!("A segment has {LARGEST_PIECE} bytes at most, and is not empty.")));
        }
        let others: u64 = upload.pieces.iter().filter(|(known, _)| **known != index).map(|(_, piece)| piece.size as u64).sum();
        if others + bytes.len() as u64 > upload.announced.size {
            return Err(Refusal::bad_media("Segments exceed the provided total file size."));
        }
        let kept = if upload.announced.size <= LARGEST_KEPT { bytes.len() } else { HEAD.min(bytes.len()) };
        upload.pieces.insert(index, Piece { size: bytes.len(), bytes: bytes[..kept].to_vec() });
        Ok(())
    }

    /// Ends an upload; what moves is worked on for `work`. A `spoilt` one cannot be used.
    pub(super) fn finalize(&mut self, owner: UserId, id: u64, work: Duration, spoilt: bool, now: Timestamp) -> Result<UploadView, Refusal> {
        let upload = self.owned(owner, id, now)?;
        if upload.ended.is_none() {
            if !upload.is_complete() {
                return Err(Refusal::bad_media("Segments do not add up to provided total file size."));
            }
            let head: Vec<u8> = upload.pieces.values().flat_map(|piece| &piece.bytes).copied().take(HEAD).collect();
            let is_what_it_says = MediaType::of(&head) == Some(upload.announced.media);
            let usable = is_what_it_says && !spoilt;
            let is_photo = upload.announced.category.kind == MediaKind::Photo;
            if is_photo && !usable {
                return Err(Refusal::bad_media("media type unrecognized."));
            }
            upload.file = upload.whole().unwrap_or_else(|| files::made_up(upload.announced.category.kind, id));
            upload.pieces.clear();
            upload.ended = Some(Ended { done_at: if is_photo { now } else { now.plus(work) }, usable });
        }
        Ok(upload.view(id, now))
    }

    /// How far an upload is.
    pub(in crate::simulator) fn status(&mut self, owner: UserId, id: u64, now: Timestamp) -> Result<UploadView, Refusal> {
        self.owned(owner, id, now).map(|upload| upload.view(id, now))
    }

    /// Whether `owner` may attach it to a message.
    pub(super) fn may_attach(&self, owner: UserId, id: u64, now: Timestamp) -> Result<(), Refusal> {
        let mine = |upload: &&Upload| upload.announced.owner == owner && upload.expires_at > now;
        let upload = self.0.get(&id).filter(mine).ok_or_else(Refusal::no_such_media)?;
        let Announced { category, shared, .. } = upload.announced;
        if !category.direct {
            return Err(Refusal::bad_media(format_args!("Invalid Media ID of category {}", category.name)));
        }
        if !upload.ended.is_some_and(|ended| ended.usable && ended.done_at <= now) {
            return Err(Refusal::bad_media("The validation of media ids failed."));
        }
        if upload.used && !shared { Err(Refusal::no_such_media()) } else { Ok(()) }
    }

    /// Whether `owner` may show it to whomever they like.
    pub(super) fn may_share(&self, owner: UserId, id: u64, now: Timestamp) -> Result<(), Refusal> {
        self.may_attach(owner, id, now)?;
        let shared = self.0.get(&id).is_some_and(|upload| upload.announced.shared);
        if shared { Ok(()) } else { Err(Refusal::bad_media("The validation of media ids failed: it was not uploaded as shared.")) }
    }

    /// Whether `owner` has such an upload.
    pub(super) fn is_owned(&self, owner: UserId, id: u64, now: Timestamp) -> bool {
        self.0.get(&id).is_some_and(|upload| upload.announced.owner == owner && upload.expires_at > now)
    }

    /// Attaches it; unless it is shared, for the last time.
    pub(super) fn attach(&mut self, id: u64) -> Option<(Picture, Bytes)> {
        let upload = self.0.get_mut(&id)?;
        upload.used = true;
        Some((Picture { id, kind: upload.announced.category.kind, size: upload.announced.size }, upload.file.clone()))
    }

    fn owned(&mut self, owner: UserId, id: u64, now: Timestamp) -> Result<&mut Upload, Refusal> {
        let mine = |upload: &&mut Upload| upload.announced.owner == owner && upload.expires_at > now;
        self.0.get_mut(&id).filter(mine).ok_or_else(Refusal::no_such_media)
    }
}

impl Upload {
    /// Whether the pieces follow one another without a gap and make up the size that was announced.
    fn is_complete(&self) -> bool {
        let in_a_row = self.pieces.keys().copied().eq(0..self.pieces.len());
        in_a_row && self.pieces.values().map(|piece| piece.size as u64).sum::<u64>() == self.announced.size
    }

    /// The whole file, if it was kept.
    fn whole(&self) -> Option<Bytes> {
        let kept = self.announced.size <= LARGEST_KEPT;
        kept.then(|| self.pieces.values().flat_map(|piece| &piece.bytes).copied().collect::<Vec<u8>>().into())
    }

    fn view(&self, id: u64, now: Timestamp) -> UploadView {
        let progress = match self.ended {
            None => Progress::Unprocessed,
            Some(_) if self.announced.category.kind == MediaKind::Photo => Progress::Unprocessed,
            Some(ended) if ended.done_at > now => Progress::Working(ended.done_at.since(now)),
            Some(ended) => {
                if ended.usable {
                    Progress::Succeeded
                } else {
                    Progress::Failed
                }
            }
        };
        UploadView { id, kind: self.announced.category.kind, size: self.announced.size, kept: self.expires_at.since(now), progress }
    }
}
