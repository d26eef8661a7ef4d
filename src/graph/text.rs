//! Texts as a picture can show them: without markup of templates, measured, cut.

use std::time::Duration;

use crate::bot::Template;

/// What a template says, on one line: values stand as `‹name›`, and of conditions only what is said.
pub(super) fn plain(template: &Template) -> String {
    let source = template.source();
    let text = if template.as_literal().is_some() { source.to_owned() } else { without_marks(source) };
    clean(&text)
}

fn without_marks(source: &str) -> String {
    let (mut text, mut rest) = (String::new(), source);
    while let Some(at) = rest.find("{") {
        let (before, mark) = rest.split_at(at);
        text.push_str(before);
        let (close, shown) = match mark.get(..2) {
            Some("{{") => ("}}", true),
            Some("{%") => ("%}", false),
            Some("{#") => ("#}", false),
            _ => {
                text.push('{');
                rest = &mark[1..];
                continue;
            }
        };
        let inner = &mark[2..];
        let end = inner.find(close).unwrap_or(inner.len());
        if shown {
            text.push_str(&format!("‹{}›", inner[..end].trim_matches(['-', ' '])));
        }
        rest = inner.get(end + close.len()..).unwrap_or_default();
    }
    text + rest
}

/// One line of characters that can be shown: breaks and other controls become spaces, and nothing turns the writing around.
pub(super) fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if c.is_control() || turns(c) || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    text.chars().map(shown).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A span of time as one would say it.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds} s"), |(length, name)| format!("{} {name}", seconds / length))
}

/// How wide a text is at most, in tenths of a pixel, at 12 pixels of a common sans-serif. Fonts differ; this errs to the wide side.
pub(super) fn width(text: &str) -> i32 {
    text.chars().map(advance).sum()
}

fn advance(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' => 38,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' | 'I' | '/' | '“' | '”' => 52,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 118,
        'A'..='Z' | '&' | '_' | '·' => 88,
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{200b}'..='\u{200d}' => 0,
        c if (c as u32) < 0x1100 => 75,
        // Ideographs, emoji and symbols.
        _ => 150,
    }
}

/// The text, cut so that it fits into so many tenths of a pixel.
pub(super) fn cut(text: &str, room: i32) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut left = room - advance('…');
    let fits = |c: &char| {
        left -= advance(*c);
        left >= 0
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// The text in so many lines at most, broken between words where it can be, the last one cut.
pub(super) fn lines(text: &str, room: i32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if lines.len() + 1 == most || width(rest) <= room {
            lines.push(cut(rest, room));
            break;
        }
        let (line, behind) = break_off(rest, room);
        lines.push(line.to_owned());
        rest = behind;
    }
    lines
}

/// As many words as fit, at least one, and the rest.
fn break_off(text: &str, room: i32) -> (&str, &str) {
    let mut left = room;
    let mut last_space = None;
    for (at, c) in text.char_indices() {
        left -= advance(c);
        if left < 0 && at > 0 {
            let at = last_space.unwrap_or(at);
            return (text[..at].trim_end(), text[at..].trim_start());
        }
        if c == ' ' {
            last_space = Some(at);
        }
    }
    (text, "")
}
