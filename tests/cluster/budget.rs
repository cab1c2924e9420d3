//! Tests of `--fail-if` with every command that shows the run of a cluster.

use serde_json::Value;

use crate::document::array;
use crate::harness::{CommandResult, Namespace, manifest};

/// A condition that every run of a Pod exceeds, and one that no run exceeds.
const EXCEEDED: &str = "max(run) >= 0s";
const KEPT: &str = "wall > 1h";

/// Fails unless the command reports that the first condition is exceeded, with its value and its range, and the other
/// is not.
#[track_caller]
fn assert_exceeded(result: &CommandResult) {
    let reports: Vec<&str> = result.stderr.lines().filter(|line| line.contains("budget exceeded")).collect();
    assert!(
        matches!(reports[..], [only] if only.starts_with("error: budget exceeded: max(run) >= 0s: the value is ")),
        "{result:#}"
    );
}

#[test]
#[ignore = "needs a cluster"]
fn each_command_judges_the_budget_of_a_job() {
    let namespace = Namespace::new("budget");
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.jsonl");
    let recording = recording.to_str().unwrap();
    let budget = ["--fail-if", EXCEEDED, "--fail-if", KEPT];
    let judge =
        |command: &[&str], code: i32| namespace.seq(&[command, &budget[..]].concat()).exits_with(code);

    let file = manifest("quick.yaml");
    let applied = judge(&["apply", "-f", &file, "-o", "json", "--record", recording, "--timeout=60s"], 4);
    assert_exceeded(&applied);
    let document = applied.json();
    let workload = &document["workloads"][0];
    let [exceeded, kept] = array(workload, "budget") else { panic!("two conditions: {workload:#}") };
    assert_eq!((&exceeded["condition"], &exceeded["exceeded"]), (&EXCEEDED.into(), &true.into()));
    assert_eq!((&kept["condition"], &kept["exceeded"]), (&KEPT.into(), &false.into()));
    assert_eq!(exceeded["unit"], "ms");
    let range: Vec<f64> = array(exceeded, "range").iter().filter_map(Value::as_f64).collect();
    let value = exceeded["value"].as_f64().unwrap();
    assert!(range[0] <= value && value <= range[1], "{exceeded:#}");

    let name = workload["name"].as_str().unwrap();
    assert_exceeded(&judge(&["get", "job", name], 4));
    assert_exceeded(&judge(&["get", "job", name, "--watch", "--progress=lines"], 4));
    assert_exceeded(&judge(&["replay", recording, "--progress=none"], 4));
    assert_exceeded(&judge(
        &["create", "-f", &manifest("generate-name.yaml"), "-o", "name", "--timeout=60s"],
        4,
    ));
    namespace.seq(&["get", "job", name, "--fail-if", KEPT]).succeeds();

    // A failed Job keeps its own exit code, and the budget is still reported.
    let failed = judge(&["apply", "-f", &manifest("failing.yaml"), "-o", "name", "--timeout=60s"], 1);
    assert_exceeded(&failed);
}

#[test]
#[ignore = "needs a cluster"]
fn a_budget_is_not_judged_if_a_job_has_no_value_or_its_pods_cannot_be_read() {
    let namespace = Namespace::new("budget-unknown");
    let file = manifest("quick.yaml");
    let no_probe = namespace.seq(&["apply", "-f", &file, "-o", "name", "--fail-if", "max(unready) > 1s"]);
    no_probe.exits_with(3).reports("max(unready)");
    let typo = namespace.seq(&["get", "jobs", "--fail-if", "max(rum) > 1s"]).exits_with(2);
    typo.reports("^");
}
