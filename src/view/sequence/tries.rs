//! Rows of a block: one a Pod, but one an index where several Pods tried the same piece of work.

use std::collections::HashMap;

use crate::timeline::{OpenRetry, PodKey, Retry};
use crate::view::frame_cache::results::PodRows;
use crate::view::rows::groups::{Group, Heading};
use crate::view::state::{Align, Sort};
use crate::view::view_context::ViewContext;

impl PodRows {
    /// The rows of a block. Where each bar begins at its own zero, each Pod has its own row.
    pub(crate) fn of(context: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let Heading::Workload(workload) = block.heading else { return Self::one_each(block) };
        if context.state.align != Align::Wall {
            return Self::one_each(block);
        }
        let retries = context.timeline.retries(workload);
        let open = context.timeline.open_retries(workload, context.now);
        let open = open.into_iter().map(|open| (open.pod, open)).collect();
        let again = block.pods.iter().any(|&key| context.timeline.identity(key).attempt > 1);
        // Evidence is told Pod by Pod, and what is looked for or walked through are Pods.
        let one_by_one =
            context.state.explain || context.window.unfolded || !context.window.filter.is_empty();
        if !again || one_by_one {
            return Self { retries, open, ..Self::one_each(block) };
        }
        // By creation, which is the order of the workload's own list.
        let mut tries: HashMap<u32, Vec<PodKey>> = HashMap::new();
        for &key in &workload.pods {
            if let Some(index) = context.timeline.identity(key).index {
                tries.entry(index).or_default().push(key);
            }
        }
        let mut earlier: HashMap<PodKey, Vec<PodKey>> = HashMap::new();
        let mut rows = Vec::with_capacity(block.pods.len());
        for &key in block.pods.iter() {
            let tries = context.timeline.identity(key).index.and_then(|index| tries.get(&index));
            let Some((&latest, before)) = tries.and_then(|tries| tries.split_last()) else {
                rows.push(key);
                continue;
            };
            // A row stands where its first try began, else where its latest Pod stands.
            let named_by = match context.state.sort {
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
