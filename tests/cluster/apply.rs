//! `apply`: runs kubectl, then follows the applied objects.

use std::fs;

use crate::document::{array, workload};
use crate::harness::{Ended, Namespace, Running, manifest, program};

/// A manifest with objects for two namespaces.
fn documents(here: &str, there: &str) -> String {
    let text = fs::read_to_string(manifest("two-namespaces.yaml")).unwrap();
    text.replace("namespace: HERE", &format!("namespace: {here}"))
        .replace("namespace: THERE", &format!("namespace: {there}"))
}

/// Runs the program without a namespace and with `input` on standard input.
fn piped(arguments: &[&str], input: &str) -> Ended {
    let mut command = program();
    command.args(arguments);
    Running::start(command, input).wait()
}

#[test]
#[ignore = "needs a cluster"]
fn documents_for_several_namespaces_come_from_standard_input() {
    let (namespace, other) = (Namespace::new("here"), Namespace::new("there"));
    let documents = documents(&namespace.name, &other.name);
    let followed = piped(&["apply", "-f", "-", "-o", "json", "--timeout=90s"], &documents).succeeds();
    for line in [
        "configmap/settings created",
        "job.batch/here created",
        "pod/bare created",
        "job.batch/there created",
    ] {
        followed.warns(line);
    }
    let document = followed.json();
    assert_eq!(array(&document, "workloads").len(), 3, "{document:#}");
    for (name, kind, place) in
        [("here", "Job", &namespace.name), ("bare", "Pod", &namespace.name), ("there", "Job", &other.name)]
    {
        let found = workload(&document, name);
        assert_eq!((&found["kind"], &found["namespace"]), (&kind.into(), &place.as_str().into()));
        assert_eq!(found["outcome"], "Succeeded");
        assert_eq!(array(found, "pods").len(), 1);
    }
    assert!(!followed.stdout.contains("not for a diagram") && !followed.stderr.contains("not for a diagram"));

    // Unchanged objects are followed as well. They have already ended.
    let again = piped(&["apply", "-f", "-"], &documents).succeeds();
    again.prints("job.batch/here unchanged");
}

#[test]
#[ignore = "needs a cluster"]
fn a_generated_name_is_refused_as_in_kubectl() {
    let namespace = Namespace::new("generate");
    let arguments = ["apply", "-f", &manifest("generate-name.yaml")];
    let (kubectls, ours) = (namespace.kubectl(&arguments), namespace.seq(&arguments));
    let ours = ours.ends(kubectls.code.unwrap());
    assert!(ours.stderr.starts_with(&kubectls.stderr), "{ours:#}\n{kubectls:#}");
    assert_eq!(ours.stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn an_unreadable_manifest_ends_with_kubectls_exit_code() {
    let namespace = Namespace::new("malformed");
    let arguments = ["apply", "-f", &manifest("malformed.yaml")];
    let (kubectls, ours) = (namespace.kubectl(&arguments), namespace.seq(&arguments));
    let ours = ours.ends(kubectls.code.unwrap());
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
    let ours = namespace.seq(&["apply", "-f", &manifest("failing.yaml"), "--timeout=60s"]).ends(1);
    ours.prints("job/failing");
    ours.prints("BackoffLimitExceeded");
}

#[test]
#[ignore = "needs a cluster"]
fn an_apply_that_fails_in_part_ends_with_kubectls_exit_code() {
    let namespace = Namespace::new("part");
    let missing = namespace.name.clone() + "-missing";
    let ours = piped(&["apply", "-f", "-", "--timeout=60s"], &documents(&namespace.name, &missing)).ends(1);
    ours.prints("job.batch/here created");
    ours.warns(&format!("namespaces \"{missing}\" not found"));
}
