//! What to do about a refusal: by X's code or reason first, then by the status (contract §4.10).

use super::errors::{ApiError, Scope, Verdict};

/// What helps. Each has a sentence for people; programs match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// Too many calls: again after the reset that X names, else after a pause that grows.
    WaitForReset,
    /// X has no capacity, or is busy with the same: again after a pause that grows.
    Retry,
    /// X may have taken it: look before it is made again.
    Look,
    /// The network, or the address of the API.
    Connect,
    /// The user's token is void.
    Reauthorise,
    /// The machine's clock is off.
    FixClock,
    /// The app's keys, tokens, callback or addresses are not those that X knows.
    Configuration,
    /// The app or the token may not do this: its permissions are too narrow.
    Permission,
    /// What the developer's contract with X does not include, or what is not paid for.
    Access,
    /// Another kind of token is wanted: the app's instead of a user's, or the other way round.
    WrongAuth,
    /// The token belongs to another app or user.
    WrongToken,
    /// Nothing of that id exists, or it is another app's.
    Missing,
    /// X does not allow the webhook's address.
    Address,
    /// The webhook answered the challenge wrongly.
    Challenge,
    /// The webhook answered the challenge too late.
    Slow,
    /// The webhook did not answer the challenge, or not with 200.
    Silent,
    /// The webhook is invalid until it answers a challenge.
    Validate,
    /// The account takes no messages from strangers, as this needs.
    Open,
    /// All that may stand stands already.
    Room,
    /// Something else is to be set up before.
    SetUpFirst,
    /// X has locked or suspended the account: only its owner can open it again.
    Unlock,
    /// X has withdrawn the call.
    Retired,
    /// The person does not take messages of this account.
    Person,
    /// The picture or video is not usable any more, or never was.
    Reupload,
    /// The text is too long.
    Split,
    /// This, as it is, X will never take.
    Change,
    /// X does not permit it, and does not say what would.
    Forbidden,
    /// X takes it for automated spam.
    SlowDown,
    /// Things are as they were to be.
    Done,
    /// The request is wrong in itself.
    Bug,
}

