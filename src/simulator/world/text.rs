//! What the platform does to the text of a message: links become short ones with entities, `& < >` are escaped (contract §3.2).

use std::ops::Range;

use serde::Serialize;

/// A link in a text, as `entities.urls` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::simulator) struct UrlEntity {
    pub(in crate::simulator) url: String,
    pub(in crate::simulator) expanded_url: String,
    pub(in crate::simulator) display_url: String,
    /// First and behind the last character in the unescaped text, in code points.
    pub(in crate::simulator) indices: [usize; 2],
}

/// A text as it is delivered, but for escaping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::simulator) struct Wrapped {
    pub(in crate::simulator) text: String,
    pub(in crate::simulator) urls: Vec<UrlEntity>,
}

impl Wrapped {
    /// Replaces every link of `text`; `code` makes the last part of each short link.
    pub(super) fn new(text: &str, mut code: impl FnMut() -> String) -> Self {
        let mut wrapped = Wrapped::default();
        let mut done = 0;
        for found in links(text) {
            wrapped.text.push_str(&text[done..found.start]);
            let target = &text[found.clone()];
            let expanded_url = if has_scheme(target) { target.to_owned() } else { format!("http://{target}") };
            wrapped.push_link(format!("https://t.co/{}", code()), display(target), expanded_url);
            done = found.end;
        }
        wrapped.text.push_str(&text[done..]);
        wrapped
    }

    /// Appends a link and its entity, as for a picture.
    pub(super) fn push_link(&mut self, url: String, display_url: String, expanded_url: String) {
        let start = self.text.chars().count();
        self.text.push_str(&url);
        let indices = [start, start + url.chars().count()];
        self.urls.push(UrlEntity { url, expanded_url, display_url, indices });
    }
}

/// Whether a text has a link in it.
pub(in crate::simulator) fn has_link(text: &str) -> bool {
    !links(text).is_empty()
}

/// Where the links of a text are: what begins like an address, up to white space, less the punctuation of the sentence around it.
fn links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if let Some(offset) = link_start(word) {
            let link = word[offset..].trim_end().trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
            if link.len() > "https://".len() {
                found.push(start + offset..start + offset + link.len());
            }
        }
        start += word.len();
    }
    found
}

/// Escapes `&`, `<` and `>`, and nothing else.
pub(in crate::simulator) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn link_start(word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    ["https://", "http://", "www."].iter().filter_map(|start| word.find(start)).min()
}

fn has_scheme(link: &str) -> bool {
    link.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"))
}

fn display(link: &str) -> String {
    const LONGEST: usize = 26;
    let bare = link.split_once("://").map_or(link, |(_, bare)| bare);
    match bare.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &bare[..end]),
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_short_ones_with_entities() {
        let wrapped = Wrapped::new("☃ see (https://example.org/a?b=1&c), or www.example.net.", || "abcdefghij".to_owned());
        assert_eq!(wrapped.text, "☃ see (https://t.co/abcdefghij), or https://t.co/abcdefghij.");
        assert_eq!(wrapped.urls[0].expanded_url, "https://example.org/a?b=1&c");
        assert_eq!(wrapped.urls[0].indices, [7, 30], "characters are counted, not bytes");
        assert_eq!(wrapped.urls[1].expanded_url, "http://www.example.net");
    }

    #[test]
    fn a_text_without_links_stays() {
        for text in ["", "http:// is no address", "a.b.c and https:/x"] {
            assert_eq!(Wrapped::new(text, String::new), Wrapped { text: text.to_owned(), urls: vec![] });
        }
    }

    #[test]
    fn three_characters_are_escaped() {
        assert_eq!(escape("a < b && \"c\" > 'd'"), "a &lt; b &amp;&amp; \"c\" &gt; 'd'");
    }
}
