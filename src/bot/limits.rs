//! What the platform allows in a message (contract §5) and what a program allows itself. Characters are Unicode scalar values.

/// Most quick replies under one message.
pub const OPTIONS: usize = 20;
/// Most characters of an option's label; it must not contain a URL.
pub const LABEL: usize = 36;
/// Most characters of an option's description, which all options of a message have or none.
pub const DESCRIPTION: usize = 72;
/// Most characters of an option's metadata.
pub const METADATA: usize = 1_000;
/// Most characters of a message.
pub const TEXT: usize = 10_000;
/// Most characters of a welcome message.
pub const WELCOME_TEXT: usize = 9_990;
/// Most characters of a typed answer: slots live in the conversation's record, which stays small (design §5).
pub const ANSWER: usize = 1_000;
/// Most characters in the name of a state or a prompt: both go into the metadata of options.
pub const NAME: usize = 64;

/// The length of a text as the platform counts it.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Whether X takes the text as the label of an option or of a link.
pub fn is_label(text: &str) -> bool {
    !text.trim().is_empty() && length(text) <= LABEL && !contains_url(text)
}

/// Whether X takes the text as the address of a link.
pub fn is_address(text: &str) -> bool {
    let good = |url: url::Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && url::Url::parse(text).is_ok_and(good)
}

/// Whether X would take the text for a link, which it refuses in labels: a scheme, `www.`, or a word like `shop.example`.
pub fn contains_url(text: &str) -> bool {
    text.split_whitespace().any(is_link)
}

fn is_link(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if word.contains("://") || word.starts_with("www.") {
        return true;
    }
    // A bare domain is a link as well; "v1.2" and "e.g." are not.
    let host = word.split(['/', '?', ':']).next().unwrap_or_default();
    let Some((name, tld)) = host.rsplit_once('.') else { return false };
    !name.is_empty() && name.chars().any(char::is_alphabetic) && tld.len() >= 2 && tld.chars().all(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_words() {
        for link in ["https://x.com/a", "see www.snow", "shop.example", "(shop.example/a)", "HTTP://A"] {
            assert!(contains_url(link), "{link}");
        }
        for text in ["More …", "v1.2", "e.g. Aspen", "St. Moritz", "3.5 in.", "a/b"] {
            assert!(!contains_url(text), "{text}");
        }
    }
}
