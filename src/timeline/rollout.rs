//! How Kubernetes' own controllers say that a workload stands: the rules of `kubectl rollout status`.

use jiff::Timestamp;

use super::WorkloadState;
use super::refusal::normalised;
use crate::observation::{
    Condition, Custom, DaemonSet, Deployment, JobCondition, ReplicaSet, StatefulSet, known,
};

/// How a workload stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) outcome: WorkloadState,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    /// When it ended, if its status tells.
    pub(crate) finished: Option<Timestamp>,
}

impl Standing {
    fn new(outcome: WorkloadState) -> Self {
        Self { outcome, reason: None, message: None, finished: None }
    }

    /// It has what it wants.
    fn done() -> Self {
        Self::new(WorkloadState::Succeeded)
    }

    /// It goes on, with that left to do.
    fn going(begun: bool, message: String) -> Self {
        let outcome = if begun { WorkloadState::Running } else { WorkloadState::Pending };
        Self { message: Some(message), ..Self::new(outcome) }
    }
}

/// So many Pods are wanted.
pub(crate) fn wanted(replicas: Option<i32>) -> i32 {
    replicas.unwrap_or(1).max(0)
}

fn is_true<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.r#type == kind && condition.status == "True")
}

fn unseen(begun: bool) -> Standing {
    Standing::going(begun, "its controller has not seen the change yet".to_owned())
}

/// A rollout: finished when every replica is of the newest revision and available.
pub(crate) fn deployment(deployment: &Deployment) -> Standing {
    let Deployment { metadata, spec, status } = deployment;
    let begun = status.replicas > 0;
    if status.observed_generation < metadata.generation {
        return unseen(begun);
    }
    let progressing = status.conditions.iter().find(|condition| condition.r#type == "Progressing");
    if let Some(condition) = progressing.filter(|condition| condition.reason == "ProgressDeadlineExceeded") {
        return Standing {
            reason: Some(condition.reason.clone()),
            message: Some(condition.message.clone()),
            finished: known(condition.last_update_time),
            ..Standing::new(WorkloadState::Failed)
        };
    }
    let (wanted, updated) = (wanted(spec.replicas), status.updated_replicas);
    let left = if updated < wanted {
        format!("{updated} of {wanted} replicas are updated")
    } else if status.replicas > updated {
        format!("{} old replicas are to go", status.replicas - updated)
    } else if status.available_replicas < updated {
        format!("{} of {updated} updated replicas are available", status.available_replicas)
    } else {
        let complete = progressing.filter(|condition| condition.reason == "NewReplicaSetAvailable");
        let finished = complete.and_then(|condition| known(condition.last_update_time));
        return Standing { finished, ..Standing::done() };
    };
    let left = if spec.paused { format!("paused: {left}") } else { left };
    let refused = is_true(&status.conditions, "ReplicaFailure");
    match refused {
        Some(refused) => Standing {
            reason: Some(refused.reason.clone()),
            message: Some(normalised(&refused.message)),
            ..Standing::going(begun, left)
        },
        None => Standing::going(begun, left),
    }
}

/// Done when all replicas are available, and no more than wanted.
pub(crate) fn replica_set(set: &ReplicaSet) -> Standing {
    let ReplicaSet { metadata, spec, status } = set;
    let begun = status.replicas > 0;
    let wanted = wanted(spec.replicas);
    if status.observed_generation < metadata.generation {
        return unseen(begun);
    }
    if status.replicas > wanted {
        return Standing::going(begun, format!("{} replicas are to go", status.replicas - wanted));
    }
    if status.available_replicas >= wanted {
        return Standing::done();
    }
    let left = format!("{} of {wanted} replicas are available", status.available_replicas);
    match is_true(&status.conditions, "ReplicaFailure") {
        Some(refused) => Standing {
            reason: Some(refused.reason.clone()),
            message: Some(normalised(&refused.message)),
            ..Standing::going(begun, left)
        },
        None => Standing::going(begun, left),
    }
}

/// Ordered: finished when all replicas are ready and of the newest revision, above the partition.
pub(crate) fn stateful_set(set: &StatefulSet) -> Standing {
    let StatefulSet { metadata, spec, status } = set;
    let begun = status.replicas > 0;
    let wanted = wanted(spec.replicas);
    if status.observed_generation == 0 || status.observed_generation < metadata.generation {
        return unseen(begun);
    }
    if status.ready_replicas < wanted {
        return Standing::going(begun, format!("{} of {wanted} replicas are ready", status.ready_replicas));
    }
    if status.replicas > wanted {
        return Standing::going(begun, format!("{} replicas are to go", status.replicas - wanted));
    }
    if spec.update_strategy.r#type == "OnDelete" {
        return Standing::done();
    }
    let partition = spec.update_strategy.rolling_update.and_then(|update| update.partition).unwrap_or(0);
    let updated = status.updated_replicas;
    if partition > 0 {
        let above = (wanted - partition).max(0);
        if updated >= above {
            return Standing::done();
        }
        let left = format!("{updated} of {above} replicas above partition {partition} are updated");
        return Standing::going(begun, left);
    }
    if status.update_revision != status.current_revision {
        return Standing::going(begun, format!("{updated} of {wanted} replicas are updated"));
    }
    Standing::done()
}

