//! A type of objects of the API server.

/// Kubernetes' own types that have Pods: group, kind, plural, short name.
pub(crate) const KNOWN: [(&str, &str, &str, &str); 8] = [
    ("batch", "Job", "jobs", ""),
    ("batch", "CronJob", "cronjobs", "cj"),
    ("", "Pod", "pods", "po"),
    ("apps", "Deployment", "deployments", "deploy"),
    ("apps", "ReplicaSet", "replicasets", "rs"),
    ("apps", "StatefulSet", "statefulsets", "sts"),
    ("apps", "DaemonSet", "daemonsets", "ds"),
    ("", "ReplicationController", "replicationcontrollers", "rc"),
];

/// A type of objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind: `Job`.
    pub kind: String,
    /// Plural, as in paths: `jobs`.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// Jobs.
    #[cfg(test)]
    pub(crate) fn job() -> Self {
        Self::known("batch", "v1", "Job", "jobs")
    }

    /// Pods.
    pub(crate) fn pod() -> Self {
        Self::known("", "v1", "Pod", "pods")
    }

    /// The type of that kind, if it is one of Kubernetes' own that have Pods.
    pub(crate) fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let own = KNOWN.iter().filter(|_| version == "v1");
        own.filter(|known| (known.0, known.1) == (group, kind))
            .map(|(group, kind, plural, _)| Self::known(group, "v1", kind, plural))
            .next()
    }

    pub(crate) fn known(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
        }
    }

    /// Plural and group, as kubectl writes it: `jobs.batch`, `pods`.
    pub(crate) fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `batch/v1`, `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}
