//! The fields of `metav1.ObjectMeta` that this program uses. The program never holds any other field.

pub(crate) mod grouping_labels;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_with::apply;

use crate::observation::meta::grouping_labels::{GROUPING_LABELS, VOLCANO_GROUP};
use crate::observation::time::{Time, known_time};

/// Key of the annotation, and since Kubernetes 1.28 of the label, that holds the completion index of an Indexed Job's
/// Pod.
pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Reads `null` as the default value, because Go writes empty lists and maps as `null`.
pub(crate) fn null_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a field can be omitted. A reader gives an absent field its default value.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `metav1.ObjectMeta`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
    BTreeMap<_, _> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Name, unique among the existing objects of the same kind and namespace.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The start of a name that the server completed. [`ObjectMeta::drop_unused`] removes it from objects with an owner,
    /// because their owner names the work that they belong to.
    #[prost(string, tag = "2")]
    pub generate_name: String,
    /// Namespace; empty for cluster-scoped objects.
    #[prost(string, tag = "3")]
    pub namespace: String,
    /// Identifier that no other object ever has.
    #[prost(string, tag = "5")]
    pub uid: String,
    /// Version of the object. Versions have no order, so they can only be compared for equality.
    #[prost(string, tag = "6")]
    pub resource_version: String,
    /// Number of the version of the desired state. Each change increases the number.
    #[prost(int64, tag = "7")]
    pub generation: i64,
    /// When the API server stored the object, truncated to the second.
    #[prost(message, optional, tag = "8")]
    pub creation_timestamp: Option<Time>,
    /// When the deletion must be complete: the time of the request plus the grace period.
    #[prost(message, optional, tag = "9")]
    pub deletion_timestamp: Option<Time>,
    /// Grace period of the deletion, in seconds.
    #[prost(int64, optional, tag = "10")]
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels. After [`ObjectMeta::drop_unused`], only labels without a prefix, labels of Kubernetes projects and the
    /// labels that group Pods remain.
    #[prost(btree_map = "string, string", tag = "11")]
    pub labels: BTreeMap<String, String>,
    /// Annotations. After [`ObjectMeta::drop_unused`], only the completion index and the PodGroup of Volcano remain.
    #[prost(btree_map = "string, string", tag = "12")]
    pub annotations: BTreeMap<String, String>,
    /// Owners.
    #[prost(message, repeated, tag = "13")]
    pub owner_references: Vec<OwnerReference>,
    /// Finalizers: tasks that controllers must complete before the object is removed.
    #[prost(string, repeated, tag = "14")]
    pub finalizers: Vec<String>,
    /// Which programs wrote the object last, and when.
    #[prost(message, repeated, tag = "17")]
    pub managed_fields: Vec<ManagedFieldsEntry>,
}

impl ObjectMeta {
    /// Removes entries that this program does not use.
    ///
    /// Annotations may hold secrets (`last-applied-configuration` does), so only the completion index and the PodGroup
    /// of Volcano are kept. A label is kept if it has no prefix or the prefix of a Kubernetes project, because selectors
    /// use these labels, and if it groups Pods. Only the kubelet's entries of `managedFields` are kept.
    pub fn drop_unused(&mut self) {
        if self.controller().is_some() {
            self.generate_name = String::new();
        }
        self.annotations.retain(|key, _| is_kept_annotation(key));
        self.labels.retain(|key, _| {
            key.contains("kubernetes.io/")
                || key.contains("x-k8s.io/")
                || !key.contains('/')
                || GROUPING_LABELS.contains(&key.as_str())
        });
        self.managed_fields.retain(|entry| entry.manager == "kubelet");
    }

    /// `creationTimestamp`, truncated to the second.
    pub fn created(&self) -> Option<Timestamp> {
        known_time(self.creation_timestamp)
    }

    /// The owner that controls the object. If no owner does, the only owner, because some controllers do not set
    /// `controller`.
    pub fn controller(&self) -> Option<&OwnerReference> {
        let controller = self.owner_references.iter().find(|owner| owner.controller);
        controller.or(match self.owner_references.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }

    /// Completion index of an Indexed Job's Pod, from the label or, before Kubernetes 1.28, the annotation.
    pub fn completion_index(&self) -> Option<u32> {
        self.labels.get(COMPLETION_INDEX).or_else(|| self.annotations.get(COMPLETION_INDEX))?.parse().ok()
    }

    /// When the kubelet last wrote the status, on the API server's clock, truncated to the second. The time comes from
    /// the kubelet's entry in `managedFields`.
    pub fn last_kubelet_write(&self) -> Option<Timestamp> {
        self.managed_fields
            .iter()
            .filter(|entry| entry.manager == "kubelet" && entry.subresource == "status")
            .filter_map(|entry| known_time(entry.time))
            .max()
    }
}

/// Whether the program and its recordings keep the annotation with this key.
pub(crate) fn is_kept_annotation(key: &str) -> bool {
    key == COMPLETION_INDEX || key == VOLCANO_GROUP
}

/// `metav1.OwnerReference`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Kind of the owner.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Name of the owner.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Uid of the owner.
    #[prost(string, tag = "4")]
    pub uid: String,
    /// Group and version of the owner.
    #[prost(string, tag = "5")]
    pub api_version: String,
    /// Whether the owner controls the object.
    #[prost(bool, tag = "6")]
    pub controller: bool,
}

/// `metav1.ManagedFieldsEntry`, without the fields themselves.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedFieldsEntry {
    /// The program that wrote this part of the object.
    #[prost(string, tag = "1")]
    pub manager: String,
    /// When the program last wrote, truncated to the second.
    #[prost(message, optional, tag = "4")]
    pub time: Option<Time>,
    /// The part that the program wrote: `status`, or empty for the object itself.
    #[prost(string, tag = "8")]
    pub subresource: String,
}
