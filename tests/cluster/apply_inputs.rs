//! Tests of `apply` with many ways to name manifests: the program follows exactly the objects that kubectl applied.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::document::array;
use crate::harness::{CommandResult, Namespace, program_with_cluster, run};

/// Returns the manifest of a Job that runs this shell command.
fn job(name: &str, command: &str) -> String {
    format!(
        r#"apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, labels: {{job: {name}}}}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {{name: work, image: "busybox:1.36", command: [sh, -c, "{command}"]}}
---
"#
    )
}

/// Returns the manifest of a Job that succeeds.
fn succeeding_job(name: &str) -> String {
    job(name, "exit 0")
}

/// Returns the manifest of a Job that fails.
fn failing_job(name: &str) -> String {
    job(name, "exit 3")
}

/// Returns the sorted names of the workloads in the document.
fn workload_names(document: &Value) -> Vec<String> {
    let mut names: Vec<String> = array(document, "workloads")
        .iter()
        .map(|workload| workload["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Runs `apply` with these words and this input in a folder. Returns the workloads that it followed, and the result.
///
/// A shell reads the words, so that redirections and `<(command)` can be tested.
fn apply_in_shell(
    namespace: &Namespace,
    folder: &Path,
    words: &str,
    input: &str,
) -> (Vec<String>, CommandResult) {
    let seq = env!("CARGO_BIN_EXE_kubectl-seq");
    let line = format!("{seq} apply -n {} -o json --timeout=100s {words}", namespace.name);
    let mut command = Command::new("bash");
    command.args(["-c", &line]).current_dir(folder);
    let result = run(command, input.as_bytes());
    let names = if result.stdout.is_empty() { Vec::new() } else { workload_names(&result.json()) };
    (names, result)
}

#[test]
#[ignore = "needs a cluster"]
fn a_namespace_in_a_group_of_short_flags_is_followed() {
    let (other, danger) = (Namespace::new("calm"), Namespace::new("danger"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("job.yaml"), failing_job("same")).unwrap();
    fs::write(folder.path().join("good.yaml"), succeeding_job("same")).unwrap();
    apply_in_shell(&other, folder.path(), "-f good.yaml", "").1.succeeds();
    // The last `-n` takes effect. Here it is in a group of short flags.
    let words = format!("-Rn {} -f job.yaml", danger.name);
    let (names, result) = apply_in_shell(&other, folder.path(), &words, "");
    let document = result.exits_with(1).json();
    assert_eq!(names, ["same"]);
    assert_eq!(document["workloads"][0]["namespace"], danger.name.as_str());
}

#[test]
#[ignore = "needs a cluster"]
fn exactly_the_applied_jobs_are_followed_for_every_way_to_name_manifests() {
    let namespace = Namespace::new("inputs");
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("a.yaml", succeeding_job("a"));
    write("b.yaml", succeeding_job("b"));
    write("a,b.yaml", succeeding_job("comma"));
    write("dir/c.yaml", succeeding_job("c"));
    write("dir/deeper/d.yaml", failing_job("d"));
    write("kustomized/kustomization.yaml", "resources: [e.yaml]\n".to_owned());
    write("kustomized/e.yaml", succeeding_job("e"));
    for (words, input, names, code) in [
        ("-f a.yaml", String::new(), "a", 0),
        ("-Rf dir", String::new(), "c d", 1),
        ("-f dir", String::new(), "c", 0),
        ("-Rf -", failing_job("f"), "f", 1),
        ("-", succeeding_job("g"), "g", 0),
        ("-f-", succeeding_job("g"), "g", 0),
        ("--filename=-", succeeding_job("g"), "g", 0),
        ("-f a.yaml,-", failing_job("h"), "a h", 1),
        ("-f a.yaml -f b.yaml", String::new(), "a b", 0),
        ("-f '\"a,b.yaml\"',b.yaml", String::new(), "b comma", 0),
        ("-f '*.yaml'", String::new(), "a b comma", 0),
        ("-f '' -f a.yaml", String::new(), "a", 0),
        ("-k kustomized", String::new(), "e", 0),
        ("-f /dev/stdin", failing_job("i"), "i", 1),
        ("-f /dev/stdin < a.yaml", String::new(), "a", 0),
        ("-f /proc/self/fd/0", succeeding_job("j"), "j", 0),
        ("-f <(cat dir/deeper/d.yaml)", String::new(), "d", 1),
        ("-f <(cat a.yaml),<(cat b.yaml) -f -", succeeding_job("k"), "a b k", 0),
        ("-Rf <(cat a.yaml)", String::new(), "a", 0),
        ("-l job=b -f a.yaml,b.yaml", String::new(), "b", 0),
        ("--server_side --force-conflicts -f a.yaml", String::new(), "a", 0),
        ("--dry-run=client --dry-run=none -f a.yaml", String::new(), "a", 0),
    ] {
        let (found, result) = apply_in_shell(&namespace, folder.path(), words, &input);
        assert_eq!((found.join(" ").as_str(), result.code), (names, Some(code)), "{words}\n{result}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_named_pipe_is_read_once() {
    let namespace = Namespace::new("fifo");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), failing_job("piped")).unwrap();
    let words = "-f fifo & follower=$!; cat bad.yaml > fifo; wait $follower";
    assert!(Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap().success());
    let (found, result) = apply_in_shell(&namespace, folder.path(), words, "");
    assert_eq!((found, result.code), (vec!["piped".to_owned()], Some(1)), "{result}");
}

#[test]
#[ignore = "needs a cluster"]
fn pruned_jobs_are_not_followed() {
    let namespace = Namespace::new("pruned");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.yaml"), job("old", "sleep 300").replace("job: old", "app: x")).unwrap();
    fs::write(folder.path().join("new.yaml"), succeeding_job("new").replace("job: new", "app: x")).unwrap();
    namespace.kubectl(&["apply", "-f", folder.path().join("old.yaml").to_str().unwrap()]).succeeds();
    let words = "-f new.yaml --prune -l app=x --prune-allowlist=batch/v1/Job";
    let (found, result) = apply_in_shell(&namespace, folder.path(), words, "");
    assert_eq!(found, ["new"], "{result}");
    result.succeeds().reports("job.batch/old pruned");
}

#[test]
#[ignore = "needs a cluster"]
fn words_that_kubectl_refuses_end_with_its_message_and_its_exit_code() {
    let namespace = Namespace::new("refused");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), succeeding_job("a")).unwrap();
    for words in [
        "-f ''",
        "-f - -f -",
        "-f a.yaml,-,-",
        "-f '\"a.yaml'",
        "-f nosuch.yaml",
        "-f https://127.0.0.1:1/a.yaml",
        "-k a.yaml -f a.yaml",
        "-o yaml --filename",
    ] {
        let (_, ours) = apply_in_shell(&namespace, folder.path(), words, &succeeding_job("stdin"));
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("kubectl apply -n {} {words}", namespace.name)])
            .current_dir(folder.path());
        let kubectls = run(command, succeeding_job("stdin").as_bytes());
        assert_ne!(kubectls.code, Some(0), "{words}");
        assert_eq!((ours.code, &ours.stderr), (kubectls.code, &kubectls.stderr), "{words}");
    }
    assert_eq!(namespace.kubectl(&["get", "jobs", "-o", "name"]).succeeds().stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn subcommands_of_kubectl_apply_are_passed_on_to_kubectl() {
    let namespace = Namespace::new("below");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), job("a", "sleep 300")).unwrap();
    namespace.kubectl(&["apply", "-f", folder.path().join("a.yaml").to_str().unwrap()]).succeeds();
    let command = program_with_cluster(&["apply", "view-last-applied", "job/a", "-n", &namespace.name]);
    let result = run(command, b"").succeeds();
    result.prints("kind: Job");
}
