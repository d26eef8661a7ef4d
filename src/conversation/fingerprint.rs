//! Recognising our own words when they come back as an echo.

use sha2::{Digest, Sha256};

/// A number that a sent text and its echo share.
///
/// White space and links do not count: X trims the one and rewrites the other (contract §3.2). Media links are already removed
/// from an echo when it arrives here.
pub(super) fn fingerprint(text: &str) -> u64 {
    let mut hash = Sha256::new();
    for word in text.split_whitespace().filter(|word| !is_link(word)) {
        hash.update(word.as_bytes());
        hash.update(b" ");
    }
    hash.finalize().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A word that X may have turned into a link: one with a scheme, or with a dot between letters.
fn is_link(word: &str) -> bool {
    word.contains("://")
        || word.char_indices().any(|(at, c)| {
            c == '.'
                && word[..at].chars().next_back().is_some_and(char::is_alphanumeric)
                && word[at + 1..].chars().next().is_some_and(char::is_alphabetic)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_looks_like_what_was_sent() {
        let sent = "Buy it: example.org/shop \n\nSee you. ";
        for echo in ["Buy it: http://example.org/shop\n\nSee you.", "Buy it: https://t.co/abc See you."] {
            assert_eq!(fingerprint(sent), fingerprint(echo), "{echo}");
        }
    }

    #[test]
    fn other_words_look_different() {
        assert_ne!(fingerprint("Aspen: 4 in."), fingerprint("Vail: 4 in."));
        assert_ne!(fingerprint("a bc"), fingerprint("ab c"));
        assert_ne!(fingerprint("4.5 in. new"), fingerprint("4.6 in. new"), "a decimal is not a link");
    }
}
