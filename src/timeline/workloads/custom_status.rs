//! The status of custom resources: the state, the message and the numbers of Pods, from the fields that most kinds use.

use crate::observation::{Custom, CustomStatus, JobCondition, ReplicaStatus, known_time};
use crate::timeline::workloads::rollout::RolloutStatus;
use crate::timeline::workloads::workload::WorkloadState;

/// The numbers of Pods that the status of a custom resource reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedPods {
    pub(crate) active: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
}

/// The numbers of Pods that the status reports. `None` if it reports none, because the Pods themselves are then counted.
pub(crate) fn reported_pods(custom: &Custom) -> Option<ReportedPods> {
    let CustomStatus { replica_statuses, active, running, succeeded, failed, .. } = &custom.status;
    let count = |number: Option<i32>| u32::try_from(number.unwrap_or(0)).unwrap_or(0);
    if !replica_statuses.is_empty() {
        let sum = |of: fn(&ReplicaStatus) -> Option<i32>| {
            replica_statuses.values().map(|role| count(of(role))).fold(0, u32::saturating_add)
        };
        return Some(ReportedPods {
            active: sum(|role| role.active),
            succeeded: sum(|role| role.succeeded),
            failed: sum(|role| role.failed),
        });
    }
    // A RayJob counts its attempts in these fields.
    if custom.kind == "RayJob" {
        return None;
    }
    let reports = [active, running, succeeded, failed].into_iter().any(Option::is_some);
    reports.then(|| ReportedPods {
        active: count(active.or(*running)),
        succeeded: count(*succeeded),
        failed: count(*failed),
    })
}

/// The meaning of a word for the state of a custom resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StateWord {
    Succeeded,
    Failed,
    /// The resource has not ended.
    Open,
}

impl StateWord {
    fn parse(word: &str) -> Self {
        match word.to_lowercase().as_str() {
            "failed" | "error" | "stopped" | "aborted" | "terminated" | "submission_failed" => Self::Failed,
            "succeeded" | "complete" | "completed" => Self::Succeeded,
            _ => Self::Open,
        }
    }
}

/// The word for the state, and its meaning. `None` if the status has no such word.
fn state_word(status: &CustomStatus) -> Option<(&str, StateWord)> {
    let (job, deployment) = (status.job_status.as_str(), status.job_deployment_status.as_str());
    if !deployment.is_empty() {
        // A RayJob has ended when its deployment says so. Until then, it may be retried.
        return Some(match (StateWord::parse(deployment), StateWord::parse(job)) {
            (StateWord::Open, _) => (deployment, StateWord::Open),
            (StateWord::Failed, StateWord::Open | StateWord::Succeeded) => (deployment, StateWord::Failed),
            (_, StateWord::Failed) => (job, StateWord::Failed),
            (StateWord::Succeeded, StateWord::Open | StateWord::Succeeded) => {
                (deployment, StateWord::Succeeded)
            }
        });
    }
    let words = [&status.phase, &status.job_status, &status.state.phase, &status.application_state.phase];
    let word = words.into_iter().find(|word| !word.is_empty())?;
    Some((word, StateWord::parse(word)))
}

