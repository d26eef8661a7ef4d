//! Which column a box stands in: as far to the right as it is from the beginning.

use std::collections::VecDeque;

use super::GRID;
use crate::graph::{Graph, Kind};

/// A column is at least allowed to be so high.
const HIGH: i32 = 1_500;

/// The boxes of each column.
pub(super) fn columns(graph: &Graph, heights: &[i32]) -> Vec<Vec<usize>> {
    // Some area is wanted anyhow; a picture that is about as high as it is broad is read best.
    let area: i64 = heights.iter().map(|height| i64::from(height + 2 * GRID) * 420).sum();
    let most = HIGH.max(i32::try_from(area.isqrt()).unwrap_or(i32::MAX));
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for rank in ranks(graph) {
        let (mut column, mut high) = (Vec::new(), 0);
        for node in rank {
            if high > 0 && high + heights[node] > most {
                columns.push(std::mem::take(&mut column));
                high = 0;
            }
            high += heights[node] + 2 * GRID;
            column.push(node);
        }
        columns.push(column);
    }
    columns.retain(|column| !column.is_empty());
    columns
}

/// The boxes by their distance from the beginning: the welcome message, else the first state; then whatever cannot be reached from there.
fn ranks(graph: &Graph) -> Vec<Vec<usize>> {
    let mut ranks: Vec<Vec<usize>> = vec![Vec::new()];
    let mut known = vec![false; graph.nodes.len()];
    let ways: Vec<Vec<usize>> = graph.nodes.iter().map(|node| node.rows.iter().filter_map(|row| row.to).collect()).collect();
    for root in roots(graph) {
        let mut waiting = VecDeque::from([(root, 0)]);
        while let Some((node, rank)) = waiting.pop_front() {
            if std::mem::replace(&mut known[node], true) {
                continue;
            }
            if ranks.len() <= rank {
                ranks.push(Vec::new());
            }
            ranks[rank].push(node);
            waiting.extend(ways[node].iter().map(|to| (*to, rank + 1)));
        }
    }
    ranks
}

/// Where reading begins, in this order; those already reached from an earlier one are none.
fn roots(graph: &Graph) -> Vec<usize> {
    let of = |kind: Kind| (0..graph.nodes.len()).filter(move |node| graph.nodes[*node].kind == kind);
    [Kind::Welcome, Kind::State, Kind::Anywhere, Kind::Fallback, Kind::Desk].into_iter().flat_map(of).collect()
}
