//! Fetches one Pod as YAML for people to read.

use std::time::Duration;

use http::Request;
use serde_json::Value;
use tokio::time::timeout;

use crate::observation::is_valid_name;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::message::MAX_OBJECT_BYTES;

/// Maximum time to wait for the Pod. The time is short, because the user waits for the page.
const POD_YAML_TIMEOUT: Duration = Duration::from_secs(10);

impl Cluster {
    /// Returns the Pod as YAML, like `kubectl get pod -o yaml`: the fields are in alphabetical order, and managed
    /// fields are left out.
    ///
    /// # Errors
    /// The request fails or the answer cannot be decoded. The error text gives the reason. The text may come from the
    /// server and is not yet escaped.
    pub(crate) async fn pod_yaml(&self, namespace: &str, pod: &str) -> Result<String, String> {
        if !is_valid_name(namespace) || !is_valid_name(pod) {
            return Err("Kubernetes allows no such name".into());
        }
        let request = Request::get(format!("/api/v1/namespaces/{namespace}/pods/{pod}"));
        let request = request.body(Vec::new()).map_err(|error| error.to_string())?;
        match timeout(POD_YAML_TIMEOUT, self.fetch_json(request, MAX_OBJECT_BYTES)).await {
            Err(_) => Err("the API server did not answer within 10 s".into()),
            Ok(Err(error)) => Err(error.short_reason()),
            Ok(Ok(object)) => to_yaml(object),
        }
    }
}

/// Converts an object into YAML, without managed fields.
fn to_yaml(mut object: Value) -> Result<String, String> {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    serde_saphyr::to_string(&object).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managed_fields_are_left_out() {
        let managed = serde_json::json!([{"manager": "kubelet"}]);
        let pod = serde_json::json!({"metadata": {"name": "pi", "managedFields": managed}, "kind": "Pod"});
        assert_eq!(to_yaml(pod).unwrap().trim(), "kind: Pod\nmetadata:\n  name: pi");
    }
}
