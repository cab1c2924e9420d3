//! The hash map of the timeline.

use std::collections::HashMap;

/// A map with a fast hash, because applying observations looks up every Pod.
pub(crate) type FastMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
