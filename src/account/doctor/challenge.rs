//! What is wrong with an answer to a challenge (contract §1.1, §1.2).

use std::time::Duration;

use crate::account::{Answered, Unheard};
use crate::model::Secret;
use crate::wire::signature::verify;

/// An answer that takes longer than this works today, and fails on the day when the machine is busy.
const QUICK: Duration = Duration::from_secs(1);

/// What became of a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) told: String,
    /// What mends it; nothing has to be where there is nothing.
    pub(super) mend: Option<String>,
}

/// Judges an answer as X does; `limit` is how long X waits.
pub(super) fn judge(answer: &Result<Answered, Unheard>, token: &str, secret: &Secret, limit: Duration) -> Outcome {
    let wrong = |told: String, mend: &str| Outcome { told, mend: Some(mend.to_owned()) };
    let answered = match answer {
        Ok(answered) => answered,
        Err(Unheard::Late(limit)) => {
            return wrong(
                format!("slow answer: none came within {} s, which is as long as X waits", limit.as_secs()),
                "look at what stands between X and `junco run`: a host that sleeps, a proxy that waits, a machine that is overloaded",
            );
        }
        Err(unheard) => {
            let mend = "start `junco run`, and let the address lead to its `listen`: look at DNS, firewall, certificate and proxy";
            return wrong(format!("nothing answers there: {unheard}"), mend);
        }
    };
    if (300..400).contains(&answered.status) {
        let to = answered.location.as_deref().map(|to| format!(" to {to}")).unwrap_or_default();
        let mend = "register the address that it leads to, or let the proxy pass the request on instead of redirecting it";
        return wrong(format!("redirect: it answers {}{to}, and X follows none", answered.status), mend);
    }
    if answered.status != 200 {
        let mend = "let the address lead to `path` of `junco run`";
        return wrong(format!("it answers {} instead of 200", answered.status), mend);
    }
    if let Some(packed) = packed(answered) {
        let mend = "switch compression off for this path in the proxy (nginx: `gzip off;`)";
        return wrong(format!("compressed answer ({packed}), which X did not ask for"), mend);
    }
    let Some(given) = response_token(&answered.body) else {
        let mend = "let the address lead to `path` of `junco run`: something else answers";
        return wrong("its answer is no JSON with a response_token".into(), mend);
    };
    if !verify(&given, secret.expose().as_bytes(), token.as_bytes()) {
        let mend = "start `junco run` anew with this configuration: the service has another consumer_secret";
        return wrong("wrong secret: the challenge is answered with another one than the configuration has".into(), mend);
    }
    if answered.took >= limit {
        let mend = "look at what stands between X and `junco run`";
        return wrong(format!("slow answer: {} ms, and X waits {} s", answered.took.as_millis(), limit.as_secs()), mend);
    }
    let slow = if answered.took > QUICK { "; that is slow, X gives up soon after" } else { "" };
    Outcome { told: format!("answered rightly in {} ms{slow}", answered.took.as_millis()), mend: None }
}

/// How the body is packed: by its header, or by its first bytes.
fn packed(answered: &Answered) -> Option<&str> {
    let announced = answered.encoding.as_deref().filter(|encoding| *encoding != "identity");
    announced.or_else(|| answered.body.starts_with(&[0x1f, 0x8b]).then_some("gzip, unannounced"))
}

fn response_token(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(body.get("response_token")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::signature::crc_response;

    const LIMIT: Duration = Duration::from_secs(3);

    fn answered() -> Answered {
        Answered {
            status: 200,
            location: None,
            encoding: None,
            kind: Some("application/json".to_owned()),
            body: crc_response(b"hush", "token").into_bytes(),
            took: Duration::from_millis(12),
            date: None,
        }
    }

    fn told(answer: Answered) -> (String, bool) {
        let outcome = judge(&Ok(answer), "token", &Secret::new("hush"), LIMIT);
        (outcome.told, outcome.mend.is_some())
    }

    #[test]
    fn a_right_answer_is_right() {
        assert_eq!(told(answered()), ("answered rightly in 12 ms".to_owned(), false));
        let (slow, wrong) = told(Answered { took: Duration::from_millis(1500), ..answered() });
        assert!(slow.contains("that is slow") && !wrong);
    }

    #[test]
    fn each_wrong_answer_is_named() {
        let cases = [
            (Answered { status: 301, location: Some("https://b/".to_owned()), ..answered() }, "redirect: it answers 301 to https://b/"),
            (Answered { status: 404, ..answered() }, "404 instead of 200"),
            (Answered { encoding: Some("gzip".to_owned()), ..answered() }, "compressed answer (gzip)"),
            (Answered { body: vec![0x1f, 0x8b, 8], ..answered() }, "compressed answer (gzip, unannounced)"),
            (Answered { body: b"<html>".to_vec(), ..answered() }, "no JSON"),
            (Answered { body: crc_response(b"other", "token").into_bytes(), ..answered() }, "wrong secret"),
            (Answered { took: LIMIT, ..answered() }, "slow answer: 3000 ms"),
        ];
        for (answer, says) in cases {
            let (told, wrong) = told(answer);
            assert!(told.contains(says) && wrong, "{told}");
        }
        let late = judge(&Err(Unheard::Late(LIMIT)), "token", &Secret::new("hush"), LIMIT);
        assert!(late.told.contains("slow answer: none came within 3 s"), "{late:?}");
    }
}