impl Remedy {
    /// What a person is to do.
    pub fn advice(self) -> &'static str {
        match self {
            Remedy::WaitForReset => "wait until the window that X names is over, then try again",
            Remedy::Retry => "X is busy: try again in a while",
            Remedy::Look => "X may have done it all the same: look before you do it again",
            Remedy::Connect => "check the network, the proxy, and the addresses under [x] in junco.toml",
            Remedy::Reauthorise => "the token is void: let the account sign in again with `junco login`",
            Remedy::FixClock => "this machine's clock is off: set it by NTP",
            Remedy::Configuration => {
                "compare keys, secrets, tokens, callback and the addresses under [x] with what the developer portal shows for the app"
            }
            Remedy::Permission => {
                "give the app the permission to read, write and send direct messages in the developer portal, then sign in again: \
                 old tokens keep the old permissions"
            }
            Remedy::Access => "the app's access level does not include this: ask X for access, or mend the plan or the credits",
            Remedy::WrongAuth => "this call wants another kind of token: the app's own, or a user's",
            Remedy::WrongToken => "the token belongs to another app: sign the account in with this app's keys",
            Remedy::Missing => "it does not exist, or it belongs to another app: list what there is",
            Remedy::Address => {
                "X does not allow the webhook's address: it must be https, public, without a port, of at most 200 characters"
            }
            Remedy::Challenge => {
                "the webhook answered X's challenge wrongly: it must run with the consumer secret of this app, and nothing between may \
                 redirect or compress its answers"
            }
            Remedy::Slow => "the webhook answered X's challenge too late: it must answer within 3 seconds",
            Remedy::Silent => {
                "the webhook did not answer X's challenge with 200: is `junco run` up, and does its public address lead to it?"
            }
            Remedy::Validate => "the webhook is invalid: have X challenge it again with `junco webhook check`",
            Remedy::Open => "the account must take messages from anyone: switch that on in its settings at X",
            Remedy::Room => "no more of them are allowed: delete one that is not needed, or ask X for more",
            Remedy::SetUpFirst => "register the webhook first: `junco webhook register`",
            Remedy::Unlock => "X has locked or suspended the account: its owner must sign in at X and follow what is said there",
            Remedy::Retired => "X has withdrawn this call: use the newer interface",
            Remedy::Person => {
                "this person takes no messages of the account: they must follow it, write to it first, or open their messages to all"
            }
            Remedy::Reupload => "upload the picture or video anew, or send the message without it",
            Remedy::Split => "the text is too long: split it",
            Remedy::Change => "X will not take this as it is: change what its words name",
            Remedy::Forbidden => "X does not permit this: its words are all there is to go by",
            Remedy::SlowDown => "X takes this for spam: send less and more slowly, and vary what is said",
            Remedy::Done => "nothing: it is so already, or under way",
            Remedy::Bug => "the request is wrong in itself: please report it",
        }
    }

    /// What it means for the call that was refused.
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Remedy::WaitForReset => Verdict::RateLimited,
            Remedy::Retry => Verdict::Overloaded,
            Remedy::Look | Remedy::Connect => Verdict::Unsure,
            Remedy::Person => Verdict::Refused(Scope::Person),
            Remedy::Reupload => Verdict::Refused(Scope::Media),
            Remedy::Reauthorise
            | Remedy::FixClock
            | Remedy::Configuration
            | Remedy::Permission
            | Remedy::Access
            | Remedy::WrongAuth
            | Remedy::WrongToken
            | Remedy::Missing
            | Remedy::Room
            | Remedy::SetUpFirst
            | Remedy::Unlock
            | Remedy::Retired => Verdict::Refused(Scope::Account),
            Remedy::Address
            | Remedy::Challenge
            | Remedy::Slow
            | Remedy::Silent
            | Remedy::Validate
            | Remedy::Open
            | Remedy::Split
            | Remedy::Change
            | Remedy::Forbidden
            | Remedy::SlowDown
            | Remedy::Done
            | Remedy::Bug => Verdict::Refused(Scope::Message),
        }
    }
}

/// What helps against a refusal with this status and error.
pub fn remedy(status: u16, error: &ApiError) -> Remedy {
    known(status, error).unwrap_or_else(|| by_status(status))
}

/// What helps, where the error itself says so.
pub(super) fn known(status: u16, error: &ApiError) -> Option<Remedy> {
    by_words(status, error).or_else(|| by_code(status, error.code)).or_else(|| by_reason(&error.reason))
}

fn by_code(status: u16, code: u32) -> Option<Remedy> {
    Some(match code {
        88 | 344 => Remedy::WaitForReset,
        67 | 130 => Remedy::Retry,
        131 => Remedy::Look,
        89 => Remedy::Reauthorise,
        135 => Remedy::FixClock,
        32 | 99 | 215 | 415..=417 => Remedy::Configuration,
        87 | 93 | 261 => Remedy::Permission,
        200 | 453 => Remedy::Access,
        61 | 220 => Remedy::WrongAuth,
        348 => Remedy::WrongToken,
        34 => Remedy::Missing,
        170 => Remedy::SetUpFirst,
        64 | 326 => Remedy::Unlock,
        68 | 92 | 251 => Remedy::Retired,
        17 | 50 | 63 | 108 | 150 | 349 => Remedy::Person,
        323..=325 => Remedy::Reupload,
        354 => Remedy::Split,
        226 => Remedy::SlowDown,
        355 => Remedy::Done,
        // About a webhook it is forbidden, about a body it cannot be read.
        214 if status == 403 => Remedy::Address,
        151 | 187 | 214 => Remedy::Change,
        38 | 195 | 356..=360 | 368 | 407 => Remedy::Bug,
        _ => return None,
    })
}

