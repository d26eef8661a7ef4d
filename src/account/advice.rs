//! What to do about a refusal of X, with the commands that do it; X's words alone seldom tell.

use super::AccountError;
use crate::client::{EventsFailure, Failure, Remedy};

/// A failure with what to do about it.
pub(super) fn told(failure: &Failure) -> String {
    format!("{failure}: {}", advice(failure))
}

/// What to do about a failure.
pub fn advice(failure: &Failure) -> &'static str {
    match failure {
        Failure::Refused(refusal) if failure.remedy() == Remedy::Webhook => for_webhook(&format!("{} {}", refusal.reason, refusal.message)),
        Failure::Refused(refusal) if refusal.code == 99 => {
            "X knows no such pair of consumer_key and consumer_secret: copy both from the app's page"
        }
        Failure::Refused(_) if failure.remedy() == Remedy::Permission => {
            "set the app's permission to \"Read, write, and Direct Messages\" on its page at X, then run `junco login` anew: old tokens keep \
             what they had"
        }
        failure => failure.remedy().advice(),
    }
}

/// The same for anything at the account.
pub fn advice_on(error: &AccountError) -> &'static str {
    match error {
        AccountError::Call(failure) | AccountError::Events(EventsFailure::Call(failure)) => advice(failure),
        AccountError::Events(failure) => failure.remedy().advice(),
        AccountError::NoWebhook(_) => "junco webhook register",
        AccountError::NoToken(_) => "junco login",
        AccountError::Upload(_) | AccountError::File(_) | AccountError::Odd(_) => "mend what it says, then try again",
    }
}

/// Of the refusals of a webhook each wants something else done.
fn for_webhook(words: &str) -> &'static str {
    let is = |part: &str| words.contains(part);
    if is("CRC token") || is("CrcValidationFailed") {
        "the webhook answered the challenge wrongly: it must run with this app's consumer_secret; `junco doctor` shows its answer"
    } else if is("High latency") {
        "the webhook answered too slowly; `junco doctor` measures it"
    } else if is("Non-200") {
        "the webhook did not answer the challenge: is `junco run` up, and does the address reach it? `junco doctor` looks"
    } else {
        "the address must be https, without a port, and of at most 200 characters; `junco doctor` looks"
    }
}
