//! Tests that a replay has the same output as the recorded run, and that the recording contains no secret.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::document::{check, workload};
use crate::harness::{CommandResult, Namespace, kubectl, manifest, run};
use crate::support::runner::program;

/// Runs a replay without access to a cluster.
fn replay(path: &Path, format: &str) -> CommandResult {
    let mut command = program(&["replay", &path.to_string_lossy(), "-o", format]);
    command.env("KUBECONFIG", "/nonexistent");
    run(command, b"")
}

#[test]
#[ignore = "needs a cluster"]
fn a_replay_equals_the_run_to_the_byte() {
    let namespace = Namespace::new("record");
    let folder = tempfile::tempdir().unwrap();
    let [applied, followed, shown] = ["applied", "followed", "shown"].map(|name| folder.path().join(name));
    let file = manifest("secretive.yaml");

    let record = applied.to_str().unwrap();
    let run = namespace.seq(&["apply", "-f", &file, "-o", "json", "--record", record]).exits_with(1);
    check(&run.json());
    assert_eq!(workload(&run.json(), "secretive")["outcome"], "Succeeded");
    assert_eq!(workload(&run.json(), "never")["reason"], "DeadlineExceeded");
    assert!(replay(&applied, "json").exits_with(1).stdout == run.stdout, "{run:#}");

    namespace.kubectl(&["delete", "jobs", "--all"]).succeeds();
    namespace.kubectl(&["apply", "-f", &file]).succeeds();
    let record = followed.to_str().unwrap();
    let run = namespace.seq(&["get", "jobs", "-w", "-o", "json", "--record", record]).exits_with(1);
    assert!(replay(&followed, "json").exits_with(1).stdout == run.stdout, "{run:#}");

    let record = shown.to_str().unwrap();
    for format in ["json", "seq", "wide"] {
        let run = namespace.seq(&["get", "jobs", "-o", format, "--record", record]).succeeds();
        assert!(replay(&shown, format).succeeds().stdout == run.stdout, "{run:#}");
    }
    // Without `--watch`, a Job may still run at the end of the recording. The replay prints no message about this Job.
    let again = replay(&shown, "seq").succeeds();
    assert_eq!(again.stderr, "", "{again:#}");

    let server = kubectl(&["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let server = server.succeeds().stdout;
    let host = server.split("://").last().unwrap();
    for path in [applied, followed, shown] {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["hunter2", "last-applied", "managedFields", "PASSWORD", host] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        assert!(text.contains("ErrImagePull") || text.contains("ImagePullBackOff"), "{text}");
        for line in text.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
}
