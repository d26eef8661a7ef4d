//! A script as it is laid out: rows, words, blocks and comments; nothing of what they mean.

/// What stands between braces, or in a file.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// A comment right behind the opening brace.
    pub(super) opening: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Whether it was written on one line.
    pub(super) flat: bool,
}

/// What stands on a line.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Whether an empty line stands before it.
    pub(super) apart: bool,
    /// Nodes that are joined by `;`.
    pub(super) nodes: Vec<Vec<Segment>>,
    pub(super) comment: Option<String>,
}

/// A part of a node.
#[derive(Debug)]
pub(super) enum Segment {
    /// A word with its value, a string, or a comment between them; written as it stands.
    Word(String),
    /// `\` at the end of a line, perhaps with a comment: the node goes on in the next one.
    Continued(String),
    Block(Block),
}

/// Reads a text that is known to be KDL.
pub(super) fn read(text: &str) -> Block {
    let mut reader = Reader { text, at: usize::from(text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8() };
    reader.block()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next bytes.
    fn take(&mut self, len: usize) -> &'t str {
        let taken = &self.rest()[..len];
        self.at += len;
        taken
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() && !is_newline(c)).len();
    }

    /// Reads up to the closing brace, which is taken, or to the end of the text.
    fn block(&mut self) -> Block {
        let start = self.at;
        let mut block = Block::default();
        let mut row = Row::default();
        let (mut lines, mut node) = (0, Vec::new());
        loop {
            self.skip_spaces();
            let rest = self.rest();
            match self.next() {
                None => break,
                Some('}') => {
                    self.at += 1;
                    break;
                }
                Some(';') => {
                    self.at += 1;
                    row.nodes.extend(Some(std::mem::take(&mut node)).filter(|node| !node.is_empty()));
                }
                Some(c) if is_newline(c) => {
                    self.at += if rest.starts_with("\r\n") { 2 } else { c.len_utf8() };
                    if is_open(&node) {
                        continue;
                    }
                    row.nodes.extend(Some(std::mem::take(&mut node)).filter(|node| !node.is_empty()));
                    lines += 1;
                    if !row.nodes.is_empty() || row.comment.is_some() {
                        block.rows.push(std::mem::take(&mut row));
                        lines = 1;
                    }
                    row.apart = lines > 1 && !block.rows.is_empty();
                }
                Some('/') if rest.starts_with("//") => {
                    let comment = self.take(rest.find(is_newline).unwrap_or(rest.len())).trim_end().to_owned();
                    let first = block.rows.is_empty() && row.nodes.is_empty() && node.is_empty() && lines == 0 && start > 0;
                    if is_open(&node) {
                        // A slash-dash waits for its node, which stands below: the comment goes above both.
                        block.rows.push(Row { apart: std::mem::take(&mut row.apart), nodes: Vec::new(), comment: Some(comment) });
                    } else if first && block.opening.is_none() {
                        block.opening = Some(comment);
                    } else {
                        row.comment = Some(comment);
                    }
                }
                Some('{') => {
                    self.at += 1;
                    node.push(Segment::Block(self.block()));
                }
                Some('\\') => node.push(self.continued()),
                Some(_) => node.push(Segment::Word(self.word())),
            }
        }
        row.nodes.extend(Some(node).filter(|node| !node.is_empty()));
        if !row.nodes.is_empty() || row.comment.is_some() {
            block.rows.push(row);
        }
        block.flat = !self.text[start..self.at].contains(is_newline);
        block
    }

    /// A backslash, and what stands behind it on the line.
    fn continued(&mut self) -> Segment {
        let rest = self.rest();
        let line = self.take(rest.find(is_newline).unwrap_or(rest.len())).trim_end().to_owned();
        if let Some(c) = self.next() {
            self.at += if self.rest().starts_with("\r\n") { 2 } else { c.len_utf8() };
        }
        Segment::Continued(line)
    }

    /// Everything up to a space, a brace or a comment; strings and block comments are taken whole.
    fn word(&mut self) -> String {
        let start = self.at;
        while let Some(c) = self.next() {
            let rest = self.rest();
            let len = match c {
                '"' | '#' => string(rest).unwrap_or(1),
                '/' if rest.starts_with("/*") => {
                    if self.at > start {
                        break;
                    }
                    self.at += comment(rest);
                    break;
                }
                '/' if rest.starts_with("//") => break,
                '{' | '}' | ';' | '\\' => break,
                c if c.is_whitespace() => break,
                c => c.len_utf8(),
            };
            self.at += len;
        }
        self.text[start..self.at].to_owned()
    }
}

/// Whether a node waits for what a slash-dash takes out, which may stand on the next line.
fn is_open(node: &[Segment]) -> bool {
    matches!(node.last(), Some(Segment::Word(word)) if word == "/-")
}

fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

/// The length of a string that begins here.
fn string(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let quoted = &rest[hashes..];
    let marks = if quoted.starts_with("\"\"\"") {
        3
    } else if quoted.starts_with('"') {
        1
    } else {
        return None;
    };
    let end = format!("{}{}", &"\"\"\""[..marks], &rest[..hashes]);
    let mut escaped = false;
    for (at, c) in quoted.char_indices().skip(marks) {
        if !escaped && quoted[at..].starts_with(&end) {
            return Some(hashes + at + end.len());
        }
        escaped = hashes == 0 && c == '\\' && !escaped;
    }
    Some(rest.len())
}

/// The length of a block comment, which may have others in it.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}
