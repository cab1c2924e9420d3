//! The types of Kubernetes whose objects run Pods. The other types are refused, because their objects have no timeline.

use crate::observation::BuiltInKind;
use crate::source::cluster::api::decoding::kind::can_be_named;
use crate::source::cluster::api::resource::Resource;
use crate::source::error::{ErrorKind, SourceError};

/// The API groups of Kubernetes itself, and further groups whose objects never own Pods. In these groups, only the
/// types in [`types_with_pods`] run Pods. Objects of other groups are custom resources, which may own Pods.
const GROUPS: [&str; 29] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
    // The Metrics API.
    "custom.metrics.k8s.io",
    "external.metrics.k8s.io",
    "metrics.k8s.io",
    // Kueue: Jobs own its Workloads, not the other way round.
    "kueue.x-k8s.io",
    "visibility.kueue.x-k8s.io",
];

/// The custom resources that `all` includes if the server has them, by group and kind. Objects of other custom
/// resources are not read, but the Jobs and Pods that they own are.
pub(crate) const CUSTOM_WORKLOADS: [(&str, &str); 16] = [
    ("argoproj.io", "CronWorkflow"),
    ("argoproj.io", "Workflow"),
    ("batch.volcano.sh", "Job"),
    ("jobset.x-k8s.io", "JobSet"),
    ("kubeflow.org", "JAXJob"),
    ("kubeflow.org", "MPIJob"),
    ("kubeflow.org", "PaddleJob"),
    ("kubeflow.org", "PyTorchJob"),
    ("kubeflow.org", "TFJob"),
    ("kubeflow.org", "XGBoostJob"),
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
    ("ray.io", "RayCluster"),
    ("ray.io", "RayJob"),
    ("sparkoperator.k8s.io", "SparkApplication"),
    ("tekton.dev", "PipelineRun"),
    ("trainer.kubeflow.org", "TrainJob"),
];

/// Returns the types of Kubernetes whose objects are read as custom resources, each with its short names.
fn read_as_custom() -> [(Resource, &'static [&'static str]); 1] {
    let replication_controllers = Resource {
        group: String::new(),
        version: "v1".to_owned(),
        kind: "ReplicationController".to_owned(),
        plural: "replicationcontrollers".to_owned(),
        namespaced: true,
    };
    [(replication_controllers, &["rc"])]
}

/// Returns the types of Kubernetes whose objects run Pods, each with its short names.
pub(crate) fn types_with_pods() -> impl Iterator<Item = (Resource, &'static [&'static str])> {
    let kinds = BuiltInKind::ALL.iter().copied().filter(|kind| can_be_named(*kind));
    kinds.map(|kind| (Resource::from_kind(kind), kind.info().short_names)).chain(read_as_custom())
}

/// Checks that the objects of a type run Pods. `word` is the type as the user typed it, and `names` are the names of
/// the objects.
///
/// # Errors
///
/// The objects of the type run no Pods, or the type is that of nodes or of namespaces and no name is given.
pub(crate) fn refuse_podless_type(
    resource: &Resource,
    word: &str,
    names: &[String],
) -> Result<(), SourceError> {
    let is_node = *resource == Resource::node();
    let is_shown_by_name = is_node || *resource == Resource::namespace();
    if runs_pods(resource) || (is_shown_by_name && !names.is_empty()) {
        return Ok(());
    }
    let plural = resource.name();
    let refusal = |hint: String| {
        Err(SourceError::new(ErrorKind::Usage, format!("{plural} run no Pods, so they have no timeline"))
            .hint(hint))
    };
    if is_node {
        let text = "nodes have no timeline of their own: a node is shown with the Pods that ran there";
        return Err(SourceError::new(ErrorKind::Usage, text)
            .hint("Name a node: `kubectl seq get node NAME`. List the nodes with `kubectl get nodes`."));
    }
    match resource.kind.as_str() {
        "Namespace" if resource.group.is_empty() => refusal(
            "Show the workloads of a namespace with `kubectl seq get ns NAME`, and those of all namespaces with `kubectl seq get all -A`."
                .to_owned(),
        ),
        "Event" => refusal(
            "Events are shown with their Pod: `kubectl seq pod NAME`. List all Events with `kubectl get events`."
                .to_owned(),
        ),
        _ => {
            let words = [&[word.to_owned()], names].concat().join(" ");
            refusal(format!(
                "Print them with `kubectl get {words}`. `kubectl seq get` shows {}, a node by its name, and custom resources that own Pods.",
                names_of_types_with_pods()
            ))
        }
    }
}

