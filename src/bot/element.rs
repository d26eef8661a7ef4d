//! Scripts written in Rust: nodes that become the text of a script, so that they go through the same compiler and its findings
//! show a line of it.

use std::fmt;

/// A node: `name "argument" property="value" { children }`.
///
/// ```
/// use junco::bot::{Element, SCRIPT, Sources, compile};
///
/// let hello = Element::new("on").arg("hello").child(Element::new("say").arg("Hello, {{ user.name }}!"));
/// let script = format!("{}{hello}", Element::new("bot").arg("greeter").prop("version", 1));
/// let program = compile(&Sources::from([(SCRIPT.to_owned(), script)])).expect("a good script").program;
/// assert_eq!(program.name, "greeter");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: String,
    args: Vec<Literal>,
    props: Vec<(String, Literal)>,
    children: Vec<Element>,
}

/// A value of an argument or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// Any text; quoted and escaped as it needs to be.
    Text(String),
    /// A whole number.
    Int(i64),
    /// `#true` or `#false`
    Flag(bool),
}

impl Element {
    /// A node of that name, with nothing in it.
    pub fn new(name: &str) -> Self {
        Element { name: name.to_owned(), args: Vec::new(), props: Vec::new(), children: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Literal>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Adds a property.
    #[must_use]
    pub fn prop(mut self, name: &str, value: impl Into<Literal>) -> Self {
        self.props.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a child behind the others.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:1$}{2}", "", depth * 2, Quoted(&self.name))?;
        self.args.iter().try_for_each(|value| write!(f, " {value}"))?;
        self.props.iter().try_for_each(|(name, value)| write!(f, " {}={value}", Quoted(name)))?;
        if !self.children.is_empty() {
            writeln!(f, " {{")?;
            self.children.iter().try_for_each(|child| child.write(f, depth + 1))?;
            write!(f, "{:1$}}}", "", depth * 2)?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => Quoted(text).fmt_quoted(f),
            Literal::Int(number) => number.fmt(f),
            Literal::Flag(flag) => write!(f, "#{flag}"),
        }
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Literal::Text(text.to_owned())
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Literal::Text(text)
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Literal::Int(number)
    }
}

impl From<bool> for Literal {
    fn from(flag: bool) -> Self {
        Literal::Flag(flag)
    }
}

/// A name, quoted where it is not plain.
struct Quoted<'t>(&'t str);

impl Quoted<'_> {
    fn fmt_quoted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                // KDL takes neither control nor direction marks, and folds unusual line ends, unless they are escaped.
                c if c.is_control()
                    || matches!(c, '\u{85}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
                {
                    write!(f, "\\u{{{:x}}}", u32::from(c))?;
                }
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.starts_with(|c: char| c.is_ascii_alphabetic()) && self.0.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain && !matches!(self.0, "true" | "false" | "null" | "inf" | "nan") { f.write_str(self.0) } else { self.fmt_quoted(f) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bot::syntax::{Findings, Scalar, read};

    #[test]
    fn a_script_built_in_rust_reads_like_a_written_one() {
        let state =
            Element::new("state").arg("home").prop("late", "follow").child(Element::new("say").arg("A \"word\"\n").prop("break", true));
        assert_eq!(state.to_string(), "state \"home\" late=\"follow\" {\n  say \"A \\\"word\\\"\\u{a}\" break=#true\n}\n");
    }

    proptest! {
        #[test]
        fn every_text_survives(name in any::<String>(), text in any::<String>(), number: i64) {
            let element = Element::new(&name).arg(text.as_str()).prop(&name, number).child(Element::new("true"));
            let found = Findings::default();
            let nodes = read("bot.kdl", &element.to_string(), &found);
            prop_assert!(!found.any(), "{:?}", found.into_sorted());
            prop_assert_eq!(&nodes[0].name.value, &name);
            prop_assert_eq!(&nodes[0].args[0].value, &Scalar::Text(text));
            prop_assert_eq!((&nodes[0].props[0].0.value, &nodes[0].props[0].1.value), (&name, &Scalar::Int(number)));
            prop_assert_eq!(&nodes[0].children()[0].name.value, "true");
        }
    }
}
