//! A message's text as its writer typed it: unescaped once, links expanded, the link that stands for media removed (contract §3.2).

use std::borrow::Cow;
use std::ops::Range;

/// One link in a text: what stands there and what stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shortened<'a> {
    /// The `t.co` address that stands in the text.
    pub(super) url: &'a str,
    /// Where it stands, in code points; not to be trusted unseen.
    pub(super) indices: Option<(usize, usize)>,
    /// What it stands for; `None` removes it together with the space before it.
    pub(super) original: Option<&'a str>,
}

/// The text as typed. `links` come in any order; one that is not in the text is ignored.
pub(super) fn as_typed<'a>(text: &str, links: impl IntoIterator<Item = Shortened<'a>>) -> String {
    let mut found: Vec<(Range<usize>, Option<&str>)> = Vec::new();
    for link in links {
        if let Some(range) = place_of(text, &link, &found) {
            found.push((range, link.original));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    let mut typed = String::with_capacity(text.len());
    let mut from = 0;
    for (range, original) in found {
        let before = &text[from..range.start];
        match original {
            Some(original) => {
                typed.push_str(&unescaped(before));
                typed.push_str(original);
            }
            None => typed.push_str(&unescaped(before.strip_suffix(' ').unwrap_or(before))),
        }
        from = range.end;
    }
    typed.push_str(&unescaped(&text[from..]));
    typed
}

/// Where a link stands: where its indices say, if it does, else at its first place that no other link has taken.
fn place_of(text: &str, link: &Shortened<'_>, taken: &[(Range<usize>, Option<&str>)]) -> Option<Range<usize>> {
    let free = |range: &Range<usize>| taken.iter().all(|(other, _)| range.end <= other.start || other.end <= range.start);
    let at = |start: usize| start..start + link.url.len();
    let told = link.indices.and_then(|(start, _)| text.char_indices().nth(start)).map(|(start, _)| at(start));
    let told = told.filter(|range| !link.url.is_empty() && text.get(range.clone()) == Some(link.url) && free(range));
    told.or_else(|| text.match_indices(link.url).map(|(start, _)| at(start)).find(|range| !link.url.is_empty() && free(range)))
}

/// `&amp;`, `&lt;` and `&gt;` as the characters they stand for; once, and nothing else.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let (length, character) = known.into_iter().find(|(name, _)| rest.starts_with(name)).map_or((1, '&'), |(name, c)| (name.len(), c));
        plain.push(character);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(url: &'a str, indices: Option<(usize, usize)>, original: Option<&'a str>) -> Shortened<'a> {
        Shortened { url, indices, original }
    }

    #[test]
    fn a_text_is_unescaped_exactly_once() {
        for (text, typed) in [
            ("caf\u{e9} &amp; cr\u{ea}pe \u{2603}", "caf\u{e9} & cr\u{ea}pe \u{2603}"),
            ("&amp;amp; &amp;lt;", "&amp; &lt;"),
            ("1 &lt; 2 &gt; 0 &quot; &#39; & &am", "1 < 2 > 0 &quot; &#39; & &am"),
            ("", ""),
            ("&", "&"),
        ] {
            assert_eq!(as_typed(text, []), typed, "{text}");
        }
    }

    #[test]
    fn a_link_is_expanded_where_it_stands() {
        let (a, b) = ("https://t.co/aaaaaaaaaa", "https://t.co/bbbbbbbbbb");
        let text = format!("\u{2603} {a} &amp; {b} {a}");
        let shop = Some("https://example.org/?a=1&amp;b=2");
        let right = [link(b, Some((34, 57)), Some("B")), link(a, Some((2, 25)), shop), link(a, Some((58, 81)), Some("A"))];
        assert_eq!(as_typed(&text, right), "\u{2603} https://example.org/?a=1&amp;b=2 & B A");
        // Indices that count bytes, or the unescaped text, or nothing at all, still find their link.
        for wrong in [None, Some((4, 27)), Some((5, 1)), Some((usize::MAX, 0))] {
            let links = [link(a, wrong, Some("A")), link(a, wrong, Some("C")), link(b, wrong, Some("B"))];
            assert_eq!(as_typed(&text, links), "\u{2603} A & B C", "{wrong:?}");
        }
    }

    #[test]
    fn the_link_of_a_picture_goes_with_its_space() {
        let url = "https://t.co/abcdefghij";
        assert_eq!(as_typed(&format!("look {url}"), [link(url, Some((5, 28)), None)]), "look");
        assert_eq!(as_typed(&format!(" {url}"), [link(url, Some((1, 24)), None)]), "");
        assert_eq!(as_typed(&format!("look\n\n {url}"), [link(url, None, None)]), "look\n\n");
    }

    #[test]
    fn a_link_that_is_not_there_changes_nothing() {
        assert_eq!(as_typed("plain", [link("https://t.co/x", Some((0, 5)), Some("y")), link("", Some((0, 0)), Some("y"))]), "plain");
    }
}