/// Whether objects of this type may run Pods.
fn runs_pods(resource: &Resource) -> bool {
    let is_same_kind = |(known, _): (Resource, _)| known.kind == resource.kind;
    !GROUPS.contains(&resource.group.as_str()) || types_with_pods().any(is_same_kind)
}

/// Returns the plurals of the types that run Pods: `jobs, cronjobs, …`.
fn names_of_types_with_pods() -> String {
    types_with_pods().map(|(resource, _)| resource.plural).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cluster::api::decoding::kind::Kind;

    fn resource(api_version: &str, kind: &str, plural: &str) -> Resource {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
        }
    }

    fn refusal(resource: &Resource, word: &str, names: &[&str]) -> Option<(String, String)> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let error = refuse_podless_type(resource, word, &names).err()?;
        assert_eq!(error.kind, ErrorKind::Usage);
        Some((error.summary, error.hints.join(" ")))
    }

    #[test]
    fn a_type_without_pods_is_refused_with_the_command_to_type_instead() {
        for (resource, word, names, summary, hint) in [
            (
                resource("v1", "ConfigMap", "configmaps"),
                "cm",
                &["x"][..],
                "configmaps run no Pods",
                "`kubectl get cm x`",
            ),
            (
                resource("v1", "Secret", "secrets"),
                "Secret",
                &[],
                "secrets run no Pods",
                "`kubectl get Secret`",
            ),
            (
                resource("apps/v1", "ControllerRevision", "controllerrevisions"),
                "controllerrevisions",
                &[],
                "controllerrevisions.apps run no Pods",
                "jobs, cronjobs",
            ),
            (resource("v1", "Event", "events"), "ev", &[], "events run no Pods", "`kubectl seq pod NAME`"),
            (
                resource("events.k8s.io/v1", "Event", "events"),
                "events.events.k8s.io",
                &[],
                "events.events.k8s.io run no Pods",
                "`kubectl seq pod NAME`",
            ),
            (
                resource("v1", "Namespace", "namespaces"),
                "ns",
                &[],
                "namespaces run no Pods",
                "`kubectl seq get ns NAME`",
            ),
            (
                resource("metrics.k8s.io/v1beta1", "PodMetrics", "pods"),
                "pods.metrics.k8s.io",
                &[],
                "pods.metrics.k8s.io run no Pods",
                "",
            ),
            (
                resource("kueue.x-k8s.io/v1beta1", "Workload", "workloads"),
                "wl",
                &[],
                "workloads.kueue.x-k8s.io run no Pods",
                "",
            ),
            (
                Resource::node(),
                "no",
                &[],
                "nodes have no timeline of their own",
                "`kubectl seq get node NAME`",
            ),
        ] {
            let (refused, hints) =
                refusal(&resource, word, names).unwrap_or_else(|| panic!("{word} is accepted"));
            assert!(refused.starts_with(summary) && hints.contains(hint), "{word}: {refused}; {hints}");
        }
    }

    #[test]
    fn no_built_in_kind_is_read_as_a_custom_resource() {
        for (resource, _) in read_as_custom() {
            let kind = Kind::from_resource(&resource);
            assert!(
                kind.is_json_only(),
                "{kind:?} is in the table of kinds: remove it from `read_as_custom`"
            );
        }
    }

    #[test]
    fn a_type_that_may_run_pods_is_accepted() {
        for (resource, _) in types_with_pods() {
            assert_eq!(refusal(&resource, &resource.plural, &[]), None, "{resource:?}");
        }
        assert_eq!(refusal(&Resource::node(), "node", &["node-1"]), None);
        assert_eq!(refusal(&Resource::namespace(), "ns", &["web"]), None);
        for (api_version, kind, plural) in [
            ("jobset.x-k8s.io/v1alpha2", "JobSet", "jobsets"),
            ("sparkoperator.k8s.io/v1beta2", "SparkApplication", "sparkapplications"),
            ("batch/v1beta1", "CronJob", "cronjobs"),
            ("example.dev/v1", "ConfigMap", "configmaps"),
        ] {
            assert_eq!(refusal(&resource(api_version, kind, plural), plural, &[]), None, "{kind}");
        }
    }
}
