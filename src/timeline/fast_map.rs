//! The hash map of the timeline.

use std::collections::HashMap;

/// A hash map with a fast hash function, because each observation of a Pod needs a look-up.
pub(crate) type FastMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A set with the same hash function.
pub(crate) type FastSet<K> = std::collections::HashSet<K, foldhash::fast::RandomState>;
