//! Bare Pods: Pods whose owner is not followed. Each bare Pod is a workload of its own.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::PodOutcome;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::pod_store::PodStore;
use crate::timeline::workloads::workload::{Capacity, Workload, WorkloadState};

/// Converts a bare Pod to a workload.
pub(crate) fn bare_pod_workload(store: &mut PodStore, key: PodKey) -> Workload {
    let (api_version, kind) = (store.interner.share("v1"), store.interner.share("Pod"));
    let pod = store.pod(key);
    let life = &pod.life;
    let created = life.instants.created.map(|created| created.at);
    // A Pod that is deleted before its work has begun has not failed.
    let was_deleted_before_work = pod.overview().was_deleted_before_work();
    let has_failed = life.outcome.has_failed() && !was_deleted_before_work;
    let capacity = created.map(|since| Capacity { since, parallelism: 1, completions: Some(1) });
    Workload {
        api_version,
        kind,
        namespace: Arc::clone(&pod.namespace),
        name: Arc::from(&*pod.name),
        uid: Arc::from(&*pod.uid),
        generate_name: None,
        parent: None,
        state: if was_deleted_before_work {
            WorkloadState::Unknown
        } else {
            state_from_outcome(life.outcome)
        },
        reason: life.reason.clone(),
        message: life.unknown_since().map(|since| describe_unknown(since).into()),
        created,
        started: life.instants.work_started.map(|started| started.at),
        finished: life.end(),
        completions: Some(1),
        parallelism: Some(1),
        active: u32::from(!life.outcome.has_ended()),
        succeeded: u32::from(life.outcome == PodOutcome::Succeeded),
        failed: u32::from(has_failed),
        gone: was_deleted_before_work || life.gone || life.outcome == PodOutcome::Deleted,
        ttl_seconds: None,
        managed_by: None,
        is_known_from_events: life.gone,
        capacity: capacity.into_iter().collect(),
        retries_per_index: false,
        max_attempts_per_index: None,
        creation_block: None,
        holds: Vec::new(),
        next_run: None,
        is_rollout: false,
        pods: vec![key],
    }
}

/// `state unknown since 12:00:06Z`.
fn describe_unknown(since: Timestamp) -> String {
    format!("state unknown since {}", since.strftime("%H:%M:%SZ"))
}

/// The state of a workload that consists of one Pod with this outcome.
pub(crate) fn state_from_outcome(outcome: PodOutcome) -> WorkloadState {
    match outcome {
        PodOutcome::Pending => WorkloadState::Pending,
        PodOutcome::Starting | PodOutcome::Running => WorkloadState::Running,
        PodOutcome::Succeeded => WorkloadState::Succeeded,
        PodOutcome::Failed | PodOutcome::NeverStarted => WorkloadState::Failed,
        PodOutcome::Deleted | PodOutcome::Unknown | PodOutcome::Gone => WorkloadState::Unknown,
    }
}
