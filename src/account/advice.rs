//! What to do about what went wrong; X's words alone seldom tell.

use super::AccountError;
use crate::client::{EventsFailure, Failure};

/// A failure with what to do about it.
pub(super) fn told(failure: &Failure) -> String {
    format!("{failure}: {}", failure.remedy().advice())
}

/// What to do about anything at the account.
pub fn advice_on(error: &AccountError) -> &'static str {
    match error {
        AccountError::Call(failure) | AccountError::Events(EventsFailure::Call(failure)) => failure.remedy().advice(),
        AccountError::Events(failure) => failure.remedy().advice(),
        AccountError::NoWebhook(_) => "junco webhook register",
        AccountError::NoToken(_) => "junco login",
        AccountError::NotSignedIn(_) => "junco login --oauth2",
        AccountError::Upload(_) | AccountError::File(_) | AccountError::Odd(_) => "mend what it says, then try again",
    }
}
