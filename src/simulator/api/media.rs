//! Uploads, in pieces or at once (contract §4.4). The calls are the platform's, under the same address as all others here.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Announced, Category, Progress, UploadView};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use crate::model::{MediaKind, MediaType, UserId};

/// `POST media/upload.json`: INIT, APPEND or FINALIZE, or a whole file without a command.
pub(super) fn command(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (owner, _) = caller.messenger()?;
    match call.parameter("command").as_deref() {
        Some("INIT") => init(shared, call, owner),
        Some("APPEND") => append(shared, call, owner),
        Some("FINALIZE") => finalize(shared, call, owner),
        Some(_) => Err(Refusal::no_such_page()),
        None => whole(shared, call, owner),
    }
}

/// `GET media/upload.json`: STATUS.
pub(super) fn status(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (owner, _) = caller.messenger()?;
    if call.required("command")? != "STATUS" {
        return Err(Refusal::no_such_page());
    }
    let id = number(call, "media_id")?;
    let view = shared.change(|world, now| world.uploads.status(owner, id, now))?;
    Ok(answer(view, 200))
}

fn init(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    let name = call.required("media_type")?;
    let media = MediaType::ALL.into_iter().find(|media| media.name() == name);
    let announced = announced(call, owner, number(call, "total_bytes")?, media)?;
    let view = shared.change(|world, now| world.announce(announced, now))?;
    Ok(answer(view, 202))
}

/// A picture in one call, ready when it is answered; films go in pieces. Its type is seen from its bytes.
fn whole(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    let bytes = bytes(call)?;
    let media = MediaType::of(&bytes).filter(|media| media.kind() != MediaKind::Video);
    let announced = announced(call, owner, bytes.len() as u64, media)?;
    let view = shared.change(|world, now| {
        let id = world.announce(announced, now)?.id;
        world.uploads.append(owner, id, 0, &bytes, now)?;
        world.finalize(owner, id, Duration::ZERO, now)
    })?;
    Ok(answer(view, 200))
}

fn announced(call: &Call, owner: UserId, size: u64, media: Option<MediaType>) -> Result<Announced, Refusal> {
    let category = Category::named(call.parameter("media_category").as_deref());
    Ok(Announced {
        owner,
        size,
        media: media.ok_or_else(|| Refusal::bad_media("media type unrecognized."))?,
        category: category.ok_or_else(|| Refusal::bad_media("Unsupported raw media category"))?,
        shared: call.parameter("shared").is_some_and(|shared| shared == "true"),
    })
}

fn append(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    let (id, index) = (number(call, "media_id")?, number(call, "segment_index")?);
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let bytes = bytes(call)?;
    shared.change(|world, now| world.uploads.append(owner, id, index, &bytes, now))?;
    Ok(Answer::empty(204))
}

fn bytes(call: &Call) -> Result<Vec<u8>, Refusal> {
    match (call.part("media"), call.parameter("media_data")) {
        (Some(bytes), _) => Ok(bytes.to_vec()),
        (None, Some(text)) => STANDARD.decode(text).map_err(|_| Refusal::bad_media("media_data is not base64.")),
        (None, None) => Err(Refusal::missing("media")),
    }
}

fn finalize(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    let id = number(call, "media_id")?;
    let view = shared.change(|world, now| {
        let work = shared.clock.scaled(world.rules.media_processing);
        world.finalize(owner, id, work, now)
    })?;
    Ok(answer(view, 201))
}

fn number(call: &Call, name: &str) -> Result<u64, Refusal> {
    let text = call.required(name)?;
    text.parse().map_err(|_| Refusal::shape(name, format_args!("'{text}' is not a valid Long")))
}

fn answer(view: UploadView, status: u16) -> Answer {
    let mut body = json!({
        "media_id": view.id,
        "media_id_string": view.id.to_string(),
        "size": view.size,
        "expires_after_secs": view.kept.as_secs(),
    });
    if let Some(info) = processing(view.progress, status == 201) {
        body["processing_info"] = info;
    }
    Answer::json(&body).with_status(status)
}

/// How far the work on a file is, where there is any; `at_first` it has not been begun, and whoever asks later finds it under way.
pub(super) fn processing(progress: Progress, at_first: bool) -> Option<Value> {
    Some(match progress {
        Progress::Unprocessed => return None,
        Progress::Working(left) => {
            let state = if at_first { "pending" } else { "in_progress" };
            json!({ "state": state, "check_after_secs": rounded(left), "progress_percent": 8 })
        }
        Progress::Succeeded => json!({ "state": "succeeded", "progress_percent": 100 }),
        Progress::Failed => {
            let error = json!({ "code": 1, "name": "InvalidMedia", "message": "Unsupported video format" });
            json!({ "state": "failed", "error": error })
        }
    })
}

/// Whole seconds; none where the world runs so fast that waiting is not worth it.
fn rounded(left: Duration) -> u64 {
    (left + Duration::from_millis(500)).as_secs()
}