/// Finished when every node that should has an available Pod of the newest revision.
pub(crate) fn daemon_set(set: &DaemonSet) -> Standing {
    let DaemonSet { metadata, spec, status } = set;
    let begun = status.current_number_scheduled > 0;
    if status.observed_generation < metadata.generation {
        return unseen(begun);
    }
    let (wanted, updated) = (status.desired_number_scheduled, status.updated_number_scheduled);
    if updated < wanted && spec.update_strategy.r#type != "OnDelete" {
        return Standing::going(begun, format!("{updated} of {wanted} nodes have an updated Pod"));
    }
    if status.number_available < wanted {
        let available = status.number_available;
        return Standing::going(begun, format!("{available} of {wanted} nodes have an available Pod"));
    }
    Standing::done()
}

/// What a custom resource says of itself, in the words that such controllers share; `None` if it says nothing: then what
/// it owns has to tell.
pub(crate) fn custom(custom: &Custom) -> Option<Standing> {
    let Custom { spec, status, .. } = custom;
    let of = |outcome, condition: &JobCondition| Standing {
        outcome,
        reason: Some(condition.reason.clone()).filter(|reason| !reason.is_empty()),
        message: Some(condition.message.clone()).filter(|message| !message.is_empty()),
        finished: known(condition.last_transition_time),
    };
    let find = |kinds: &[&str]| {
        let told = |condition: &&JobCondition| {
            condition.status == "True" && kinds.contains(&condition.r#type.as_str())
        };
        status.conditions.iter().find(told)
    };
    if let Some(failed) = find(&["Failed", "Failure"]) {
        return Some(of(WorkloadState::Failed, failed));
    }
    // Argo's `Completed` is true of what failed too; its phase says which.
    let word = [&status.phase, &status.job_status].into_iter().find(|word| !word.is_empty());
    let completed = find(&["Complete", "Completed", "Succeeded"]);
    let finished = completed.and_then(|condition| known(condition.last_transition_time));
    let by_word = |outcome, word: &String| Standing {
        reason: (outcome == WorkloadState::Failed).then(|| word.clone()),
        finished,
        ..Standing::new(outcome)
    };
    match word.map(|word| (word, word.to_lowercase())) {
        Some((word, lower)) if matches!(lower.as_str(), "failed" | "error" | "stopped") => {
            return Some(by_word(WorkloadState::Failed, word));
        }
        Some((word, lower)) if matches!(lower.as_str(), "succeeded" | "complete" | "completed") => {
            return Some(by_word(WorkloadState::Succeeded, word));
        }
        _ => {}
    }
    if let Some(completed) = completed {
        return Some(of(WorkloadState::Succeeded, completed));
    }
    let suspended = find(&["Suspended"]);
    if let Some(suspended) = suspended {
        return Some(Standing { finished: None, ..of(WorkloadState::Suspended, suspended) });
    }
    if spec.suspend == Some(true) {
        return Some(Standing::new(WorkloadState::Suspended));
    }
    let silent = status.conditions.is_empty() && word.is_none();
    (!silent).then(|| Standing::new(WorkloadState::Running))
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
