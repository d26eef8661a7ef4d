//! What went over the wire, for whoever looks at it: deliveries, challenges and calls, each with its answer. The newest only, and of
//! nothing that is secret more than that it was there.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// So many exchanges are kept.
const KEPT: usize = 500;

/// A longer body is told of, not shown.
const LONGEST_BODY: usize = 64 << 10;

/// One request, by whichever side, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) struct Exchange {
    /// Counts up from 1; names the exchange.
    pub(in crate::simulator) number: u64,
    /// The count of all changes when this last changed.
    pub(in crate::simulator) version: u64,
    /// When it began.
    pub(in crate::simulator) at: Timestamp,
    pub(in crate::simulator) way: Way,
    pub(in crate::simulator) method: String,
    /// The address, or of a call the path and the query.
    pub(in crate::simulator) target: String,
    /// The headers that prove who asks.
    pub(in crate::simulator) proofs: Vec<(&'static str, String)>,
    pub(in crate::simulator) body: Body,
    pub(in crate::simulator) answers: Vec<Answer>,
}

/// Who asked whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Way {
    /// The platform delivered: the number of the delivery.
    Delivery(u64),
    /// The platform challenged a webhook.
    Challenge,
    /// The bot called the platform.
    Call,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulator) struct Answer {
    /// When it was there.
    pub(in crate::simulator) at: Timestamp,
    pub(in crate::simulator) latency: Duration,
    /// The status; `None` when no answer came.
    pub(in crate::simulator) status: Option<u16>,
    pub(in crate::simulator) body: Body,
}

/// A body, as far as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::simulator) enum Body {
    #[default]
    Empty,
    Text(String),
    /// So many bytes of something that is not shown.
    Unshown(usize),
}

/// A request that is about to leave or has come.
pub(in crate::simulator) struct Asked {
    pub(in crate::simulator) way: Way,
    pub(in crate::simulator) method: String,
    pub(in crate::simulator) target: String,
    pub(in crate::simulator) proofs: Vec<(&'static str, String)>,
    pub(in crate::simulator) body: Body,
}

/// The newest exchanges.
#[derive(Default)]
pub(in crate::simulator) struct Wire {
    exchanges: VecDeque<Exchange>,
    last: u64,
    version: u64,
}

impl Wire {
    /// Takes note of a request; a delivery that is attempted again is the same as before.
    pub(in crate::simulator) fn asked(&mut self, asked: Asked, now: Timestamp) -> u64 {
        let again = |exchange: &&Exchange| matches!(asked.way, Way::Delivery(_)) && exchange.way == asked.way;
        if let Some(known) = self.exchanges.iter().rev().find(again) {
            return known.number;
        }
        self.last += 1;
        self.version += 1;
        let Asked { way, method, target, proofs, body } = asked;
        let (number, version) = (self.last, self.version);
        self.exchanges.push_back(Exchange { number, version, at: now, way, method, target, proofs, body, answers: Vec::new() });
        if self.exchanges.len() > KEPT {
            self.exchanges.pop_front();
        }
        number
    }

    /// Takes note of what came back.
    pub(in crate::simulator) fn answered(&mut self, number: u64, answer: Answer) {
        self.version += 1;
        let version = self.version;
        if let Some(exchange) = self.exchanges.iter_mut().rev().find(|exchange| exchange.number == number) {
            exchange.answers.push(answer);
            exchange.version = version;
        }
    }

    /// The count of all changes.
    pub(in crate::simulator) fn version(&self) -> u64 {
        self.version
    }

    /// Newest first.
    pub(in crate::simulator) fn newest(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().rev()
    }
}

impl Body {
    /// A body of a text.
    pub(in crate::simulator) fn text(text: &str) -> Self {
        match text.len() {
            0 => Body::Empty,
            1..=LONGEST_BODY => Body::Text(text.to_owned()),
            long => Body::Unshown(long),
        }
    }

    /// A body of which a header says what it is. Secrets in it are covered.
    pub(in crate::simulator) fn of(media_type: &str, bytes: &[u8]) -> Self {
        let is_form = media_type.starts_with("application/x-www-form-urlencoded");
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_form || media_type.contains("json"));
        match text {
            Some(text) if is_form => Body::text(&covered_fields(text)),
            Some(text) => Body::text(&covered_members(text)),
            None if bytes.is_empty() => Body::Empty,
            None => Body::Unshown(bytes.len()),
        }
    }
}

