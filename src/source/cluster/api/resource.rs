//! A type of objects of the API server.

use crate::observation::BuiltInKind;

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
    /// The type of the objects of a kind. All kinds of the table belong to namespaces.
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

    /// Jobs.
    #[cfg(test)]
    pub(crate) fn job() -> Self {
        Self::from_kind(BuiltInKind::Job)
    }

    /// Pods.
    pub(crate) fn pod() -> Self {
        Self::from_kind(BuiltInKind::Pod)
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