/// The reasons of v2, the types of its problems, and the names of OAuth 2.
fn by_reason(reason: &str) -> Option<Remedy> {
    Some(match reason {
        "CrcValidationFailed" => Remedy::Challenge,
        "UrlValidationFailed" => Remedy::Address,
        "DuplicateUrlFailed" | "DuplicateSubscriptionFailed" | "SubscriptionNotFound" => Remedy::Done,
        "WebhookLimitExceeded" | "SubscriptionLimitExceeded" => Remedy::Room,
        "WebhookIdInvalid" | "resource-not-found" => Remedy::Missing,
        "QueryParamInvalid" | "invalid_request" | "unsupported_grant_type" => Remedy::Bug,
        "ReplayConflictError" => Remedy::Retry,
        "client-forbidden" | "client-not-enrolled" | "usage-capped" | "credits" => Remedy::Access,
        "not-authorized-for-resource" | "oauth1-permissions" | "insufficient_scope" => Remedy::Permission,
        "unsupported-authentication" => Remedy::WrongAuth,
        "invalid_grant" | "invalid_token" => Remedy::Reauthorise,
        "invalid_client" | "unauthorized_client" => Remedy::Configuration,
        "invalid-request" => Remedy::Change,
        _ => return None,
    })
}

/// Two refusals cannot be told apart but by their words: 214, which stands for many things, and that of a message of v2, which has
/// neither code nor type. Words that change cost no more than a sentence less to the point.
fn by_words(status: u16, error: &ApiError) -> Option<Remedy> {
    const WORDS: [(u32, &str, Remedy); 8] = [
        (214, "Invalid CRC token", Remedy::Challenge),
        (214, "High latency on CRC", Remedy::Slow),
        (214, "Non-200 response code during CRC", Remedy::Silent),
        (214, "Too many resources", Remedy::Room),
        (214, "requires a CRC check", Remedy::Validate),
        (214, "Owner must allow dms", Remedy::Open),
        (0, "permission to DM one or more participants", Remedy::Person),
        (0, "permitted to attach this media", Remedy::Reupload),
    ];
    // Without a code, words count only where they were seen.
    let found = WORDS.iter().filter(|(code, _, _)| *code == error.code && (*code != 0 || status == 403));
    found.into_iter().find(|(_, words, _)| error.message.contains(words)).map(|(_, _, remedy)| *remedy)
}

