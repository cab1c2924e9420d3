//! Tests of `get`: every way to name objects, empty results, and missing permissions.

use std::collections::BTreeSet;

use crate::document::{self, array, pods, text, workload};
use crate::harness::{Namespace, manifest};
use crate::truth;

#[test]
#[ignore = "needs a cluster"]
fn objects_can_be_named_in_every_way_that_kubectl_accepts() {
    let namespace = Namespace::new("get");
    namespace.kubectl(&["apply", "-f", &manifest("failing.yaml")]).succeeds();
    namespace.kubectl(&["wait", "--for=condition=failed", "job/failing", "--timeout=60s"]).succeeds();
    namespace.kubectl(&["apply", "-f", &manifest("quick.yaml")]).succeeds();
    namespace.kubectl(&["wait", "--for=condition=complete", "job/quick", "--timeout=60s"]).succeeds();

    let one: [&[&str]; 8] = [
        &["job", "quick"],
        &["job/quick"],
        &["Job", "quick"],
        &["jobs.batch", "quick"],
        &["jobs.v1.batch/quick"],
        &["job.batch/quick"],
        &["jobs", "-l", "app=quick"],
        &["jobs", "-l", "app in (quick)"],
    ];
    for named in one {
        let document = namespace.seq(&[&["get"], named, &["-o", "json"]].concat()).succeeds().json();
        document::check(&document);
        assert_eq!(array(&document, "workloads").len(), 1, "{named:?}: {document:#}");
        let job = workload(&document, "quick");
        assert_eq!((text(job, "outcome"), array(job, "pods").len()), ("Succeeded", 2), "{named:?}");
        let indexes: BTreeSet<_> = array(job, "pods").iter().map(|pod| pod["index"].as_i64()).collect();
        assert_eq!(indexes, BTreeSet::from([Some(0), Some(1)]));
    }
    let both: [&[&str]; 4] =
        [&["jobs"], &["job", "quick", "failing"], &["job/quick", "job/failing"], &["jobs", "-A"]];
    for named in both {
        let document = namespace.seq(&[&["get"], named, &["-o", "json"]].concat()).succeeds().json();
        assert_eq!(text(workload_of(&document, &namespace, "quick"), "outcome"), "Succeeded", "{named:?}");
        assert_eq!(text(workload_of(&document, &namespace, "failing"), "outcome"), "Failed", "{named:?}");
    }
    let selected = namespace.seq(&["get", "pods", "-l", "app=quick", "-o", "json"]).succeeds().json();
    assert_eq!(pods(&selected).count(), 2, "{selected:#}");
    truth::compare(&selected);

    for (resource, arguments) in
        [("jobs", ["get", "jobs", "-o", "name"]), ("pods", ["get", "pods", "-o", "name"])]
    {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let kubectls = namespace.kubectl(&["get", resource, "-o", "name"]).succeeds();
        assert_eq!(lines(&namespace.seq(&arguments).succeeds().stdout), lines(&kubectls.stdout));
    }
    let yaml = namespace.seq(&["get", "job", "quick", "-o", "yaml"]).succeeds();
    let yaml: serde_json::Value = serde_saphyr::from_str(&yaml.stdout).unwrap();
    assert_eq!(text(workload(&yaml, "quick"), "outcome"), "Succeeded");
}

#[test]
#[ignore = "needs a cluster"]
fn a_node_is_shown_with_its_pods_and_types_without_pods_are_refused() {
    let namespace = Namespace::new("node");
    namespace.complete("quick.yaml");
    let all = namespace.seq(&["get", "pods", "-o", "json"]).succeeds().json();
    let node = text(pods(&all).next().expect("a Pod"), "node");
    let names_on_node = |document: &serde_json::Value| -> BTreeSet<String> {
        let on_node = pods(document).filter(|pod| pod["node"] == node);
        on_node.map(|pod| text(pod, "name").to_owned()).collect()
    };
    let word = format!("node/{node}");
    let shown = namespace.seq(&["get", &word, "-o", "json"]).succeeds().json();
    document::check(&shown);
    assert_eq!(names_on_node(&shown), names_on_node(&all));
    assert!(pods(&shown).all(|pod| pod["node"] == node), "{shown:#}");

    for words in
        ["cm", "ConfigMap/x", "secrets.v1.", "nodes", "ns", "events", "ev.v1.events.k8s.io", "job,sa"]
    {
        let refused = namespace.seq(&["get", words]).exits_with(2);
        refused.reports("have no timeline");
    }
}

/// Finds a workload by namespace and name, because `-A` also lists the workloads of other tests.
fn workload_of<'a>(
    document: &'a serde_json::Value,
    namespace: &Namespace,
    name: &str,
) -> &'a serde_json::Value {
    let matches = |workload: &&serde_json::Value| {
        workload["name"] == name && workload["namespace"] == namespace.name.as_str()
    };
    array(document, "workloads").iter().find(matches).unwrap()
}

#[test]
#[ignore = "needs a cluster"]
fn an_empty_result_is_reported_as_in_kubectl() {
    let namespace = Namespace::new("nothing");
    let (kubectls, ours) = (namespace.kubectl(&["get", "jobs"]), namespace.seq(&["get", "jobs"]).succeeds());
    assert_eq!((ours.stdout.as_str(), &ours.stderr), ("", &kubectls.stderr));
    let empty = namespace.seq(&["get", "jobs", "-o", "json"]).succeeds().json();
    assert_eq!(array(&empty, "workloads").len(), 0);
}

#[test]
#[ignore = "needs a cluster"]
fn without_permission_to_read_events_the_times_come_from_the_status() {
    let namespace = Namespace::new("events");
    namespace.complete("quick.yaml");
    namespace.kubectl(&["apply", "-f", &manifest("no-events.yaml")]).succeeds();
    // A new RBAC rule takes effect after a moment.
    let can_list_pods = ["auth", "can-i", "list", "pods", "--as", "no-events"];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while namespace.kubectl(&can_list_pods).code != Some(0) {
        assert!(std::time::Instant::now() < deadline, "the Role has no effect");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let drawn = namespace.seq(&["get", "job", "quick", "--as", "no-events"]).succeeds();
    drawn.prints("job/quick");
    drawn.reports("vents");
    let ours = namespace.seq(&["get", "job", "quick", "--as", "no-events", "-o", "json"]).succeeds();
    ours.reports("vents");
    let document = ours.json();
    document::check(&document);
    truth::compare(&document);
    for pod in pods(&document) {
        assert!(pod["coldStartMillis"].is_i64() && pod["runMillis"].is_i64(), "{pod:#}");
        for instant in pod["instants"].as_object().unwrap().values().filter(|instant| !instant.is_null()) {
            assert_ne!(instant["source"], "event", "{pod:#}");
        }
        assert!(array(pod, "containers").iter().all(|container| container["pull"].is_null()), "{pod:#}");
    }
}
