//! Tests of the exports of runs on a cluster.

use crate::harness::{Namespace, manifest};
use crate::support::trace_receiver::unused_address;

#[test]
#[ignore = "needs a cluster"]
fn if_a_trace_cannot_be_sent_the_exit_code_is_that_of_the_followed_workload_or_3() {
    let namespace = Namespace::new("exports");
    let address = unused_address();
    let run = |command: &[&str], code: i32| {
        let flags = ["-o", "name", "--otlp-endpoint", &address];
        let result = namespace.seq(&[command, &flags].concat()).exits_with(code);
        result.reports(&format!("traces cannot be sent to {address}/v1/traces: connection refused"));
        result
    };
    let quick = run(&["apply", "-f", &manifest("quick.yaml"), "--timeout=60s"], 0);
    run(&["apply", "-f", &manifest("failing.yaml"), "--timeout=60s"], 1);
    let name =
        quick.stdout.lines().find(|line| line.starts_with("job.batch/") && !line.contains(' ')).unwrap();
    run(&["get", name], 3);
}

#[test]
#[ignore = "needs a cluster"]
fn the_api_server_accepts_the_manifest_for_kwok() {
    let namespace = Namespace::new("kwok");
    let manifest =
        namespace.seq(&["apply", "-f", &manifest("quick.yaml"), "-o", "kwok", "--timeout=60s"]).succeeds();
    let start = manifest.stdout.find("---\n").unwrap();
    // Another name, because the template of a Job cannot change.
    let text = manifest.stdout[start..].replacen("  name: ", "  name: again-", 1);
    namespace.kubectl_with(&["create", "--dry-run=server", "-f", "-"], &text).succeeds();
    assert!(text.contains("pod-complete.stage.kwok.x-k8s.io/delay: "), "{text}");
}
