//! Lays a script out again.

use super::read::{Block, Row, Segment};

/// Most characters of a line that was not longer from the first.
const WIDTH: usize = 120;
/// Spaces a level.
const INDENT: usize = 2;

/// A line to be.
#[derive(Debug, Default)]
struct Line {
    indent: usize,
    code: String,
    comment: Option<String>,
}

impl Line {
    /// Where its code ends.
    fn width(&self) -> usize {
        let last = self.code.rsplit('\n').next().unwrap_or_default();
        let indent = if self.code.contains('\n') { 0 } else { self.indent * INDENT };
        indent + last.chars().count()
    }
}

pub(super) fn print(block: &Block) -> String {
    let mut lines = Vec::new();
    rows(block, 0, false, &mut lines);
    let mut text = String::new();
    let mut at = 0;
    while at < lines.len() {
        // Comments behind neighbouring lines stand in one column.
        let run = lines[at..].iter().take_while(|line| line.comment.is_some() && !line.code.is_empty()).count();
        let column = lines[at..at + run].iter().map(Line::width).max().unwrap_or(0);
        for line in &lines[at..at + run.max(1)] {
            write(line, column, &mut text);
        }
        at += run.max(1);
    }
    text
}

fn write(line: &Line, column: usize, text: &mut String) {
    if !line.code.is_empty() || line.comment.is_some() {
        text.push_str(&" ".repeat(line.indent * INDENT));
    }
    text.push_str(&line.code);
    if let Some(comment) = &line.comment {
        if !line.code.is_empty() {
            text.push_str(&" ".repeat(column.saturating_sub(line.width()) + 2));
        }
        text.push_str(comment);
    }
    text.push('\n');
}

/// The rows of a block; `apart` where what was joined is to stand on lines of its own.
fn rows(block: &Block, indent: usize, apart: bool, lines: &mut Vec<Line>) {
    for row in &block.rows {
        if row.apart {
            lines.push(Line::default());
        }
        print_row(row, indent, apart, lines);
    }
}

fn print_row(row: &Row, indent: usize, apart: bool, lines: &mut Vec<Line>) {
    let flat: Option<Vec<String>> = row.nodes.iter().map(|node| flat(node)).collect();
    let joined = flat.map(|nodes| nodes.join("; ")).filter(|line| row.nodes.len() == 1 || !apart && fits(line, indent));
    match joined {
        Some(code) if fits(&code, indent) => lines.push(Line { indent, code, comment: row.comment.clone() }),
        _ => {
            for node in &row.nodes {
                print_node(node, indent, lines);
            }
            match lines.last_mut().filter(|_| !row.nodes.is_empty()) {
                // A comment cannot follow another one.
                Some(last) if last.comment.is_none() => last.comment.clone_from(&row.comment),
                _ => lines.extend(row.comment.iter().map(|comment| Line { indent, code: String::new(), comment: Some(comment.clone()) })),
            }
        }
    }
}

fn fits(code: &str, indent: usize) -> bool {
    indent * INDENT + code.chars().count() <= WIDTH
}

/// A node on one line, where it was written on one.
fn flat(node: &[Segment]) -> Option<String> {
    let parts: Option<Vec<String>> = node
        .iter()
        .map(|segment| match segment {
            Segment::Word(word) => (!word.contains('\n')).then(|| word.clone()),
            Segment::Continued(_) => None,
            Segment::Block(block) => flat_block(block),
        })
        .collect();
    parts.map(|parts| parts.join(" "))
}

fn flat_block(block: &Block) -> Option<String> {
    if block.rows.is_empty() && block.opening.is_none() {
        return Some("{}".to_owned());
    }
    let row = block.rows.first().filter(|row| block.flat && block.rows.len() == 1 && row.comment.is_none())?;
    let nodes: Option<Vec<String>> = row.nodes.iter().map(|node| flat(node)).collect();
    Some(format!("{{ {} }}", nodes?.join("; ")))
}

/// A node by itself; its blocks on one line as long as they fit.
fn print_node(node: &[Segment], indent: usize, lines: &mut Vec<Line>) {
    if let Some(code) = flat(node).filter(|code| fits(code, indent)) {
        lines.push(Line { indent, code, comment: None });
        return;
    }
    let mut line = Line { indent, ..Line::default() };
    for segment in node {
        if !line.code.is_empty() {
            line.code.push(' ');
        }
        match segment {
            Segment::Word(word) => line.code.push_str(word),
            Segment::Continued(rest) => {
                line.code.push_str(rest);
                lines.push(std::mem::take(&mut line));
                line.indent = indent + 1;
            }
            Segment::Block(block) if block.rows.is_empty() && block.opening.is_none() => line.code.push_str("{}"),
            Segment::Block(block) => {
                line.code.push('{');
                line.comment.clone_from(&block.opening);
                lines.push(std::mem::take(&mut line));
                rows(block, indent + 1, block.flat, lines);
                line = Line { indent, code: "}".to_owned(), comment: None };
            }
        }
    }
    lines.push(line);
}
