//! Tests that the program follows Deployments, StatefulSets and DaemonSets until they are rolled out.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::document::{self, array, children, text, workload};
use crate::harness::{Namespace, manifest, run};
use crate::truth;

/// Returns the number of nodes on which the `DaemonSet` must run a Pod. The cluster may have more nodes.
fn desired_nodes(namespace: &Namespace) -> usize {
    let field = "jsonpath={.status.desiredNumberScheduled}";
    namespace.kubectl(&["get", "ds", "agent", "-o", field]).succeeds().stdout.parse().unwrap()
}

/// Applies a revision of the Deployment and follows it.
fn roll_out(namespace: &Namespace, version: &str) -> Value {
    let text = fs::read_to_string(manifest("rollout.yaml")).unwrap().replace("VERSION", version);
    let command = namespace.command(&["apply", "-f", "-", "-o", "json", "--timeout=90s"]);
    let document = run(command, text.as_bytes()).succeeds().json();
    document::check(&document);
    truth::compare(&document);
    document
}

#[test]
#[ignore = "needs a cluster"]
fn a_rollout_ends_when_the_new_revision_is_available() {
    let namespace = Namespace::new("rollout");
    let first = roll_out(&namespace, "first");
    let web = workload(&first, "web");
    assert_eq!((text(web, "outcome"), text(web, "kind")), ("Succeeded", "Deployment"), "{first:#}");
    assert!(web["finishedAt"].is_string() && array(web, "pods").is_empty(), "{web:#}");
    assert_eq!([&web["parallelism"], &web["active"], &web["summary"]["pods"]], [2, 2, 2]);
    let sets: Vec<&Value> = children(&first, web).collect();
    assert_eq!(sets.len(), 1, "{first:#}");
    let old = text(sets[0], "uid");
    assert!(array(sets[0], "pods").iter().all(|pod| pod["outcome"] == "Running"), "{first:#}");

    // The document has both revisions, and each Pod belongs to the revision that created the Pod.
    let second = roll_out(&namespace, "second");
    let web = workload(&second, "web");
    assert_eq!((text(web, "outcome"), &web["summary"]["pods"]), ("Succeeded", &4.into()), "{second:#}");
    let (old, new): (Vec<&Value>, Vec<&Value>) = children(&second, web).partition(|set| set["uid"] == old);
    assert_eq!((old.len(), new.len()), (1, 1), "{second:#}");
    for pod in array(new[0], "pods") {
        assert_eq!(text(pod, "outcome"), "Running", "{pod:#}");
        assert!(pod["coldStartMillis"].is_i64(), "{pod:#}");
    }
    for pod in array(old[0], "pods") {
        assert!(pod["instants"]["deleteRequested"].is_object(), "{pod:#}");
    }
    assert_eq!([array(old[0], "pods").len(), array(new[0], "pods").len()], [2, 2], "{second:#}");

    // The rollout is already complete, so the program ends immediately with the same outcome.
    for named in ["deploy/web", "deployment.apps/web", "Deployment.v1.apps/web"] {
        let again = namespace.seq(&["get", named, "-w", "-o", "json", "--timeout=30s"]).succeeds().json();
        assert_eq!(text(workload(&again, "web"), "outcome"), "Succeeded", "{named}: {again:#}");
    }
    let drawn = namespace.seq(&["get", "deploy", "web"]).succeeds();
    drawn.prints(&format!("deployment/web in {}  Rolled out  2 of 2 Pods", namespace.name));
    drawn.prints("replicaset/web-");
}

