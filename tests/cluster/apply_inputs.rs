//! `apply` with every way to name manifests: it follows exactly the objects that kubectl applied.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::document::array;
use crate::harness::{Ended, Namespace, Running};

/// A Job that runs this shell command.
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

/// A Job that succeeds.
fn good(name: &str) -> String {
    job(name, "exit 0")
}

/// A Job that fails.
fn bad(name: &str) -> String {
    job(name, "exit 3")
}

/// Names of the workloads in the document, sorted.
fn followed(document: &Value) -> Vec<String> {
    let mut names: Vec<String> = array(document, "workloads")
        .iter()
        .map(|workload| workload["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Runs `apply` with these words and this input, in a folder, and returns the Jobs that it followed.
///
/// A shell reads the words, so that redirections and `<(command)` can be tested.
fn apply_in_shell(namespace: &Namespace, folder: &Path, words: &str, input: &str) -> (Vec<String>, Ended) {
    let seq = env!("CARGO_BIN_EXE_kubectl-seq");
    let line = format!("{seq} apply -n {} -o json --timeout=100s {words}", namespace.name);
    let mut command = Command::new("bash");
    command.args(["-c", &line]).current_dir(folder);
    let ended = Running::start(command, input).wait();
    let names = if ended.stdout.is_empty() { Vec::new() } else { followed(&ended.json()) };
    (names, ended)
}

#[test]
#[ignore = "needs a cluster"]
fn a_namespace_in_a_cluster_of_flags_is_the_one_that_is_followed() {
    let (other, danger) = (Namespace::new("calm"), Namespace::new("danger"));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("job.yaml"), bad("same")).unwrap();
    fs::write(folder.path().join("good.yaml"), good("same")).unwrap();
    apply_in_shell(&other, folder.path(), "-f good.yaml", "").1.succeeds();
    // The last `-n` counts, and this one is in a cluster of short flags.
    let words = format!("-Rn {} -f job.yaml", danger.name);
    let (names, ended) = apply_in_shell(&other, folder.path(), &words, "");
    let document = ended.ends(1).json();
    assert_eq!(names, ["same"]);
    assert_eq!(document["workloads"][0]["namespace"], danger.name.as_str());
}

#[test]
#[ignore = "needs a cluster"]
fn whatever_names_the_manifests_exactly_the_applied_jobs_are_followed() {
    let namespace = Namespace::new("inputs");
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: String| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("a.yaml", good("a"));
    write("b.yaml", good("b"));
    write("a,b.yaml", good("comma"));
    write("dir/c.yaml", good("c"));
    write("dir/deeper/d.yaml", bad("d"));
    write("kustomized/kustomization.yaml", "resources: [e.yaml]\n".to_owned());
    write("kustomized/e.yaml", good("e"));
    for (words, input, names, code) in [
        ("-f a.yaml", String::new(), "a", 0),
        ("-Rf dir", String::new(), "c d", 1),
        ("-f dir", String::new(), "c", 0),
        ("-Rf -", bad("f"), "f", 1),
        ("-", good("g"), "g", 0),
        ("-f-", good("g"), "g", 0),
        ("--filename=-", good("g"), "g", 0),
        ("-f a.yaml,-", bad("h"), "a h", 1),
        ("-f a.yaml -f b.yaml", String::new(), "a b", 0),
        ("-f '\"a,b.yaml\"',b.yaml", String::new(), "b comma", 0),
        ("-f '*.yaml'", String::new(), "a b comma", 0),
        ("-f '' -f a.yaml", String::new(), "a", 0),
        ("-k kustomized", String::new(), "e", 0),
        ("-f /dev/stdin", bad("i"), "i", 1),
        ("-f /dev/stdin < a.yaml", String::new(), "a", 0),
        ("-f /proc/self/fd/0", good("j"), "j", 0),
        ("-f <(cat dir/deeper/d.yaml)", String::new(), "d", 1),
        ("-f <(cat a.yaml),<(cat b.yaml) -f -", good("k"), "a b k", 0),
        ("-Rf <(cat a.yaml)", String::new(), "a", 0),
        ("-l job=b -f a.yaml,b.yaml", String::new(), "b", 0),
        ("--server_side --force-conflicts -f a.yaml", String::new(), "a", 0),
        ("--dry-run=client --dry-run=none -f a.yaml", String::new(), "a", 0),
    ] {
        let (found, ended) = apply_in_shell(&namespace, folder.path(), words, &input);
        assert_eq!((found.join(" ").as_str(), ended.code), (names, Some(code)), "{words}\n{ended}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_named_pipe_is_read_once() {
    let namespace = Namespace::new("fifo");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), bad("piped")).unwrap();
    let words = "-f fifo & mkfifo_reader=$!; cat bad.yaml > fifo; wait $mkfifo_reader";
    assert!(Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap().success());
    let (found, ended) = apply_in_shell(&namespace, folder.path(), words, "");
    assert_eq!((found, ended.code), (vec!["piped".to_owned()], Some(1)), "{ended}");
}

#[test]
#[ignore = "needs a cluster"]
fn pruned_jobs_are_not_followed() {
    let namespace = Namespace::new("pruned");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.yaml"), job("old", "sleep 300").replace("job: old", "app: x")).unwrap();
    fs::write(folder.path().join("new.yaml"), good("new").replace("job: new", "app: x")).unwrap();
    namespace.kubectl(&["apply", "-f", folder.path().join("old.yaml").to_str().unwrap()]).succeeds();
    let words = "-f new.yaml --prune -l app=x --prune-allowlist=batch/v1/Job";
    let (found, ended) = apply_in_shell(&namespace, folder.path(), words, "");
    assert_eq!(found, ["new"], "{ended}");
    ended.succeeds().warns("job.batch/old pruned");
}

#[test]
#[ignore = "needs a cluster"]
fn words_that_kubectl_refuses_end_with_its_message_and_its_exit_code() {
    let namespace = Namespace::new("refused");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), good("a")).unwrap();
    for words in [
        "-f ''",
        "-f - -f -",
        "-f a.yaml,-,-",
        "-f '\"a.yaml'",
        "-f a.yaml b.yaml",
        "-f a.yaml -- -",
        "-f a.yaml --dry-run none",
        "-f a.yaml --no-such-flag",
        "-Zf a.yaml",
        "-f nosuch.yaml",
        "-f https://127.0.0.1:1/a.yaml",
        "-k a.yaml -f a.yaml",
        "-o yaml --filename",
    ] {
        let (_, ours) = apply_in_shell(&namespace, folder.path(), words, &good("stdin"));
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("kubectl apply -n {} {words}", namespace.name)])
            .current_dir(folder.path());
        let kubectls = Running::start(command, &good("stdin")).wait();
        assert_ne!(kubectls.code, Some(0), "{words}");
        assert_eq!((ours.code, &ours.stderr), (kubectls.code, &kubectls.stderr), "{words}");
    }
    assert_eq!(namespace.kubectl(&["get", "jobs", "-o", "name"]).succeeds().stdout, "");
}

#[test]
#[ignore = "needs a cluster"]
fn commands_below_apply_are_only_passed_on() {
    let namespace = Namespace::new("below");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), job("a", "sleep 300")).unwrap();
    namespace.kubectl(&["apply", "-f", folder.path().join("a.yaml").to_str().unwrap()]).succeeds();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-seq"));
    command.args(["apply", "view-last-applied", "job/a", "-n", &namespace.name]);
    let ended = Running::start(command, "").wait().succeeds();
    ended.prints("kind: Job");
}
