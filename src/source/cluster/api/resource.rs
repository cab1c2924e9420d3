//! The types of objects that an API server has.

use crate::observation::BuiltInKind;

/// A type of objects. API discovery calls such a type a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// Version, for example `v1`.
    pub version: String,
    /// Kind, for example `Job`.
    pub kind: String,
    /// Plural as in the paths of the API, for example `jobs`.
    pub plural: String,
    /// Whether the objects of this type are in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// Returns the type of the objects of a built-in kind. The objects of all built-in kinds have namespaces.
    pub(crate) fn from_kind(kind: BuiltInKind) -> Self {
        let info = kind.info();
        Self {
            group: info.group().to_owned(),
            version: info.version().to_owned(),
            kind: info.name.to_owned(),
            plural: info.plural.to_owned(),
            namespaced: true,
        }
    }

    /// Returns the type of Jobs.
    #[cfg(test)]
    pub(crate) fn job() -> Self {
        Self::from_kind(BuiltInKind::Job)
    }

    /// Returns the type of Pods.
    pub(crate) fn pod() -> Self {
        Self::from_kind(BuiltInKind::Pod)
    }

    /// Returns the type of nodes.
    pub(crate) fn node() -> Self {
        Self {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Node".to_owned(),
            plural: "nodes".to_owned(),
            namespaced: false,
        }
    }

    /// Returns the type of namespaces.
    pub(crate) fn namespace() -> Self {
        Self { kind: "Namespace".to_owned(), plural: "namespaces".to_owned(), ..Self::node() }
    }

    /// Returns the path of the collection in this namespace, or in all namespaces if there is none.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        collection_path(&self.group, &self.version, namespace, &self.plural)
    }

    /// Returns plural and group as kubectl writes them: `jobs.batch`, `pods`.
    pub(crate) fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Returns group and version as `apiVersion` contains them: `batch/v1`, `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// Returns the path of a collection on the API server. `group` is empty for the core group, and `namespace` is `None`
/// for all namespaces.
pub(crate) fn collection_path(group: &str, version: &str, namespace: Option<&str>, plural: &str) -> String {
    let base = match group {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    };
    match namespace {
        Some(namespace) => format!("{base}/namespaces/{namespace}/{plural}"),
        None => format!("{base}/{plural}"),
    }
}
