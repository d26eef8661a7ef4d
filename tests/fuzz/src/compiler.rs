//! Scripts that are nearly right.

use junco::bot::{Compiled, Diagnostic, Sources, compile};

use super::bytes::Bytes;
use super::grammar;

/// The bytes choose nodes, names, properties and tables.
pub fn compiler(bytes: &[u8]) {
    compiles_or_tells(&grammar::script(&mut Bytes::new(bytes)));
}

/// Compiles, or tells what is wrong so that it can be shown; the same every time.
pub(crate) fn compiles_or_tells(sources: &Sources) -> Option<Compiled> {
    let found = compile(sources);
    let findings = found.as_ref().map_or_else(Vec::as_slice, |compiled| compiled.warnings.as_slice());
    findings.iter().for_each(|finding| can_be_shown(finding, sources));
    assert!(found.is_ok() || !findings.is_empty(), "a script that does not compile has something wrong with it");
    found.ok()
}

fn can_be_shown(finding: &Diagnostic, sources: &Sources) {
    // A file that is named and not there is told of without a text.
    let text = sources.get(&finding.file).map_or("", String::as_str);
    let span = &finding.span;
    assert!(span.start <= span.end && span.end <= text.len(), "{finding:?} lies outside of its file of {} bytes", text.len());
    assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{finding:?} begins or ends within a character");
    assert!(!finding.message.is_empty() && !finding.code.is_empty(), "{finding:?} says nothing");
    assert!(finding.render(sources, false).contains(finding.code) && !finding.render(sources, true).is_empty());
    assert!((1..=text.matches('\n').count() + 1).contains(&finding.line(sources)), "{finding:?}");
}
