//! The syntax tree of a script: nodes with their places, and nothing of what they mean.

mod read;
mod slips;

use super::diagnostic::{Diagnostic, Place};

pub(crate) use read::document;
pub(super) use read::read;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Place,
}

/// A node: `name "argument" property="value" { children }`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) name: Located<String>,
    pub(super) args: Vec<Located<Scalar>>,
    pub(super) props: Vec<(Located<String>, Located<Scalar>)>,
    /// `None` without braces.
    pub(super) children: Option<Vec<Node>>,
}

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A string.
    Text(String),
    /// A whole number.
    Int(i64),
    /// `#true` or `#false`
    Flag(bool),
    /// A number with a fraction.
    Number(f64),
    /// `#null`: nothing in the language takes it.
    Other,
}

impl Node {
    /// The children, none without braces.
    pub(super) fn children(&self) -> &[Node] {
        self.children.as_deref().unwrap_or_default()
    }
}

/// Where the findings of a compilation are gathered. Shared by all its parts, so that each can report and go on.
#[derive(Debug, Default)]
pub(super) struct Findings(std::cell::RefCell<Vec<Diagnostic>>);

impl Findings {
    pub(super) fn add(&self, finding: Diagnostic) {
        self.0.borrow_mut().push(finding);
    }

    /// Whether anything was found yet.
    pub(super) fn any(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// All findings in the order of the files, each told once.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0.into_inner();
        all.sort_by(|a, b| (&a.file, a.span.start, a.severity, a.code).cmp(&(&b.file, b.span.start, b.severity, b.code)));
        all.dedup();
        all
    }
}
