//! Short texts for annotations and the summary that say why a run did not end well.

use crate::app::exit::Exit;
use crate::app::reporter::texts::status_text::describe_workload;
use crate::timeline::{PodKey, Timeline, Workload, WorkloadState};
use crate::view;
use crate::view::Names;

/// Maximum number of causes before the last cause, which counts the rest. GitHub shows ten annotations of a step.
const MAX_CAUSES: usize = 9;

/// Why a workload or the run itself did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The workload, `job/pi`, or the program, `kubectl seq`, if the run itself did not end well. The last cause may
    /// have the number of the workloads that are left out, `2 more workloads`.
    pub(crate) subject: String,
    /// `failed: BackoffLimitExceeded, …; pi-x failed: exit code 3, after 2.1s on node-1`.
    pub(crate) text: String,
}

/// Describes why a run did not end well. The first causes are the `endings`, the sentences that say why following
/// stopped early. One cause for each failed workload follows. Returns no cause if the run succeeded or the user stopped
/// it.
pub(crate) fn describe_causes(timeline: &Timeline, exit: Exit, endings: &[String]) -> Vec<Cause> {
    let has_failed = |workload: &&Workload| workload.state == WorkloadState::Failed;
    let names = Names::from_timeline(timeline);
    let failed = timeline.roots().filter(has_failed).map(|workload| Cause {
        subject: names.workload(workload),
        text: describe_failed_workload(timeline, workload),
    });
    let endings =
        endings.iter().map(|ending| Cause { subject: "kubectl seq".to_owned(), text: ending.clone() });
    let mut causes: Vec<Cause> = match exit {
        Exit::Success | Exit::Interrupted | Exit::Terminated | Exit::HungUp => Vec::new(),
        Exit::Failed
        | Exit::FailedContainer(_)
        | Exit::Usage
        | Exit::Unknown
        | Exit::OverBudget
        | Exit::Timeout
        | Exit::Wrapped(_) => endings.chain(failed).collect(),
    };
    let rest = causes.len().saturating_sub(MAX_CAUSES);
    if rest > 0 {
        causes.truncate(MAX_CAUSES);
        let noun = if rest == 1 { "workload" } else { "workloads" };
        causes.push(Cause { subject: format!("{rest} more {noun}"), text: "failed".to_owned() });
    }
    causes
}

/// Describes why a workload failed, and how its first failed Pod ended.
pub(crate) fn describe_failed_workload(timeline: &Timeline, workload: &Workload) -> String {
    let (state, _) = describe_workload(timeline, workload);
    match first_failed_pod(timeline, workload) {
        // The state of a bare Pod already says how the Pod ended.
        Some(pod) if &*workload.kind != "Pod" => {
            let name = Names::from_timeline(timeline).pod(timeline.identity(pod));
            format!("{state}; {name} failed: {}", view::describe_failure(timeline, pod))
        }
        Some(pod) => format!("failed: {}", view::describe_failure(timeline, pod)),
        None => state,
    }
}

/// Returns the Pod that failed first, among the Pods of the workload and of all workloads below it.
fn first_failed_pod(timeline: &Timeline, workload: &Workload) -> Option<PodKey> {
    let subtree = timeline.subtree(&workload.uid).iter();
    let pods = subtree.flat_map(|workload| timeline.overviews(workload));
    let failed = pods.filter(|(_, pod)| pod.has_failed());
    failed.min_by_key(|(_, pod)| (pod.end().is_none(), pod.end())).map(|(key, _)| key)
}
