//! Jinja templates and conditions, compiled once, bounded by fuel.

/// A compiled template; plain text where the script has no braces.
#[derive(Debug, Clone)]
pub struct Template {}

/// What templates can read.
#[derive(Debug, Clone)]
pub struct Scope {}

/// A template that could not be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);
