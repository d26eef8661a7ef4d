//! Ways gathered into nets, and where each net touches the channels between the columns.

use std::collections::BTreeMap;

use super::{HEAD, Placed, ROW};
use crate::graph::Graph;

/// By how much a line's end is off its middle, so that no two kinds of lines can lie on each other.
const OFF: i32 = 3;

/// The side of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
}

/// All ways that enter a box from one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Net {
    pub(super) target: usize,
    pub(super) side: Side,
    /// The boxes and lines where they begin.
    pub(super) sources: Vec<(usize, usize)>,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Box(usize),
    /// Where a net passes.
    Lane(usize),
}

/// Where a net touches a channel: an item of the column on the left or the right of it, and how far below the item's top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) column: usize,
    pub(super) item: Item,
    pub(super) down: i32,
}

/// A net within a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crossing {
    pub(super) net: usize,
    pub(super) left: Vec<End>,
    pub(super) right: Vec<End>,
}

/// Columns, nets and what connects them; and, once it is settled, how far down everything is.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) columns: Vec<Vec<Item>>,
    pub(super) nets: Vec<Net>,
    /// The channel of that index is on the right of the column of that index.
    pub(super) channels: Vec<Vec<Crossing>>,
    pub(super) y: BTreeMap<(usize, Item), i32>,
    pub(super) column_of: Vec<usize>,
    /// How far below its box's top each line begins.
    pub(super) lines: Vec<Vec<i32>>,
}

impl Plan {
    pub(super) fn new(graph: &Graph, boxes: &[Placed], columns: &[Vec<usize>]) -> Self {
        let mut column_of = vec![0; graph.nodes.len()];
        for (column, nodes) in columns.iter().enumerate() {
            nodes.iter().for_each(|node| column_of[*node] = column);
        }
        let nets = nets(graph, &column_of);
        let mut plan = Plan {
            columns: columns.iter().map(|nodes| nodes.iter().map(|node| Item::Box(*node)).collect()).collect(),
            channels: vec![Vec::new(); columns.len()],
            y: BTreeMap::new(),
            nets,
            column_of,
            lines: boxes.iter().map(|placed| placed.lines.iter().map(|line| line.y).collect()).collect(),
        };
        for net in 0..plan.nets.len() {
            plan.lead(net);
        }
        plan
    }

    /// How far down a box stands.
    pub(super) fn box_y(&self, node: usize) -> i32 {
        self.at(self.column_of[node], Item::Box(node))
    }

    /// How far down a net passes a column.
    pub(super) fn lane_y(&self, column: usize, net: usize) -> i32 {
        self.at(column, Item::Lane(net))
    }

    pub(super) fn end_y(&self, end: &End) -> i32 {
        self.at(end.column, end.item) + end.down
    }

    fn at(&self, column: usize, item: Item) -> i32 {
        self.y.get(&(column, item)).copied().unwrap_or_default()
    }

    /// Where a source of a net begins, and in which channel: below its box's top, on the side where that channel is.
    pub(super) fn start(&self, net: usize, node: usize, row: usize) -> (usize, Side, i32) {
        let line = self.lines[node][row];
        let Net { target, side, .. } = self.nets[net];
        let column = self.column_of[node];
        if side == Side::Left || column == self.column_of[target] {
            (column, Side::Right, line + ROW / 2 - OFF)
        } else {
            (column - 1, Side::Left, line + ROW / 2 + OFF)
        }
    }

    /// Leads a net through channels and lanes.
    fn lead(&mut self, net: usize) {
        let Net { target, side, sources } = self.nets[net].clone();
        let home = self.column_of[target];
        let columns = sources.iter().map(|(node, _)| self.column_of[*node]);
        let lanes = match side {
            Side::Left => columns.min().unwrap_or(home) + 1..home,
            Side::Right => home + 1..columns.max().unwrap_or(home),
        };
        let mut touched: BTreeMap<usize, Crossing> = BTreeMap::new();
        let mut touch = |channel: usize, side: Side, end: End| {
            let crossing = touched.entry(channel).or_insert_with(|| Crossing { net, left: Vec::new(), right: Vec::new() });
            match side {
                // What leaves a box to the right comes to the channel from its left.
                Side::Right => crossing.left.push(end),
                Side::Left => crossing.right.push(end),
            }
        };
        for (node, row) in sources {
            let (channel, side, down) = self.start(net, node, row);
            touch(channel, side, End { column: self.column_of[node], item: Item::Box(node), down });
        }
        for column in lanes {
            let end = End { column, item: Item::Lane(net), down: 0 };
            touch(column - 1, Side::Left, end);
            touch(column, Side::Right, end);
            self.columns[column].push(Item::Lane(net));
        }
        let channel = if side == Side::Left { home - 1 } else { home };
        touch(channel, side, End { column: home, item: Item::Box(target), down: entry(side) });
        for (channel, crossing) in touched {
            self.channels[channel].push(crossing);
        }
    }
}

/// How far below a box's top ways arrive.
pub(super) fn entry(side: Side) -> i32 {
    match side {
        Side::Left => HEAD / 2 - OFF,
        Side::Right => HEAD / 2 + OFF,
    }
}

/// Ways to the right enter a box on its left, all others on its right.
fn nets(graph: &Graph, column_of: &[usize]) -> Vec<Net> {
    let mut sources: BTreeMap<(usize, Side), Vec<(usize, usize)>> = BTreeMap::new();
    for (node, row, to) in graph.ways() {
        let side = if column_of[node] < column_of[to] { Side::Left } else { Side::Right };
        sources.entry((to, side)).or_default().push((node, row));
    }
    sources.into_iter().map(|((target, side), sources)| Net { target, side, sources }).collect()
}
