//! What somebody of the house may do.

use std::fmt;

use serde::Deserialize;

/// What somebody may do in the console; each role may do all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees figures, states and reasons; not what people write, unless that is allowed besides.
    View,
    /// Sees what people write, and writes to them.
    Reply,
    /// Looks after the account at X.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::View => "view",
            Role::Reply => "reply",
            Role::Admin => "admin",
        })
    }
}
