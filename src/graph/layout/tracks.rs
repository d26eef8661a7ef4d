//! Channels: which net runs up and down where, so that as few as can be cross each other.

use super::nets::{Crossing, Plan};

/// How far apart two tracks are.
const PITCH: i32 = 8;
/// Room on the left of the first track, and on the right of the last one, where arrows are.
const BEFORE: i32 = 18;
const BEHIND: i32 = 36;

/// The tracks of a channel.
#[derive(Debug)]
pub(super) struct Channel {
    /// The track of each net that leaves its height, by the net.
    tracks: Vec<(usize, usize)>,
    count: usize,
}

/// A net within the channel, measured.
struct Run {
    net: usize,
    top: i32,
    bottom: i32,
    left: Vec<i32>,
    right: Vec<i32>,
}

impl Channel {
    pub(super) fn new(plan: &Plan, channel: usize) -> Self {
        let mut runs: Vec<Run> = plan.channels[channel].iter().filter_map(|crossing| Run::new(plan, crossing)).collect();
        runs.sort_by_key(|run| (run.top, run.bottom, run.net));
        untangle(&mut runs);
        let mut tracks: Vec<usize> = Vec::new();
        for (ix, run) in runs.iter().enumerate() {
            let beside = runs[..ix].iter().zip(&tracks).filter(|(other, _)| other.meets(run)).map(|(_, track)| track + 1);
            tracks.push(beside.max().unwrap_or(0));
        }
        let count = tracks.iter().max().map_or(0, |last| last + 1);
        Channel { tracks: runs.iter().map(|run| run.net).zip(tracks).collect(), count }
    }

    pub(super) fn width(&self) -> i32 {
        BEFORE + BEHIND + PITCH * i32::try_from(self.count).unwrap_or(i32::MAX / PITCH / 2)
    }

    /// How far from the channel's left side a net runs; `None` where it goes straight through.
    pub(super) fn track(&self, net: usize) -> Option<i32> {
        let (_, track) = self.tracks.iter().find(|(known, _)| *known == net)?;
        Some(BEFORE + PITCH * i32::try_from(*track).unwrap_or_default())
    }
}

impl Run {
    fn new(plan: &Plan, crossing: &Crossing) -> Option<Self> {
        let left: Vec<i32> = crossing.left.iter().map(|end| plan.end_y(end)).collect();
        let right: Vec<i32> = crossing.right.iter().map(|end| plan.end_y(end)).collect();
        let ends = || left.iter().chain(&right).copied();
        let (top, bottom) = (ends().min()?, ends().max()?);
        (top < bottom).then_some(Run { net: crossing.net, top, bottom, left, right })
    }

    /// Whether both cannot run in one track.
    fn meets(&self, other: &Run) -> bool {
        self.top < other.bottom + PITCH && other.top < self.bottom + PITCH
    }

    fn spans(&self, y: i32) -> bool {
        self.top < y && y < self.bottom
    }

    /// How often they cross where this one runs on the left of the other.
    fn crossed_by(&self, other: &Run) -> usize {
        self.right.iter().filter(|y| other.spans(**y)).count() + other.left.iter().filter(|y| self.spans(**y)).count()
    }
}

/// Neighbours change places as long as that spares crossings.
fn untangle(runs: &mut [Run]) {
    for _ in 0..runs.len().min(64) {
        let mut changed = false;
        for ix in 1..runs.len() {
            let (a, b) = (&runs[ix - 1], &runs[ix]);
            if b.crossed_by(a) < a.crossed_by(b) {
                runs.swap(ix - 1, ix);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
