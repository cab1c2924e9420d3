//! The rules by which the watches find the Pods of each kind of workload.

use crate::observation::BuiltInKind;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::watch::target::Need;

/// The labels by which the Pods of a workload can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodLabels {
    /// No labels are needed, because the workload itself is a Pod.
    IsPod,
    /// The label `job-name`, whose value is the name of the workload.
    JobName,
    /// The label `job-name`, whose value is the name of a Job that the workload owns.
    NameOfOwnedJob,
    /// The labels of the workload's selector, which are known once the workload has been read.
    Selector,
    /// The labels are not known, or depend on the custom resource.
    Unknown,
}

/// Returns the labels by which the Pods of workloads of this kind can be selected.
pub(crate) fn pod_labels(kind: &Kind) -> PodLabels {
    match kind {
        Kind::BuiltIn(BuiltInKind::Pod) => PodLabels::IsPod,
        Kind::BuiltIn(BuiltInKind::Job) => PodLabels::JobName,
        Kind::BuiltIn(BuiltInKind::CronJob) => PodLabels::NameOfOwnedJob,
        Kind::BuiltIn(
            BuiltInKind::Deployment
            | BuiltInKind::ReplicaSet
            | BuiltInKind::StatefulSet
            | BuiltInKind::DaemonSet,
        ) => PodLabels::Selector,
        // All Pods of a JobSet belong to its Jobs. The labels of JobSet itself are not needed, because the Job
        // controller does not depend on them.
        Kind::Custom(resource) if resource.group == "jobset.x-k8s.io" && resource.kind == "JobSet" => {
            PodLabels::NameOfOwnedJob
        }
        Kind::BuiltIn(BuiltInKind::Event) | Kind::Custom(_) | Kind::QueuedWorkload(_) => PodLabels::Unknown,
    }
}

/// Returns the kind of the objects between a workload of this kind and its Pods, if these objects are shown too. Also
/// returns whether the feed needs these objects. A custom resource may own objects of any kind, but only its Jobs are
/// shown.
pub(crate) fn intermediate_kind(kind: &Kind) -> Option<(Kind, Need)> {
    match kind {
        Kind::BuiltIn(BuiltInKind::CronJob) => Some((Kind::JOB, Need::Required)),
        Kind::BuiltIn(BuiltInKind::Deployment) => {
            Some((Kind::BuiltIn(BuiltInKind::ReplicaSet), Need::Required))
        }
        Kind::Custom(_) => Some((Kind::JOB, Need::Optional)),
        Kind::BuiltIn(
            BuiltInKind::Job
            | BuiltInKind::ReplicaSet
            | BuiltInKind::StatefulSet
            | BuiltInKind::DaemonSet
            | BuiltInKind::Pod
            | BuiltInKind::Event,
        )
        | Kind::QueuedWorkload(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::ObjectMeta;

    #[test]
    fn pods_are_found_by_the_selector_exactly_if_the_kind_has_a_selector() {
        for &kind in BuiltInKind::ALL {
            let has_selector = kind.with_metadata(ObjectMeta::default()).pod_selector().is_some();
            assert_eq!(pod_labels(&Kind::BuiltIn(kind)) == PodLabels::Selector, has_selector, "{kind:?}");
        }
    }
}
