//! Tests of a custom resource that owns Pods directly, through a Job, and through an object that the program does not
//! watch.

use std::fs;

use serde_json::Value;

use crate::document::{self, array, children, text, workload};
use crate::harness::{Namespace, kubectl, manifest};
use crate::truth;

/// Creates the objects that a controller of Pipelines would create.
fn create_owned_objects(namespace: &Namespace) {
    let uid = namespace.kubectl(&["get", "pipeline", "flow", "-o", "jsonpath={.metadata.uid}"]).succeeds();
    let text = fs::read_to_string(manifest("owned.yaml")).unwrap().replace("UID", &uid.stdout);
    namespace.kubectl_with(&["--namespace", &namespace.name, "apply", "-f", "-"], &text).succeeds();
}

#[test]
#[ignore = "needs a cluster"]
fn objects_of_a_custom_resource_are_found_by_uid() {
    let namespace = Namespace::new("custom");
    kubectl(&["apply", "-f", &manifest("custom-type.yaml")]).succeeds();
    kubectl(&["wait", "--for=condition=established", "crd/pipelines.seq-test.dev", "--timeout=30s"])
        .succeeds();
    // `apply` does not follow the object, because the program does not know whether objects of this type end.
    let applied = namespace.seq(&["apply", "-f", &manifest("custom.yaml")]).succeeds();
    applied.reports("nothing to follow");

    let mut running = namespace.start(&["get", "ppl", "flow", "-w", "-o", "json", "--progress=lines"]);
    running.wait_for_text("pipeline/flow");
    create_owned_objects(&namespace);
    running.wait_for_text("job/flow-step succeeded");
    // The pipeline has not ended, because its helper Pod still runs.
    let helper = namespace.pod("app=flow-helpers");
    running.wait_for_text(&helper);
    let listed = namespace.seq(&["get", "pipelines.seq-test.dev/flow", "-o", "json"]).succeeds().json();
    check_pipeline(&listed, &helper, "Running");
    namespace.kubectl(&["delete", "replicaset", "flow-helpers"]).succeeds();
    let followed = running.wait().succeeds().json();
    check_pipeline(&followed, &helper, "Succeeded");
    truth::compare(&followed);

    // The condition of the pipeline takes precedence over the states of its Pods.
    let status = "{\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"Tired\",\"message\":\"no more\"}]}}";
    namespace
        .kubectl(&["patch", "pipeline", "flow", "--subresource=status", "--type=merge", "-p", status])
        .succeeds();
    let failed =
        namespace.seq(&["get", "ppl/flow", "-w", "-o", "json", "--timeout=30s"]).exits_with(1).json();
    let flow = workload(&failed, "flow");
    assert_eq!(
        [text(flow, "outcome"), text(flow, "reason"), text(flow, "message")],
        ["Failed", "Tired", "no more"]
    );
}

fn check_pipeline(document: &Value, helper: &str, outcome: &str) {
    document::check(document);
    let flow = workload(document, "flow");
    assert_eq!([text(flow, "kind"), text(flow, "outcome")], ["Pipeline", outcome], "{document:#}");
    assert!(flow["summary"]["slotMillis"].is_null(), "no field limits the number of its Pods: {flow:#}");
    let mut pods: Vec<&str> = array(flow, "pods").iter().map(|pod| text(pod, "name")).collect();
    pods.sort_unstable();
    assert_eq!(pods, ["flow-end", helper], "{document:#}");
    let jobs: Vec<&Value> = children(document, flow).collect();
    assert_eq!((jobs.len(), array(document, "workloads").len()), (1, 2), "{document:#}");
    assert_eq!((text(jobs[0], "outcome"), array(jobs[0], "pods").len()), ("Succeeded", 2), "{document:#}");
}
