//! The sentence that says why following stopped early, or why the outcome is unknown.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::exit::Exit;
use crate::app::reporter::texts::wait_text::describe_progress;
use crate::observation::Outage;
use crate::timeline::{Timeline, Workload};
use crate::view::{Names, list_resources};

/// Describes why following stopped early or why the outcome is unknown. Returns `None` for all other exits.
///
/// If `is_replay` is true, an interruption is not described, because the workloads of a recording do not continue.
pub(crate) fn describe_ending(
    timeline: &Timeline,
    exit: Exit,
    timeout: Option<Duration>,
    is_replay: bool,
    now: Timestamp,
) -> Option<String> {
    let names = Names::from_timeline(timeline);
    let open: Vec<&Workload> = timeline.roots().filter(|workload| !workload.has_ended()).collect();
    let has_ended = !timeline.is_empty() && timeline.roots().all(Workload::has_ended);
    let unfinished = join_first(&open.iter().map(|workload| names.workload(workload)).collect::<Vec<_>>());
    let unread: Vec<&Outage> = timeline.outages().iter().filter(|outage| !outage.is_optional).collect();
    match exit {
        Exit::Timeout => {
            let timeout = SignedDuration::try_from(timeout.unwrap_or_default()).unwrap_or_default();
            let unfinished = describe_open_workloads(timeline, names, &open, now);
            Some(format!("timed out after {timeout:#}: {unfinished}"))
        }
        // No work continues, because all workloads have ended or the run replays a recording.
        Exit::Interrupted | Exit::Terminated | Exit::HungUp if is_replay || has_ended => None,
        Exit::Interrupted | Exit::Terminated | Exit::HungUp => {
            Some(format!("no longer following {unfinished}; the work continues"))
        }
        Exit::Unknown if open.is_empty() && !unread.is_empty() => {
            Some(format!("outcome unknown: cannot read {}: {}", list_resources(&unread), unread[0].reason))
        }
        Exit::Unknown if open.is_empty() => {
            Some("outcome unknown: the workload was deleted before it ended".to_owned())
        }
        Exit::Unknown => Some(format!("outcome unknown: {unfinished} had not ended")),
        Exit::Success
        | Exit::Failed
        | Exit::FailedContainer(_)
        | Exit::OverBudget
        | Exit::Usage
        | Exit::Wrapped(_) => None,
    }
}

/// Describes the workloads that had not ended, and the states of their Pods. For one workload: `job/pi had not ended: 3
/// running, 1 waits: Insufficient cpu`. For several workloads: `job/a (3 running), job/b (1 starting) had not ended`.
fn describe_open_workloads(timeline: &Timeline, names: Names, open: &[&Workload], now: Timestamp) -> String {
    let progress = |workload: &Workload| describe_progress(timeline, workload, now);
    if let [only] = open {
        return format!("{} had not ended: {}", names.workload(only), progress(only));
    }
    let described = |workload: &&Workload| format!("{} ({})", names.workload(workload), progress(workload));
    format!("{} had not ended", join_first(&open.iter().map(described).collect::<Vec<_>>()))
}

/// Joins the names. If there are more than three, counts the names after the third: `job/a, job/b, job/c and 2 more`.
fn join_first(names: &[String]) -> String {
    match names {
        [] => "the workload".to_owned(),
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", names.len() - 3),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::PhaseKind::Queued;
    use crate::timeline::WorkloadState;
    use crate::view::fixture::{job, pod, timeline};

    #[test]
    fn at_a_timeout_the_report_names_the_reasons_why_pods_wait() {
        let job_a = || {
            let running = |name| pod(name, 0).on("node-1").cold(1, 1, 1, 1, 60_000);
            let queued = pod("c", 0).waits(Queued, 60_000, Some("Insufficient cpu"));
            (job("a", WorkloadState::Running), vec![running("a"), running("b"), queued])
        };
        let minutes = Some(Duration::from_secs(300));
        let report = |workloads| {
            let timeline = timeline(20_000, workloads);
            describe_ending(&timeline, Exit::Timeout, minutes, false, Timestamp::UNIX_EPOCH).unwrap()
        };
        assert_eq!(
            report(vec![job_a()]),
            "timed out after 5m: job/a had not ended: 2 running, 1 waits: Insufficient cpu"
        );
        let job_b = (job("b", WorkloadState::Pending), vec![]);
        assert_eq!(
            report(vec![job_a(), job_b]),
            "timed out after 5m: job/a (2 running, 1 waits: Insufficient cpu), job/b (no Pod yet) had not ended"
        );
        let many = (0..5).map(|n| (job(&format!("j{n}"), WorkloadState::Pending), vec![])).collect();
        assert!(report(many).ends_with("job/j2 (no Pod yet) and 2 more had not ended"));
    }

    #[test]
    fn workloads_of_the_same_name_are_distinguished_by_their_namespaces() {
        let mut other = job("pi", WorkloadState::Running);
        other.namespace = "other".into();
        let same_names = timeline(10_000, vec![(job("pi", WorkloadState::Running), vec![]), (other, vec![])]);
        let ending = describe_ending(&same_names, Exit::Interrupted, None, false, Timestamp::UNIX_EPOCH);
        assert_eq!(
            ending.as_deref(),
            Some("no longer following job/pi in default, job/pi in other; the work continues")
        );
    }
}
