//! What a refusal means: X's error codes first, then the status, never the words (contract §4.10).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::remedy;
use crate::wire::lenient::{Id, Parts, Text};

/// One error of X's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiError {
    /// X's code; 0 where it gave none.
    pub code: u32,
    /// X's words, cut at 300 characters.
    pub message: String,
    /// What v2 says instead of a code, as `CrcValidationFailed` or `invalid-request`; empty where it says nothing.
    pub reason: String,
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

/// The errors in an answer's body: `{"errors":[…]}`, `{"error":"…"}`, or the problem of v2; none where it is empty or not JSON.
///
/// A problem may list what caused it: the causes come first, since they say more.
pub fn read_errors(body: &[u8]) -> Vec<ApiError> {
    let Some(body) = object(body) else { return Vec::new() };
    let listed = body.get("errors").and_then(|errors| serde_json::from_str::<Vec<&RawValue>>(errors.get()).ok()).unwrap_or_default();
    let listed: Vec<_> = listed.into_iter().filter_map(|error| object(error.get().as_bytes())).collect();
    listed.iter().filter_map(read_error).chain(read_error(&body)).collect()
}

fn object(body: &[u8]) -> Option<Parts<'_>> {
    serde_json::from_slice(body).ok()
}

/// One error, in whichever form; an object that says nothing of one is none.
fn read_error(parts: &Parts<'_>) -> Option<ApiError> {
    let text = |name: &str| parts.get(name).and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok()).map(|text| text.0);
    let code = parts.get("code").and_then(|raw| serde_json::from_str::<Id>(raw.get()).ok());
    // OAuth 2 has names for its errors, and words beside them.
    let described = text("error_description");
    let message = text("message").or_else(|| text("detail")).or(described.clone()).or_else(|| text("error")).or_else(|| text("title"));
    let kind = text("type").and_then(|kind| Some(kind.split_once("/problems/")?.1.to_owned()));
    let reason = text("reason").map(Cow::into_owned).or(kind).or_else(|| described.and(text("error")).map(Cow::into_owned));
    if code.is_none() && message.is_none() && reason.is_none() {
        return None;
    }
    let cut = |text: &str, most| text.chars().take(most).collect();
    Some(ApiError {
        code: code.and_then(|id| u32::try_from(id.0).ok()).unwrap_or(0),
        message: cut(&message.unwrap_or_default(), 300),
        reason: cut(&reason.unwrap_or_default(), 64),
    })
}

/// What an answer with this status and these errors means for the call, and the error that says so. The status is not a success.
///
/// Of several errors the first that is known decides.
pub fn judge(status: u16, errors: &[ApiError]) -> (Verdict, Option<&ApiError>) {
    let known = errors.iter().find_map(|error| Some((remedy::known(status, error)?, Some(error))));
    let (remedy, error) = known.unwrap_or_else(|| (remedy::by_status(status), errors.first()));
    (remedy.verdict(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u32, message: &str) -> ApiError {
        ApiError { code, message: message.to_owned(), reason: String::new() }
    }

    #[test]
    fn errors_are_read_in_each_of_their_forms() {
        let labelled = br#"{"errors":[{"code":99,"label":"authenticity_token_error","message":"Unable to verify your credentials"}]}"#;
        assert_eq!(read_errors(labelled), [error(99, "Unable to verify your credentials")]);
        let several = br#"{"request":"\/1.1","errors":[{"code":"32","message":"a"},{"message":"b"}]}"#;
        assert_eq!(read_errors(several), [error(32, "a"), error(0, "b")]);
        assert_eq!(read_errors(br#"{"error":"Not authorized."}"#), [error(0, "Not authorized.")]);
        let problem = br#"{"title":"Forbidden","detail":"No.","type":"about:blank","status":403}"#;
        assert_eq!(read_errors(problem), [error(0, "No.")]);
        let caused = br#"{"errors":[{"parameters":{"id":["x"]},"message":"bad id"}],"title":"Invalid Request","detail":"One.",
            "type":"https://api.x.com/2/problems/invalid-request"}"#;
        let whole = ApiError { reason: "invalid-request".to_owned(), ..error(0, "One.") };
        assert_eq!(read_errors(caused), [error(0, "bad id"), whole]);
        let reasoned = br#"{"title":"Bad","reason":"CrcValidationFailed","type":"https://api.x.com/2/problems/x"}"#;
        assert_eq!(read_errors(reasoned), [ApiError { reason: "CrcValidationFailed".to_owned(), ..error(0, "Bad") }]);
        let oauth2 = br#"{"error":"invalid_grant","error_description":"Value passed for the code was invalid."}"#;
        let told = ApiError { reason: "invalid_grant".to_owned(), ..error(0, "Value passed for the code was invalid.") };
        assert_eq!(read_errors(oauth2), [told]);
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
            (402, 0, Verdict::Refused(Scope::Account)),
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
        let closed = read_errors(br#"{"title":"Forbidden","detail":"You do not have permission to DM one or more participants."}"#);
        assert_eq!(judge(403, &closed).0, Verdict::Refused(Scope::Person));
    }
}
