//! Text as it is compared and as it is cut. Characters are Unicode scalar values (contract §5, counting unit).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds case and accents and reads every run of punctuation and space as one space.
///
/// `"  Où est-ce ?"` becomes `"ou est ce"`. What is left after folding is what patterns and labels are compared by.
pub fn fold(text: &str) -> String {
    Folded::new(text).text
}

/// A folded text and where its words came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// The words, one space between them.
    pub text: String,
    /// The place of each word in `text` and in the text as it was typed, in bytes.
    pub words: Vec<(Range<usize>, Range<usize>)>,
}

impl Folded {
    /// Folds a text as [`fold`] does.
    pub fn new(text: &str) -> Self {
        let mut folded = Folded { text: String::with_capacity(text.len()), words: Vec::new() };
        let mut gap = true;
        for (at, typed) in text.char_indices() {
            let place = at..at + typed.len_utf8();
            if typed.is_ascii() {
                folded.push(typed.to_ascii_lowercase(), &place, &mut gap);
            } else {
                plain(typed).for_each(|c| folded.push(c, &place, &mut gap));
                // An accent that was typed by itself belongs to the letter before it.
                if let (false, true, Some((_, typed))) = (gap, is_combining_mark(typed), folded.words.last_mut()) {
                    typed.end = place.end;
                }
            }
        }
        folded
    }

    fn push(&mut self, c: char, typed: &Range<usize>, gap: &mut bool) {
        // Apostrophes and joiners vanish instead of parting a word: "don't" is one word however it is typed.
        if is_joiner(c) {
            return;
        }
        if is_gap(c) {
            *gap = true;
            return;
        }
        if std::mem::take(gap) {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.words.push((self.text.len()..self.text.len(), typed.clone()));
        }
        self.text.push(c);
        if let Some((folded, last)) = self.words.last_mut() {
            folded.end = self.text.len();
            last.end = typed.end;
        }
    }
}

/// Whether a person who typed `typed` meant the label `label`: case, accents, punctuation and space do not count.
pub fn same_label(typed: &str, label: &str) -> bool {
    let typed = fold(typed);
    !typed.is_empty() && folds_to(label, &typed)
}

/// Whether [`fold`] makes this of a text. Most texts that are compared differ in their first letters: those are not folded whole.
pub fn folds_to(text: &str, folded: &str) -> bool {
    let mut rest = folded.chars();
    let (mut begun, mut gap) = (false, false);
    for c in text.chars().flat_map(plain).filter(|c| !is_joiner(*c)) {
        if is_gap(c) {
            gap = begun;
            continue;
        }
        if std::mem::take(&mut gap) && rest.next() != Some(' ') {
            return false;
        }
        begun = true;
        if rest.next() != Some(c) {
            return false;
        }
    }
    rest.next().is_none()
}

/// A character as it is compared: small letters without their accents.
fn plain(c: char) -> impl Iterator<Item = char> {
    let (ascii, other) = if c.is_ascii() { (Some(c.to_ascii_lowercase()), None) } else { (None, Some(c)) };
    let letters = other.into_iter().nfkd().filter(|c| !is_combining_mark(*c));
    ascii.into_iter().chain(letters.flat_map(char::to_lowercase))
}

/// What parts words.
fn is_gap(c: char) -> bool {
    !(c.is_alphanumeric() || is_symbol(c))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{ad}')
}

/// Pictographs carry meaning in a chat, so unlike punctuation they are kept.
fn is_symbol(c: char) -> bool {
    matches!(c as u32, 0x2190..=0x21ff | 0x2300..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1faff)
}

/// Cuts a text into pieces of at most `limit` characters, at a line's end, else at a space, else where it must be.
///
/// Nothing but the white space at a cut is lost. `limit` is at least 1.
pub fn split_text(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(limit) {
        let head = &rest[..end];
        // A cut in the first half would leave a stub of a message; then a hard cut reads better.
        let soft = head.rfind('\n').or_else(|| head.rfind(' ')).filter(|at| *at > end / 2);
        let cut = soft.unwrap_or(end);
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Few letters, so that two texts are often alike, and everything that folding treats by itself.
    const TYPED: &str = "[aA\u{e1}e\u{301} .'\u{2019}\u{2744}\u{2163}-]{0,4}";

    #[test]
    fn folding_keeps_what_was_meant() {
        for (text, folded) in [
            ("  Où est-ce ?", "ou est ce"),
            ("HELLO,   world!!", "hello world"),
            ("don\u{2019}t / don't", "dont dont"),
            ("Straße Ⅳ", "straße iv"),
            ("❄ snow ❄", "❄ snow ❄"),
            ("...", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert!(folds_to(text, folded), "{text}");
        }
    }

    #[test]
    fn folded_words_know_where_they_were_typed() {
        let text = "¡Où e\u{301}te\u{301}-ce, L'Été?";
        let folded = Folded::new(text);
        let words: Vec<_> = folded.words.iter().map(|(new, old)| (&folded.text[new.clone()], &text[old.clone()])).collect();
        assert_eq!(words, [("ou", "Où"), ("ete", "e\u{301}te\u{301}"), ("ce", "ce"), ("lete", "L'Été")]);
    }

    #[test]
    fn a_label_is_recognised_however_it_is_typed() {
        assert!(same_label("snow REPORT!", "Snow report"));
        assert!(!same_label("snow reports", "Snow report"));
        assert!(!same_label("?", "!"), "nothing equals nothing");
    }

    proptest! {
        #[test]
        fn a_text_folds_to_what_it_is_folded_to_and_to_nothing_else(text in TYPED, other in TYPED) {
            let folded = fold(&text);
            prop_assert!(folds_to(&text, &folded));
            prop_assert_eq!(folds_to(&other, &folded), fold(&other) == folded);
        }
    }

    #[test]
    fn a_long_text_is_cut_where_it_hurts_least() {
        assert_eq!(split_text("one two three", 9), ["one two", "three"]);
        assert_eq!(split_text("éééééé", 4), ["éééé", "éé"]);
        assert_eq!(split_text("", 5), [""]);
        assert_eq!(split_text("four", 4), ["four"]);
    }
}
