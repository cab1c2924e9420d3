//! Divides Pods among lanes, so that the Pods of one lane do not overlap in time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// The lanes of one group of Pods. Pods must be added in the order of their starts.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    /// The ends of the Pods that occupy lanes, with the lanes, earliest first.
    occupied: BinaryHeap<Reverse<(i64, u32)>>,
    /// The lanes whose last Pod has ended.
    free: BTreeSet<u32>,
    count: u32,
}

impl Lanes {
    /// Adds a Pod that exists from `start` to `end`, in milliseconds. Returns the first lane that is free at `start`.
    pub(crate) fn add(&mut self, start: i64, end: i64) -> u32 {
        while let Some(Reverse((_, lane))) = self.occupied.peek().filter(|Reverse((end, _))| *end <= start) {
            self.free.insert(*lane);
            self.occupied.pop();
        }
        let lane = self.free.pop_first().unwrap_or_else(|| {
            self.count = self.count.saturating_add(1);
            self.count.saturating_sub(1)
        });
        self.occupied.push(Reverse((end.max(start), lane)));
        lane
    }

    /// The number of lanes.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_takes_the_first_lane_that_is_free() {
        let mut lanes = Lanes::default();
        let pods = [(0, 10), (0, 5), (5, 7), (6, 9), (7, 8), (10, 11), (11, 11), (11, 12)];
        let assigned: Vec<u32> = pods.iter().map(|&(start, end)| lanes.add(start, end)).collect();
        assert_eq!(assigned, [0, 1, 1, 2, 1, 0, 0, 0]);
        assert_eq!(lanes.count(), 3);
    }
}
