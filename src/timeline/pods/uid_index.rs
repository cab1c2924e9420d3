//! Finds Pods by uid.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::record::PodRecord;

/// The keys of Pods by uid. The index stores no uid, because the records have the uids. All methods need the records of
/// all Pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct UidIndex {
    hasher: RandomState,
    keys: HashTable<PodKey>,
}

impl UidIndex {
    /// The key of the Pod with this uid; `None` if no Pod in the index has the uid.
    pub(crate) fn find(&self, uid: &str, records: &[PodRecord]) -> Option<PodKey> {
        self.keys.find(self.hasher.hash_one(uid), |key| uid_of(*key, records) == uid).copied()
    }

    /// Adds a Pod by the uid in its record. No other Pod in the index may have this uid.
    pub(crate) fn insert(&mut self, key: PodKey, records: &[PodRecord]) {
        let hash = |key: &PodKey| self.hasher.hash_one(uid_of(*key, records));
        self.keys.insert_unique(hash(&key), key, hash);
    }
}

fn uid_of(key: PodKey, records: &[PodRecord]) -> &str {
    &records[key.index()].identity.uid
}
