//! Estimates the difference between each node's clock and the API server's clock, from pairs of times whose order is
//! certain.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::observation::{Event, saturating_add, truncate_to_millis};
use crate::timeline::fast_map::FastMap;

/// Smaller differences are ignored, because the times in event names can be wrong by this much.
const MIN_SKEW: SignedDuration = SignedDuration::from_millis(200);

/// Larger differences are ignored, because no clock is wrong by so much. The clock of a node that does not know the
/// time starts in 1970.
const MAX_SKEW: SignedDuration = SignedDuration::from_hours(100 * 365 * 24);

/// The bounds of each node's clock difference. The order in which the bounds are learned does not matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClockCorrections(FastMap<Arc<str>, Bounds>);

/// Bounds of the time by which the API server's clock is ahead of the node's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    lower: Option<SignedDuration>,
    upper: Option<SignedDuration>,
}

impl Bounds {
    /// Zero if the bounds allow it, otherwise the bound that is nearest to zero.
    fn skew(self) -> SignedDuration {
        let ahead = self.lower.filter(|lower| *lower > MIN_SKEW);
        let behind = self.upper.filter(|upper| *upper < -MIN_SKEW);
        match (ahead, behind) {
            (Some(skew), None) | (None, Some(skew)) => skew,
            // If both bounds exclude zero, the node's clock was set between the observations, so no single skew
            // is right.
            (Some(_), Some(_)) | (None, None) => SignedDuration::ZERO,
        }
    }
}

impl ClockCorrections {
    /// How far the API server's clock is ahead of the node's clock; zero if no node is given or nothing is known
    /// about its clock.
    pub(crate) fn skew(&self, node: Option<&str>) -> SignedDuration {
        node.and_then(|node| self.0.get(node)).map_or(SignedDuration::ZERO, |bounds| bounds.skew())
    }

    /// Learns that the API server's clock is ahead by at least `lower`. Returns whether this changes the node's skew.
    pub(crate) fn learn_lower_bound(&mut self, node: &Arc<str>, lower: SignedDuration) -> bool {
        self.narrow(node, lower, |bounds| bounds.lower = bounds.lower.max(Some(lower)))
    }

    /// Learns an upper bound from an event of a kubelet, because the API server stores an event after the kubelet has
    /// dated it. Returns the node if this changes the node's skew.
    pub(crate) fn learn_from_event(&mut self, event: &Event) -> Option<Arc<str>> {
        if !event.is_from_kubelet() || event.source.host.is_empty() {
            return None;
        }
        // `creationTimestamp` is truncated to the second.
        let latest_stored = saturating_add(event.metadata.created()?, SignedDuration::from_secs(1));
        let upper = latest_stored.duration_since(truncate_to_millis(event.name_time()?));
        // The clocks of nearly all nodes agree, so bounds that allow zero are not stored.
        if upper >= -MIN_SKEW {
            return None;
        }
        let node: Arc<str> = event.source.host.as_str().into();
        self.learn_upper_bound(&node, upper).then_some(node)
    }

    /// Learns that the API server's clock is ahead by at most `upper`. Returns whether this changes the node's skew.
    pub(crate) fn learn_upper_bound(&mut self, node: &Arc<str>, upper: SignedDuration) -> bool {
        upper < -MIN_SKEW
            && self.narrow(node, upper, |bounds| {
                bounds.upper = Some(bounds.upper.map_or(upper, |known| known.min(upper)));
            })
    }

    /// Changes a node's bounds because of `bound`. Returns whether this changes the node's skew.
    fn narrow(&mut self, node: &Arc<str>, bound: SignedDuration, change: impl FnOnce(&mut Bounds)) -> bool {
        if bound.abs() > MAX_SKEW {
            return false;
        }
        let bounds = self.0.entry(Arc::clone(node)).or_default();
        let before = bounds.skew();
        change(bounds);
        bounds.skew() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(lower: Option<i64>, upper: Option<i64>) -> i128 {
        let millis = |bound: Option<i64>| bound.map(SignedDuration::from_millis);
        Bounds { lower: millis(lower), upper: millis(upper) }.skew().as_millis()
    }

    #[test]
    fn the_skew_is_the_bound_that_is_nearest_to_zero() {
        assert_eq!(skew(None, None), 0);
        assert_eq!(skew(Some(-900), Some(950)), 0);
        assert_eq!(skew(Some(30), None), 0);
        assert_eq!(skew(Some(4_000), Some(4_800)), 4_000);
        assert_eq!(skew(Some(-6_000), Some(-5_100)), -5_100);
        assert_eq!(skew(Some(3_000), Some(-3_000)), 0);
    }
}
