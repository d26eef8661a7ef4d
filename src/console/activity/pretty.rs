//! JSON with line breaks, its fields in the order in which they came: what is shown is what was signed, but for the space.

/// How far nested values are moved in, at most.
const DEEPEST: usize = 12;

/// The text with breaks and spaces between its parts; what is no JSON stays as it is. Cut behind `most` bytes.
pub(super) fn pretty(body: &[u8], most: usize) -> String {
    let cut = body.len() > most;
    let text = String::from_utf8_lossy(&body[..body.len().min(most)]);
    let mut shown = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_text, mut escaped, mut last) = (0_usize, false, false, ' ');
    for c in text.chars() {
        if in_text {
            shown.push(c);
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '{' | '[' => {
                if matches!(last, '{' | '[' | ',') {
                    break_line(&mut shown, depth);
                }
                depth += 1;
                shown.push(c);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !matches!((last, c), ('{', '}') | ('[', ']')) {
                    break_line(&mut shown, depth);
                }
                shown.push(c);
            }
            ':' => shown.push_str(": "),
            c if c.is_whitespace() => continue,
            c => {
                if matches!(last, '{' | '[' | ',') {
                    break_line(&mut shown, depth);
                }
                shown.push(c);
                in_text = c == '"';
            }
        }
        last = c;
    }
    if cut {
        shown.push_str("\n…");
    }
    shown
}

fn break_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_texts_their_form() {
        let body = br#"{"b":[],"a":[1,{"t":"x \"{[,:]}\" \u00e9"}],"e":{}}"#;
        let expected = "{\n  \"b\": [],\n  \"a\": [\n    1,\n    {\n      \"t\": \"x \\\"{[,:]}\\\" \\u00e9\"\n    }\n  ],\n  \"e\": {}\n}";
        assert_eq!(pretty(body, 1000), expected);
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_broken_is_shown() {
        assert_eq!(pretty(b"{\"a\":1}", 3), "{\n  \"a\n…");
        assert_eq!(pretty(b"]]}\xff", 10), "\n]\n]\n}\n\u{fffd}".replace("\n\u{fffd}", "\u{fffd}"));
    }
}
