//! The slips that everybody makes in KDL, each with its own word of help. Looked for only in a file that cannot be read.

use std::ops::Range;

use crate::model::parse_duration;

/// A slip and what to write instead.
#[derive(Debug, PartialEq)]
pub(super) struct Slip {
    pub(super) code: &'static str,
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// The first brace that lies within more than `limit` others; within twice as many where those in texts count too, since after a
/// stray quote the parser may take for nodes what is a text here.
pub(super) fn too_deep(text: &str, limit: usize) -> Option<Range<usize>> {
    let mut raw = 0_usize;
    let far_too_deep = text.bytes().position(|byte| {
        match byte {
            b'{' => raw += 1,
            b'}' => raw = raw.saturating_sub(1),
            _ => {}
        }
        raw > 2 * limit
    });
    if let Some(at) = far_too_deep {
        return Some(at..at + 1);
    }
    let mut depth = 0_usize;
    tokens(text).into_iter().find_map(|token| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word | Kind::Text | Kind::Unclosed | Kind::End => {}
        }
        (depth > limit).then_some(token.span)
    })
}

/// Finds the slips of a text in one pass over its words.
pub(super) fn slips(text: &str) -> Vec<Slip> {
    let tokens = tokens(text);
    let mut slips = Vec::new();
    let mut open: Vec<Range<usize>> = Vec::new();
    for (ix, token) in tokens.iter().enumerate() {
        let word = &text[token.span.clone()];
        let before = ix.checked_sub(1).map(|ix| &tokens[ix]);
        let mut slip = |code, message: String, help: String| slips.push(Slip { code, span: token.span.clone(), message, help });
        match token.kind {
            Kind::Word if word == "else" || word == "elif" => {
                if before.is_some_and(|before| before.kind == Kind::Close) {
                    slip(
                        "else-behind-brace",
                        format!("`{word}` stands behind a brace"),
                        format!("begin a new line with `{word}`, or write `; {word}`"),
                    );
                }
            }
            Kind::Word if before.is_some_and(|before| before.kind == Kind::Close) => {
                slip("behind-children", format!("`{word}` stands behind the children"), "put properties before the brace".to_owned());
            }
            Kind::Word if before.is_some_and(|before| before.kind == Kind::Text && before.span.end == token.span.start) => {
                slip("quote-within", "the text before this has ended".to_owned(), "write `\\\"` for a quote within a text".to_owned());
                break;
            }
            // The first word of a line names a node, and only values slip so.
            Kind::Word if before.is_none_or(|before| before.kind == Kind::End || before.kind == Kind::Open) => {
                if word.starts_with('#') {
                    slip("comment", "a comment begins with `//`".to_owned(), "write `// …`".to_owned());
                }
            }
            Kind::Word => slips.extend(bare(word, &token.span)),
            Kind::Open => open.push(token.span.clone()),
            Kind::Close if open.pop().is_none() => {
                slip("brace", "this brace closes nothing".to_owned(), "take it out, or look for a missing `{` above".to_owned());
            }
            Kind::Unclosed => {
                slip("quote", "this text has no end".to_owned(), "close it with `\"` on the same line; `\\n` is a new line".to_owned())
            }
            Kind::Text => slips.extend(escape(word, token.span.start)),
            Kind::Close | Kind::End => {}
        }
    }
    if slips.iter().any(|slip| matches!(slip.code, "quote" | "quote-within")) {
        // The braces behind an open quote are text.
        open.clear();
    }
    slips.extend(open.into_iter().map(|span| Slip {
        code: "brace",
        span,
        message: "this brace is never closed".to_owned(),
        help: "add the missing `}`".to_owned(),
    }));
    slips
}

/// A value that lacks its quotes or its `#`: `ttl=30m`, `true`.
fn bare(word: &str, span: &Range<usize>) -> Option<Slip> {
    let (value, at) = match word.split_once('=') {
        Some((name, value)) => (value, span.start + name.len() + 1),
        None => (word, span.start),
    };
    let span = at..span.end;
    if matches!(value, "true" | "false" | "null") {
        let (message, help) = (format!("`{value}` lacks its `#`"), format!("write #{value}"));
        Some(Slip { code: "bare-keyword", span, message, help })
    } else if parse_duration(value).is_some() {
        let (message, help) = (format!("`{value}` is a text and stands in quotes"), format!("write \"{value}\""));
        Some(Slip { code: "bare-duration", span, message, help })
    } else {
        None
    }
}

