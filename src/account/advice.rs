//! What a refusal of X means to the person at the keyboard, and what to do about it. X's words alone seldom tell.

use crate::client::{Failure, NotTaken, Refusal};

/// A failure in plain words, with what to do.
pub fn told(failure: &Failure) -> String {
    match advice(failure) {
        Some(advice) => format!("{failure}: {advice}"),
        None => failure.to_string(),
    }
}

/// What to do about a failure, where that is known (contract §4.10).
pub fn advice(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Refused(refusal) => for_refusal(refusal),
        Failure::NotTaken { cause: NotTaken::Unreachable(_), .. } => Some("look at `x.api` in the configuration and at the network"),
        Failure::NotTaken { cause: NotTaken::RateLimited, .. } => Some("wait, and try again"),
        Failure::NotTaken { cause: NotTaken::Overloaded, .. } | Failure::Unsure(_) => Some("try again in a while"),
    }
}

fn for_refusal(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal.code {
        32 | 215 => "consumer_key, consumer_secret and the tokens do not belong together; look at the app's page, then run `junco login`",
        34 => "run `junco webhook list` to see what X knows",
        63 | 64 => "the account is suspended at X",
        61 | 200 => "the app has no access to this interface of X: look at its plan, and at `x.events`",
        89 => "the token was withdrawn, or never was one: run `junco login`",
        87 | 93 => {
            "the app may not read and write Direct Messages: set its permission to \"Read, write, and Direct Messages\" on its page, then run `junco login` anew, since old tokens keep what they had"
        }
        99 => "X knows no such pair of consumer_key and consumer_secret: copy both from the app's page",
        135 => "this machine's clock is wrong: let it be set by NTP",
        170 => "register the webhook first: `junco webhook register`",
        214 => for_webhook(&refusal.message),
        261 => {
            "the token is for reading only: set the app's permission to \"Read, write, and Direct Messages\" on its page, then run `junco login` anew"
        }
        326 => "the account is locked: a person must log in to X and unlock it",
        348 => "the token does not allow this app to hear of the account's messages: run `junco login` anew",
        415 | 417 => "the app's page does not list this callback: add it there, or run `junco login` without --callback",
        416 => "the app is suspended at X",
        453 => "the app's plan at X does not include this call: it needs enterprise access, or `x.events = \"v2\"`",
        _ => return None,
    })
}

/// Of the texts under 214 each wants something else done.
fn for_webhook(message: &str) -> &'static str {
    let is = |part: &str| message.contains(part);
    if is("CRC token") {
        "the webhook answered the challenge wrongly: it must run with this app's consumer_secret; `junco doctor` shows its answer"
    } else if is("High latency") {
        "the webhook answered too slowly; `junco doctor` measures it"
    } else if is("Non-200") {
        "the webhook did not answer the challenge: is `junco run` up, and does the address reach it? `junco doctor` looks"
    } else if is("Too many") {
        "the app has as many webhooks as it may: delete one with `junco webhook delete`"
    } else if is("allow dms") {
        "the account must take messages from anyone: switch that on in X's settings"
    } else {
        "the address must be https, without a port, and of at most 200 characters"
    }
}
