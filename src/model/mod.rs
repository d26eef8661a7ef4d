//! The words that every room shares: ids, times, messages. No I/O, no clock, no JSON of X's.

mod events_api;
mod host;
mod ids;
mod lookup;
mod media;
mod message;
mod role;
mod secret;
mod text;
mod time;

pub use events_api::{EventsApi, UnknownEventsApi};
pub use host::HostRule;
pub use ids::{AppId, EventId, EventKind, Key, MessageId, ParseIdError, UserId};
pub use lookup::{LookupAnswer, LookupFailure, LookupMethod, LookupRequest};
pub use media::MediaType;
pub use message::{Attachment, Incoming, Link, MediaKind, Outgoing, Profile, QuickOption, Tap, numbered};
pub use role::Role;
pub use secret::Secret;
pub use text::{Folded, fold, folds_to, same_label, split_text};
pub use time::{Timestamp, parse_duration};
