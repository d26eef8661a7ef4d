//! The bytes of what hangs on messages: photos for those who talk, films for anybody (contract §3.3).

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{File, Picture, picture};
use super::answer::Answer;
use super::auth::Caller;
use crate::model::{MessageId, UserId};

/// `GET 1.1/ton/data/dm/:message/:media/:name`, signed by one of the two.
pub(super) fn photo(shared: &Shared, caller: Result<Caller, Refusal>, path: [&str; 3]) -> Result<Answer, Refusal> {
    let (user, _) = caller.and_then(Caller::messenger).map_err(|refusal| Refusal { status: 401, ..refusal })?;
    shown_to(shared, user, path)
}

/// The file on a message, for somebody in its conversation.
pub(super) fn shown_to(shared: &Shared, user: UserId, [message, media, name]: [&str; 3]) -> Result<Answer, Refusal> {
    shared.see(|world| {
        let theirs = message.parse().ok().and_then(|id: MessageId| world.file_for(user, id));
        let named =
            |(picture, file): &(Picture, &File)| picture.id.to_string() == media && format!("{}.{}", file.name, file.ending()) == name;
        let (_, file) = theirs.filter(named).ok_or_else(Refusal::no_such_page)?;
        Ok(Answer::bytes(file.media_type().name(), file.bytes.clone()))
    })
}

/// `GET dm_video/:message/:name.mp4`.
pub(super) fn film(shared: &Shared, message: &str, name: &str) -> Result<Answer, Refusal> {
    shared.see(|world| {
        let file = message.parse().ok().and_then(|id: MessageId| world.file(id)).filter(|file| format!("{}.mp4", file.name) == name);
        let file = file.ok_or_else(Refusal::no_such_page)?;
        Ok(Answer::bytes(file.media_type().name(), file.bytes.clone()))
    })
}

/// `GET media/preview/:media/:name`: a still, which is made up.
pub(super) fn still(media: &str) -> Result<Answer, Refusal> {
    let id = media.parse().map_err(|_| Refusal::no_such_page())?;
    Ok(Answer::bytes("image/png", picture(id)))
}
