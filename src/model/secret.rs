//! A text that must not be seen: consumer secrets, tokens, bearer tokens.

use std::fmt;

/// A secret. It cannot be printed or written to disk by accident: no `Display`, no `Serialize`, and `Debug` shows the same for all.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text out of sight.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for signing and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    // Neither the text nor its length shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_neither_its_text_nor_its_length() {
        let shown = |text: &str| format!("{:?} {0:#?}", Secret::new(text));
        assert!(!shown("hunter2").contains("hunter2"));
        assert_eq!(shown(""), shown("a much longer secret"));
        assert_eq!(Secret::new("hunter2").expose(), "hunter2");
    }
}
