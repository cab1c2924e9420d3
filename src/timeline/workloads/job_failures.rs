//! The rules of a Job about failures: which failures count, and which of them end an index or the whole Job.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerLife, ContainerRole, Lifecycle, StopBounds};
use crate::observation::{
    ExitCodeRequirement, Job, JobCondition, PodFailurePolicyRule, SuccessPolicyRule, known_time,
    saturating_add,
};
use crate::timeline::workloads::job::{JobRecord, contains_index, to_count};

/// The effect of a failed Pod on its Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureEffect {
    /// The failure counts towards the limits of the Job.
    Counts,
    /// The failure counts towards no limit. The controller nevertheless waits before the next Pod.
    Ignored,
    /// The index of the Pod has failed for good.
    FailsIndex,
    /// The Job has failed.
    FailsJob,
}

/// The decision of the controller that the Job needs no further Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobDecision<'a> {
    /// When the controller decided, truncated to the second.
    pub(crate) at: Option<Timestamp>,
    /// Whether the Job succeeds.
    pub(crate) succeeds: bool,
    /// The reason of the condition, for example `DeadlineExceeded`.
    pub(crate) reason: &'a str,
}

impl JobRecord {
    /// The decision that ends the Job. The Pods of the Job may still have to stop. `None` while the Job needs Pods.
    pub(crate) fn decision(&self) -> Option<JobDecision<'_>> {
        // The first two conditions report the decision. The others follow when all Pods have stopped.
        let kinds =
            [("FailureTarget", false), ("SuccessCriteriaMet", true), ("Failed", false), ("Complete", true)];
        kinds.into_iter().find_map(|(kind, succeeds)| {
            let condition = self.job().status.true_condition(kind)?;
            Some(JobDecision {
                at: known_time(condition.last_transition_time),
                succeeds,
                reason: &condition.reason,
            })
        })
    }

    /// Returns the bounds of the ends of the deleted Pods that the Job proves. The Job controller reports its decision
    /// first, and the end of the Job when all Pods have ended. Before Kubernetes 1.31 it reported a decision only for a
    /// failure policy, and did not wait for the Pods.
    pub(crate) fn stop_bounds(&self) -> StopBounds {
        let Job { spec, status, .. } = self.job();
        let is_new_decision = |condition: &&JobCondition| match condition.r#type.as_str() {
            "FailureTarget" => condition.reason != "PodFailurePolicy",
            "SuccessCriteriaMet" => condition.reason == "CompletionsReached",
            _ => false,
        };
        let pairs = [("FailureTarget", "Failed"), ("SuccessCriteriaMet", "Complete")];
        let stop = pairs.iter().find_map(|(decision, end)| {
            let decision = status.true_condition(decision).filter(is_new_decision)?;
            let ended = known_time(status.true_condition(end)?.last_transition_time)?;
            Some((known_time(decision.last_transition_time), ended))
        });
        let grace_period = spec.template.spec.termination_grace_period_seconds;
        StopBounds {
            grace_period: grace_period.filter(|seconds| *seconds >= 0).map(SignedDuration::from_secs),
            decided: stop.and_then(|(decided, _)| decided),
            // The time of the condition is truncated to the second.
            ended_by: stop.map(|(_, ended)| saturating_add(ended, SignedDuration::from_secs(1))),
        }
    }

    /// The effect of the failure of a Pod with this life: the action of the first rule of the failure policy that
    /// matches the Pod.
    pub(crate) fn failure_effect(&self, life: &Lifecycle) -> FailureEffect {
        let policy = self.job().spec.pod_failure_policy.as_ref();
        let rule = policy.and_then(|policy| policy.rules.iter().find(|rule| is_matching(rule, life)));
        match rule.map(|rule| rule.action.as_str()) {
            Some("FailJob") => FailureEffect::FailsJob,
            Some("FailIndex") => FailureEffect::FailsIndex,
            Some("Ignore") => FailureEffect::Ignored,
            // `Count`, and a Pod that no rule matches.
            _ => FailureEffect::Counts,
        }
    }

    /// Whether the Job has rules about failures, so that [`Self::failure_effect`] has to read the lives of failed Pods.
    pub(crate) fn has_failure_policy(&self) -> bool {
        self.job().spec.pod_failure_policy.is_some()
    }

    /// Whether `failures` Pods of one index are more than the limit for an index allows.
    pub(crate) fn exceeds_limit_per_index(&self, failures: usize) -> bool {
        exceeds(failures, self.job().spec.backoff_limit_per_index)
    }

    /// Whether `failures` Pods are more than the limit of the whole Job allows.
    pub(crate) fn exceeds_backoff_limit(&self, failures: usize) -> bool {
        exceeds(failures, self.job().spec.backoff_limit)
    }

    /// The position of the failure that exceeds the limit of the whole Job among all counted failures, from 0.
    pub(crate) fn fatal_failure_position(&self) -> Option<usize> {
        self.job().spec.backoff_limit.map(|limit| to_count(limit) as usize)
    }

    /// Whether `indexes` failed indexes are more than the Job allows.
    pub(crate) fn exceeds_max_failed_indexes(&self, indexes: usize) -> bool {
        exceeds(indexes, self.job().spec.max_failed_indexes)
    }

    /// Whether the status says that an index has failed for good.
    pub(crate) fn has_failed_index(&self, index: u32) -> bool {
        self.job().status.failed_indexes.as_deref().is_some_and(|failed| contains_index(failed, index))
    }

    /// The number of indexes that have failed for good, as the status reports them.
    pub(crate) fn failed_index_count(&self) -> usize {
        count_indexes(self.job().status.failed_indexes.as_deref().unwrap_or_default())
    }

    /// Whether the successes are enough for the success of the Job, because a rule of the success policy is met.
    /// `succeeded` are the indexes whose Pods were observed to succeed.
    pub(crate) fn is_success_policy_met(&self, succeeded: &BTreeSet<u32>) -> bool {
        let Job { spec, status, .. } = self.job();
        let Some(policy) = &spec.success_policy else { return false };
        let completions = spec.completions.map_or(0, to_count);
        let has_succeeded =
            |index: &u32| succeeded.contains(index) || contains_index(&status.completed_indexes, *index);
        policy.rules.iter().any(|SuccessPolicyRule { succeeded_indexes, succeeded_count }| {
            let is_named = |index: &u32| {
                succeeded_indexes.as_deref().is_none_or(|indexes| contains_index(indexes, *index))
            };
            let named: Vec<u32> = (0..completions).filter(is_named).collect();
            let required = succeeded_count.map_or(named.len(), |count| to_count(count) as usize);
            named.iter().filter(|index| has_succeeded(index)).count() >= required
        })
    }

    /// Whether the Job has a success policy.
    pub(crate) fn has_success_policy(&self) -> bool {
        self.job().spec.success_policy.is_some()
    }
}

