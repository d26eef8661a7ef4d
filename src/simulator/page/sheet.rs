//! A sheet of instructions that can be read in a browser and in a terminal: the same words, two forms.

use maud::{Markup, html};

use super::super::pages;

/// The whole sheet.
pub(super) struct Sheet {
    pub(super) title: &'static str,
    pub(super) parts: Vec<Part>,
}

/// A part of it.
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) items: Vec<Item>,
}

/// What may stand in a part.
pub(super) enum Item {
    /// A sentence or two.
    Words(String),
    /// A name and what it stands for.
    Fact(String, String),
    /// Something to be copied.
    Copy(String),
    /// A page of this server.
    Link { path: &'static str, words: &'static str },
}

impl Sheet {
    /// For a browser.
    pub(super) fn html(&self, base: &str) -> String {
        let body = html! {
            @for part in &self.parts {
                h2 { (part.title) }
                @for item in &part.items { (item.html(base)) }
            }
        };
        pages::page(self.title, &body)
    }

    /// For a terminal.
    pub(super) fn text(&self, base: &str) -> String {
        let mut text = format!("{}\n", self.title);
        for part in &self.parts {
            text += &format!("\n{}\n", part.title);
            for item in &part.items {
                text += &item.text(base);
            }
        }
        text
    }
}

impl Item {
    fn html(&self, base: &str) -> Markup {
        html! {
            @match self {
                Item::Words(words) => p { (words) },
                Item::Fact(name, words) => p { code { (name) } br; (words) },
                Item::Copy(text) => pre { code { (text) } },
                Item::Link { path, words } => p { a href=(path) { (base) (path) } br; (words) },
            }
        }
    }

    fn text(&self, base: &str) -> String {
        match self {
            Item::Words(words) => format!("  {words}\n"),
            Item::Fact(name, words) => format!("  {name}\n      {words}\n"),
            Item::Copy(text) => text.lines().map(|line| format!("    {line}\n")).collect(),
            Item::Link { path, words } => format!("  {base}{path}\n      {words}\n"),
        }
    }
}
