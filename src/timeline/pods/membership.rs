//! The part of a Pod in a larger workload, from the labels that the controllers of several projects set.

use std::sync::Arc;

use crate::lifecycle::Interner;
use crate::observation::{
    JOBSET_RESTART, JOBSET_ROLE, KUBEFLOW_ROLE, LWS_GROUP, LWS_WORKER, POD_GROUP, Pod, RAY_CLUSTER, RAY_ROLE,
    VOLCANO_GROUP, VOLCANO_ROLE,
};

/// The part of a Pod in a larger workload. Pods with the same part share one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PodMembership {
    /// The role: `worker`, `head`.
    pub(crate) role: Option<Arc<str>>,
    /// The roles that the labels name. Several labels of different projects may name a role.
    pub(crate) roles: Vec<(RoleLabel, Arc<str>)>,
    /// The number of restarts of the JobSet before the Pod was created.
    pub(crate) restart: Option<u32>,
    /// The replica of a LeaderWorkerSet.
    pub(crate) replica: Option<u32>,
    /// The RayCluster.
    pub(crate) ray_cluster: Option<Arc<str>>,
    /// The group of Pods that a scheduler schedules together.
    pub(crate) scheduling_group: Option<Arc<str>>,
}

/// A label that names the role of a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RoleLabel {
    /// Of a JobSet.
    JobSet,
    /// Of a RayCluster.
    Ray,
    /// Of a training job of Kubeflow.
    Kubeflow,
    /// Of a LeaderWorkerSet: the index of the Pod in its replica.
    LeaderWorkerSet,
    /// Of a Job of Volcano.
    Volcano,
}

impl RoleLabel {
    const ALL: [Self; 5] = [Self::JobSet, Self::Ray, Self::Kubeflow, Self::LeaderWorkerSet, Self::Volcano];

    fn key(self) -> &'static str {
        match self {
            Self::JobSet => JOBSET_ROLE,
            Self::Ray => RAY_ROLE,
            Self::Kubeflow => KUBEFLOW_ROLE,
            Self::LeaderWorkerSet => LWS_WORKER,
            Self::Volcano => VOLCANO_ROLE,
        }
    }

    /// The role that this value of the label means.
    fn role(self, value: &str) -> &str {
        match self {
            Self::LeaderWorkerSet if value == LEADER_INDEX => LEADER,
            Self::LeaderWorkerSet => "worker",
            Self::JobSet | Self::Ray | Self::Kubeflow | Self::Volcano => value,
        }
    }

    /// Whether the controller of objects of this kind sets the label.
    pub(crate) fn is_set_by(self, kind: &str) -> bool {
        match self {
            Self::JobSet => kind == "JobSet",
            Self::Ray => matches!(kind, "RayCluster" | "RayJob" | "RayService"),
            Self::Kubeflow => kind.len() > "Job".len() && kind.ends_with("Job") && kind != "RayJob",
            Self::LeaderWorkerSet => kind == "LeaderWorkerSet",
            // The name of Volcano's kind is also the name of a kind of Kubernetes.
            Self::Volcano => false,
        }
    }
}

/// The index of the leader in a replica of a LeaderWorkerSet.
const LEADER_INDEX: &str = "0";

/// The role of the leader of a replica of a LeaderWorkerSet.
pub(crate) const LEADER: &str = "leader";

impl PodMembership {
    /// Reads the labels of a Pod. `None` if they name no part.
    pub(crate) fn from_pod(pod: &Pod, interner: &mut Interner) -> Option<Self> {
        let labels = &pod.metadata.labels;
        let mut text = |key: &str| interner.share_non_empty(labels.get(key)?);
        let ray_cluster = text(RAY_CLUSTER);
        let named_group = text(POD_GROUP);
        let number = |key: &str| labels.get(key)?.parse().ok();
        let scheduling_group = pod.spec.scheduling_group.as_ref();
        let scheduling_group = scheduling_group.and_then(|group| group.pod_group_name.as_deref());
        let scheduling_group =
            scheduling_group.or_else(|| pod.metadata.annotations.get(VOLCANO_GROUP).map(String::as_str));
        let scheduling_group =
            scheduling_group.and_then(|group| interner.share_non_empty(group)).or(named_group);
        let roles: Vec<(RoleLabel, Arc<str>)> = RoleLabel::ALL
            .into_iter()
            .filter_map(|label| {
                Some((label, interner.share_non_empty(label.role(labels.get(label.key())?))?))
            })
            .collect();
        let membership = Self {
            role: roles.first().map(|(_, role)| Arc::clone(role)),
            roles,
            restart: number(JOBSET_RESTART),
            replica: number(LWS_GROUP),
            ray_cluster,
            scheduling_group,
        };
        (membership != Self::default()).then_some(membership)
    }

    /// Chooses among several labels. `owners` are the kinds of the owners of the Pod, the nearest first: the label of the
    /// nearest one counts. Returns the part with the other role, or `None` if the role is right.
    pub(crate) fn with_nearest_role(&self, owners: &[&str]) -> Option<Self> {
        let set_by = |kind: &&str| self.roles.iter().find(|(label, _)| label.is_set_by(kind));
        let (_, role) = owners.iter().find_map(set_by)?;
        (self.role.as_ref() != Some(role)).then(|| Self { role: Some(Arc::clone(role)), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(labels: &[(&str, &str)]) -> Option<PodMembership> {
        let mut pod = Pod::default();
        pod.metadata.labels =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        PodMembership::from_pod(&pod, &mut Interner::default())
    }

    #[test]
    fn a_role_comes_from_the_labels_that_the_projects_set() {
        let role = |labels: &[(&str, &str)]| membership(labels).and_then(|membership| membership.role);
        assert_eq!(role(&[(JOBSET_ROLE, "driver")]).as_deref(), Some("driver"));
        assert_eq!(role(&[(RAY_ROLE, "head")]).as_deref(), Some("head"));
        assert_eq!(role(&[(KUBEFLOW_ROLE, "launcher")]).as_deref(), Some("launcher"));
        assert_eq!(role(&[(LWS_WORKER, "0")]).as_deref(), Some("leader"));
        assert_eq!(role(&[(LWS_WORKER, "3")]).as_deref(), Some("worker"));
        assert_eq!(role(&[(VOLCANO_ROLE, "ps")]).as_deref(), Some("ps"));
        assert_eq!(membership(&[("app", "x")]), None);
    }

    #[test]
    fn of_several_roles_the_nearest_owner_gave_the_right_one() {
        let both = membership(&[(JOBSET_ROLE, "node"), (RAY_ROLE, "worker")]).unwrap();
        let role = |owners: &[&str]| both.with_nearest_role(owners).and_then(|other| other.role);
        assert_eq!(both.role.as_deref(), Some("node"));
        assert_eq!(role(&["RayCluster", "JobSet"]).as_deref(), Some("worker"));
        assert_eq!(role(&["Job", "JobSet", "RayCluster"]), None, "the first label is right");
        assert_eq!(role(&["Job"]), None, "no owner is known");
    }
}