fn exceeds(count: usize, limit: Option<i32>) -> bool {
    limit.is_some_and(|limit| count > to_count(limit) as usize)
}

/// Whether a rule of a failure policy matches a Pod with this life. Among the conditions, only `DisruptionTarget` is
/// evaluated, because the life contains no other condition.
fn is_matching(rule: &PodFailurePolicyRule, life: &Lifecycle) -> bool {
    if let Some(codes) = &rule.on_exit_codes {
        return life.containers.iter().any(|container| has_matching_exit_code(codes, container));
    }
    let is_disrupted = life.disruption.is_some();
    rule.on_pod_conditions
        .iter()
        .any(|pattern| is_disrupted && pattern.r#type == "DisruptionTarget" && pattern.status == "True")
}

fn has_matching_exit_code(codes: &ExitCodeRequirement, container: &ContainerLife) -> bool {
    let is_named = codes.container_name.as_deref().is_none_or(|name| name == &*container.name);
    let last = container.runs.last().filter(|run| run.ended);
    // An exit code of 0 is never a failure, so no operator matches it.
    let Some(code) = last.and_then(|run| run.exit_code).filter(|code| *code != 0) else { return false };
    let is_listed = codes.values.contains(&code);
    is_named
        && container.role != ContainerRole::Ephemeral
        && if codes.operator == "NotIn" { !is_listed } else { is_listed }
}

/// The number of indexes in a list in the form `0,2-4`.
fn count_indexes(list: &str) -> usize {
    let count = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let range = from.parse::<usize>().ok().zip(to.parse::<usize>().ok());
        range.map_or(0, |(from, to)| to.saturating_add(1).saturating_sub(from))
    };
    list.split(',').map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indexes_of_a_list_are_counted() {
        assert_eq!(["", "3", "0,2-4", "0-29"].map(count_indexes), [0, 1, 4, 30]);
    }
}
