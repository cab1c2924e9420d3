//! How far the clock of each node is from the API server's, from pairs of times of which the order is sure.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::SignedDuration;

use crate::observation::{Event, whole_millis};

/// Less than this is what names of events are wrong by themselves.
const NOISE: SignedDuration = SignedDuration::from_millis(200);

/// What is known of each node's clock. Any order of the same facts makes the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clocks(HashMap<Arc<str>, Bounds, RandomState>);

/// How far the API server's clock is ahead of the node's, at least and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    least: Option<SignedDuration>,
    most: Option<SignedDuration>,
}

impl Bounds {
    /// No skew where that is possible, else the bound next to it.
    fn skew(self) -> SignedDuration {
        let ahead = self.least.filter(|least| *least > NOISE);
        let behind = self.most.filter(|most| *most < -NOISE);
        match (ahead, behind) {
            (Some(skew), None) | (None, Some(skew)) => skew,
            // A clock that was set meanwhile has no one skew.
            (Some(_), Some(_)) | (None, None) => SignedDuration::ZERO,
        }
    }
}

impl Clocks {
    /// How far the API server's clock is ahead of the node's.
    pub(crate) fn skew(&self, node: Option<&str>) -> SignedDuration {
        node.and_then(|node| self.0.get(node)).map_or(SignedDuration::ZERO, |bounds| bounds.skew())
    }

    /// Takes in that the API server's clock is ahead by at least so much. Whether that changes the skew.
    pub(crate) fn at_least(&mut self, node: &Arc<str>, least: SignedDuration) -> bool {
        self.narrow(node, |bounds| bounds.least = bounds.least.max(Some(least)))
    }

    /// Takes in when the API server stored what the kubelet had dated. The node, if that changes its skew.
    pub(crate) fn learn(&mut self, event: &Event) -> Option<Arc<str>> {
        if event.component() != "kubelet" || event.source.host.is_empty() {
            return None;
        }
        let stored = event.metadata.created()? + SignedDuration::from_secs(1);
        let most = stored.duration_since(whole_millis(event.name_time()?));
        // Nearly all clocks agree: what bounds nothing is not kept.
        if most >= -NOISE {
            return None;
        }
        let node: Arc<str> = event.source.host.as_str().into();
        let least_of = |kept: Option<SignedDuration>| Some(kept.map_or(most, |kept| kept.min(most)));
        self.narrow(&node, |bounds| bounds.most = least_of(bounds.most)).then_some(node)
    }

    fn narrow(&mut self, node: &Arc<str>, change: impl FnOnce(&mut Bounds)) -> bool {
        let bounds = self.0.entry(Arc::clone(node)).or_default();
        let before = bounds.skew();
        change(bounds);
        bounds.skew() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(least: Option<i64>, most: Option<i64>) -> i128 {
        let millis = |bound: Option<i64>| bound.map(SignedDuration::from_millis);
        Bounds { least: millis(least), most: millis(most) }.skew().as_millis()
    }

    #[test]
    fn the_bound_next_to_none_is_taken() {
        assert_eq!(skew(None, None), 0);
        assert_eq!(skew(Some(-900), Some(950)), 0);
        assert_eq!(skew(Some(30), None), 0);
        assert_eq!(skew(Some(4_000), Some(4_800)), 4_000);
        assert_eq!(skew(Some(-6_000), Some(-5_100)), -5_100);
        assert_eq!(skew(Some(3_000), Some(-3_000)), 0);
    }
}
