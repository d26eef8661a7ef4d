//! What a call that did not succeed leaves behind: certainly nothing, a refusal, or doubt.

use std::error::Error;
use std::fmt;

use crate::model::Timestamp;
use crate::wire::rest::{ApiError, Remedy, Scope, remedy};

/// Why a call has no result. It quotes X, never what we sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// X certainly did not take the call: it may be made again.
    #[error("X did not take the call: {cause}")]
    NotTaken {
        /// What was in the way.
        cause: NotTaken,
        /// When X will take calls again, where it said so; always ahead of us.
        retry_at: Option<Timestamp>,
    },
    /// X refused, and will refuse again.
    #[error("{0}")]
    Refused(Refusal),
    /// Nobody knows whether X took the call: made again, it may count twice.
    #[error("it is not known whether X took the call: {0}")]
    Unsure(Unsure),
}

/// X's code for a token that it takes no longer: "Invalid or expired token." (contract §4.10).
pub const VOID_TOKEN: u32 = 89;

impl Failure {
    /// X's code, where it takes the user's token no longer: the account has to be authorised again.
    pub fn void_token(&self) -> Option<u32> {
        match self {
            Failure::Refused(refusal) if refusal.code == VOID_TOKEN => Some(refusal.code),
            _ => None,
        }
    }
}

/// What kept a call from being taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No connection could be made.
    #[error("could not connect ({0})")]
    Unreachable(String),
    /// Too many calls.
    #[error("too many calls")]
    RateLimited,
    /// X is over capacity.
    #[error("X is over capacity")]
    Overloaded,
}

/// What leaves a call in doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsure {
    /// No answer came in time.
    #[error("no answer came in time")]
    TimedOut,
    /// The connection broke before the answer.
    #[error("the connection was lost ({0})")]
    ConnectionLost(String),
    /// X failed in the middle of it.
    #[error("X answered with an internal error (HTTP {0})")]
    ServerError(u16),
    /// X said yes, but the rest cannot be read.
    #[error("the answer to a call that succeeded cannot be read")]
    UnreadableAnswer,
}

/// A refusal in X's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// X's error code; 0 where it gave none.
    pub code: u32,
    /// What v2 says instead of a code, as `CrcValidationFailed`; may be empty.
    pub reason: String,
    /// X's words; may be empty.
    pub message: String,
    /// What the refusal holds for.
    pub scope: Scope,
}

impl Failure {
    /// What helps.
    pub fn remedy(&self) -> Remedy {
        match self {
            Failure::NotTaken { cause: NotTaken::Unreachable(_), .. } => Remedy::Connect,
            Failure::NotTaken { cause: NotTaken::RateLimited, .. } => Remedy::WaitForReset,
            Failure::NotTaken { cause: NotTaken::Overloaded, .. } => Remedy::Retry,
            Failure::Refused(refusal) => refusal.remedy(),
            Failure::Unsure(_) => Remedy::Look,
        }
    }
}

impl Refusal {
    /// What helps.
    pub fn remedy(&self) -> Remedy {
        remedy(self.status, &ApiError { code: self.code, message: self.message.clone(), reason: self.reason.clone() })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "X refused the call (HTTP {}", self.status)?;
        if self.code != 0 {
            write!(f, ", code {}", self.code)?;
        }
        if !self.reason.is_empty() {
            write!(f, ", {}", self.reason)?;
        }
        f.write_str(")")?;
        // X's words are shown on terminals, where they are to stay words.
        let message = self.message.replace(char::is_control, " ");
        if message.trim().is_empty() { Ok(()) } else { write!(f, ": {}", message.trim()) }
    }
}

/// An error and its causes in one line. The address is left out: its query may hold what is nobody's business.
pub(crate) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_one_line_with_words_or_without() {
        let told = |message: &str| {
            let refusal = Refusal { status: 403, code: 200, reason: String::new(), message: message.to_owned(), scope: Scope::Account };
            refusal.to_string()
        };
        assert_eq!(told("Forbidden."), "X refused the call (HTTP 403, code 200): Forbidden.");
        assert_eq!(told(" "), "X refused the call (HTTP 403, code 200)");
        assert_eq!(told("\x1b[2Jno\nway"), "X refused the call (HTTP 403, code 200): [2Jno way");
    }
}
