//! Tests of `pod NAME`: the Pod object as kubectl prints it, and the page of the Pod.

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
