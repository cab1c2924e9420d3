//! The rows of a group. Each Pod has its own row. In the wall-clock view of a workload, the attempts at one
//! completion index share a row, unless the user asks for evidence, unfolds, filters or scrolls.

use std::collections::HashMap;

use crate::timeline::{OpenRetry, PodKey, Retry};
use crate::view::frame_cache::results::PodRows;
use crate::view::rows::groups::{Group, Heading};
use crate::view::state::{Align, Sort};
use crate::view::view_context::ViewContext;

impl PodRows {
    /// The rows of a group. Unless the bars share the wall clock, each Pod has its own row, because bars that all
    /// start at zero would overlap.
    pub(crate) fn for_group(context: &ViewContext<'_>, group: &Group<'_>) -> Self {
        let Heading::Workload(workload) = group.heading else { return Self::one_per_pod(group) };
        if context.state.align != Align::Wall {
            return Self::one_per_pod(group);
        }
        let retries = context.timeline.retries(workload);
        let open = context.timeline.open_retries(workload, context.now);
        let open = open.into_iter().map(|open| (open.pod, open)).collect();
        let has_retries = group.pods.iter().any(|&key| context.timeline.identity(key).attempt > 1);
        // Evidence belongs to one Pod, and users who filter or scroll look for one Pod.
        let each_pod = context.state.explain || context.window.unfolded || !context.window.filter.is_empty();
        if !has_retries || each_pod {
            return Self { retries, open, ..Self::one_per_pod(group) };
        }
        // A Pod that was lost with its node may still run beside its replacement, so it keeps a row of its own.
        let is_lost = |key: PodKey| context.timeline.overview(key).is_lost;
        // The workload's own list is in the order of creation, so the attempts of an index are too.
        let mut attempts: HashMap<u32, Vec<PodKey>> = HashMap::new();
        for &key in &workload.pods {
            if let Some(index) = context.timeline.identity(key).index.filter(|_| !is_lost(key)) {
                attempts.entry(index).or_default().push(key);
            }
        }
        let mut earlier: HashMap<PodKey, Vec<PodKey>> = HashMap::new();
        let mut rows = Vec::with_capacity(group.pods.len());
        for &key in group.pods.iter() {
            let index = context.timeline.identity(key).index.filter(|_| !is_lost(key));
            let attempts = index.and_then(|index| attempts.get(&index));
            let Some((&latest, before)) = attempts.and_then(|attempts| attempts.split_last()) else {
                rows.push(key);
                continue;
            };
            // If the Pods are sorted by start, the row has the position of its first attempt. In every other order it
            // has the position of its latest Pod.
            let positioned_by = match group.sort {
                Sort::Usual | Sort::Start => before.first().copied().unwrap_or(latest),
                Sort::End
                | Sort::Work
                | Sort::Cold
                | Sort::Index
                | Sort::Name
                | Sort::Trouble
                | Sort::Wasted => latest,
            };
            if key == positioned_by {
                rows.push(latest);
                if !before.is_empty() {
                    earlier.insert(latest, before.to_vec());
                }
            }
        }
        Self { rows, earlier, retries, open }
    }

    fn one_per_pod(group: &Group<'_>) -> Self {
        Self { rows: group.pods.to_vec(), ..Self::default() }
    }

    /// The attempts of a row before its latest Pod, oldest first.
    pub(crate) fn earlier_attempts(&self, latest: PodKey) -> &[PodKey] {
        self.earlier.get(&latest).map_or(&[], Vec::as_slice)
    }

    /// The wait after a failed Pod for the next attempt.
    pub(crate) fn open_wait_after(&self, key: PodKey) -> Option<&OpenRetry> {
        self.open.get(&key)
    }

    /// The wait before a Pod that replaces a failed one.
    pub(crate) fn wait_before(&self, key: PodKey) -> Option<&Retry> {
        self.retries.get(&key)
    }
}
