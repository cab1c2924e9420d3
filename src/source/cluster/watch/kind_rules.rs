//! How the watches find the Pods of each kind of workload.

use crate::observation::BuiltInKind;
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::watch::collection_watcher::Need;

/// The labels that the Pods of a workload have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodLabels {
    /// The object is a Pod.
    IsPod,
    /// The label `job-name` with the name of the workload.
    JobName,
    /// The label `job-name` with the name of a Job that the workload owns.
    NameOfOwnedJob,
    /// The labels of the workload's selector, which are known once the workload has been read.
    Selector,
    /// The labels are not known, or depend on the custom resource.
    Unknown,
}

/// The labels that the Pods of workloads of this kind have.
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
        Kind::BuiltIn(BuiltInKind::Event) | Kind::Custom(_) => PodLabels::Unknown,
    }
}

/// The kind whose objects lie between a workload of this kind and its Pods and are shown too. Custom resources may own
/// objects of any kind; those that own Jobs are shown with their Jobs.
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
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::ObjectMeta;

    #[test]
    fn pods_are_found_by_the_selectors_of_all_kinds_that_have_one() {
        for &kind in BuiltInKind::ALL {
            let has_selector = kind.with_metadata(ObjectMeta::default()).pod_selector().is_some();
            assert_eq!(pod_labels(&Kind::BuiltIn(kind)) == PodLabels::Selector, has_selector, "{kind:?}");
        }
    }
}
