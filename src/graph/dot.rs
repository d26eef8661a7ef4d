//! The graph in the language of Graphviz.

use std::fmt::Write as _;

use super::text::clean;
use super::{Graph, Kind, Node, Role, Row};

impl Graph {
    /// The graph as DOT: a node for each box, an edge for each way, labelled with its line.
    pub fn dot(&self) -> String {
        let mut dot =
            format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n", quoted(&self.title));
        for (ix, node) in self.nodes.iter().enumerate() {
            let style = if node.kind == Kind::State { "" } else { ", style=\"rounded,dashed\"" };
            let _ = writeln!(dot, "  n{ix} [label={}{style}];", lines(&told(node)));
        }
        for (ix, node) in self.nodes.iter().enumerate() {
            for (at, row) in node.rows.iter().enumerate().filter(|(_, row)| row.role == Role::Entry) {
                let _ = writeln!(dot, "  n{ix}e{at} [shape=plaintext, label={}];\n  n{ix}e{at} -> n{ix};", quoted(&row.text));
            }
        }
        for (from, row, to) in self.ways() {
            let _ = writeln!(dot, "  n{from} -> n{to} [label={}];", quoted(&self.nodes[from].rows[row].text));
        }
        dot.push_str("}\n");
        dot
    }
}

/// A box's name, and what of its lines is no way.
fn told(node: &Node) -> Vec<&str> {
    let stays = |row: &&Row| row.to.is_none() && row.role != Role::Entry;
    std::iter::once(node.name.as_str()).chain(node.rows.iter().filter(stays).map(|row| row.text.as_str())).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// Lines one below the other, each beginning at the left.
fn lines(texts: &[&str]) -> String {
    let lines: Vec<String> = texts.iter().map(|text| escape(text) + "\\l").collect();
    format!("\"{}\"", lines.concat())
}

/// What stands between quotation marks; a backslash would begin one of Graphviz's own words, and `&` an entity.
fn escape(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
