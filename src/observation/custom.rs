//! Objects of kinds without a Rust type of their own. Only fields that many such kinds have in common are read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_with::apply;

use crate::observation::job::JobCondition;
use crate::observation::meta::{ObjectMeta, is_default};

/// Reads a field that may have another type in some kinds. A value of an unexpected type counts as absent.
fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A custom resource, or an object of any other kind without a Rust type of its own.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Custom {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Metadata.
    pub metadata: ObjectMeta,
    /// Desired state.
    #[serde(deserialize_with = "lenient")]
    pub spec: CustomSpec,
    /// State that the object's controller reports.
    #[serde(deserialize_with = "lenient")]
    pub status: CustomStatus,
}

/// The fields that the `spec` of many kinds have in common.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomSpec {
    /// Whether the object is suspended. A suspended object must have no Pods.
    #[serde(deserialize_with = "lenient")]
    pub suspend: Option<bool>,
}

/// The fields that the `status` of many kinds have in common.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomStatus {
    /// Conditions.
    #[serde(deserialize_with = "lenient")]
    pub conditions: Vec<JobCondition>,
    /// The state in one word, as Argo Workflows report it.
    #[serde(deserialize_with = "lenient")]
    pub phase: String,
    /// The state in one word, as RayJobs report it.
    #[serde(deserialize_with = "lenient")]
    pub job_status: String,
}

/// An object between a Pod and its workload. Only the metadata is read, because the object only links the Pod to the
/// workload.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Metadata.
    pub metadata: ObjectMeta,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_unexpected_types_count_as_absent() {
        let odd = r#"{"apiVersion":"x/v1","kind":"X","metadata":{"name":"x","uid":"u"},
            "spec":{"suspend":"yes","other":1},"status":{"conditions":"none","phase":{"a":1}}}"#;
        let custom: Custom = serde_json::from_str(odd).unwrap();
        assert_eq!((&*custom.metadata.uid, custom.spec.suspend), ("u", None));
        assert_eq!(custom.status, CustomStatus::default());
        let plain = r#"{"metadata":{},"spec":[],"status":{"phase":"Failed",
            "conditions":[{"type":"Failed","status":"True","reason":"R"}]}}"#;
        let custom: Custom = serde_json::from_str(plain).unwrap();
        assert_eq!((&*custom.status.phase, &*custom.status.conditions[0].reason), ("Failed", "R"));
        assert!(serde_json::from_str::<Custom>(r#"{"metadata":{"name":"x"}}"#).is_ok());
    }
}
