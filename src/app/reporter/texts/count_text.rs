//! The texts of lines that count Pods and workloads by state.

use crate::app::reporter::texts::status_text::describe_suspension;
use crate::lifecycle::Lifecycle;
use crate::timeline::{PodKey, Timeline, Workload, WorkloadState};
use crate::view::display_state::{ByDisplayState, DisplayState};
use crate::view::primitives::text;
use crate::view::rows::container_text::describe_stopping;

/// The reason why Pods stop is looked up only for up to this number of stopping Pods, because it needs their lives.
const MAX_DESCRIBED_STOPS: usize = 50;

/// Counts the active and failed Pods below a workload by state: `4 running, 1 starting, 2 queued`. A Pod whose deletion
/// was requested, or whose sidecars have not ended, is stopping.
pub(crate) fn describe_pods(timeline: &Timeline, workload: &Workload) -> String {
    let pods = timeline.pods_below(workload);
    let counts = count_by_state(timeline, &pods);
    match (counts.is_empty(), workload.runs_elsewhere_by()) {
        (true, _) if workload.state == WorkloadState::Suspended => describe_suspension(workload),
        (true, Some(controller)) => format!("no Pod here, managed by {}", text::clean(controller)),
        (true, None) if pods.is_empty() => "no Pod yet".into(),
        (true, None) => "no active Pod".into(),
        (false, _) => counts.join(", "),
    }
}

/// Counts the active and failed Pods of all workloads by state.
pub(crate) fn count_all_pods(timeline: &Timeline) -> String {
    let pods: Vec<PodKey> =
        timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied()).collect();
    let counts = count_by_state(timeline, &pods);
    match counts.is_empty() {
        true if pods.is_empty() => "no Pod yet".into(),
        true => "no active Pod".into(),
        false => counts.join(", "),
    }
}

/// Counts the workloads, and those that have ended: `200 workloads, 12 ended, 1 failed:`.
pub(crate) fn count_workloads(timeline: &Timeline) -> String {
    let roots: Vec<&Workload> = timeline.roots().collect();
    let count = |is_counted: fn(&&&Workload) -> bool| roots.iter().filter(is_counted).count();
    let ended = count(|workload| workload.has_ended());
    let failed = count(|workload| workload.state == WorkloadState::Failed);
    let part = |count: usize, word: &str| match count {
        0 => String::new(),
        count => format!(", {count} {word}"),
    };
    format!("{} workloads{}{}:", roots.len(), part(ended, "ended"), part(failed, "failed"))
}

/// The number of Pods in each state, without the states that no Pod has and without Pods that ended without a failure.
pub(crate) fn count_by_state(timeline: &Timeline, pods: &[PodKey]) -> Vec<String> {
    let mut counts = ByDisplayState::<usize>::default();
    let mut stopping = Vec::new();
    for &key in pods {
        let overview = timeline.overview(key);
        if overview.is_stopping || (overview.deletion_requested && !overview.outcome.has_ended()) {
            stopping.push(key);
        } else {
            counts[DisplayState::from_overview(overview)] += 1;
        }
    }
    let is_listed = |state: &DisplayState| {
        counts[*state] > 0
            && !matches!(state, DisplayState::Done | DisplayState::Deleted | DisplayState::Gone)
    };
    let listed = DisplayState::ALL.into_iter().filter(is_listed);
    let mut parts: Vec<String> = listed.map(|state| format!("{} {}", counts[state], state.name())).collect();
    parts.extend(describe_stopping_pods(timeline, &stopping));
    parts
}

/// Counts stopping Pods, and names the sidecar for whose end they wait: `1 stopping: waits for sidecar logshipper`.
/// Returns `None` if there is no such Pod.
fn describe_stopping_pods(timeline: &Timeline, pods: &[PodKey]) -> Option<String> {
    let (first, others) = pods.split_first()?;
    let wait_of = |key: &PodKey| {
        let life: &Lifecycle = &timeline.pod(*key).life;
        describe_stopping(life)
    };
    let are_described = pods.len() <= MAX_DESCRIBED_STOPS;
    let wait = wait_of(first)
        .filter(|wait| are_described && others.iter().all(|key| wait_of(key).as_ref() == Some(wait)));
    let wait = wait.map(|wait| format!(": {wait}")).unwrap_or_default();
    Some(format!("{} stopping{wait}", pods.len()))
}
