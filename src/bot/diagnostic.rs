//! What is wrong with a script: where, why, and what to do about it; shown as rustc shows its errors.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::sources::Sources;

/// Something found in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Names the kind of finding, for people and tools: `goto-nowhere`.
    pub code: &'static str,
    /// Whether the bot can run in spite of it.
    pub severity: Severity,
    /// The file, by its path within the bot's folder.
    pub file: String,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// What is wrong, in lower case.
    pub message: String,
    /// What stands at the caret; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// The shortest conversation that shows it, a line each; empty where it cannot be played.
    pub witness: Vec<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bot does not run.
    Error,
    /// The bot runs, but hardly as meant.
    Warning,
}

/// A place in a file of the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) span: Range<usize>,
}

impl Diagnostic {
    pub(super) fn error(code: &'static str, at: &Place, message: impl Into<String>) -> Self {
        let Place { file, span } = at.clone();
        let message = message.into();
        Diagnostic {
            code,
            severity: Severity::Error,
            file: file.to_string(),
            span,
            message,
            label: String::new(),
            help: None,
            witness: Vec::new(),
        }
    }

    pub(super) fn warning(code: &'static str, at: &Place, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, at, message) }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn witness(mut self, witness: Vec<String>) -> Self {
        self.witness = witness;
        self
    }

    /// Offers the nearest of the names that could have been meant, or lists them where none is near and they are few.
    pub(super) fn suggest<'a>(self, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        match nearest(wrong, names.iter().copied()) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None if names.is_empty() || names.len() > 12 => self,
            None => self.help(format!("what can stand here: {}", names.join(", "))),
        }
    }

    /// The finding with its line and a caret, as text for a terminal.
    pub fn render(&self, sources: &Sources, coloured: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let text = sources.get(&self.file).map(String::as_str).unwrap_or_default();
        let span = within(text, &self.span);
        let mut mark = AnnotationKind::Primary.span(span);
        if !self.label.is_empty() {
            mark = mark.label(self.label.as_str());
        }
        let snippet = Snippet::source(text).path(self.file.as_str()).annotation(mark);
        let mut group = level.primary_title(self.message.as_str()).id(self.code).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let witness = format!("shown by this conversation:\n{}", self.witness.join("\n"));
        if !self.witness.is_empty() {
            group = group.element(Level::NOTE.message(witness.as_str()));
        }
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The line of the finding, from 1.
    pub fn line(&self, sources: &Sources) -> usize {
        let text = sources.get(&self.file).map(String::as_str).unwrap_or_default();
        text[..within(text, &self.span).start].matches('\n').count() + 1
    }
}

/// The name nearest to a misspelt one, if any is near enough to have been meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    let distances = names.into_iter().map(|name| (strsim::osa_distance(&wrong.to_lowercase(), &name.to_lowercase()), name));
    distances.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The span, moved to lie within the text and on the borders of characters.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let (start, end) = (text.floor_char_boundary(span.start), text.floor_char_boundary(span.end));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_its_line_and_a_caret() {
        let sources = Sources::from([("bot.kdl".to_owned(), "bot \"x\"\ngoto \"❄hmoe\"\n".to_owned())]);
        let at = Place { file: "bot.kdl".into(), span: 13..22 };
        let shown = Diagnostic::error("goto-nowhere", &at, "there is no state `hmoe`")
            .label("not a state")
            .suggest("hmoe", ["home", "photo"])
            .render(&sources, false);
        assert_eq!(
            shown,
            "\
error[goto-nowhere]: there is no state `hmoe`
 --> bot.kdl:2:6
  |
2 | goto \"❄hmoe\"
  |      ^^^^^^^ not a state
  |
  = help: did you mean `home`?"
        );
    }

    #[test]
    fn a_span_out_of_the_text_is_no_panic() {
        let sources = Sources::from([("a".to_owned(), "é".to_owned())]);
        let at = Place { file: "a".into(), span: 1..99 };
        assert!(Diagnostic::error("x", &at, "y").render(&sources, true).contains('y'));
        assert!(Diagnostic::error("x", &Place { file: "gone".into(), span: 3..4 }, "y").render(&sources, false).contains("gone"));
    }

    #[test]
    fn the_nearest_name_has_to_be_near() {
        assert_eq!(nearest("hmoe", ["home", "photo"]), Some("home"));
        assert_eq!(nearest("lable", ["label", "table"]), Some("label"));
        assert_eq!(nearest("xyz", ["home", "photo"]), None);
    }
}
