//! A compact form of an object. The form saves memory, because a watcher may keep very many objects.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::observation::ObjectMeta;

/// An object of a collection, reduced to the fields that are needed to report later that the object is gone.
pub(crate) struct KnownObject {
    /// Uid, namespace and name, separated by spaces. One string takes less memory than three.
    identity: Box<str>,
    /// The resource version as a number, from [`version_number`].
    pub(crate) version: u64,
    /// The number of the latest list that contained the object.
    pub(crate) list_number: u32,
}

impl KnownObject {
    pub(crate) fn new(metadata: &ObjectMeta, version: u64, list_number: u32) -> Self {
        let identity = format!("{} {} {}", metadata.uid, metadata.namespace, metadata.name);
        Self { identity: identity.into_boxed_str(), version, list_number }
    }

    /// Returns metadata that contains only uid, namespace and name.
    pub(crate) fn metadata(&self) -> ObjectMeta {
        let mut parts = self.identity.splitn(3, ' ').map(str::to_owned);
        let mut next_part = || parts.next().unwrap_or_default();
        let (uid, namespace, name) = (next_part(), next_part(), next_part());
        ObjectMeta { name, namespace, uid, ..ObjectMeta::default() }
    }
}

/// Converts a resource version into a number that can be compared. The versions of etcd are numbers. If the version of
/// another store is not a number, the result is a hash, which can only be compared for equality.
pub(crate) fn version_number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| BuildHasherDefault::<DefaultHasher>::default().hash_one(text))
}

/// Whether the resource version `version` is older than `other`. Versions that are not numbers cannot be compared.
pub(crate) fn is_older(version: &str, other: &str) -> bool {
    version.parse::<u64>().ok().zip(other.parse::<u64>().ok()).is_some_and(|(version, other)| version < other)
}
