//! `pod NAME`: the Pod as kubectl prints it, and its drill-down.

use crate::harness::Namespace;

#[test]
#[ignore = "needs a cluster"]
fn its_object_is_kubectls_byte_for_byte() {
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
    drawn.says(&name);
    drawn.says("work");
    drawn.says("Running");
}
