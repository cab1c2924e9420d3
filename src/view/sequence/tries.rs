//! Rows of a block: one a Pod, but one an index where several Pods tried the same piece of work.

use std::collections::HashMap;

use crate::timeline::{OpenRetry, PodKey, Retry};
use crate::view::rows::groups::{Group, Heading};
use crate::view::state::{Align, Sort};
use crate::view::view_context::ViewContext;

/// The rows of a block, each named by its latest Pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tries {
    /// In the order in which they are shown.
    pub(crate) rows: Vec<PodKey>,
    /// The tries before the latest of a row, in order.
    earlier: HashMap<PodKey, Vec<PodKey>>,
    /// The waits before Pods.
    retries: HashMap<PodKey, Retry>,
    /// The waits behind failed Pods, for the next ones.
    open: HashMap<PodKey, OpenRetry>,
}

impl Tries {
    /// The rows of a block. Where each bar begins at its own zero, each Pod has its own row.
    pub(crate) fn of(scene: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let Heading::Workload(workload) = block.heading else { return Self::one_each(block) };
        if scene.state.align != Align::Wall {
            return Self::one_each(block);
        }
        let retries = scene.timeline.retries(workload);
        let open = scene.timeline.open_retries(workload, scene.now);
        let open = open.into_iter().map(|open| (open.pod, open)).collect();
        let again = block.pods.iter().any(|&key| scene.timeline.identity(key).attempt > 1);
        // Evidence is told Pod by Pod, and what is looked for or walked through are Pods.
        let one_by_one = scene.state.explain || scene.window.unfolded || !scene.window.filter.is_empty();
        if !again || one_by_one {
            return Self { retries, open, ..Self::one_each(block) };
        }
        // By creation, which is the order of the workload's own list.
        let mut tries: HashMap<u32, Vec<PodKey>> = HashMap::new();
        for &key in &workload.pods {
            if let Some(index) = scene.timeline.identity(key).index {
                tries.entry(index).or_default().push(key);
            }
        }
        let mut earlier: HashMap<PodKey, Vec<PodKey>> = HashMap::new();
        let mut rows = Vec::with_capacity(block.pods.len());
        for &key in block.pods.iter() {
            let tries = scene.timeline.identity(key).index.and_then(|index| tries.get(&index));
            let Some((&latest, before)) = tries.and_then(|tries| tries.split_last()) else {
                rows.push(key);
                continue;
            };
            // A row stands where its first try began, else where its latest Pod stands.
            let named_by = match scene.state.sort {
                Sort::Start => before.first().copied().unwrap_or(latest),
                _ => latest,
            };
            if key == named_by {
                rows.push(latest);
                if !before.is_empty() {
                    earlier.insert(latest, before.to_vec());
                }
            }
        }
        Self { rows, earlier, retries, open }
    }

    fn one_each(block: &Group<'_>) -> Self {
        Self { rows: block.pods.to_vec(), ..Self::default() }
    }

    /// The tries before the latest of a row, in order.
    pub(crate) fn earlier(&self, row: PodKey) -> &[PodKey] {
        self.earlier.get(&row).map_or(&[], Vec::as_slice)
    }

    /// The wait behind a failed Pod, for the next try.
    pub(crate) fn again(&self, key: PodKey) -> Option<&OpenRetry> {
        self.open.get(&key)
    }

    /// The wait before a Pod.
    pub(crate) fn retry(&self, key: PodKey) -> Option<&Retry> {
        self.retries.get(&key)
    }
}
