//! Tests of `apply`, which runs kubectl and then follows the applied objects.

use std::fs;

use crate::document::{array, workload};
use crate::harness::{CommandResult, Namespace, manifest, program_with_cluster, run};

/// Returns a manifest with objects for two namespaces.
fn documents(here: &str, there: &str) -> String {
    let text = fs::read_to_string(manifest("two-namespaces.yaml")).unwrap();
    text.replace("namespace: HERE", &format!("namespace: {here}"))
        .replace("namespace: THERE", &format!("namespace: {there}"))
}

/// Runs the program without a namespace and with `input` on standard input.
fn seq_with_input(arguments: &[&str], input: &str) -> CommandResult {
    run(program_with_cluster(arguments), input.as_bytes())
}

#[test]
#[ignore = "needs a cluster"]
fn objects_of_several_namespaces_are_applied_from_standard_input_and_followed() {
    let (namespace, other) = (Namespace::new("here"), Namespace::new("there"));
    let documents = documents(&namespace.name, &other.name);
    let followed =
        seq_with_input(&["apply", "-f", "-", "-o", "json", "--timeout=90s"], &documents).succeeds();
    for line in [
        "configmap/settings created",
        "job.batch/here created",
        "pod/bare created",
        "job.batch/there created",
    ] {
        followed.reports(line);
    }
    let document = followed.json();
    assert_eq!(array(&document, "workloads").len(), 3, "{document:#}");
    for (name, kind, namespace) in
        [("here", "Job", &namespace.name), ("bare", "Pod", &namespace.name), ("there", "Job", &other.name)]
    {
        let found = workload(&document, name);
        assert_eq!((&found["kind"], &found["namespace"]), (&kind.into(), &namespace.as_str().into()));
        assert_eq!(found["outcome"], "Succeeded");
        assert_eq!(array(found, "pods").len(), 1);
    }
    assert!(!followed.stdout.contains("not for a diagram") && !followed.stderr.contains("not for a diagram"));

    // `apply` also follows unchanged objects. These objects have already ended.
    let again = seq_with_input(&["apply", "-f", "-"], &documents).succeeds();
    again.prints("job.batch/here unchanged");
}

#[test]
#[ignore = "needs a cluster"]
fn an_unreadable_manifest_ends_with_kubectls_exit_code() {
    let namespace = Namespace::new("malformed");
    let arguments = ["apply", "-f", &manifest("malformed.yaml")];
    let (kubectls, ours) = (namespace.kubectl(&arguments), namespace.seq(&arguments));
    let ours = ours.exits_with(kubectls.code.unwrap());
    assert!(ours.stderr.starts_with(&kubectls.stderr), "{ours:#}\n{kubectls:#}");
    assert_eq!(ours.stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn a_dry_run_does_not_follow() {
    let namespace = Namespace::new("dry");
    for mode in ["--dry-run=client", "--dry-run=server"] {
        let arguments = ["apply", "-f", &manifest("sleeping.yaml"), mode];
        let (kubectls, ours) = (namespace.kubectl(&arguments), namespace.seq(&arguments).succeeds());
        assert_eq!(ours.stdout, kubectls.stdout);
    }
    assert_eq!(namespace.kubectl(&["get", "jobs", "-o", "name"]).succeeds().stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn with_detach_the_program_does_not_follow() {
    let namespace = Namespace::new("detach");
    let ours = namespace.seq(&["apply", "-f", &manifest("sleeping.yaml"), "--detach"]).succeeds();
    ours.prints("job.batch/sleeping created");
    assert_eq!(namespace.kubectl(&["get", "jobs", "-o", "name"]).stdout, "job.batch/sleeping\n");
}

#[test]
#[ignore = "needs a cluster"]
fn a_failed_job_ends_with_exit_code_1() {
    let namespace = Namespace::new("failing");
    let ours = namespace.seq(&["apply", "-f", &manifest("failing.yaml"), "--timeout=60s"]).exits_with(1);
    ours.prints("job/failing");
    ours.prints("BackoffLimitExceeded");
}

#[test]
#[ignore = "needs a cluster"]
fn an_apply_that_fails_in_part_ends_with_kubectls_exit_code() {
    let namespace = Namespace::new("part");
    let missing = namespace.name.clone() + "-missing";
    let ours = seq_with_input(&["apply", "-f", "-", "--timeout=60s"], &documents(&namespace.name, &missing))
        .exits_with(1);
    ours.prints("job.batch/here created");
    ours.reports(&format!("namespaces \"{missing}\" not found"));
}
