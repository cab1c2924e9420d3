//! `apply`: kubectl's own, then the diagram.

use std::fs;

use crate::document::{array, workload};
use crate::harness::{Ended, Namespace, Running, manifest, program};

/// Documents for two namespaces.
fn documents(here: &str, there: &str) -> String {
    let text = fs::read_to_string(manifest("two-namespaces.yaml")).unwrap();
    text.replace("namespace: HERE", &format!("namespace: {here}"))
        .replace("namespace: THERE", &format!("namespace: {there}"))
}

/// The program without a namespace, with that input.
fn piped(arguments: &[&str], input: &str) -> Ended {
    let mut command = program();
    command.args(arguments);
    Running::start(command, input).wait()
}

#[test]
#[ignore = "needs a cluster"]
fn many_documents_many_namespaces_by_stdin() {
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

    // What is there already and unchanged is followed as well, and has ended.
    let again = piped(&["apply", "-f", "-"], &documents).succeeds();
    again.says("job.batch/here unchanged");
}

#[test]
#[ignore = "needs a cluster"]
fn a_generated_name_is_refused_as_kubectl_does() {
    let namespace = Namespace::new("generate");
    let arguments = ["apply", "-f", &manifest("generate-name.yaml")];
    let (kubectls, ours) = (namespace.kubectl(&arguments), namespace.seq(&arguments));
    let ours = ours.ends(kubectls.code.unwrap());
    assert!(ours.stderr.starts_with(&kubectls.stderr), "{ours:#}\n{kubectls:#}");
    assert_eq!(ours.stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn a_manifest_that_cannot_be_read_is_kubectls_failure() {
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
fn detached_it_leaves_at_once() {
    let namespace = Namespace::new("detach");
    let ours = namespace.seq(&["apply", "-f", &manifest("sleeping.yaml"), "--detach"]).succeeds();
    ours.says("job.batch/sleeping created");
    assert_eq!(namespace.kubectl(&["get", "jobs", "-o", "name"]).stdout, "job.batch/sleeping\n");
}

#[test]
#[ignore = "needs a cluster"]
fn a_failure_is_exit_code_1() {
    let namespace = Namespace::new("failing");
    let ours = namespace.seq(&["apply", "-f", &manifest("failing.yaml"), "--timeout=60s"]).ends(1);
    ours.says("job/failing");
    ours.says("BackoffLimitExceeded");
}

#[test]
#[ignore = "needs a cluster"]
fn a_part_that_fails_fails_the_whole_with_kubectls_code() {
    let namespace = Namespace::new("part");
    let missing = namespace.name.clone() + "-missing";
    let ours = piped(&["apply", "-f", "-", "--timeout=60s"], &documents(&namespace.name, &missing)).ends(1);
    ours.says("job.batch/here created");
    ours.warns(&format!("namespaces \"{missing}\" not found"));
}
