//! Tests of `diff` and `history` with Jobs and a CronJob that still exist.

use serde_json::Value;

use crate::document::{array, text};
use crate::harness::{Namespace, manifest};

/// A Job of 24 Pods, twelve at once, whose container works for this time.
fn job(name: &str, work: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n  completions: 24\n  parallelism: 12\n  \
         template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: work\n        image: \
         busybox\n        command: [\"sleep\", \"{work}\"]\n"
    )
}

#[test]
#[ignore = "needs a cluster"]
fn two_jobs_are_compared_with_each_other_and_with_their_recordings() {
    let namespace = Namespace::new("diff");
    let folder = tempfile::tempdir().unwrap();
    for (name, work) in [("quick", "2"), ("again", "2"), ("slow", "6")] {
        let recording = folder.path().join(format!("{name}.jsonl"));
        let apply = ["apply", "-f", "-", "-o", "name", "--record", recording.to_str().unwrap()];
        namespace.seq_with(&apply, &job(name, work)).succeeds();
    }
    let diff = namespace.seq(&["diff", "job/quick", "job/slow", "-o", "json"]).exits_with(1).json();
    assert_eq!(text(&diff, "result"), "different", "{diff:#}");
    let work = array(&diff, "rows").iter().find(|row| row["phase"] == "Running").unwrap();
    assert!(work["mark"].is_null() && work["deltaMillis"].as_i64().unwrap() > 3_000, "{diff:#}");

    // The object and its recording are the same run.
    let recording = folder.path().join("quick.jsonl");
    let recording = recording.to_str().unwrap();
    let shown = namespace.seq(&["diff", recording, "job/quick"]).exits_with(0);
    shown.prints("A and B are the same run");
    let diff = namespace.seq(&["diff", "job/quick", "job/again", "-o", "json"]).json();
    assert_ne!(text(&diff, "result"), "different", "{diff:#}");

    let missing = namespace.seq(&["diff", "job/quick", "job/no-such-job"]).exits_with(3);
    missing.reports("no-such-job");

    // An object chooses the work among the recordings of a folder. The run that occurs twice is one row.
    let folder = folder.path().to_str().unwrap().to_owned() + "/";
    let history = namespace.seq(&["history", "job/slow", &folder, "-o", "json"]).succeeds().json();
    let works = array(&history, "works");
    assert_eq!((works.len(), array(&works[0], "runs").len()), (1, 1), "{history:#}");
    let history = namespace.seq(&["history", &folder, "-o", "json"]).succeeds().json();
    assert_eq!(array(&history, "works").len(), 3, "{history:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_jobs_of_a_cron_job_that_still_exist_are_its_history() {
    let namespace = Namespace::new("history");
    namespace.kubectl(&["apply", "-f", &manifest("every-minute.yaml")]).succeeds();
    namespace.kubectl(&["patch", "cronjob", "tick", "-p", "{\"spec\":{\"suspend\":true}}"]).succeeds();
    for name in ["first", "second", "third"] {
        namespace.kubectl(&["create", "job", name, "--from=cronjob/tick"]).succeeds();
        namespace.kubectl(&["wait", "--for=condition=complete", "job", name, "--timeout=60s"]).succeeds();
    }
    let history = namespace.seq(&["history", "cj/tick", "-o", "json"]).succeeds().json();
    let works = array(&history, "works");
    assert_eq!((works.len(), text(&works[0], "kind"), text(&works[0], "name")), (1, "CronJob", "tick"));
    let runs: Vec<&Value> =
        array(&works[0], "runs").iter().filter(|run| !text(run, "name").starts_with("tick-")).collect();
    let names: Vec<&str> = runs.iter().map(|run| text(run, "name")).collect();
    assert_eq!(names, ["first", "second", "third"], "{history:#}");
    assert!(
        runs.iter().all(|run| run["outcome"] == "Succeeded" && run["source"] == "cluster"),
        "{history:#}"
    );
    let shown = namespace.seq(&["history", "cj/tick", "--width=80"]).succeeds();
    shown.prints("cronjob/tick in ");
    // A Job of the CronJob has the same work.
    let history = namespace.seq(&["history", "job/first", "-o", "json"]).succeeds().json();
    assert_eq!(text(&array(&history, "works")[0], "name"), "tick", "{history:#}");
}
