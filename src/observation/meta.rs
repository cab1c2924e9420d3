//! The part of `metav1.ObjectMeta` that is used, and nothing else: what is not declared here is never held.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::time::{Time, known};

/// Annotation (and, since Kubernetes 1.28, label) with the completion index of an Indexed Job's Pod.
pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Reads `null` as the default: Go writes empty lists and maps that way.
pub(crate) fn null_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether there is nothing to write: an absent field is read as the default.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `metav1.ObjectMeta`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Name, unique within the namespace at any one time.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Namespace; empty for cluster-scoped objects.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub namespace: String,
    /// Unique over all time: what everything is keyed by.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
    /// Version of the object; only equality means something.
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub resource_version: String,
    /// Sequence number of the desired state.
    #[prost(int64, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub generation: i64,
    /// When the API server stored the object, truncated to the second.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub creation_timestamp: Option<Time>,
    /// Deadline of the deletion, not the time of its request.
    #[prost(message, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub deletion_timestamp: Option<Time>,
    /// Seconds that the deletion gives.
    #[prost(int64, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub deletion_grace_period_seconds: Option<i64>,
    /// Labels; after [`ObjectMeta::slim`] only those of Kubernetes' own controllers.
    #[prost(btree_map = "string, string", tag = "11")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; after [`ObjectMeta::slim`] only the completion index.
    #[prost(btree_map = "string, string", tag = "12")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub annotations: BTreeMap<String, String>,
    /// Owners.
    #[prost(message, repeated, tag = "13")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub owner_references: Vec<OwnerReference>,
    /// What must happen before the object goes.
    #[prost(string, repeated, tag = "14")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub finalizers: Vec<String>,
    /// Who wrote last, and when.
    #[prost(message, repeated, tag = "17")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub managed_fields: Vec<ManagedFieldsEntry>,
}

impl ObjectMeta {
    /// Drops what is not used: annotations may hold secrets (`last-applied-configuration` does).
    pub fn slim(&mut self) {
        self.annotations.retain(|key, _| key == COMPLETION_INDEX);
        self.labels.retain(|key, _| {
            key.contains("kubernetes.io/") || key.contains("x-k8s.io/") || !key.contains('/')
        });
        self.managed_fields.retain(|entry| entry.manager == "kubelet");
    }

    /// `creationTimestamp`, truncated to the second.
    pub fn created(&self) -> Option<Timestamp> {
        known(self.creation_timestamp)
    }

    /// The owner that controls the object.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    /// Completion index of an Indexed Job's Pod, from the label or, before Kubernetes 1.28, the annotation.
    pub fn completion_index(&self) -> Option<u32> {
        self.labels.get(COMPLETION_INDEX).or_else(|| self.annotations.get(COMPLETION_INDEX))?.parse().ok()
    }

    /// When the kubelet last wrote the status, on the API server's clock, truncated to the second.
    pub fn kubelet_wrote(&self) -> Option<Timestamp> {
        self.managed_fields
            .iter()
            .filter(|entry| entry.manager == "kubelet" && entry.subresource == "status")
            .filter_map(|entry| known(entry.time))
            .max()
    }
}

/// `metav1.OwnerReference`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Kind of the owner.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    /// Name of the owner.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Uid of the owner.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
    /// Group and version of the owner.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub api_version: String,
    /// Whether the owner controls the object.
    #[prost(bool, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub controller: bool,
}

/// `metav1.ManagedFieldsEntry`, without the fields themselves.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedFieldsEntry {
    /// Who wrote.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub manager: String,
    /// When it wrote last, truncated to the second.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub time: Option<Time>,
    /// Which part it wrote: `status`, or empty.
    #[prost(string, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub subresource: String,
}