pub(super) fn by_status(status: u16) -> Remedy {
    match status {
        429 => Remedy::WaitForReset,
        503 => Remedy::Retry,
        // A redirect is not followed: the address of the API is wrong.
        300..=399 => Remedy::Configuration,
        401 => Remedy::Reauthorise,
        402 => Remedy::Access,
        403 => Remedy::Forbidden,
        404 => Remedy::Missing,
        410 => Remedy::Retired,
        408 => Remedy::Look,
        400..=499 => Remedy::Change,
        _ => Remedy::Look,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, code: u32, reason: &str, message: &str) -> Remedy {
        remedy(status, &ApiError { code, message: message.to_owned(), reason: reason.to_owned() })
    }

    #[test]
    fn each_code_of_the_contract_has_its_remedy() {
        for (remedy, codes) in [
            (Remedy::WaitForReset, &[(429, 88), (403, 344)][..]),
            (Remedy::Retry, &[(503, 130), (503, 67)]),
            (Remedy::Look, &[(500, 131)]),
            (Remedy::Reauthorise, &[(401, 89), (403, 89)]),
            (Remedy::FixClock, &[(401, 135)]),
            (Remedy::Configuration, &[(401, 32), (403, 99), (400, 215), (403, 415), (401, 416), (401, 417)]),
            (Remedy::Permission, &[(403, 87), (403, 93), (403, 261)]),
            (Remedy::Access, &[(403, 200), (403, 453)]),
            (Remedy::WrongAuth, &[(401, 61), (403, 220)]),
            (Remedy::WrongToken, &[(403, 348)]),
            (Remedy::Missing, &[(404, 34)]),
            (Remedy::SetUpFirst, &[(403, 170)]),
            (Remedy::Unlock, &[(403, 64), (403, 326)]),
            (Remedy::Retired, &[(410, 68), (410, 251), (403, 92)]),
            (Remedy::Person, &[(404, 17), (404, 50), (403, 63), (404, 108), (403, 150), (403, 349)]),
            (Remedy::Reupload, &[(400, 323), (400, 324), (400, 325)]),
            (Remedy::Split, &[(403, 354)]),
            (Remedy::SlowDown, &[(403, 226)]),
            (Remedy::Done, &[(409, 355)]),
            (Remedy::Address, &[(403, 214)]),
            (Remedy::Change, &[(400, 214), (403, 151), (403, 187)]),
            (Remedy::Bug, &[(403, 38), (403, 195), (400, 356), (400, 357), (400, 358), (400, 360), (400, 368), (400, 407)]),
        ] {
            for (status, code) in codes {
                assert_eq!(of(*status, *code, "", ""), remedy, "{status} {code}");
            }
            assert!(!remedy.advice().is_empty());
        }
        assert!(Remedy::FixClock.advice().contains("NTP"));
    }

    #[test]
    fn v2_says_it_by_reason_by_words_or_by_status() {
        for (status, reason, words, remedy) in [
            (400, "CrcValidationFailed", "", Remedy::Challenge),
            (400, "UrlValidationFailed", "", Remedy::Address),
            (400, "DuplicateUrlFailed", "", Remedy::Done),
            (400, "WebhookLimitExceeded", "", Remedy::Room),
            (400, "SubscriptionLimitExceeded", "", Remedy::Room),
            (400, "WebhookIdInvalid", "", Remedy::Missing),
            (400, "ReplayConflictError", "", Remedy::Retry),
            (400, "QueryParamInvalid", "", Remedy::Bug),
            (400, "invalid_grant", "", Remedy::Reauthorise),
            (401, "invalid_client", "", Remedy::Configuration),
            (403, "unsupported-authentication", "", Remedy::WrongAuth),
            (403, "", "You do not have permission to DM one or more participants.", Remedy::Person),
            (403, "", "You are not permitted to attach this media to a DM event.", Remedy::Reupload),
            (403, "", "This operation is not permitted.", Remedy::Forbidden),
            (400, "invalid-request", "One or more parameters to your request was invalid.", Remedy::Change),
            (402, "", "", Remedy::Access),
            (429, "", "", Remedy::WaitForReset),
            (401, "", "", Remedy::Reauthorise),
            (302, "", "", Remedy::Configuration),
            (410, "", "", Remedy::Retired),
            (502, "", "", Remedy::Look),
        ] {
            assert_eq!(of(status, 0, reason, words), remedy, "{status} {reason} {words}");
        }
    }

    #[test]
    fn a_code_for_many_things_is_told_apart_by_its_words() {
        for (status, words, remedy) in [
            (403, "Webhook URL does not meet the requirements.", Remedy::Address),
            (403, "Too many resources already created.", Remedy::Room),
            (403, "Webhook URL does not meet the requirements. Invalid CRC token or json response format.", Remedy::Challenge),
            (403, "High latency on CRC GET request. Your webhook should respond in less than 3 seconds.", Remedy::Slow),
            (403, "Non-200 response code during CRC GET request (i.e. 404, 500, etc).", Remedy::Silent),
            (400, "Webhook is marked invalid and requires a CRC check.", Remedy::Validate),
            (400, "Owner must allow dms from anyone.", Remedy::Open),
            (400, "event.message_create.target.recipient_id: 'x' is not a valid Long", Remedy::Change),
        ] {
            assert_eq!(of(status, 214, "", words), remedy, "{words}");
        }
        let person = "You do not have permission to DM one or more participants.";
        assert_eq!(of(403, 32, "", person), Remedy::Configuration, "a code says more than words");
        assert_eq!(of(500, 0, "", person), Remedy::Look);
    }
}
