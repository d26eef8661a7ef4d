//! Bodies of X's REST API: what is sent, and what comes back (contract §4, §6).

mod activity;
mod errors;
mod hooks;
mod limits;
mod lists;
mod media;
mod message;
pub mod newer;
mod page;
mod person;
pub mod posts;
pub mod profiles;
mod remedy;
mod tokens;
pub mod welcome;

pub use activity::{ActivitySubscription, activity_subscriptions, activity_total, changed_activity, new_activity};
pub use errors::{ApiError, Scope, Verdict, judge, read_errors};
pub use hooks::{
    Count, ReplayJob, Subscriptions, Webhook, count, new_webhook, replay_date, replay_job, replay_order, subscribed, subscriptions,
    validity, webhook, webhooks,
};
pub use limits::{Limits, RateLimit};
pub use lists::Page;
pub use media::{
    Fields, Multipart, Processing, Upload, upload, upload_append, upload_append_v2, upload_finalize, upload_init, upload_init_v2,
    upload_status,
};
pub use message::{new_message, sent_id};
pub use page::{MessagePage, message_page, shown_message};
pub use person::user;
pub use remedy::{Remedy, remedy};
pub use tokens::{OAuth2Token, SignedIn, UserToken, bearer_token, oauth2_token, request_token, signed_in};

#[cfg(test)]
mod tests;
