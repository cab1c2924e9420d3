//! Tests of `pod NAME`: the Pod object as kubectl prints it, and the page of the Pod.

use crate::document::{array, pods, text};
use crate::harness::Namespace;

#[test]
#[ignore = "needs a cluster"]
fn the_pod_object_equals_kubectls_output() {
    let namespace = Namespace::new("pod");
    namespace.complete("quick.yaml");
    let name = namespace.pod("app=quick");
    for format in ["yaml", "json"] {
        let kubectls = namespace.kubectl(&["get", "pod", &name, "-o", format]).succeeds();
        let ours = namespace.seq(&["pod", &name, "-o", format]).succeeds();
        assert!(kubectls.stdout == ours.stdout, "{kubectls:#}\n{ours:#}");
        assert_eq!(ours.stderr, "");
    }
    let drawn = namespace.seq(&["pod", &name]).succeeds();
    drawn.prints(&name);
    drawn.prints("work");
    drawn.prints("Running");
}

#[test]
#[ignore = "needs a cluster"]
fn a_pod_of_a_burst_has_the_same_times_alone_as_among_its_siblings() {
    let namespace = Namespace::new("burst");
    // The controller reports the creations of nine Pods. The other Pods are dated by their siblings.
    namespace.complete("burst.yaml");
    let all = namespace.seq(&["get", "job", "burst", "-o", "json"]).succeeds().json();
    let dated_by_siblings: Vec<_> =
        pods(&all).filter(|pod| text(&pod["instants"]["created"], "source") == "status").collect();
    assert!(dated_by_siblings.len() >= 3, "{all:#}");
    for pod in dated_by_siblings.iter().take(3) {
        let name = text(pod, "name");
        let alone = namespace.seq(&["get", "pod", name, "-o", "json"]).succeeds().json();
        let [workload] = array(&alone, "workloads") else { panic!("{alone:#}") };
        let times = |pod: &serde_json::Value| (pod["instants"].clone(), pod["phases"].clone());
        assert_eq!(times(&workload["pods"][0]), times(pod), "{name}");
    }
}
