//! Where everything stands. States are put into columns by how far they are from the beginning; ways run in the channels between the
//! columns, and pass a column in a lane of their own. All ways that enter a box from one side are one net, so that the twenty "Home"
//! buttons of a bot are one line with twenty ends and not twenty lines.
//!
//! **Invariant**: no two boxes overlap, no line runs through a box, and two nets meet only where they cross. Boxes stand on a grid of
//! twelve pixels, and each kind of line has its own remainder: what leaves to the right, what leaves or arrives to the left, lanes.

mod nets;
mod order;
mod ranks;
mod tracks;
mod wires;

use super::{Graph, Kind, Role, text};
use nets::Plan;

/// The grid on which boxes stand.
const GRID: i32 = 12;
/// The height of a box's heading.
const HEAD: i32 = 36;
/// The height of a line, and that of one in two lines of text.
const ROW: i32 = 24;
const TWO_LINES: i32 = 36;
/// Room around the picture, with place for the arrows of rules.
const MARGIN: i32 = 36;
/// The least and greatest width of a box.
const NARROW: i32 = 156;
const BROAD: i32 = 288;
/// What is kept free beside a line's text: its inset on both sides, and its count.
const INSET: i32 = 28;
const COUNT: i32 = 44;

/// A laid out picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Its width in pixels.
    pub width: i32,
    /// Its height in pixels.
    pub height: i32,
    /// The boxes, in the order of the graph's nodes.
    pub boxes: Vec<Placed>,
    /// The ways, in the order of [`Graph::ways`].
    pub wires: Vec<Wire>,
}

/// A box in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where it stands.
    pub rect: Rect,
    /// The heading, as far as it fits.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its upper end.
    pub y: i32,
    /// Its height.
    pub height: i32,
    /// Its text, as far as it fits.
    pub text: Vec<String>,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Its left side.
    pub x: i32,
    /// Its upper side.
    pub y: i32,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

/// A way, from a line of a box to the heading of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The box and the line where it begins.
    pub from: (usize, usize),
    /// The box where it ends.
    pub to: usize,
    /// Its corners; it is straight between them, and level or upright.
    pub points: Vec<(i32, i32)>,
}

impl Layout {
    /// Lays a graph out.
    pub fn of(graph: &Graph) -> Self {
        let widths: Vec<i32> = (0..graph.nodes.len()).map(|node| wanted_width(graph, node)).collect();
        // Heights hang on widths, since texts are broken into lines.
        let mut boxes: Vec<Placed> = (0..graph.nodes.len()).map(|node| placed(graph, node, widths[node])).collect();
        let heights: Vec<i32> = boxes.iter().map(|placed| placed.rect.height).collect();
        let columns = ranks::columns(graph, &heights);
        let mut plan = Plan::new(graph, &boxes, &columns);
        order::settle(&mut plan, &heights);
        let tracks: Vec<tracks::Channel> = (0..columns.len()).map(|channel| tracks::Channel::new(&plan, channel)).collect();

        let mut x = MARGIN;
        let mut lefts = Vec::new();
        for (column, channel) in columns.iter().zip(&tracks) {
            let width = column.iter().map(|node| widths[*node]).max().unwrap_or(NARROW);
            lefts.push((x, x + width));
            for node in column {
                if widths[*node] != width {
                    boxes[*node] = placed_within(graph, *node, width, heights[*node]);
                }
                let y = plan.box_y(*node) + MARGIN;
                boxes[*node].rect = Rect { x, y, width, height: heights[*node] };
                boxes[*node].lines.iter_mut().for_each(|line| line.y += y);
            }
            x += width + channel.width();
        }
        let wires = wires::wires(graph, &plan, &tracks, &lefts);
        let corners = wires.iter().flat_map(|wire| &wire.points);
        let right = boxes.iter().map(|placed| placed.rect.x + placed.rect.width).chain(corners.clone().map(|(x, _)| *x)).max();
        let bottom = boxes.iter().map(|placed| placed.rect.y + placed.rect.height).chain(corners.map(|(_, y)| *y)).max();
        Layout { width: right.unwrap_or(0) + MARGIN, height: bottom.unwrap_or(0) + MARGIN, boxes, wires }
    }
}

/// As wide as its longest line wants, within bounds.
fn wanted_width(graph: &Graph, node: usize) -> i32 {
    let node = &graph.nodes[node];
    let heading = text::width(&node.name) * 14 / 12 + 100;
    let rows = node.rows.iter().map(|row| text::width(&row.text) + if row.count.is_some() { 10 * COUNT } else { 0 });
    let widest = rows.chain([heading]).max().unwrap_or_default() / 10 + INSET;
    (widest.clamp(NARROW, BROAD) + GRID - 1) / GRID * GRID
}

fn placed(graph: &Graph, node: usize, width: i32) -> Placed {
    let it = &graph.nodes[node];
    let mut y = HEAD;
    let lines = it.rows.iter().map(|row| {
        let count = if row.count.is_some() && row.role != Role::Figures { COUNT } else { 0 };
        let most = if matches!(row.role, Role::Says | Role::Asks) { 2 } else { 1 };
        let text = text::lines(&row.text, 10 * (width - INSET - count), most);
        let height = if text.len() > 1 { TWO_LINES } else { ROW };
        y += height;
        Line { y: y - height, height, text }
    });
    let lines = lines.collect();
    let bottom = if it.rows.is_empty() && it.kind == Kind::State { 0 } else { GRID };
    let name = text::cut(&it.name, 10 * (width - INSET) * 12 / 15);
    Placed { rect: Rect { x: 0, y: 0, width, height: y + bottom }, name, lines }
}

/// The same with more room: lines may show more of their text, and stay where they are.
fn placed_within(graph: &Graph, node: usize, width: i32, height: i32) -> Placed {
    let narrow = placed(graph, node, wanted_width(graph, node));
    let mut broad = placed(graph, node, width);
    for (line, was) in broad.lines.iter_mut().zip(narrow.lines) {
        (line.y, line.height) = (was.y, was.height);
    }
    broad.rect.height = height;
    broad
}
