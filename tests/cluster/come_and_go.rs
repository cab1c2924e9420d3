//! What was followed goes, and another of its name comes.

use std::collections::BTreeSet;

use crate::document::{self, array, only_pod, text, workload};
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
        running.until_it_says("sleeping-");
        running.until_it_says("runs on");
    }
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    namespace.kubectl(&["create", "job", "sleeping", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();

    // It went before it ended.
    let ended = by_name.wait().ends(3);
    ended.warns("the outcome is not known");
    let document = ended.json();
    document::hold(&document);
    let first = workload(&document, "sleeping");
    assert_eq!(text(first, "outcome"), "Unknown", "{document:#}");
    let pod = only_pod(first);
    assert!(pod["instants"]["deleteRequested"].is_object(), "it stays, with what is known: {pod:#}");
    let first = text(first, "uid");

    let document = all.wait().ends(3).json();
    document::hold(&document);
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
