//! The attributes of spans, by the semantic conventions `k8s.*` and `cicd.*` of OpenTelemetry.

use crate::export::otlp::message::Attribute;
use crate::lifecycle::PodOutcome;
use crate::timeline::{TimelinePod, Workload, WorkloadState};

/// Returns the attributes that name an object. A kind without conventions of its own gets attributes of this program.
pub(crate) fn object_attributes(kind: &str, name: &str, uid: &str) -> Vec<Attribute> {
    let (name_key, uid_key) = match kind {
        "Job" => ("k8s.job.name", "k8s.job.uid"),
        "CronJob" => ("k8s.cronjob.name", "k8s.cronjob.uid"),
        "Deployment" => ("k8s.deployment.name", "k8s.deployment.uid"),
        "ReplicaSet" => ("k8s.replicaset.name", "k8s.replicaset.uid"),
        "StatefulSet" => ("k8s.statefulset.name", "k8s.statefulset.uid"),
        "DaemonSet" => ("k8s.daemonset.name", "k8s.daemonset.uid"),
        "ReplicationController" => ("k8s.replicationcontroller.name", "k8s.replicationcontroller.uid"),
        "Pod" => ("k8s.pod.name", "k8s.pod.uid"),
        _ => {
            let kind = Attribute::text("kubectl_seq.owner.kind", kind);
            let name = Attribute::text("kubectl_seq.owner.name", name);
            return vec![kind, name, Attribute::text("kubectl_seq.owner.uid", uid)];
        }
    };
    vec![Attribute::text(name_key, name), Attribute::text(uid_key, uid)]
}

/// Returns the name that all runs of the same work share: the name of the CronJob or Deployment above, or the workload's
/// own name.
pub(crate) fn pipeline_name<'a>(root: &'a Workload, above: Option<&'a Workload>) -> &'a str {
    match (above, &root.parent) {
        (Some(above), _) => &above.name,
        (None, Some(parent)) if &*parent.kind == "CronJob" => &parent.name,
        (None, _) => &root.name,
    }
}

/// Returns the result of a workload by the conventions; `None` if it has not ended.
pub(crate) fn workload_result(workload: &Workload) -> Option<&'static str> {
    match workload.state {
        WorkloadState::Succeeded => Some("success"),
        WorkloadState::Failed if workload.reason.as_deref() == Some(DEADLINE_EXCEEDED) => Some("timeout"),
        WorkloadState::Failed => Some("failure"),
        WorkloadState::Pending
        | WorkloadState::Suspended
        | WorkloadState::Running
        | WorkloadState::Unknown => workload.gone.then_some("cancellation"),
    }
}

/// Returns the result of a Pod by the conventions; `None` if it has not ended or its end is unknown. A Pod that something
/// disrupted ended because of an error of the system.
pub(crate) fn pod_result(pod: &TimelinePod<'_>) -> Option<&'static str> {
    let life = &pod.life;
    match life.outcome {
        PodOutcome::Succeeded => Some("success"),
        PodOutcome::Failed | PodOutcome::NeverStarted | PodOutcome::Deleted if life.disruption.is_some() => {
            Some("error")
        }
        PodOutcome::Failed if life.reason.as_deref() == Some(DEADLINE_EXCEEDED) => Some("timeout"),
        PodOutcome::Failed => Some("failure"),
        PodOutcome::NeverStarted if pod.overview().has_failed() => Some("error"),
        PodOutcome::NeverStarted | PodOutcome::Deleted => Some("cancellation"),
        PodOutcome::Pending
        | PodOutcome::Starting
        | PodOutcome::Running
        | PodOutcome::Unknown
        | PodOutcome::Gone => None,
    }
}

/// The reason of a Job or Pod that took longer than its `activeDeadlineSeconds`.
const DEADLINE_EXCEEDED: &str = "DeadlineExceeded";
