//! A custom resource that owns Pods: by way of a Job, of something that nobody watches, and directly.

use std::fs;

use serde_json::Value;

use crate::document::{self, array, children, text, workload};
use crate::harness::{Namespace, Running, kubectl, manifest};
use crate::truth;

/// Makes what a controller of Pipelines would.
fn own(namespace: &Namespace) {
    let uid = namespace.kubectl(&["get", "pipeline", "flow", "-o", "jsonpath={.metadata.uid}"]).succeeds();
    let text = fs::read_to_string(manifest("owned.yaml")).unwrap().replace("UID", &uid.stdout);
    let mut command = std::process::Command::new("kubectl");
    command.args(["--namespace", &namespace.name, "apply", "-f", "-"]);
    Running::start(command, &text).wait().succeeds();
}

#[test]
#[ignore = "needs a cluster"]
fn what_it_owns_is_found_by_uid() {
    let namespace = Namespace::new("custom");
    kubectl(&["apply", "-f", &manifest("custom-type.yaml")]).succeeds();
    kubectl(&["wait", "--for=condition=established", "crd/pipelines.seq-test.dev", "--timeout=30s"])
        .succeeds();
    // Nothing says that it ever has Pods, so nobody waits for them unasked.
    let applied = namespace.seq(&["apply", "-f", &manifest("custom.yaml")]).succeeds();
    applied.warns("nothing to follow");

    let mut running = namespace.start(&["get", "ppl", "flow", "-w", "-o", "json", "--progress=lines"]);
    running.until_it_says("pipeline/flow");
    own(&namespace);
    running.until_it_says("job/flow-step succeeded");
    // Its helpers run on, and so does it.
    let helper = namespace.pod("app=flow-helpers");
    running.until_it_says(&helper);
    let listed = namespace.seq(&["get", "pipelines.seq-test.dev/flow", "-o", "json"]).succeeds().json();
    hold(&listed, &helper, "Running");
    namespace.kubectl(&["delete", "replicaset", "flow-helpers"]).succeeds();
    let followed = running.wait().succeeds().json();
    hold(&followed, &helper, "Succeeded");
    truth::hold(&followed);

    // What it says of itself comes first.
    let status = "{\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"Tired\",\"message\":\"no more\"}]}}";
    namespace
        .kubectl(&["patch", "pipeline", "flow", "--subresource=status", "--type=merge", "-p", status])
        .succeeds();
    let failed = namespace.seq(&["get", "ppl/flow", "-w", "-o", "json", "--timeout=30s"]).ends(1).json();
    let flow = workload(&failed, "flow");
    assert_eq!(
        [text(flow, "outcome"), text(flow, "reason"), text(flow, "message")],
        ["Failed", "Tired", "no more"]
    );
}

fn hold(document: &Value, helper: &str, outcome: &str) {
    document::hold(document);
    let flow = workload(document, "flow");
    assert_eq!([text(flow, "kind"), text(flow, "outcome")], ["Pipeline", outcome], "{document:#}");
    assert!(flow["summary"]["slotMillis"].is_null(), "nobody tells how many Pods it may have: {flow:#}");
    let mut pods: Vec<&str> = array(flow, "pods").iter().map(|pod| text(pod, "name")).collect();
    pods.sort_unstable();
    assert_eq!(pods, ["flow-end", helper], "{document:#}");
    let jobs: Vec<&Value> = children(document, flow).collect();
    assert_eq!((jobs.len(), array(document, "workloads").len()), (1, 2), "{document:#}");
    assert_eq!((text(jobs[0], "outcome"), array(jobs[0], "pods").len()), ("Succeeded", 2), "{document:#}");
}
