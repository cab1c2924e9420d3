//! Tests of objects that are deleted, created again under the same name, or created while the program follows.

use std::collections::BTreeSet;
use std::fs;

use crate::document::{array, children, counts, end, instant, only_pod, phases, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster"]
fn a_new_job_with_the_same_name_is_another_workload() {
    let namespace = Namespace::new("again");
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    let arguments = ["-w", "-o", "json", "--progress=lines", "--timeout=90s"];
    let mut by_name = namespace.start(&[&["get", "job", "sleeping"][..], &arguments].concat());
    let mut all = namespace.start(&[&["get", "jobs"][..], &arguments].concat());
    for running in [&mut by_name, &mut all] {
        running.wait_for_text("job/sleeping");
    }
    namespace.wait_until_ready("sleeping", 1);
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    namespace.kubectl(&["create", "job", "sleeping", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();

    // The Job was deleted before it ended.
    let result = by_name.wait().exits_with(3);
    result.reports("outcome unknown");
    let document = result.json();
    namespace.check(&document);
    let first = workload(&document, "sleeping");
    // The document keeps the last counts of the controller.
    assert_eq!((end(first), counts(first)), (["Unknown", ""], [1, 0, 0]), "{document:#}");
    assert!(first["finishedAt"].is_string(), "{first:#}");
    // The document keeps the Pod of the deleted Job.
    let pod = only_pod(first);
    assert_eq!([text(pod, "outcome"), text(pod, "reason")], ["Deleted", "Deleted"], "{pod:#}");
    assert!(phases(pod).ends_with(&["Running", "Terminating"]), "{pod:#}");
    assert!(instant(pod, "workStarted") < instant(pod, "deleteRequested"), "{pod:#}");
    let first = text(first, "uid");

    let document = all.wait().exits_with(3).json();
    namespace.check(&document);
    let jobs = array(&document, "workloads");
    let uids: BTreeSet<&str> = jobs.iter().map(|job| text(job, "uid")).collect();
    assert!(uids.len() == 2 && jobs.len() == 2 && uids.contains(first), "{document:#}");
    for job in jobs {
        let outcome = if job["uid"] == first { "Unknown" } else { "Succeeded" };
        assert_eq!((text(job, "outcome"), array(job, "pods").len()), (outcome, 1), "{document:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_deleted_rollout_has_an_unknown_outcome() {
    let namespace = Namespace::new("deleted");
    let mut running =
        namespace.start(&["apply", "-f", &manifest("missing.yaml"), "-o", "json", "--progress=lines"]);
    running.wait_for_text("deployment/missing rolls out");
    namespace.kubectl(&["delete", "deployment", "missing"]).succeeds();
    let document = running.wait().exits_with(3).json();
    assert_eq!(text(workload(&document, "missing"), "outcome"), "Unknown", "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn new_objects_of_several_kinds_appear_from_all_namespaces() {
    let (namespace, other) = (Namespace::new("coming"), Namespace::new("elsewhere"));
    let apply = |to: &Namespace, file: &str| {
        let text = fs::read_to_string(manifest(file)).unwrap().replace("TEAM", &namespace.name);
        to.kubectl_with(&["--namespace", &to.name, "apply", "-f", "-"], &text).succeeds();
    };
    apply(&namespace, "first.yaml");
    let team = format!("team={}", namespace.name);
    let following = ["-w", "-o", "json", "--progress=lines", "--timeout=90s"];
    let mut all =
        namespace.start(&[&["get", "jobs,deployments,pods", "-A", "-l", &team][..], &following].concat());
    let mut here = namespace.start(&[&["get", "jobs", "-l", &team][..], &following].concat());
    for running in [&mut all, &mut here] {
        running.wait_for_text("job/first");
    }
    namespace.wait_until_ready("first", 1);
    apply(&other, "later.yaml");
    // This Job is in the followed namespace.
    let label = format!("{{\"metadata\":{{\"labels\":{{\"team\":\"{}\"}}}}}}", namespace.name);
    namespace.kubectl(&["create", "job", "labelled", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();
    namespace.kubectl(&["patch", "job", "labelled", "-p", &label]).succeeds();

    let result = here.wait().succeeds();
    let document = result.json();
    namespace.check(&document);
    assert_eq!(array(&document, "workloads").len(), 2, "{document:#}");
    for name in ["first", "labelled"] {
        let job = workload(&document, name);
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
        assert_eq!(text(only_pod(job), "outcome"), "Succeeded", "{job:#}");
    }

    // The Job `broken` has failed.
    let result = all.wait().exits_with(1);
    result.reports(&format!("job/broken in {} failed", other.name));
    let document = result.json();
    namespace.check(&document);
    let find = |space: &Namespace, kind: &str, name: &str| {
        let mut found = array(&document, "workloads").iter().filter(|found| {
            found["namespace"] == space.name.as_str() && found["kind"] == kind && found["name"] == name
        });
        let only = found.next().unwrap_or_else(|| panic!("no {kind} {name} in {document:#}"));
        assert!(found.next().is_none(), "{document:#}");
        only
    };
    for (space, name, outcome, expected) in [
        (&namespace, "first", "Succeeded", [0, 1, 0]),
        (&namespace, "labelled", "Succeeded", [0, 1, 0]),
        (&other, "second", "Succeeded", [0, 2, 0]),
        (&other, "broken", "Failed", [0, 0, 1]),
    ] {
        let job = find(space, "Job", name);
        assert_eq!((text(job, "outcome"), counts(job)), (outcome, expected), "{job:#}");
    }
    assert_eq!(only_pod(find(&other, "Job", "broken"))["exitCode"], 9);
    assert_eq!(text(find(&other, "Pod", "alone"), "outcome"), "Succeeded");
    let serving = find(&other, "Deployment", "serving");
    assert_eq!((text(serving, "outcome"), children(&document, serving).count()), ("Succeeded", 1));
    // The document also contains the ReplicaSet of the Deployment.
    assert_eq!(array(&document, "workloads").len(), 7, "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_log_of_a_failed_container_is_read_before_the_pod_is_deleted() {
    let namespace = Namespace::new("last-words");
    let file = manifest("last-words.yaml");
    let followed = ["-o", "json", "--progress=lines", "--tail-lines=3", "--timeout=60s"];
    let result = namespace.seq(&[&["apply", "-f", &file][..], &followed].concat()).exits_with(1);
    let document = result.json();
    namespace.check(&document);
    let job = workload(&document, "last-words");
    assert_eq!((end(job), counts(job)), (["Failed", "BackoffLimitExceeded"], [0, 0, 1]), "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), &pod["exitCode"]), ("Failed", &4.into()), "{pod:#}");
    for line in ["line 29", "line 30", "cannot open the input"] {
        result.reports(line);
    }
    assert!(!result.stderr.contains("line 28"), "{result:#}");
    namespace.kubectl(&["wait", "--for=delete", "job/last-words", "--timeout=30s"]).succeeds();
}
