//! The failed Pods that will be replaced.

use std::collections::HashMap;

use crate::timeline::{OpenRetry, PodKey};
use crate::view::view_context::ViewContext;

/// The failed Pods that will be replaced, in all workloads.
pub(crate) fn open_retries(context: &ViewContext<'_>) -> HashMap<PodKey, OpenRetry> {
    let workloads = context.workloads().iter();
    let open = workloads.flat_map(|workload| context.timeline.open_retries(workload, context.now));
    open.map(|open| (open.pod, open)).collect()
}
