//! Tests of the output for CI services and of the summary, on the simulation.

use std::fs;

use crate::support::runner::{CommandResult, program, run};

const FAILING_JOB: &[u8] =
    b"{apiVersion: batch/v1, kind: Job, metadata: {name: work}, spec: {backoffLimit: 0, \
    template: {spec: {restartPolicy: Never, containers: [\
    {name: main, image: busybox, command: [sh, -c, 'sleep 2; exit 3']}]}}}}";

/// Simulates a Job that fails, with this variable in the environment.
fn simulate(variable: Option<&str>, flags: &[&str]) -> CommandResult {
    let mut command = program(&[&["simulate", "-f", "-", "--progress", "lines"], flags].concat());
    command.envs(variable.map(|name| (name, "true")));
    run(command, FAILING_JOB)
}

#[test]
fn each_ci_service_gets_the_cause_as_an_annotation() {
    for (variable, flag, annotation) in [
        ("GITHUB_ACTIONS", "--ci=github", "\n::error title=job/"),
        ("TF_BUILD", "--ci=azure", "\n##vso[task.logissue type=error]job/"),
        ("GITLAB_CI", "--ci=gitlab", "\nerror: job/"),
        ("BUILDKITE", "--ci=buildkite", "\n^^^ +++\n"),
    ] {
        for result in [simulate(Some(variable), &[]), simulate(None, &[flag]), simulate(Some("CI"), &[flag])]
        {
            assert_eq!(result.code, Some(1), "{result}");
            assert!(result.stdout.contains(annotation), "{annotation:?} is missing\n{result}");
        }
        for result in [simulate(Some(variable), &["--ci=none"]), simulate(None, &[])] {
            assert!(!result.stdout.contains(annotation), "{annotation:?} is not wanted\n{result}");
        }
    }
}

#[test]
fn a_document_stays_free_of_markup() {
    let plain = simulate(None, &["-o", "json"]);
    let in_ci = simulate(Some("GITHUB_ACTIONS"), &["-o", "json"]);
    assert_eq!(plain.stdout, in_ci.stdout);
    assert!(in_ci.stderr.contains("::error title=job/"), "{in_ci}");
}

#[test]
fn the_summary_is_appended_and_does_not_change_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("summary.md");
    fs::write(&file, "# before\n").unwrap();
    let path = file.to_str().unwrap();
    for _ in 0..2 {
        assert_eq!(simulate(None, &["--summary", path]).code, Some(1));
    }
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# before\n\n### ❌ `job/"), "{text}");
    assert_eq!(text.matches("### ❌").count(), 2, "{text}");

    let result = simulate(None, &["--summary", "/nonexistent/summary.md"]);
    assert_eq!(result.code, Some(1), "{result}");
    let warnings = result.stderr.lines().filter(|line| line.starts_with("warning: ")).collect::<Vec<_>>();
    assert_eq!(warnings.len(), 1, "{result}");
    assert!(warnings[0].starts_with("warning: the summary cannot be written to /nonexistent/"), "{result}");
}

#[test]
fn a_successful_run_has_a_summary_without_an_annotation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("summary.md");
    let mut command = program(&["simulate", "--summary", file.to_str().unwrap()]);
    command.env("GITHUB_ACTIONS", "true");
    let result = run(command, b"");
    assert_eq!(result.code, Some(0), "{result}");
    assert!(!result.stdout.contains("::error"), "{result}");
    insta::assert_snapshot!("summary_of_the_simulation", fs::read_to_string(&file).unwrap());
}
