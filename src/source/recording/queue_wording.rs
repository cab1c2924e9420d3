//! The wordings of Kueue's messages about Workloads, in the form of [`wording`](super::wording). They come from Kueue 0.9
//! to 0.17.

use crate::source::recording::wording::keep_known_wording;

/// Messages in the conditions of Kueue Workloads, and in the Events about them.
const QUEUE_WORDINGS: &[&str] = &[
    "Quota reserved in ClusterQueue <name>, wait time since queued was <number>s; Flavors considered: <…>",
    "Quota reserved in ClusterQueue <name>, wait time since queued was <number>s",
    "Quota reserved in ClusterQueue <name>",
    "Admitted by ClusterQueue <name>, wait time since reservation was <number>s",
    "The workload is admitted",
    "The workload has no reservation",
    "The workload has failed admission checks",
    "couldn't assign flavors to pod set <name>: insufficient unused quota for <name> in flavor <name>, <name> more needed. Pending the preemption of <number> workload(s)",
    "couldn't assign flavors to pod set <name>: insufficient unused quota for <name> in flavor <name>, <name> more needed",
    "couldn't assign flavors to pod set <name>: insufficient quota for <name> in flavor <name>, <…>",
    "couldn't assign flavors to pod set <name>: <…>",
    "failed to assign flavors to pod set <name>: <…>",
    "Preempted to accommodate a workload (UID: <name>, JobUID: <name>) due to prioritization in the ClusterQueue; preemptor path: <name>; preemptee path: <name>",
    "Preempted to accommodate a workload (UID: <name>, JobUID: <name>) due to reclamation within the cohort while borrowing; preemptor path: <name>; preemptee path: <name>",
    "Preempted to accommodate a workload (UID: <name>, JobUID: <name>) due to reclamation within the cohort; preemptor path: <name>; preemptee path: <name>",
    "Preempted to accommodate a workload (UID: <name>, JobUID: <name>) due to Fair Sharing within the cohort; preemptor path: <name>; preemptee path: <name>",
    "Preempted to accommodate a workload (UID: <name>, JobUID: <name>) due to <…>",
    "Workload no longer fits after processing another workload",
    "Workload has been preempted",
    "ClusterQueue <name> is inactive",
    "ClusterQueue <name> doesn't exist",
    "LocalQueue <name> is inactive",
    "LocalQueue <name> doesn't exist",
    "The ClusterQueue is stopped",
    "The LocalQueue is stopped",
    "The ClusterQueue was restarted after being stopped",
    "The LocalQueue was restarted after being stopped",
    "The workload backoff was finished",
    "The workload was reactivated",
    "The workload is deactivated",
    "The workload is deactivated due to <…>",
    "At least one admission check is false",
    "Exceeded the PodsReady timeout <name>",
    "All pods were ready or succeeded since the workload admission",
    "All pods reached readiness and the workload is running",
    "Not all pods are ready or succeeded",
    "Job finished successfully",
    "Job suspended",
    "Waiting for all pods to start",
    "Waiting for all pods to be ready",
];

/// Returns the message, without the parts that may contain a secret. Returns an empty string if Kueue does not use such a
/// wording.
pub(crate) fn keep_queue_message(text: &str) -> String {
    /// The beginning of the message of a condition that is no longer true.
    const FORMER: &str = "Previously: ";
    match text.strip_prefix(FORMER).map(|text| keep_known_wording(text, QUEUE_WORDINGS)) {
        Some(kept) if kept.is_empty() => kept,
        Some(kept) => format!("{FORMER}{kept}"),
        None => keep_known_wording(text, QUEUE_WORDINGS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_kueue_are_kept_and_other_text_is_left_out() {
        for text in [
            "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor default, 500m more needed",
            "Quota reserved in ClusterQueue team, wait time since queued was 12s",
            "Preempted to accommodate a workload (UID: 3f0e5d1a-4a53, JobUID: 9b5a-1d8e) due to prioritization in the \
             ClusterQueue; preemptor path: /cq; preemptee path: /cq",
        ] {
            assert_eq!(keep_queue_message(text), text);
        }
        assert_eq!(
            keep_queue_message("couldn't assign flavors to pod set main: token pw"),
            "couldn't assign flavors to pod set main: (not recorded)"
        );
        assert_eq!(keep_queue_message("token pw"), "");
    }
}
