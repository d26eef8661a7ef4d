//! The files of a bot: `bot.kdl` and what it includes.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::SCRIPT;
use super::fields::Fields;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::sources::Sources;
use crate::bot::syntax::{Findings, Node, read};

/// The nodes of all files by file, includes taken out.
pub(super) fn load(sources: &Sources, found: &Findings) -> BTreeMap<String, Vec<Node>> {
    let mut files = BTreeMap::new();
    let mut wanted = vec![SCRIPT.to_owned()];
    while let Some(file) = wanted.pop() {
        let Some(text) = sources.get(&file).filter(|_| !files.contains_key(&file)) else { continue };
        let (includes, nodes): (Vec<_>, Vec<_>) = read(&file, text, found).into_iter().partition(|node| node.name.value == "include");
        wanted.extend(includes.iter().flat_map(|include| included(include, sources, found)));
        files.insert(file, nodes);
    }
    if files.is_empty() {
        let at = Place { file: SCRIPT.into(), span: 0..0 };
        found.add(Diagnostic::error("no-script", &at, "there is no bot.kdl").help("a bot is a folder with a bot.kdl in it"));
    }
    files
}

fn included(node: &Node, sources: &Sources, found: &Findings) -> Vec<String> {
    let fields = Fields::new(node, found);
    let patterns = fields.args();
    if patterns.is_empty() {
        found.add(Diagnostic::error("missing", fields.at(), "`include` lacks a file").help("write include \"menus/*.kdl\""));
    }
    fields.finish();
    fields.no_children();
    let scripts: Vec<&String> = sources.keys().filter(|path| path.ends_with(".kdl") && !path.ends_with(".test.kdl")).collect();
    let mut files = Vec::new();
    for pattern in patterns {
        let matching: Vec<String> = scripts.iter().filter(|path| matches(pattern.value, path)).map(|path| path.to_string()).collect();
        if matching.is_empty() {
            let message = format!("no file of the bot is called `{}`", pattern.value);
            found.add(Diagnostic::error("no-file", &pattern.at, message).suggest(pattern.value, scripts.iter().map(|path| path.as_str())));
        }
        files.extend(matching);
    }
    files
}

/// Whether a path fits a pattern in which `*` stands for any part of one name.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if name_matches(pattern, name) => {}
            _ => return false,
        }
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| name_matches(tail, &rest[at..]))
        }),
    }
}

/// Eight hex digits over the files that make a program.
pub(super) fn revision(sources: &Sources, used: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for file in used {
        let text = sources.get(file).map(String::as_str).unwrap_or_default();
        // Lengths keep one file's end apart from the next one's beginning.
        hash.update((file.len() as u64).to_be_bytes());
        hash.update(file);
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_a_name() {
        assert!(matches("menus/*.kdl", "menus/home.kdl"));
        assert!(matches("*/h*e.kdl", "menus/home.kdl"));
        assert!(!matches("*.kdl", "menus/home.kdl"));
        assert!(!matches("menus/*.kdl", "menus/home.csv"));
    }
}
