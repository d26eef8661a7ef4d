//! A bot's state machine as a picture: states as boxes, their options as rows, and from each row a way to where it leads.
//!
//! A program becomes a [`Graph`], which is written as DOT or Mermaid for others to draw, or laid out and drawn here as SVG. The
//! layout is our own: ways begin at rows, and those that lead to one place share their lines, which no library at hand does. The
//! same program gives the same bytes everywhere: it counts in whole pixels and draws no chance.

mod build;
mod dot;
mod layout;
mod mermaid;
mod svg;
mod text;

use std::collections::BTreeMap;

pub use layout::{Layout, Line, Placed, Rect, Wire};
pub use svg::{Look, STYLE};

/// A drawing of a program before anybody has said where what stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The bot's name.
    pub title: String,
    /// The states in the order of the script, then what stands beside them.
    pub nodes: Vec<Node>,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// Its heading; of a state its name.
    pub name: String,
    /// Its lines, from top to bottom.
    pub rows: Vec<Row>,
}

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The welcome message, with which everything begins.
    Welcome,
    /// A state.
    State,
    /// Rules that hold everywhere and lead into no state.
    Anywhere,
    /// What happens to a message that nothing takes.
    Fallback,
    /// A person of the house who takes over.
    Desk,
}

/// A line of a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub role: Role,
    /// What it says, in full; a drawing may cut it.
    pub text: String,
    /// The box that it leads to.
    pub to: Option<usize>,
    /// What is to be counted for it.
    pub tally: Option<Tally>,
    /// How often that happened, where it is known.
    pub count: Option<u64>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Words by which one comes here from anywhere.
    Entry,
    /// What is said.
    Says,
    /// What is asked.
    Asks,
    /// An option, to be tapped.
    Option,
    /// Words that are heard only here.
    Heard,
    /// Something that is done, or a way that is taken without being asked.
    Step,
    /// How many people are here and have been.
    Figures,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tally {
    /// How often an option was taken: its prompt (`state/prompt`), and its id.
    Taken(String, String),
    /// How often a prompt was asked (`state/prompt`).
    Asked(String),
    /// How often a rule fired, by its first pattern.
    Fired(String),
}

/// How many people are in a state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Those who are there now.
    pub here: u64,
    /// Of these, those who have been quiet for long.
    pub quiet: u64,
    /// How often it was entered.
    pub entered: u64,
}

/// What was counted, to be shown in the picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// People, by state.
    pub crowds: BTreeMap<String, Crowd>,
    /// How often what happened.
    pub tallies: BTreeMap<Tally, u64>,
}

impl Graph {
    /// Writes figures into the boxes: each state gets a line of them.
    #[must_use]
    pub fn marked(mut self, marks: &Marks) -> Self {
        for node in &mut self.nodes {
            for row in &mut node.rows {
                row.count = row.tally.as_ref().map(|tally| marks.tallies.get(tally).copied().unwrap_or_default());
            }
            if node.kind == Kind::State {
                let crowd = marks.crowds.get(&node.name).copied().unwrap_or_default();
                let text = crowd.told();
                node.rows.insert(0, Row { count: Some(crowd.here), ..Row::new(Role::Figures, text) });
            }
        }
        self
    }

    /// Every way: the box and the line where it begins, and the box to which it leads.
    pub fn ways(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let rows = self.nodes.iter().enumerate().flat_map(|(node, it)| it.rows.iter().enumerate().map(move |(row, it)| (node, row, it)));
        rows.filter_map(|(node, row, it)| it.to.map(|to| (node, row, to)))
    }
}

impl Crowd {
    fn told(self) -> String {
        let Crowd { here, quiet, entered } = self;
        let mut told = format!("{here} here · {entered} entered");
        if quiet > 0 {
            told.push_str(&format!(" · {quiet} quiet"));
        }
        told
    }
}

impl Row {
    fn new(role: Role, text: impl Into<String>) -> Self {
        Row { role, text: text.into(), to: None, tally: None, count: None }
    }

    fn to(mut self, node: Option<usize>) -> Self {
        self.to = node;
        self
    }

    fn counted(mut self, tally: Tally) -> Self {
        self.tally = Some(tally);
        self
    }
}

#[cfg(test)]
mod tests;