/// The status of a custom resource, from the conditions and phase names that most custom resources use. `None` if the
/// resource reports nothing, because its state then follows from the objects that it owns.
pub(crate) fn custom_resource_status(custom: &Custom) -> Option<RolloutStatus> {
    let Custom { spec, status, .. } = custom;
    let from_condition = |state, condition: &JobCondition| RolloutStatus {
        state,
        reason: non_empty([&condition.reason]),
        message: non_empty([&condition.message]),
        finished: known_time(condition.last_transition_time),
    };
    let find = |kinds: &[&str], value: &str| {
        let is_match = |condition: &&JobCondition| {
            condition.status == value && kinds.contains(&condition.r#type.as_str())
        };
        status.conditions.iter().find(is_match)
    };
    if let Some(failed) = find(&["Failed", "Failure"], "True") {
        return Some(from_condition(WorkloadState::Failed, failed));
    }
    // Argo sets `Completed` for failed workflows too, and names the result in `phase`.
    let completed = find(&["Complete", "Completed", "Succeeded", "Finished"], "True");
    let word = state_word(status);
    let ends = [status.completion_time, status.end_time, status.finished_at];
    let finished = completed.and_then(|condition| known_time(condition.last_transition_time));
    let finished = finished.or_else(|| ends.into_iter().find_map(known_time));
    let CustomStatus { state, application_state, .. } = status;
    let message = || non_empty([&status.message, &state.message, &application_state.message]);
    match word {
        Some((name, StateWord::Failed)) => {
            let reason = non_empty([&status.reason, &state.reason]).or_else(|| Some(name.to_owned()));
            let failed = RolloutStatus::new(WorkloadState::Failed);
            return Some(RolloutStatus { reason, message: message(), finished, ..failed });
        }
        Some((_, StateWord::Succeeded)) => {
            return Some(RolloutStatus { message: message(), finished, ..RolloutStatus::succeeded() });
        }
        Some((_, StateWord::Open)) | None => {}
    }
    if let Some(completed) = completed {
        return Some(from_condition(WorkloadState::Succeeded, completed));
    }
    // The convention of Tekton and Knative: `Succeeded` is `Unknown` while the work goes on, and `False` after a failure.
    if let Some(failed) = find(&["Succeeded"], "False").filter(|failed| !failed.reason.is_empty()) {
        return Some(from_condition(WorkloadState::Failed, failed));
    }
    if let Some(suspended) = find(&["Suspended"], "True") {
        return Some(RolloutStatus { finished: None, ..from_condition(WorkloadState::Suspended, suspended) });
    }
    if spec.suspend == Some(true) {
        return Some(RolloutStatus::new(WorkloadState::Suspended));
    }
    let reports_nothing = status.conditions.is_empty() && word.is_none();
    (!reports_nothing).then(|| RolloutStatus::new(WorkloadState::Running))
}

/// The first text that is not empty.
fn non_empty<const N: usize>(texts: [&String; N]) -> Option<String> {
    texts.into_iter().find(|text| !text.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(text: &str) -> Custom {
        serde_json::from_str(text).unwrap()
    }

    /// The state, the reason and the message.
    fn status(text: &str) -> (WorkloadState, Option<String>, Option<String>) {
        let status = custom_resource_status(&custom(text)).unwrap();
        (status.state, status.reason, status.message)
    }

    fn failed(reason: &str, message: &str) -> (WorkloadState, Option<String>, Option<String>) {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (WorkloadState::Failed, text(reason), text(message))
    }

    #[test]
    fn a_failed_resource_has_the_message_of_its_own_controller() {
        let argo = r#"{"kind":"Workflow","status":{"phase":"Failed","message":"child 'b' failed",
            "finishedAt":"2026-01-01T12:00:00Z","conditions":[{"type":"Completed","status":"True"}]}}"#;
        assert_eq!(status(argo), failed("Failed", "child 'b' failed"));
        assert!(custom_resource_status(&custom(argo)).unwrap().finished.is_some());
        let volcano = r#"{"kind":"Job","status":{"state":{"phase":"Aborted","reason":"JobAborted","message":"stopped by hand"}}}"#;
        assert_eq!(status(volcano), failed("JobAborted", "stopped by hand"));
        let tekton = r#"{"kind":"PipelineRun","status":{"conditions":[
            {"type":"Succeeded","status":"False","reason":"Failed","message":"task b failed"}]}}"#;
        assert_eq!(status(tekton), failed("Failed", "task b failed"));
        let spark = r#"{"kind":"SparkApplication","status":{"applicationState":{"state":"FAILED","errorMessage":"driver failed"}}}"#;
        assert_eq!(status(spark), failed("FAILED", "driver failed"));
    }

    #[test]
    fn a_ray_job_that_is_retried_has_not_ended() {
        let ray = |job: &str, deployment: &str| {
            let text = format!(
                r#"{{"kind":"RayJob","status":{{"jobStatus":"{job}","jobDeploymentStatus":"{deployment}","message":"m"}}}}"#
            );
            status(&text).0
        };
        assert_eq!(ray("FAILED", "Retrying"), WorkloadState::Running);
        assert_eq!(ray("FAILED", "Failed"), WorkloadState::Failed);
        assert_eq!(ray("FAILED", "Complete"), WorkloadState::Failed);
        assert_eq!(ray("", "Failed"), WorkloadState::Failed);
        assert_eq!(ray("SUCCEEDED", "Complete"), WorkloadState::Succeeded);
        assert_eq!(ray("RUNNING", "Running"), WorkloadState::Running);
        assert_eq!(ray("FAILED", ""), WorkloadState::Failed);
    }

    #[test]
    fn the_status_reports_numbers_of_pods_in_the_fields_of_several_projects() {
        let pods =
            |text: &str| reported_pods(&custom(text)).map(|pods| [pods.active, pods.succeeded, pods.failed]);
        let kubeflow = r#"{"kind":"PyTorchJob","status":{"replicaStatuses":{"Master":{"succeeded":1},"Worker":{"active":2,"failed":1}}}}"#;
        assert_eq!(pods(kubeflow), Some([2, 1, 1]));
        assert_eq!(pods(r#"{"kind":"Job","status":{"running":3,"succeeded":2}}"#), Some([3, 2, 0]));
        assert_eq!(
            pods(r#"{"kind":"RayJob","status":{"succeeded":1,"failed":2}}"#),
            None,
            "these are attempts"
        );
        assert_eq!(pods(r#"{"kind":"Workflow","status":{"phase":"Failed"}}"#), None);
    }
}