#[test]
#[ignore = "needs a cluster"]
fn a_rollout_past_its_progress_deadline_has_failed() {
    let namespace = Namespace::new("never-ready");
    let result =
        namespace.seq(&["apply", "-f", &manifest("never-ready.yaml"), "-o", "json", "--timeout=60s"]);
    let document = result.exits_with(1).json();
    document::check(&document);
    let broken = workload(&document, "broken");
    assert_eq!((text(broken, "outcome"), text(broken, "reason")), ("Failed", "ProgressDeadlineExceeded"));
    assert!(text(broken, "message").contains("timed out progressing"), "{broken:#}");
    let sets: Vec<&Value> = children(&document, broken).collect();
    assert_eq!(text(&array(sets[0], "pods")[0], "outcome"), "Starting", "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_stateful_set_starts_in_order_and_a_daemon_set_on_each_node() {
    let namespace = Namespace::new("ordered");
    let result = namespace.seq(&["apply", "-f", &manifest("ordered.yaml"), "-o", "json", "--timeout=90s"]);
    let document = result.succeeds().json();
    document::check(&document);
    truth::compare(&document);
    let db = workload(&document, "db");
    assert_eq!((text(db, "outcome"), &db["active"]), ("Succeeded", &3.into()), "{document:#}");
    let pods = array(db, "pods");
    assert_eq!(pods.iter().map(|pod| text(pod, "name")).collect::<Vec<_>>(), ["db-0", "db-1", "db-2"]);
    for pair in pods.windows(2) {
        let (ready, next) =
            (&pair[0]["instants"]["workStarted"]["at"], &pair[1]["instants"]["created"]["at"]);
        // The first 19 characters are the time to the second. All times have the same format, so the texts sort like
        // the times.
        assert!(ready.as_str().unwrap()[..19] <= next.as_str().unwrap()[..19], "{db:#}");
    }
    let agent = workload(&document, "agent");
    assert_eq!(text(agent, "outcome"), "Succeeded", "{document:#}");
    let nodes: BTreeSet<&str> = array(agent, "pods").iter().map(|pod| text(pod, "node")).collect();
    assert_eq!([nodes.len(), array(agent, "pods").len()], [desired_nodes(&namespace); 2], "{agent:#}");

    // After scaling up, the rollout is complete when the new Pod is ready.
    namespace.kubectl(&["scale", "sts", "db", "--replicas=4"]).succeeds();
    let document =
        namespace.seq(&["get", "sts", "db", "-w", "-o", "json", "--timeout=60s"]).succeeds().json();
    assert_eq!(array(workload(&document, "db"), "pods").len(), 4, "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn several_kinds_of_all_namespaces_can_be_shown() {
    let (namespace, other) = (Namespace::new("kinds"), Namespace::new("others"));
    namespace.kubectl(&["apply", "-f", &manifest("ordered.yaml")]).succeeds();
    other.complete("quick.yaml");
    other.kubectl(&["apply", "-f", &manifest("rollout.yaml")]).succeeds();
    for (namespace, name) in [(&namespace, "sts/db"), (&namespace, "ds/agent"), (&other, "deploy/web")] {
        namespace.kubectl(&["rollout", "status", name, "--timeout=60s"]).succeeds();
    }
    let document =
        Namespace::seq_anywhere(&["get", "deploy,rs,sts,ds,job", "-A", "-o", "json"]).succeeds().json();
    document::check(&document);
    let workloads_in = |namespace: &Namespace| {
        let mut found: Vec<(String, usize)> = array(&document, "workloads")
            .iter()
            .filter(|workload| workload["namespace"] == namespace.name.as_str())
            .map(|workload| (text(workload, "kind").to_owned(), array(workload, "pods").len()))
            .collect();
        found.sort();
        found
    };
    let nodes = desired_nodes(&namespace);
    let entry = |kind: &str, pods| (kind.to_owned(), pods);
    assert_eq!(
        workloads_in(&namespace),
        [entry("DaemonSet", nodes), entry("StatefulSet", 3)],
        "{document:#}"
    );
    assert_eq!(
        workloads_in(&other),
        [entry("Deployment", 0), entry("Job", 2), entry("ReplicaSet", 2)],
        "{document:#}"
    );
    let selected = other.seq(&["get", "rs", "-l", "app=web", "-o", "json"]).succeeds().json();
    assert_eq!(array(&selected, "workloads").len(), 1, "{selected:#}");
}
