//! The text about a workload that has not ended: what its Pods do, and why some of them wait.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::app::reporter::texts::count_text::{count_all_pods, count_by_state, describe_pods};
use crate::app::reporter::texts::status_text::describe_availability;
use crate::timeline::{PodKey, Timeline, TimelinePod, Workload};
use crate::view::display_state::DisplayState;
use crate::view::primitives::{duration, text};
use crate::view::rows::container_text::describe_open_wait;
use crate::view::rows::phase_text::describe_not_taken_up;

/// Maximum number of waiting Pods whose reasons are read. The other Pods are only counted.
const MAX_EXAMINED_PODS: usize = 200;

/// Maximum number of different reasons in the text.
const MAX_REASONS: usize = 3;

/// Describes what the Pods below a workload do and why some of them wait: `3 running, 1 waits: Insufficient cpu`. The
/// text about a rollout begins with its available Pods.
pub(crate) fn describe_progress(timeline: &Timeline, workload: &Workload, now: Timestamp) -> String {
    let text = describe_pods_with_reasons(timeline, workload, now);
    match describe_availability(timeline, workload) {
        Some(availability) => format!("{availability}, {text}"),
        None => text,
    }
}

/// Describes what the Pods of all workloads do and why some of them wait, like [`describe_progress`].
pub(crate) fn describe_all_progress(timeline: &Timeline, now: Timestamp) -> String {
    let pods = timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied());
    count_with_reasons(timeline, pods, now).unwrap_or_else(|| count_all_pods(timeline))
}

/// Counts the Pods by state, and those that wait by the reason. `None` if there is nothing to count.
fn count_with_reasons(
    timeline: &Timeline,
    pods: impl IntoIterator<Item = PodKey>,
    now: Timestamp,
) -> Option<String> {
    let mut waits: BTreeMap<String, usize> = BTreeMap::new();
    let mut counted = Vec::new();
    let mut examined = 0;
    for key in pods {
        let reason = if may_wait(timeline, key) && examined < MAX_EXAMINED_PODS {
            examined += 1;
            wait_reason(&timeline.pod(key), now)
        } else {
            None
        };
        match reason {
            Some(reason) => *waits.entry(reason).or_default() += 1,
            None => counted.push(key),
        }
    }
    let counts = count_by_state(timeline, &counted).join(", ");
    let waits = join_waits(waits);
    let parts: Vec<String> = [counts, waits].into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Describes the Pods below a workload, or why there are none.
fn describe_pods_with_reasons(timeline: &Timeline, workload: &Workload, now: Timestamp) -> String {
    if let Some(counts) = count_with_reasons(timeline, timeline.pods_below(workload), now) {
        return counts;
    }
    let without_pods = describe_pods(timeline, workload);
    if let Some(block) = &workload.creation_block {
        return format!("{without_pods}, cannot create Pods: {}", text::clean(&block.message));
    }
    match timeline.next_try(workload, now) {
        Some(at) => {
            let left = duration::format_elapsed(at.duration_since(now));
            format!("{without_pods}, next try in about {left}")
        }
        None => without_pods,
    }
}

/// Whether the Pod has not begun to work, so that it may wait for something.
fn may_wait(timeline: &Timeline, key: PodKey) -> bool {
    let overview = timeline.overview(key);
    let waits = matches!(
        DisplayState::from_overview(overview),
        DisplayState::Queued | DisplayState::Starting | DisplayState::PullFailing
    );
    waits && !overview.deletion_requested && !overview.is_stopping
}

fn wait_reason(pod: &TimelinePod<'_>, now: Timestamp) -> Option<String> {
    describe_not_taken_up(pod, now).or_else(|| describe_open_wait(&pod.life))
}

/// Joins the reasons, the most frequent first: `2 wait: Insufficient cpu; 1 waits: cannot pull app:1: not found`.
fn join_waits(waits: BTreeMap<String, usize>) -> String {
    let mut waits: Vec<(String, usize)> = waits.into_iter().collect();
    waits.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
    let others: usize = waits.iter().skip(MAX_REASONS).map(|(_, pods)| *pods).sum();
    let verb = |pods: usize| if pods == 1 { "waits" } else { "wait" };
    let named = waits.iter().take(MAX_REASONS);
    let mut parts: Vec<String> =
        named.map(|(reason, pods)| format!("{pods} {}: {reason}", verb(*pods))).collect();
    if others > 0 {
        parts.push(format!("{others} {} for other reasons", verb(others)));
    }
    parts.join("; ")
}
