//! How the service looks after its accounts.

use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// How the service looks after its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// How often X is asked whether events arrive.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    /// Whether a webhook that X holds for invalid is validated again.
    pub revalidate: bool,
    /// Whether a webhook that X no longer knows is registered again.
    pub repair: bool,
    /// No silence is told of that is shorter; 0s tells of none.
    #[serde(deserialize_with = "duration")]
    pub silence: Duration,
    /// Whether what was missed is fetched: by a replay where X grants one, else from the list of messages.
    pub replay: bool,
    /// What becomes of the conversations of an account that withdraws the app's access.
    pub revoked: Revoked,
}

/// What becomes of the conversations of an account that withdraws the app's access.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// They stay, and go on once the account is authorised again.
    #[default]
    Keep,
    /// They are forgotten.
    Forget,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            every: Duration::from_secs(120),
            revalidate: true,
            repair: false,
            silence: Duration::from_secs(3600),
            replay: true,
            revoked: Revoked::default(),
        }
    }
}
