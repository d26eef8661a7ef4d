//! What a refusal means: X's error codes first, then the status, never the words (contract §4.10).

use serde::Deserialize;

use crate::wire::lenient::{Id, Text};

/// One error of X's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// X's code; 0 where it gave none.
    pub code: u32,
    /// X's words, cut at 300 characters.
    pub message: String,
}

/// What an answer other than a success says about the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not taken: too many calls. Wait for the reset.
    RateLimited,
    /// Not taken: X has no capacity at the moment.
    Overloaded,
    /// Taken or not: nobody knows.
    Unsure,
    /// Not taken, and it will not be.
    Refused(Scope),
}

/// What a refusal holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This message, as it is.
    Message,
    /// The picture or video on it: it may be uploaded anew or left out.
    Media,
    /// Everything to this person.
    Person,
    /// Everything of this account or app, until somebody changes its credentials, permissions or address.
    Account,
}

/// The errors in an answer's body: `{"errors":[…]}` or `{"error":"…"}`; none where it is empty or not JSON.
pub fn read_errors(body: &[u8]) -> Vec<ApiError> {
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else { return Vec::new() };
    let told = |message: Option<Text<'_>>| message.map(|text| text.0.chars().take(300).collect()).unwrap_or_default();
    let code = |id: Option<Id>| id.and_then(|id| u32::try_from(id.0).ok()).unwrap_or(0);
    let listed = body.errors.into_iter().map(|error| ApiError { code: code(error.code), message: told(error.message) });
    let single = body.error.map(|message| ApiError { code: 0, message: told(Some(message)) });
    listed.chain(single).collect()
}

/// What an answer with this status and these errors means for the call, and the error that says so. The status is not a success.
///
/// Of several errors the first whose code is known decides.
pub fn judge(status: u16, errors: &[ApiError]) -> (Verdict, Option<&ApiError>) {
    let known = errors.iter().find_map(|error| Some((by_code(error.code)?, Some(error))));
    known.unwrap_or_else(|| (by_status(status), errors.first()))
}

fn by_code(code: u32) -> Option<Verdict> {
    Some(match code {
        88 | 344 => Verdict::RateLimited,
        67 | 130 => Verdict::Overloaded,
        131 => Verdict::Unsure,
        17 | 50 | 63 | 108 | 150 | 349 => Verdict::Refused(Scope::Person),
        323..=325 => Verdict::Refused(Scope::Media),
        32 | 34 | 61 | 64 | 68 | 87 | 89 | 92 | 93 | 99 | 135 | 200 | 215 | 220 | 251 | 261 | 326 | 348 | 416 | 453 => {
            Verdict::Refused(Scope::Account)
        }
        38 | 151 | 187 | 195 | 214 | 226 | 354 => Verdict::Refused(Scope::Message),
        _ => return None,
    })
}

fn by_status(status: u16) -> Verdict {
    match status {
        429 => Verdict::RateLimited,
        503 => Verdict::Overloaded,
        // A redirect is not followed: the address of the API is wrong.
        300..=399 | 401 | 404 | 410 => Verdict::Refused(Scope::Account),
        408 => Verdict::Unsure,
        400..=499 => Verdict::Refused(Scope::Message),
        _ => Verdict::Unsure,
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    errors: Vec<Listed<'a>>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    code: Option<Id>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u32, message: &str) -> ApiError {
        ApiError { code, message: message.to_owned() }
    }

    #[test]
    fn errors_are_read_in_each_of_their_forms() {
        let labelled = br#"{"errors":[{"code":99,"label":"authenticity_token_error","message":"Unable to verify your credentials"}]}"#;
        assert_eq!(read_errors(labelled), [error(99, "Unable to verify your credentials")]);
        let several = br#"{"request":"\/1.1","errors":[{"code":"32","message":"a"},{"message":"b"}]}"#;
        assert_eq!(read_errors(several), [error(32, "a"), error(0, "b")]);
        assert_eq!(read_errors(br#"{"error":"Not authorized."}"#), [error(0, "Not authorized.")]);
        for nothing in ["", "{}", "[]", "<html>Over capacity</html>", r#"{"errors":{}}"#, "\u{0}"] {
            assert_eq!(read_errors(nothing.as_bytes()), [], "{nothing}");
        }
        let long = format!(r#"{{"error":"{}"}}"#, "é".repeat(1000));
        assert_eq!(read_errors(long.as_bytes())[0].message, "é".repeat(300));
    }

    #[test]
    fn a_code_decides_before_the_status() {
        for (status, code, verdict) in [
            (429, 88, Verdict::RateLimited),
            (403, 344, Verdict::RateLimited),
            (503, 130, Verdict::Overloaded),
            (500, 131, Verdict::Unsure),
            (403, 349, Verdict::Refused(Scope::Person)),
            (403, 150, Verdict::Refused(Scope::Person)),
            (404, 50, Verdict::Refused(Scope::Person)),
            (401, 32, Verdict::Refused(Scope::Account)),
            (403, 89, Verdict::Refused(Scope::Account)),
            (403, 453, Verdict::Refused(Scope::Account)),
            (400, 324, Verdict::Refused(Scope::Media)),
            (403, 151, Verdict::Refused(Scope::Message)),
            (400, 214, Verdict::Refused(Scope::Message)),
            (403, 354, Verdict::Refused(Scope::Message)),
            // An unknown code, or none, leaves the word to the status.
            (429, 0, Verdict::RateLimited),
            (503, 9999, Verdict::Overloaded),
            (502, 0, Verdict::Unsure),
            (504, 0, Verdict::Unsure),
            (408, 0, Verdict::Unsure),
            (301, 0, Verdict::Refused(Scope::Account)),
            (401, 0, Verdict::Refused(Scope::Account)),
            (403, 9999, Verdict::Refused(Scope::Message)),
            (415, 0, Verdict::Refused(Scope::Message)),
        ] {
            let told = error(code, "told");
            assert_eq!(judge(status, std::slice::from_ref(&told)), (verdict, Some(&told)), "{status} {code}");
        }
        assert_eq!(judge(500, &[]), (Verdict::Unsure, None));
        let several = [error(0, ""), error(349, ""), error(32, "")];
        assert_eq!(judge(403, &several), (Verdict::Refused(Scope::Person), Some(&several[1])));
    }
}
