//! In what order things stand in their columns, and how far down: near to what they are connected with.

use std::collections::BTreeMap;

use super::GRID;
use super::nets::{Crossing, Item, Plan};

/// How often all columns are put in order, to and fro.
const ROUNDS: usize = 16;

/// Which neighbours a column is put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Left,
    Right,
    Both,
}

/// Finds the places of everything, on the grid.
pub(super) fn settle(plan: &mut Plan, heights: &[i32]) {
    for column in 0..plan.columns.len() {
        let wanted: Vec<(i32, i32)> = plan.columns[column].iter().map(|_| (0, 1)).collect();
        place(plan, column, &wanted, heights);
    }
    let mut best = (length(plan), plan.columns.clone(), plan.y.clone());
    let last = plan.columns.len();
    for round in 0..ROUNDS {
        // The last rounds no longer look at one side only: what is in order is drawn together.
        let by = if round + 4 >= ROUNDS { By::Both } else { [By::Left, By::Right][round % 2] };
        for step in 0..last {
            let column = if round % 2 == 0 { step } else { last - 1 - step };
            arrange(plan, column, by, heights);
        }
        let found = length(plan);
        if found < best.0 {
            best = (found, plan.columns.clone(), plan.y.clone());
        }
    }
    (_, plan.columns, plan.y) = best;
    let top = plan.y.values().min().copied().unwrap_or_default();
    plan.y.values_mut().for_each(|y| *y -= top);
    part_lanes(plan);
}

/// How far nets run up and down, in all.
fn length(plan: &Plan) -> i64 {
    let reach = |crossing: &Crossing| {
        let ends = || crossing.left.iter().chain(&crossing.right).map(|end| plan.end_y(end));
        i64::from(ends().max().unwrap_or_default() - ends().min().unwrap_or_default())
    };
    plan.channels.iter().flatten().map(reach).sum()
}

/// Puts one column in the order of where its items want to be, and as near to it as there is room.
fn arrange(plan: &mut Plan, column: usize, by: By, heights: &[i32]) {
    let mut pulls: BTreeMap<Item, (i64, i64)> = BTreeMap::new();
    let left = column.checked_sub(1).filter(|_| by != By::Right);
    let right = Some(column).filter(|_| by != By::Left);
    for crossing in left.into_iter().chain(right).flat_map(|channel| &plan.channels[channel]) {
        let ends: Vec<_> = crossing.left.iter().chain(&crossing.right).collect();
        let sum: i64 = ends.iter().map(|end| i64::from(plan.end_y(end))).sum();
        let others = ends.len() as i64 - 1;
        for end in ends.iter().filter(|end| end.column == column && others > 0) {
            let mean = (sum - i64::from(plan.end_y(end))).div_euclid(others);
            let (total, count) = pulls.entry(end.item).or_default();
            *total += mean - i64::from(end.down);
            *count += 1;
        }
    }
    let items = &plan.columns[column];
    let mut wanted: Vec<(i32, i32, Item)> = items
        .iter()
        .map(|item| match pulls.get(item) {
            // A bend in a lane is two bends, so lanes give way last.
            Some((total, count)) => {
                let weight = if matches!(item, Item::Lane(_)) { 4 } else { i32::try_from(*count).unwrap_or(i32::MAX).min(16) };
                (i32::try_from(total.div_euclid(*count)).unwrap_or_default(), weight, *item)
            }
            None => (plan.y.get(&(column, *item)).copied().unwrap_or_default(), 1, *item),
        })
        .collect();
    wanted.sort_by_key(|(y, _, item)| (y + height(*item, heights) / 2, *item));
    plan.columns[column] = wanted.iter().map(|(.., item)| *item).collect();
    let wanted: Vec<(i32, i32)> = wanted.into_iter().map(|(y, weight, _)| (y, weight)).collect();
    place(plan, column, &wanted, heights);
}

/// Gives the items of a column, in their order, the places that are nearest to the wanted ones and far enough apart: squares of the
/// distances by weight are least. Neighbours that would be too close are one block, which stands where its members want to be on average.
fn place(plan: &mut Plan, column: usize, wanted: &[(i32, i32)], heights: &[i32]) {
    let items = &plan.columns[column];
    let mut below = vec![0];
    for pair in items.windows(2) {
        let last = below.last().copied().unwrap_or_default();
        below.push(last + height(pair[0], heights) + gap(pair[0], pair[1]));
    }
    // Blocks as sum of weighted wishes, sum of weights, number of members.
    let mut blocks: Vec<(i64, i64, usize)> = Vec::new();
    for ((y, weight), below) in wanted.iter().zip(&below) {
        blocks.push((i64::from(y - below) * i64::from(*weight), i64::from(*weight), 1));
        while let [.., (sum, weight, count), (next_sum, next_weight, next_count)] = blocks[..]
            && sum.div_euclid(weight) >= next_sum.div_euclid(next_weight)
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((sum + next_sum, weight + next_weight, count + next_count));
        }
    }
    let tops = blocks.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum.div_euclid(*weight), *count));
    for ((item, below), top) in items.iter().zip(below).zip(tops) {
        // All distances are multiples of the grid, so that rounding brings nothing too close.
        let y = i32::try_from(top).unwrap_or_default().div_euclid(GRID) * GRID + below;
        plan.y.insert((column, *item), y);
    }
}

fn height(item: Item, heights: &[i32]) -> i32 {
    match item {
        Item::Box(node) => heights[node],
        Item::Lane(_) => GRID,
    }
}

fn gap(above: Item, below: Item) -> i32 {
    match (above, below) {
        (Item::Box(_), Item::Box(_)) => 2 * GRID,
        (Item::Lane(_), Item::Lane(_)) => 0,
        _ => GRID,
    }
}

/// A lane has two heights to choose from. It takes that of its own net in the column before, and never that of another net there:
/// their lines would lie on each other in the channel between.
fn part_lanes(plan: &mut Plan) {
    for column in 0..plan.columns.len() {
        for item in plan.columns[column].clone() {
            let Item::Lane(net) = item else { continue };
            let y = plan.y.get(&(column, item)).copied().unwrap_or_default();
            let before = |y: i32| {
                let column = column.checked_sub(1)?;
                let lanes = plan.columns[column].iter().filter(|item| matches!(item, Item::Lane(_)));
                lanes.copied().find(|item| plan.y.get(&(column, *item)) == Some(&y))
            };
            let rank = |y: i32| match before(y) {
                Some(Item::Lane(other)) if other == net => 0,
                None => 1,
                Some(_) => 2,
            };
            let best = [y, y + GRID / 2].into_iter().min_by_key(|y| rank(*y)).unwrap_or(y);
            plan.y.insert((column, item), best);
        }
    }
}
