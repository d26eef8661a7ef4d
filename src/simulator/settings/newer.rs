//! What is different about the newer API, v2: its limits, and what the documentation leaves open (contract §6, §8).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::json;

/// What the platform insists on for those who call `/2/…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewerRules {
    /// How long a webhook that was registered by v2 may take to answer a challenge or an event (contract §1.1).
    #[serde(with = "json::span")]
    pub answer_limit: Duration,
    /// How long such a webhook stays in service while its challenges fail for reasons that may pass: 24 hours and four more (contract §1.2).
    #[serde(with = "json::span")]
    pub grace: Duration,
    /// How many activity subscriptions an app may have (contract §6.4).
    pub activities: usize,
    /// In which of its three documented forms an activity subscription is answered.
    pub activity_shape: ActivityShape,
    /// Whether deliveries and challenges are signed with the client secret too, and challenges are to be answered with it (contract §1.3).
    pub client_signature: bool,
    /// Messages a user may send in 15 minutes; sources have 15, 99 and 200 (contract §6.5).
    pub messages: u32,
    /// Messages a user may send a day.
    pub user_daily: u32,
    /// Messages an app may send a day.
    pub app_daily: u32,
    /// How many more calls are paid for; `None` for as many as one likes. Without credit a call is refused with 402.
    pub credit: Option<u32>,
}

/// The forms in which an activity subscription was seen to be answered (contract §6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityShape {
    /// `data` is a list of one.
    Array,
    /// `data` is the subscription.
    Object,
    /// `data.subscription` is.
    Nested,
}

impl Default for NewerRules {
    fn default() -> Self {
        NewerRules {
            answer_limit: Duration::from_secs(10),
            grace: Duration::from_secs(28 * 60 * 60),
            activities: 1_500,
            activity_shape: ActivityShape::Nested,
            client_signature: false,
            messages: 15,
            user_daily: 1_440,
            app_daily: 15_000,
            credit: None,
        }
    }
}
