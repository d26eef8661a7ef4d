//! Uploads of the newer API: the same files in other words (contract §6.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::super::super::shared::Shared;
use super::super::super::world::{Announced, Category, UploadView};
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::media::processing;
use super::auth::Caller;
use super::body;
use super::problem::Problem;
use super::view::media_key;
use crate::model::{MediaType, UserId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    media_type: String,
    total_bytes: u64,
    media_category: Option<String>,
    #[serde(default)]
    shared: bool,
    /// Others who may attach it; known and not heeded.
    #[serde(default, rename = "additional_owners")]
    _additional_owners: Vec<String>,
}

/// A piece in JSON; most come in the parts of a form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    media: String,
    segment_index: usize,
}

/// `POST /2/media/upload/initialize`.
pub(super) fn initialize(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let owner = uploader(caller)?;
    let wanted: Wanted = body::read(call)?;
    let media = MediaType::ALL.into_iter().find(|media| media.name() == wanted.media_type);
    let media = media.ok_or_else(|| Problem::invalid("media_type", &wanted.media_type, "It is not supported."))?;
    let category = Category::named(wanted.media_category.as_deref());
    let name = wanted.media_category.unwrap_or_default();
    let category = category.ok_or_else(|| Problem::invalid("media_category", &name, "It is not supported."))?;
    let announced = Announced { owner, size: wanted.total_bytes, media, category, shared: wanted.shared };
    let view = shared.change(|world, now| world.announce(announced, now))?;
    Ok(answer(view, true))
}

/// `POST /2/media/upload/:id/append`.
pub(super) fn append(shared: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let owner = uploader(caller)?;
    let id = body::id("id", id)?;
    let (index, bytes) = if call.is_json() {
        let Piece { media, segment_index } = body::read(call)?;
        let bytes = STANDARD.decode(media).map_err(|_| Problem::invalid("media", "", "It is not base64."))?;
        (segment_index, bytes)
    } else {
        let index = call.parameter("segment_index").unwrap_or_default();
        let bytes = call.part("media").ok_or_else(|| Problem::invalid("media", "", "It is missing."))?.to_vec();
        (index.parse().map_err(|_| Problem::invalid("segment_index", &index, "It is no number."))?, bytes)
    };
    let until = shared.change(|world, now| {
        world.uploads.append(owner, id, index, &bytes, now)?;
        world.uploads.status(owner, id, now).map(|view| now.plus(view.kept))
    })?;
    Ok(Answer::json(&json!({ "data": { "expires_at": until.as_seconds() } })))
}

/// `POST /2/media/upload/:id/finalize`.
pub(super) fn finalize(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let owner = uploader(caller)?;
    let id = body::id("id", id)?;
    let view = shared.change(|world, now| {
        let work = shared.clock.scaled(world.rules.media_processing);
        world.finalize(owner, id, work, now)
    })?;
    Ok(answer(view, true))
}

/// `GET /2/media/upload?media_id=…`.
pub(super) fn status(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let owner = uploader(caller)?;
    if call.parameter("command").is_some_and(|command| command != "STATUS") {
        return Err(Problem::invalid("command", "", "It is STATUS."));
    }
    let id = body::id("media_id", &call.parameter("media_id").unwrap_or_default())?;
    let view = shared.change(|world, now| world.uploads.status(owner, id, now))?;
    Ok(answer(view, false))
}

fn uploader(caller: &Caller) -> Result<UserId, Problem> {
    caller.messenger(&["media.write"]).map(|(user, _)| user)
}

fn answer(view: UploadView, at_first: bool) -> Answer {
    let mut data = json!({
        "id": view.id.to_string(),
        "media_key": media_key(view.kind, view.id),
        "size": view.size,
        "expires_after_secs": view.kept.as_secs(),
    });
    if let Some(info) = processing(view.progress, at_first) {
        data["processing_info"] = info;
    }
    Answer::json(&json!({ "data": data }))
}
