//! The labels and annotations by which projects group the Pods of one workload.

/// The entry of a JobSet's spec that a Pod belongs to.
pub(crate) const JOBSET_ROLE: &str = "jobset.sigs.k8s.io/replicatedjob-name";
/// The number of restarts of the JobSet before the Pod's Job was created.
pub(crate) const JOBSET_RESTART: &str = "jobset.sigs.k8s.io/restart-attempt";
/// `head` or `worker` of a RayCluster; `redis-cleanup` for a Pod that cleans up after it.
pub(crate) const RAY_ROLE: &str = "ray.io/node-type";
/// The RayCluster that a Pod belongs to. Each retry of a RayJob creates a new one.
pub(crate) const RAY_CLUSTER: &str = "ray.io/cluster";
/// The role of a Pod in a job of Kubeflow: `master`, `worker`, `launcher` …
pub(crate) const KUBEFLOW_ROLE: &str = "training.kubeflow.org/replica-type";
/// The replica of a LeaderWorkerSet that a Pod belongs to.
pub(crate) const LWS_GROUP: &str = "leaderworkerset.sigs.k8s.io/group-index";
/// The index of a Pod in its replica of a LeaderWorkerSet; 0 for the leader.
pub(crate) const LWS_WORKER: &str = "leaderworkerset.sigs.k8s.io/worker-index";
/// The task of a Job of Volcano.
pub(crate) const VOLCANO_ROLE: &str = "volcano.sh/task-spec";
/// The PodGroup of the project scheduler-plugins.
pub(crate) const POD_GROUP: &str = "scheduling.x-k8s.io/pod-group";
/// The annotation with the PodGroup of Volcano.
pub(crate) const VOLCANO_GROUP: &str = "scheduling.k8s.io/group-name";

/// The labels that are kept although they have the prefix of a project outside Kubernetes, and that a recording keeps.
pub(crate) const GROUPING_LABELS: &[&str] = &[
    JOBSET_ROLE,
    JOBSET_RESTART,
    RAY_ROLE,
    RAY_CLUSTER,
    KUBEFLOW_ROLE,
    LWS_GROUP,
    LWS_WORKER,
    VOLCANO_ROLE,
    POD_GROUP,
];
