//! [`KindData`]: access to data that each kind stores in a different field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::meta::{is_default, null_default};

/// `metav1.LabelSelector`, without its expressions. The selector only narrows a list of Pods, because owner references
/// show which Pods belong to the workload.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    BTreeMap<_, _> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that the Pods must have, with these values.
    #[prost(btree_map = "string, string", tag = "1")]
    pub match_labels: BTreeMap<String, String>,
}

/// Access to data that each kind stores in a different field. Each kind implements the trait beside its Rust type.
pub(crate) trait KindData {
    /// The labels that all Pods of the object have, or `None` for a kind whose objects do not select Pods by labels.
    fn pod_selector(&self) -> Option<&LabelSelector>;

    /// The field that [`KindData::pod_selector`] returns, for changes.
    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector>;
}
