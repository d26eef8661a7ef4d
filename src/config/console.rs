//! Who may enter the web console.

use std::time::Duration;

use serde::Deserialize;

use crate::model::{Role, Secret};

/// How the console is entered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// Whether a proxy with https stands before the console; its `X-Forwarded-For` is then believed.
    pub proxy: bool,
    /// How long somebody stays signed in without doing anything.
    #[serde(deserialize_with = "super::duration")]
    pub idle: Duration,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The name they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they see what people write though their role is `view`.
    #[serde(default)]
    pub texts: bool,
    /// The password's hash, as `junco password` prints it.
    #[serde(default, deserialize_with = "super::secret")]
    pub password_hash: Option<Secret>,
}

impl Default for Access {
    fn default() -> Self {
        Access { proxy: false, idle: Duration::from_secs(12 * 3600) }
    }
}

/// What is wrong with those who may sign in.
pub(super) fn check(operators: &[Operator]) -> Result<(), String> {
    for operator in operators {
        let name = &operator.name;
        if name.is_empty() || name.len() > 64 {
            return Err("[[operator]]: give it a name of 1 to 64 characters".into());
        }
        if operators.iter().filter(|other| other.name == *name).count() > 1 {
            return Err(format!("[[operator]] {name} stands twice"));
        }
        if operator.password_hash.is_none() {
            return Err(format!("[[operator]] {name}: add the password_hash that `junco password` prints, or password_hash_file"));
        }
    }
    Ok(())
}
