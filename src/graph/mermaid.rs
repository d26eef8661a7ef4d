//! The graph in the language of Mermaid.

use std::fmt::Write as _;

use super::text::clean;
use super::{Graph, Kind, Role};

impl Graph {
    /// The graph as a Mermaid flowchart: a node for each box, an edge for each way, labelled with its line.
    pub fn mermaid(&self) -> String {
        let mut mermaid = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", yaml(&self.title));
        for (ix, node) in self.nodes.iter().enumerate() {
            let stays = node.rows.iter().filter(|row| row.to.is_none() && row.role != Role::Entry);
            let lines: Vec<String> = std::iter::once(&node.name).chain(stays.map(|row| &row.text)).map(|text| escape(text)).collect();
            let (open, close) = if node.kind == Kind::State { ("[", "]") } else { ("([", "])") };
            let _ = writeln!(mermaid, "  n{ix}{open}\"{}\"{close}", lines.join("<br/>"));
        }
        for (ix, node) in self.nodes.iter().enumerate() {
            for (at, row) in node.rows.iter().enumerate().filter(|(_, row)| row.role == Role::Entry) {
                let _ = writeln!(mermaid, "  n{ix}e{at}>\"{}\"] --> n{ix}", escape(&row.text));
            }
        }
        for (from, row, to) in self.ways() {
            let _ = writeln!(mermaid, "  n{from} -->|\"{}\"| n{to}", escape(&self.nodes[from].rows[row].text));
        }
        mermaid
    }
}

/// What may stand between quotation marks: anything but letters, digits and a few signs is written as its number.
fn escape(text: &str) -> String {
    numbered(text, |sign| format!("#{sign};"))
}

/// The same in the title, which is YAML.
fn yaml(text: &str) -> String {
    numbered(text, |sign| format!("\\x{sign:02x}"))
}

fn numbered(text: &str, write: impl Fn(u32) -> String) -> String {
    let plain = |c: char| c.is_alphanumeric() || !c.is_ascii() || " .,:/?!'-+=_".contains(c);
    clean(text).chars().map(|c| if plain(c) { c.to_string() } else { write(c as u32) }).collect()
}
