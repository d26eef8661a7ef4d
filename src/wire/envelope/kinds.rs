//! The events that are not messages (contract §2.5, §4.8): recognised, told apart, and carried as far as anybody needs them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::Target;
use super::{Delivery, Place};
use crate::model::{AppId, MessageId, Profile, Timestamp, UserId};
use crate::wire::lenient::{Id, Text};
use crate::wire::{EventBody, Tie};

/// Whether X is known to send a member of that name that holds events.
pub(super) fn is_known(key: &str) -> bool {
    let known = [
        "direct_message_events",
        "direct_message_indicate_typing_events",
        "direct_message_mark_read_events",
        "tweet_create_events",
        "tweet_delete_events",
        "favorite_events",
        "user_event",
        "replay_job_status",
    ];
    known.contains(&key) || tie_of(key).is_some()
}

/// Reads one element of a kind that [`is_known`].
pub(super) fn read(place: Place<'_>, raw: &RawValue, delivery: &mut Delivery) -> Option<EventBody> {
    match place.kind {
        "direct_message_indicate_typing_events" => delivery.part::<Typing>(place, "", raw).map(Into::into),
        "direct_message_mark_read_events" => delivery.part::<Read>(place, "", raw).map(Into::into),
        "tweet_create_events" => delivery.part::<Post>(place, "", raw).map(Into::into),
        "tweet_delete_events" => delivery.part::<Deletion>(place, "", raw).map(Into::into),
        "favorite_events" => delivery.part::<Favorite>(place, "", raw).map(Into::into),
        "user_event" => delivery.part::<UserEvent>(place, "", raw).map(Into::into),
        "replay_job_status" => delivery.part::<ReplayJob<'_>>(place, "", raw).map(Into::into),
        key => {
            let change: Change<'_> = delivery.part(place, "", raw)?;
            // The tables list `unfollow_events`, real traffic has `follow_events` with a type.
            let told = change.kind.as_ref().and_then(|kind| Tie::named(&kind.0));
            let tie = told.or_else(|| tie_of(key))?;
            let at = change.created_timestamp.and_then(|at| i64::try_from(at.0).ok()).map(Timestamp::from_millis).unwrap_or_default();
            Some(EventBody::Tie { tie, at, source: change.source.into(), target: UserId(change.target.id.0) })
        }
    }
}

fn tie_of(key: &str) -> Option<Tie> {
    Tie::named(key.strip_suffix("_events")?)
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Typing {
    sender_id: Id,
    target: Target,
}

impl From<Typing> for EventBody {
    fn from(typing: Typing) -> Self {
        EventBody::Typing { sender: UserId(typing.sender_id.0), recipient: UserId(typing.target.recipient_id.0) }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Read {
    sender_id: Id,
    target: Target,
    last_read_event_id: Id,
}

impl From<Read> for EventBody {
    fn from(read: Read) -> Self {
        EventBody::Read {
            sender: UserId(read.sender_id.0),
            recipient: UserId(read.target.recipient_id.0),
            last_read: MessageId(read.last_read_event_id.0),
        }
    }
}

/// A user or anything else of which the id is all that counts.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Named {
    id: Id,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Post {
    id: Id,
    user: Named,
}

impl From<Post> for EventBody {
    fn from(post: Post) -> Self {
        EventBody::PostCreated { id: post.id.0, author: UserId(post.user.id.0) }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Deletion {
    status: DeletedPost,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct DeletedPost {
    id: Id,
    user_id: Id,
}

impl From<Deletion> for EventBody {
    fn from(deletion: Deletion) -> Self {
        EventBody::PostDeleted { id: deletion.status.id.0, author: UserId(deletion.status.user_id.0) }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Favorite {
    favorited_status: Named,
    user: Named,
}

impl From<Favorite> for EventBody {
    fn from(favorite: Favorite) -> Self {
        EventBody::Favorite { post: favorite.favorited_status.id.0, by: UserId(favorite.user.id.0) }
    }
}

/// `follow_events`, `block_events`, `mute_events`.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Change<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    created_timestamp: Option<Id>,
    #[serde(borrow)]
    source: User<'a>,
    target: Named,
}

/// Who did it.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct User<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    screen_name: Option<Text<'a>>,
}

impl From<User<'_>> for Profile {
    fn from(user: User<'_>) -> Self {
        let told = |text: Option<Text<'_>>| text.map(|text| text.0.into_owned()).unwrap_or_default();
        Profile { id: UserId(user.id.0), name: told(user.name), screen_name: told(user.screen_name) }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct UserEvent {
    revoke: Option<Revocation>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Revocation {
    source: RevokingUser,
    target: Option<RevokedApp>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct RevokingUser {
    user_id: Id,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct RevokedApp {
    app_id: Option<Id>,
}

impl From<UserEvent> for EventBody {
    fn from(event: UserEvent) -> Self {
        let Some(Revocation { source, target }) = event.revoke else {
            return EventBody::Unknown { kind: "user_event".to_owned() };
        };
        let app = target.and_then(|target| target.app_id).map(|id| AppId(id.0));
        EventBody::Revoked { user: UserId(source.user_id.0), app }
    }
}

/// The payload of X Activity's `oauth.revoke`: it says the same as a `user_event` (contract §6.4).
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Withdrawal {
    user_id: Id,
    app_id: Option<Id>,
}

impl From<Withdrawal> for EventBody {
    fn from(withdrawal: Withdrawal) -> Self {
        EventBody::Revoked { user: UserId(withdrawal.user_id.0), app: withdrawal.app_id.map(|id| AppId(id.0)) }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ReplayJob<'a> {
    job_id: Id,
    #[serde(borrow)]
    job_state: Text<'a>,
}

impl From<ReplayJob<'_>> for EventBody {
    fn from(job: ReplayJob<'_>) -> Self {
        EventBody::ReplayJob { job: job.job_id.0, complete: job.job_state.0.eq_ignore_ascii_case("complete") }
    }
}
