//! What a collection is known to hold, kept so light that very many objects cost little.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::observation::ObjectMeta;

/// An object that exists, as far as is needed to tell one day that it is gone.
pub(crate) struct Known {
    /// Uid, namespace and name, each in one piece.
    identity: Box<str>,
    pub(crate) version: u64,
    /// The list that it was last seen in.
    pub(crate) list: u32,
}

impl Known {
    pub(crate) fn new(metadata: &ObjectMeta, version: u64, list: u32) -> Self {
        let identity = format!("{} {} {}", metadata.uid, metadata.namespace, metadata.name);
        Self { identity: identity.into_boxed_str(), version, list }
    }

    pub(crate) fn metadata(&self) -> ObjectMeta {
        let mut parts = self.identity.splitn(3, ' ').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let (uid, namespace, name) = (part(), part(), part());
        ObjectMeta { name, namespace, uid, ..ObjectMeta::default() }
    }
}

/// A resource version as a number: what etcd counts, or a hash of what another store uses, which only tells equal
/// from different.
pub(crate) fn version(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| BuildHasherDefault::<DefaultHasher>::default().hash_one(text))
}