/// Whether a field of this name is nobody's business but the two sides'.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let known = ["secret", "password", "access_token", "refresh_token", "verifier", "assertion", "bearer"];
    known.iter().any(|part| name.contains(part)) || name == "code" || name == "pin"
}

/// A query or a form with its secret values covered.
pub(in crate::simulator) fn covered_fields(fields: &str) -> String {
    let cover = |field: &str| match field.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=…"),
        _ => field.to_owned(),
    };
    fields.split('&').map(cover).collect::<Vec<_>>().join("&")
}

/// JSON with its secret texts covered; what is no JSON is left as it is.
fn covered_members(text: &str) -> String {
    let mut covered = String::with_capacity(text.len());
    let (mut rest, mut name) = (text, String::new());
    while let Some(start) = rest.find('"') {
        let end = end_of_text(&rest[start..]);
        let (before, literal) = (&rest[..start], &rest[start..start + end]);
        covered.push_str(before);
        let is_value = before.trim_start().starts_with(':');
        covered.push_str(if is_value && is_secret(&name) { "\"…\"" } else { literal });
        name = literal.trim_matches('"').to_owned();
        rest = &rest[start + end..];
    }
    covered + rest
}

/// Where the text that begins here ends, behind its quotation mark.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// What a header of a caller shows to everybody: a signature proves something and gives nothing away, a verifier or a bearer is the key
/// itself.
pub(in crate::simulator) fn covered_proof(header: &str) -> String {
    let cover = |field: &str| match field.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=\"…\""),
        _ => field.to_owned(),
    };
    match header.split_once(' ') {
        Some(("OAuth", fields)) => format!("OAuth {}", fields.split(',').map(cover).collect::<Vec<_>>().join(",")),
        Some((scheme, rest)) => format!("{scheme} … ({} characters)", rest.len()),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        let json = r#"{"token_type":"bearer","access_token":"AAAA\"BBB","nested":[{"client_secret": "x"}],"text":"secret","n":1}"#;
        let shown = r#"{"token_type":"bearer","access_token":"…","nested":[{"client_secret": "…"}],"text":"secret","n":1}"#;
        assert_eq!(Body::of("application/json; charset=utf-8", json.as_bytes()), Body::Text(shown.to_owned()));
        assert_eq!(covered_fields("oauth_token=7-a&oauth_token_secret=zzz&user_id=7"), "oauth_token=7-a&oauth_token_secret=…&user_id=7");
        assert_eq!(covered_proof("Basic c2ltOnNlY3JldA=="), "Basic … (16 characters)");
        let signed = r#"OAuth oauth_consumer_key="k", oauth_signature="abc%3D""#;
        assert_eq!(covered_proof(signed), signed);
        assert_eq!(covered_proof("token"), "…");
        let with_pin = r#"OAuth oauth_nonce="n", oauth_verifier="4711081",oauth_signature="abc%3D""#;
        assert_eq!(covered_proof(with_pin), r#"OAuth oauth_nonce="n", oauth_verifier="…",oauth_signature="abc%3D""#);
    }

    #[test]
    fn what_is_no_text_is_told_of() {
        assert_eq!(Body::of("multipart/form-data; boundary=x", &[0xff, 0x00]), Body::Unshown(2));
        assert_eq!(Body::of("application/json", &[b'x'; LONGEST_BODY + 1]), Body::Unshown(LONGEST_BODY + 1));
        assert_eq!(Body::of("application/json", b"\"never ends"), Body::Text("\"never ends".to_owned()));
    }

    #[test]
    fn a_delivery_is_one_exchange_however_often_it_is_tried() {
        let asked = |way| Asked { way, method: "POST".to_owned(), target: String::new(), proofs: vec![], body: Body::Empty };
        let answer = |status| Answer { at: Timestamp::from_millis(0), latency: Duration::ZERO, status, body: Body::Empty };
        let (mut wire, now) = (Wire::default(), Timestamp::from_millis(1));
        let first = wire.asked(asked(Way::Delivery(7)), now);
        wire.answered(first, answer(None));
        let call = wire.asked(asked(Way::Call), now);
        assert_eq!(wire.asked(asked(Way::Delivery(7)), now), first);
        wire.answered(first, answer(Some(200)));
        let numbers: Vec<_> = wire.newest().map(|one| (one.number, one.answers.len(), one.version)).collect();
        assert_eq!(numbers, [(call, 0, 3), (first, 2, 4)]);
        for _ in 0..KEPT {
            wire.asked(asked(Way::Call), now);
        }
        assert_eq!(wire.newest().count(), KEPT);
    }
}
