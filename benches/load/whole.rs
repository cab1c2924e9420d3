//! Generates complete Pods, with the fields that an API server sends.

use serde_json::{Value, json};

use super::{PodState, generate_pod};

/// One complete Pod as JSON.
pub(crate) fn json(nth: u32, state: PodState) -> Vec<u8> {
    let mut pod = serde_json::to_value(generate_pod(nth, state)).unwrap_or_default();
    merge(&mut pod, unused_fields(nth));
    serde_json::to_vec(&pod).unwrap_or_default()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            for (nth, value) in from.into_iter().enumerate() {
                match into.get_mut(nth) {
                    Some(target) => merge(target, value),
                    None => into.push(value),
                }
            }
        }
        (into, from) => *into = from,
    }
}

/// The fields that `generate_pod` does not set, as Kubernetes 1.37 sets them.
fn unused_fields(nth: u32) -> Value {
    let fields =
        |names: &[&str]| -> Value { names.iter().map(|name| (format!("f:{name}"), json!({}))).collect() };
    let written_by = |manager: &str, fields: Value| {
        json!({"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2027-01-15T08:00:09Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields})
    };
    let mut kubelet = written_by(
        "kubelet",
        json!({"f:status": {
        "f:conditions": {
            "k:{\"type\":\"ContainersReady\"}": fields(&["type", "status", "lastProbeTime", "lastTransitionTime", "reason"]),
            "k:{\"type\":\"Initialized\"}": fields(&["type", "status", "lastProbeTime", "lastTransitionTime", "reason"]),
            "k:{\"type\":\"PodReadyToStartContainers\"}": fields(&["type", "status", "lastProbeTime", "lastTransitionTime"]),
            "k:{\"type\":\"Ready\"}": fields(&["type", "status", "lastProbeTime", "lastTransitionTime", "reason"])},
        "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {}, "f:phase": {}, "f:podIP": {},
        "f:podIPs": {".": {}, "k:{\"ip\":\"10.245.1.7\"}": fields(&[".", "ip"])}, "f:startTime": {}}}),
    );
    kubelet["subresource"] = "status".into();
    let controller = written_by(
        "kube-controller-manager",
        json!({
        "f:metadata": {"f:generateName": {}, "f:finalizers": fields(&[".", "v:\"batch.kubernetes.io/job-tracking\""]),
            "f:labels": fields(&[".", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"]),
            "f:ownerReferences": {".": {}, "k:{\"uid\":\"5c1e0f2a-1111-4222-8333-444455556666\"}": {}}},
        "f:spec": {"f:containers": {"k:{\"name\":\"work\"}":
                fields(&[".", "command", "env", "image", "imagePullPolicy", "name", "resources", "terminationMessagePath", "terminationMessagePolicy"])},
            "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {},
            "f:terminationGracePeriodSeconds": {}}}),
    );
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": "load-", "generation": 1, "finalizers": ["batch.kubernetes.io/job-tracking"],
            "managedFields": [controller, kubelet]},
        "spec": {
            "volumes": [{"name": "kube-api-access-x7k2p", "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}}],
            "containers": [{"command": ["work", "--shard", "$(JOB_COMPLETION_INDEX)"], "resources": {},
                "env": [{"name": "MODE", "value": "batch"}, {"name": "BUCKET", "value": "gs://example/results"}],
                "volumeMounts": [{"name": "kube-api-access-x7k2p", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent"}],
            "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "serviceAccount": "default",
            "securityContext": {}, "schedulerName": "default-scheduler", "priority": 0, "enableServiceLinks": true,
            "preemptionPolicy": "PreemptLowerPriority", "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
        "status": {"observedGeneration": 1, "hostIP": "10.0.0.9", "hostIPs": [{"ip": "10.0.0.9"}], "qosClass": "BestEffort",
            "podIP": format!("10.245.{}.{}", nth / 250 % 250, nth % 250), "podIPs": [{"ip": format!("10.245.{}.{}", nth / 250 % 250, nth % 250)}],
            "containerStatuses": [{"image": "registry.example/team/work:1.2.3", "restartCount": 0, "ready": false, "started": false, "lastState": {},
                "imageID": "registry.example/team/work@sha256:3b5e8a6d1f0c4e2b9a7d6c5f4e3d2c1b0a9f8e7d6c5b4a39281706f5e4d3c2b1"}]}
    })
}
