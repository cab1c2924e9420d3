//! What is not one of Kubernetes' own types: read as far as such objects are alike.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::job::JobCondition;
use super::meta::{ObjectMeta, is_default};

/// Reads what somebody else's type may hold in quite another form: that is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// An object of a custom resource, or of any other type without a form of its own here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Custom {
    /// Group and version.
    #[serde(skip_serializing_if = "is_default")]
    pub api_version: String,
    /// Kind.
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    /// Metadata.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub spec: CustomSpec,
    /// What its controller says.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub status: CustomStatus,
}

/// What many types' `spec` have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomSpec {
    /// Whether it is to have no Pods.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub suspend: Option<bool>,
}

/// What many types' `status` have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomStatus {
    /// Conditions.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub conditions: Vec<JobCondition>,
    /// One word for how it stands (Argo Workflows).
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub phase: String,
    /// The same (RayJobs).
    #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")]
    pub job_status: String,
}

/// An object between a Pod and its workload, known by its metadata alone: it only says who owns whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// Group and version.
    #[serde(skip_serializing_if = "is_default")]
    pub api_version: String,
    /// Kind.
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    /// Metadata.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_forms_lose_no_object() {
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
