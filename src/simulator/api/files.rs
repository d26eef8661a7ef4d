//! The bytes of what hangs on messages: photos for those who talk, films for anybody (contract §3.3).

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::picture;
use super::answer::Answer;
use super::auth::Caller;
use crate::model::{MessageId, UserId};

/// `GET 1.1/ton/data/dm/:message/:media/:name`, signed by one of the two.
pub(super) fn photo(shared: &Shared, caller: Result<Caller, Refusal>, path: [&str; 3]) -> Result<Answer, Refusal> {
    let (user, _) = caller.and_then(Caller::messenger).map_err(|refusal| Refusal { status: 401, ..refusal })?;
    shown_to(shared, user, path)
}

/// The file on a message, for one of the two who talk.
pub(super) fn shown_to(shared: &Shared, user: UserId, [message, media, name]: [&str; 3]) -> Result<Answer, Refusal> {
    shared.see(|world| {
        let message = message.parse().ok().and_then(|id: MessageId| world.messages.get(id)).ok_or_else(Refusal::no_such_page)?;
        let theirs = message.shown.from == user || message.shown.to == user;
        let its = message.shown.picture.is_some_and(|picture| picture.id.to_string() == media);
        let file = message.file.as_ref().filter(|file| theirs && its && format!("{}.{}", file.name, file.ending()) == name);
        let file = file.ok_or_else(Refusal::no_such_page)?;
        Ok(Answer::bytes(file.media_type().name(), file.bytes.clone()))
    })
}

/// `GET dm_video/:message/:name.mp4`.
pub(super) fn film(shared: &Shared, message: &str, name: &str) -> Result<Answer, Refusal> {
    shared.see(|world| {
        let message = message.parse().ok().and_then(|id: MessageId| world.messages.get(id));
        let file = message.and_then(|message| message.file.as_ref()).filter(|file| format!("{}.mp4", file.name) == name);
        let file = file.ok_or_else(Refusal::no_such_page)?;
        Ok(Answer::bytes(file.media_type().name(), file.bytes.clone()))
    })
}

/// `GET media/preview/:media/:name`: a still, which is made up.
pub(super) fn still(media: &str) -> Result<Answer, Refusal> {
    let id = media.parse().map_err(|_| Refusal::no_such_page())?;
    Ok(Answer::bytes("image/png", picture(id)))
}
