//! What X may tell about an account, whichever envelope it came in (contract §2.5).

use crate::model::{AppId, Incoming, MessageId, Profile, Timestamp, UserId};

/// One event of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The subscribed user whose copy of the event this is; absent where X names none (`user_event`, `replay_job_status`).
    pub for_user: Option<UserId>,
    /// What happened.
    pub body: EventBody,
}

/// What happened. Kinds that nothing uses carry little, but each is recognised.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// A message to or from the user.
    Message(DirectMessage),
    /// Somebody types to the user.
    Typing {
        /// Who types.
        sender: UserId,
        /// To whom.
        recipient: UserId,
    },
    /// Somebody read the user's messages.
    Read {
        /// Who read.
        sender: UserId,
        /// Whose messages.
        recipient: UserId,
        /// The youngest message that was read.
        last_read: MessageId,
    },
    /// A post by or about the user.
    PostCreated {
        /// The post.
        id: u64,
        /// Who wrote it.
        author: UserId,
    },
    /// A post of the user is gone.
    PostDeleted {
        /// The post.
        id: u64,
        /// Who had written it.
        author: UserId,
    },
    /// A like by or of the user.
    Favorite {
        /// The post that is liked.
        post: u64,
        /// Who likes it.
        by: UserId,
    },
    /// Somebody follows, blocks or mutes somebody, or no longer does.
    Tie {
        /// What is tied or untied.
        tie: Tie,
        /// When.
        at: Timestamp,
        /// Who does it.
        source: Profile,
        /// To whom.
        target: UserId,
    },
    /// The user withdrew the app's access: the subscription is gone and the tokens are void.
    Revoked {
        /// The user.
        user: UserId,
        /// The app.
        app: Option<AppId>,
    },
    /// A replay job has ended (contract §4.8).
    ReplayJob {
        /// The job.
        job: u64,
        /// Whether everything was delivered again; else it should be ordered once more.
        complete: bool,
    },
    /// Something of a kind that this house does not know, or cannot read because it is encrypted.
    Unknown {
        /// The kind's name as X wrote it, cut at 64 characters.
        kind: String,
    },
}

impl EventBody {
    /// A name to count by.
    pub fn kind(&self) -> &str {
        match self {
            EventBody::Message(_) => "message",
            EventBody::Typing { .. } => "typing",
            EventBody::Read { .. } => "read",
            EventBody::PostCreated { .. } => "post_created",
            EventBody::PostDeleted { .. } => "post_deleted",
            EventBody::Favorite { .. } => "favorite",
            EventBody::Tie { tie, .. } => tie.name(),
            EventBody::Revoked { .. } => "revoked",
            EventBody::ReplayJob { .. } => "replay_job",
            EventBody::Unknown { kind } => kind,
        }
    }
}

/// What ties two users, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// `follow`
    Follow,
    /// `unfollow`
    Unfollow,
    /// `block`
    Block,
    /// `unblock`
    Unblock,
    /// `mute`
    Mute,
    /// `unmute`
    Unmute,
}

impl Tie {
    const ALL: [Tie; 6] = [Tie::Follow, Tie::Unfollow, Tie::Block, Tie::Unblock, Tie::Mute, Tie::Unmute];

    /// The name that X gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Tie::Follow => "follow",
            Tie::Unfollow => "unfollow",
            Tie::Block => "block",
            Tie::Unblock => "unblock",
            Tie::Mute => "mute",
            Tie::Unmute => "unmute",
        }
    }

    /// The tie of that name.
    pub fn named(name: &str) -> Option<Self> {
        Tie::ALL.into_iter().find(|tie| tie.name() == name)
    }
}

/// A direct message with everything an event tells about it.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectMessage {
    /// The message, its text as a person reads it.
    pub message: Incoming,
    /// Who wrote it.
    pub sender: UserId,
    /// To whom.
    pub recipient: UserId,
    /// The app that sent it; only the sender's own copy tells (contract §3.1).
    pub source_app: Option<AppId>,
    /// Who the sender is, as far as the event tells.
    pub sender_profile: Profile,
    /// The welcome message that came right before it.
    pub welcome: Option<u64>,
}

impl DirectMessage {
    /// Whether this is `for_user`'s own message coming back. A message to oneself is one too (contract §3.1).
    pub fn is_echo(&self, for_user: UserId) -> bool {
        self.sender == for_user
    }
}
