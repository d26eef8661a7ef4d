//! The picture as SVG. Its look is in classes, so that a page whose policy forbids styles in the text can bring it along.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::{Line, Placed};
use super::text::clean;
use super::{Graph, Kind, Layout, Role, Row, Wire};

/// The style sheet of pictures: everything in it is within `.graph`.
pub const STYLE: &str = include_str!("graph.css");

/// How many colours ways have.
const COLOURS: usize = 8;

/// The radius of a way's bends.
const BEND: i32 = 6;

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file of its own, with its style and a ground.
    File,
    /// A part of a page that has [`STYLE`].
    Page,
}

impl Graph {
    /// The graph, laid out and drawn.
    pub fn svg(&self, look: Look) -> String {
        let layout = Layout::of(self);
        let Layout { width, height, .. } = layout;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"graph-title graph-desc\">\n"
        );
        let _ = writeln!(svg, "<title id=\"graph-title\">{}</title>", escape(&format!("The states of {}", self.title)));
        let _ = writeln!(svg, "<desc id=\"graph-desc\">{}</desc>", escape(&self.told()));
        if look == Look::File {
            let _ = writeln!(svg, "<style>\n{STYLE}</style>\n<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>");
        }
        self.draw_ways(&mut svg, &layout);
        for (ix, placed) in layout.boxes.iter().enumerate() {
            self.draw_box(&mut svg, ix, placed);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// What the picture shows, for those who do not see it.
    fn told(&self) -> String {
        let states = self.nodes.iter().filter(|node| node.kind == Kind::State);
        let each = states.clone().map(|state| {
            let to: BTreeSet<&str> = state.rows.iter().filter_map(|row| Some(self.nodes[row.to?].name.as_str())).collect();
            let to: Vec<&str> = to.into_iter().collect();
            if to.is_empty() { format!("{} leads nowhere", state.name) } else { format!("{} leads to {}", state.name, to.join(", ")) }
        });
        let each: Vec<String> = each.take(40).collect();
        format!("{} states and {} ways between them. {}.", states.count(), self.ways().count(), each.join("; "))
    }

    fn draw_ways(&self, svg: &mut String, layout: &Layout) {
        let mut tips = BTreeSet::new();
        for wire in &layout.wires {
            let colour = wire.to % COLOURS;
            let (node, row) = wire.from;
            let title = format!("{}: {} → {}", self.nodes[node].name, self.nodes[node].rows[row].text, self.nodes[wire.to].name);
            let _ = writeln!(svg, "<path class=\"way n{colour}\" d=\"{}\"><title>{}</title></path>", path(wire), escape(&title));
            if let Some((x, y)) = wire.points.last() {
                tips.insert((wire.to, *x, *y));
            }
        }
        for (node, x, y) in tips {
            // What arrives at the left side points to the right.
            let back = if x == layout.boxes[node].rect.x { -8 } else { 8 };
            let _ = writeln!(svg, "<path class=\"tip n{}\" d=\"M{x} {y}l{back}-4v8z\"/>", node % COLOURS);
        }
    }

    fn draw_box(&self, svg: &mut String, ix: usize, placed: &Placed) {
        let node = &self.nodes[ix];
        let mut class = match node.kind {
            Kind::State => "state".to_owned(),
            Kind::Welcome | Kind::Anywhere | Kind::Fallback | Kind::Desk => "state beside".to_owned(),
        };
        if node.rows.iter().any(|row| row.role == Role::Figures && row.count.is_some_and(|here| here > 0)) {
            class.push_str(" here");
        }
        let rect = placed.rect;
        let _ = writeln!(
            svg,
            "<g class=\"{class}\"><title>{}</title><rect class=\"box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/>\
             <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
            escape(&node.name),
            rect.x,
            rect.y,
            rect.width,
            rect.height,
            rect.x + 12,
            rect.y + 23,
            escape(&placed.name),
        );
        for (row, line) in node.rows.iter().zip(&placed.lines) {
            draw_row(svg, row, line, placed);
        }
        svg.push_str("</g>\n");
    }
}

fn draw_row(svg: &mut String, row: &Row, line: &Line, placed: &Placed) {
    let (left, right) = (placed.rect.x, placed.rect.x + placed.rect.width);
    let class = match row.role {
        Role::Entry => "entry",
        Role::Says => "says",
        Role::Asks => "asks",
        Role::Option => "option",
        Role::Heard => "heard",
        Role::Step => "step",
        Role::Figures => "figures",
    };
    if row.role == Role::Option {
        let (y, width) = (line.y + 2, placed.rect.width - 12);
        let _ = write!(svg, "<rect class=\"pill\" x=\"{}\" y=\"{y}\" width=\"{width}\" height=\"20\" rx=\"10\"/>", left + 6);
    }
    if row.role == Role::Entry {
        let y = line.y + line.height / 2;
        let _ = write!(
            svg,
            "<path class=\"stub\" d=\"M{} {y}H{left}\"/><circle class=\"dot\" cx=\"{}\" cy=\"{y}\" r=\"3\"/><path class=\"dot\" d=\"M{left} {y}l-6-3v6z\"/>",
            left - 18,
            left - 18
        );
    }
    let is_cut = line.text.join(" ") != row.text;
    let title = if is_cut { format!("<title>{}</title>", escape(&row.text)) } else { String::new() };
    for (ix, text) in line.text.iter().enumerate() {
        let y = line.y + 16 + 14 * i32::try_from(ix).unwrap_or_default();
        let title = if ix == 0 { title.as_str() } else { "" };
        let _ = write!(svg, "<text class=\"{class}\" x=\"{}\" y=\"{y}\">{title}{}</text>", left + 14, escape(text));
    }
    if let Some(count) = row.count.filter(|_| row.role != Role::Figures) {
        let _ = write!(svg, "<text class=\"count\" x=\"{}\" y=\"{}\">{}</text>", right - 14, line.y + 16, short(count));
    }
    svg.push('\n');
}

/// A number in at most five characters.
fn short(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// A way with round bends.
fn path(wire: &Wire) -> String {
    let points = &wire.points;
    let mut path = String::new();
    for (ix, (x, y)) in points.iter().enumerate() {
        let (before, behind) = (ix.checked_sub(1).and_then(|ix| points.get(ix)), points.get(ix + 1));
        let _ = match (before, behind) {
            (None, _) => write!(path, "M{x} {y}"),
            (Some(_), None) => write!(path, "L{x} {y}"),
            (Some(a), Some(b)) => {
                let (start, end) = (towards((*x, *y), *a), towards((*x, *y), *b));
                write!(path, "L{} {}Q{x} {y} {} {}", start.0, start.1, end.0, end.1)
            }
        };
    }
    path
}

/// A point a bend's radius away from a corner, at most half the way to the next one.
fn towards(corner: (i32, i32), next: (i32, i32)) -> (i32, i32) {
    let step = |from: i32, to: i32| from + (to - from).signum() * BEND.min((to - from).abs() / 2);
    (step(corner.0, next.0), step(corner.1, next.1))
}

/// A text as it stands in XML.
fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
