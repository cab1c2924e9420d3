//! The objects that the user named.

use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::resource_versions::ResourceVersions;

/// What the user named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Each is found by itself.
    pub targets: Vec<Target>,
    /// Versions from before something was changed (`apply`): what happened since is told even of objects that are
    /// gone by now, and an object that is not there is no error.
    pub since: Option<ResourceVersions>,
}

/// Objects of one type in one place.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The type.
    pub resource: Resource,
    /// Where.
    pub scope: Scope,
    /// Which.
    pub objects: Objects,
}

/// Where objects are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// One namespace.
    Namespace(String),
    /// All of them (`-A`).
    All,
}

/// Which objects are meant.
#[derive(Clone, Debug)]
pub(crate) enum Objects {
    /// These; each must be there.
    Named(Vec<Name>),
    /// All that match; none is no error.
    Matching {
        /// `-l`, as typed; the server judges it.
        labels: Option<String>,
        /// `--field-selector`, as typed.
        fields: Option<String>,
    },
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// Name.
    pub name: String,
    /// Exactly this object; without it, the first of that name.
    pub uid: Option<String>,
}
