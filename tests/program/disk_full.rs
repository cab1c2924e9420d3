//! Tests that a full disk neither changes the outcome of a run nor leaves half a line in a recording.

use std::path::Path;
use std::process::Command;

use super::seq;
use super::support::runner::{CLEAN_ENVIRONMENT, CommandResult, program, run};

/// Runs a simulation that may write at most `blocks` blocks of 512 bytes to a file. A write beyond this limit fails,
/// as on a full disk.
fn simulate_with_limit(blocks: u32, arguments: &str) -> CommandResult {
    let program = env!("CARGO_BIN_EXE_kubectl-seq");
    // With an ignored SIGXFSZ, the write fails instead of ending the process.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} simulate --speed 0 {arguments}");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env_clear().envs(CLEAN_ENVIRONMENT);
    run(command, b"")
}

#[test]
fn a_full_disk_stops_the_recording_at_a_whole_line_and_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let undisturbed = seq(&["simulate", "--speed", "0", "-o", "json"]);
    for blocks in [0, 1, 2, 7, 40, 41, 42, 43, 44, 45] {
        let path = folder.path().join(format!("{blocks}.jsonl"));
        let path = path.to_str().expect("UTF-8");
        let result = simulate_with_limit(blocks, &format!("-o json --record {path} | cat; exit $?"));
        assert_eq!(result.stdout, undisturbed.stdout, "{result:#}");
        let warnings: Vec<&str> = result.stderr.lines().filter(|line| line.contains("recording")).collect();
        assert_eq!(
            warnings,
            [format!("warning: the recording {path} stops here: file too large")],
            "{result:#}"
        );
        let recorded = std::fs::read_to_string(path).expect("a file");
        assert!(recorded.is_empty() || recorded.ends_with('\n'), "{blocks}: {recorded:?}");
        assert!(recorded.len() <= usize::try_from(blocks).expect("a number") * 1024);
        for line in recorded.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("a whole line");
        }
    }
}

#[test]
fn a_device_without_space_is_reported_once_and_the_exit_code_is_that_of_the_workload() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let failing = "{apiVersion: batch/v1, kind: Job, metadata: {name: failing}, spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: main, image: bash, command: [sh, -c, 'exit 3']}]}}}}";
    for (arguments, code) in [(&[] as &[&str], 0), (&["-f", "-"], 1)] {
        let record = ["simulate", "--speed", "0", "--record", "/dev/full", "--progress", "lines"];
        let result = run(program(&[&record, arguments].concat()), failing.as_bytes());
        assert_eq!(result.code, Some(code), "{result:#}");
        let reports = format!("{}{}", result.stdout, result.stderr);
        let warning = "the recording /dev/full stops here: no space left on device";
        assert_eq!(reports.matches(warning).count(), 1, "{result:#}");
    }
    let result = seq(&["simulate", "--speed", "0", "--summary", "/dev/full"]);
    assert_eq!(result.code, Some(0), "{result:#}");
    assert_eq!(result.stderr.matches("no space left on device").count(), 1, "{result:#}");
}
