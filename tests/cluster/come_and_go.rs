//! What was followed goes, another of its name comes, and others come beside it.

use std::collections::BTreeSet;
use std::fs;

use crate::document::{array, children, counts, end, instant, only_pod, phases, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster"]
fn a_job_of_the_same_name_is_another() {
    let namespace = Namespace::new("again");
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    let arguments = ["-w", "-o", "json", "--progress=lines", "--timeout=90s"];
    let mut by_name = namespace.start(&[&["get", "job", "sleeping"][..], &arguments].concat());
    let mut all = namespace.start(&[&["get", "jobs"][..], &arguments].concat());
    for running in [&mut by_name, &mut all] {
        running.until_it_says("job/sleeping");
    }
    namespace.ready("sleeping", 1);
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    namespace.kubectl(&["create", "job", "sleeping", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();

    // It went before it ended.
    let ended = by_name.wait().ends(3);
    ended.warns("the outcome is not known");
    let document = ended.json();
    namespace.hold(&document);
    let first = workload(&document, "sleeping");
    // What its controller said last stays.
    assert_eq!((end(first), counts(first)), (["Unknown", ""], [1, 0, 0]), "{document:#}");
    assert!(first["finishedAt"].is_string(), "{first:#}");
    // It stays, with what is known.
    let pod = only_pod(first);
    assert_eq!([text(pod, "outcome"), text(pod, "reason")], ["Deleted", "Deleted"], "{pod:#}");
    assert!(phases(pod).ends_with(&["Running", "Terminating"]), "{pod:#}");
    assert!(instant(pod, "workStarted") < instant(pod, "deleteRequested"), "{pod:#}");
    let first = text(first, "uid");

    let document = all.wait().ends(3).json();
    namespace.hold(&document);
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
fn a_rollout_that_is_deleted_ends_unknown() {
    let namespace = Namespace::new("deleted");
    let mut running =
        namespace.start(&["apply", "-f", &manifest("missing.yaml"), "-o", "json", "--progress=lines"]);
    running.until_it_says("deployment/missing runs");
    namespace.kubectl(&["delete", "deployment", "missing"]).succeeds();
    let document = running.wait().ends(3).json();
    assert_eq!(text(workload(&document, "missing"), "outcome"), "Unknown", "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn several_kinds_in_all_namespaces_that_come_while_following() {
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
        running.until_it_says("job/first");
    }
    namespace.ready("first", 1);
    apply(&other, "later.yaml");
    // In the namespace that is followed too.
    let label = format!("{{\"metadata\":{{\"labels\":{{\"team\":\"{}\"}}}}}}", namespace.name);
    namespace.kubectl(&["create", "job", "labelled", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();
    namespace.kubectl(&["patch", "job", "labelled", "-p", &label]).succeeds();

    let ended = here.wait().succeeds();
    let document = ended.json();
    namespace.hold(&document);
    assert_eq!(array(&document, "workloads").len(), 2, "{document:#}");
    for name in ["first", "labelled"] {
        let job = workload(&document, name);
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
        assert_eq!(text(only_pod(job), "outcome"), "Succeeded", "{job:#}");
    }

    // One of them has failed.
    let ended = all.wait().ends(1);
    ended.warns("job/broken failed");
    let document = ended.json();
    namespace.hold(&document);
    let of = |space: &Namespace, kind: &str, name: &str| {
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
        let job = of(space, "Job", name);
        assert_eq!((text(job, "outcome"), counts(job)), (outcome, expected), "{job:#}");
    }
    assert_eq!(only_pod(of(&other, "Job", "broken"))["exitCode"], 9);
    assert_eq!(text(of(&other, "Pod", "alone"), "outcome"), "Succeeded");
    let serving = of(&other, "Deployment", "serving");
    assert_eq!((text(serving, "outcome"), children(&document, serving).count()), ("Succeeded", 1));
    // And its ReplicaSet.
    assert_eq!(array(&document, "workloads").len(), 7, "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn what_a_container_said_is_read_before_it_goes() {
    let namespace = Namespace::new("last-words");
    let file = manifest("last-words.yaml");
    let followed = ["-o", "json", "--progress=lines", "--tail-lines=3", "--timeout=60s"];
    let ended = namespace.seq(&[&["apply", "-f", &file][..], &followed].concat()).ends(1);
    let document = ended.json();
    namespace.hold(&document);
    let job = workload(&document, "last-words");
    assert_eq!((end(job), counts(job)), (["Failed", "BackoffLimitExceeded"], [0, 0, 1]), "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), &pod["exitCode"]), ("Failed", &4.into()), "{pod:#}");
    for line in ["line 29", "line 30", "cannot open the input"] {
        ended.warns(line);
    }
    assert!(!ended.stderr.contains("line 28"), "{ended:#}");
    namespace.kubectl(&["wait", "--for=delete", "job/last-words", "--timeout=30s"]).succeeds();
}