/// A backslash in a quoted text that means nothing: mostly somebody writes a regex.
fn escape(text: &str, start: usize) -> Option<Slip> {
    if text.starts_with('#') {
        return None;
    }
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        if let Some((end, next)) = next.filter(|(_, next)| !"nrt\\\"bfsu".contains(*next) && !next.is_whitespace()) {
            return Some(Slip {
                code: "escape",
                span: start + at..start + end + next.len_utf8(),
                message: format!("`\\{next}` means nothing in a text"),
                help: "write `\\\\` for a backslash, or a raw text: #\"…\"#".to_owned(),
            });
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Text,
    Unclosed,
    Open,
    Close,
    End,
}

struct Token {
    kind: Kind,
    span: Range<usize>,
}

/// The words, strings and braces of a text, comments left out. `name="text"` gives a word and a text.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = match c {
            '{' => (Some(Kind::Open), 1),
            '}' => (Some(Kind::Close), 1),
            '\n' | ';' => (Some(Kind::End), 1),
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '"' | '#' if quote(rest).is_some() => string(rest),
            c if c.is_whitespace() => (None, c.len_utf8()),
            _ => (Some(Kind::Word), word(rest)),
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, span: at..at + len });
        }
        at += len;
    }
    tokens
}

/// How many `#` stand before an opening quote, if one stands here at all.
fn quote(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

fn string(rest: &str) -> (Option<Kind>, usize) {
    let hashes = quote(rest).unwrap_or_default();
    let marks = if rest[hashes..].starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let start = hashes + marks.len();
    let end = format!("{marks}{}", "#".repeat(hashes));
    let mut escaped = false;
    for (at, c) in rest[start..].char_indices() {
        if !escaped && rest[start + at..].starts_with(&end) {
            return (Some(Kind::Text), start + at + end.len());
        }
        if c == '\n' && marks.len() == 1 {
            return (Some(Kind::Unclosed), start + at);
        }
        escaped = hashes == 0 && c == '\\' && !escaped;
    }
    (Some(Kind::Unclosed), rest.len())
}

fn word(rest: &str) -> usize {
    let ends = |(at, c): (usize, char)| c.is_whitespace() || "{};\"".contains(c) || rest[at..].starts_with("//");
    let end = rest.char_indices().skip(1).find(|at| ends(*at)).map_or(rest.len(), |(at, _)| at);
    // `match=#"…"#` is a word up to its value.
    rest[..end].trim_end_matches('#').len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        slips(text).into_iter().map(|slip| (slip.code, &text[slip.span])).collect()
    }

    #[test]
    fn the_usual_slips_are_recognised() {
        assert_eq!(found("bot \"x\" {\n late \"follow\" ttl=30m\n}"), [("bare-duration", "30m")]);
        assert_eq!(found("say \"x\" break=true"), [("bare-keyword", "true")]);
        assert_eq!(found("if \"a\" { end } else { end }"), [("else-behind-brace", "else")]);
        assert_eq!(found("state \"x\" { end } late=\"follow\""), [("behind-children", "late=")]);
        assert_eq!(found("state \"x\" {\n say \"y\"\n"), [("brace", "{")]);
        assert_eq!(found("say \"y\" }"), [("brace", "}")]);
        assert_eq!(found("say \"y\nend"), [("quote", "\"y")]);
        assert_eq!(found("say \"Send \"MENU\" now.\"\nend"), [("quote-within", "MENU")]);
        assert_eq!(found("# note\nsay \"y\""), [("comment", "#")]);
        assert_eq!(found("on match=\"\\bskis?\""), []);
        assert_eq!(found("on match=\"\\dskis?\""), [("escape", "\\d")]);
    }

    #[test]
    fn what_is_written_well_is_no_slip() {
        let good = "// 30m } true\nlate \"30m\" x=#true y=#\"a \" } \"# { /* { */ say \"\\\"}\"; else { end }\n}\non match=##\"\"#\"##\n";
        assert_eq!(found(good), []);
    }
}
