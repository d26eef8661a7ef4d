//! What to do about what went wrong; X's words alone seldom tell.

use super::AccountError;
use crate::client::{EventsFailure, Failure, NotTaken, Unsure};
use crate::model::Timestamp;

/// A failure with what to do about it.
pub(super) fn told(failure: &Failure) -> String {
    format!("{}: {}", failure.to_string().trim_end_matches('.'), advice(failure))
}

/// What to do about anything at the account.
pub(super) fn advice_on(error: &AccountError) -> String {
    match error {
        AccountError::Call(failure) | AccountError::Events(EventsFailure::Call(failure)) => advice(failure),
        AccountError::Events(failure) => failure.remedy().advice().to_owned(),
        AccountError::NoWebhook(_) => "junco webhook register".to_owned(),
        AccountError::NoToken(user) => format!("junco login --account {user}"),
        AccountError::NoOAuth2(user) => format!("junco login --oauth2 --account {user}"),
        AccountError::NotSignedIn(_) => "junco login --oauth2".to_owned(),
        AccountError::Upload(_) | AccountError::File(_) | AccountError::Odd(_) => "mend what it says, then try again".to_owned(),
    }
}

/// All that is done at the account may be done twice: what stands already is left alone. So doubt is no reason to be careful here.
fn advice(failure: &Failure) -> String {
    match failure {
        Failure::NotTaken { cause: NotTaken::RateLimited, retry_at: Some(at) } => format!("X takes it again from {} on", clock_time(*at)),
        Failure::Unsure(Unsure::UnreadableAnswer) => {
            "something else than X seems to answer: look at the addresses under [x] in junco.toml, then try again".to_owned()
        }
        Failure::Unsure(_) => "try again; what X has done already is left alone then".to_owned(),
        other => other.remedy().advice().to_owned(),
    }
}

fn clock_time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_seconds()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do_now() {
        let until = |retry_at| told(&Failure::NotTaken { cause: NotTaken::RateLimited, retry_at });
        let named = until(Some(Timestamp::from_millis(1_767_225_600_000)));
        assert_eq!(named, "X did not take the call: too many calls: X takes it again from 2026-01-01T00:00:00Z on");
        assert!(until(None).ends_with("too many calls: wait until the window that X names is over, then try again"));
        assert!(told(&Failure::Unsure(Unsure::UnreadableAnswer)).contains("look at the addresses under [x]"));
        assert!(told(&Failure::Unsure(Unsure::TimedOut)).contains("try again"));
    }
}
