//! The corners of each way.

use super::nets::{Plan, Side, entry};
use super::tracks::Channel;
use super::{MARGIN, Wire};
use crate::graph::Graph;

/// All ways, in the order of [`Graph::ways`]. `columns` are the left and right sides of the columns.
pub(super) fn wires(graph: &Graph, plan: &Plan, channels: &[Channel], columns: &[(i32, i32)]) -> Vec<Wire> {
    let wire = |(node, row, to): (usize, usize, usize)| {
        let is_its = |net: &super::nets::Net| net.target == to && net.sources.contains(&(node, row));
        let points = plan.nets.iter().position(is_its).map(|net| Trace { plan, channels, columns }.points(net, node, row));
        Wire { from: (node, row), to, points: points.unwrap_or_default() }
    };
    graph.ways().map(wire).collect()
}

struct Trace<'p> {
    plan: &'p Plan,
    channels: &'p [Channel],
    columns: &'p [(i32, i32)],
}

impl Trace<'_> {
    fn points(&self, net: usize, node: usize, row: usize) -> Vec<(i32, i32)> {
        let plan = self.plan;
        let (target, side) = (plan.nets[net].target, plan.nets[net].side);
        let (first, out, down) = plan.start(net, node, row);
        let (column, home) = (plan.column_of[node], plan.column_of[target]);
        let mut y = plan.box_y(node) + down;
        let mut points = vec![(self.side(column, out), y)];
        let last = if side == Side::Left { home - 1 } else { home };
        let channels: Vec<usize> = if side == Side::Left { (first..=last).collect() } else { (last..=first).rev().collect() };
        for channel in channels {
            // Behind the channel comes the next lane, or the box.
            let next = if channel == last {
                plan.box_y(target) + entry(side)
            } else {
                plan.lane_y(if side == Side::Left { channel + 1 } else { channel }, net)
            };
            if let Some(track) = self.channels[channel].track(net) {
                let x = self.columns[channel].1 + track;
                points.extend([(x, y), (x, next)]);
            }
            y = next;
        }
        points.push((self.side(home, side), y));
        straightened(points.into_iter().map(|(x, y)| (x, y + MARGIN)).collect())
    }

    fn side(&self, column: usize, side: Side) -> i32 {
        let (left, right) = self.columns[column];
        if side == Side::Left { left } else { right }
    }
}

/// Without points that are no corners.
fn straightened(points: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let mut corners: Vec<(i32, i32)> = Vec::new();
    for point in points {
        if let [.., a, b] = corners[..]
            && ((a.0 == b.0 && b.0 == point.0) || (a.1 == b.1 && b.1 == point.1))
        {
            corners.pop();
        }
        if corners.last() != Some(&point) {
            corners.push(point);
        }
    }
    corners
}
