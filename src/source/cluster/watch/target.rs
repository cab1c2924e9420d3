//! The selection of objects that the user typed.

use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::resource_versions::ResourceVersions;

/// The objects that the user wants to see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The objects, by type and scope.
    pub targets: Vec<Target>,
    /// Resource versions that were read before `apply` changed the cluster. If they are given, the feed also reports
    /// objects that were deleted since then, and an object that does not exist is not an error.
    pub since: Option<ResourceVersions>,
    /// Whether the feed runs for days, so that it must forget objects that no longer exist.
    pub forgets_gone: bool,
}

/// Objects of one type in one scope.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub resource: Resource,
    /// The namespaces in which the objects are searched for.
    pub scope: NamespaceScope,
    /// The objects of this type that the user selected.
    pub objects: Objects,
    /// Whether the feed needs the objects. The user may not be allowed to read one of the types that `all` stands for.
    pub need: Need,
}

/// Whether the feed needs a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The feed fails if the collection cannot be read.
    Required,
    /// If the collection cannot be read, the feed sends a notice to the user and continues.
    Optional,
}

/// The namespaces in which objects are searched for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NamespaceScope {
    /// One namespace.
    Namespace(String),
    /// All namespaces (`-A`).
    All,
}

/// The objects of one type that the user selected.
#[derive(Clone, Debug)]
pub(crate) enum Objects {
    /// Objects with these names. A missing object is an error, unless [`Selection::since`] is given.
    Named(Vec<Name>),
    /// All objects that match the selectors. It is not an error if no object matches.
    Matching {
        /// `-l`, as typed. The server interprets it.
        labels: Option<String>,
        /// `--field-selector`, as typed. The server interprets it.
        fields: Option<String>,
    },
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub name: String,
    /// The uid of the object. `None` means the first object with this name.
    pub uid: Option<String>,
}
