//! The manifests of the simulated scenes.

use std::fmt::Write as _;

/// A Job, as a document of a manifest. `spec` and `annotations` are in the flow style of YAML.
fn job(namespace: &str, name: &str, spec: &str, annotations: &str) -> String {
    format!(
        "---
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  {spec}
  template:
    metadata: {{annotations: {{{annotations}}}}}
    spec:
      restartPolicy: Never
      containers:
      - {{name: main, image: 'registry.example.com/team/app:1.4', resources: {{requests: {{cpu: 100m}}}}}}
"
    )
}

/// The Job of the Kubernetes documentation that computes pi.
pub(crate) fn pi() -> String {
    include_str!("../../../source/simulation/pi.yaml").to_owned()
}

/// An Indexed Job of 200 Pods, 40 at a time, of which a few fail and are tried again.
pub(crate) fn bulk() -> String {
    let spec = "completions: 200\n  parallelism: 40\n  completionMode: Indexed\n  backoffLimitPerIndex: 2";
    job("default", "bulk", spec, "simulate.kubectl-seq/work: 4s..9s, simulate.kubectl-seq/fail: 4%")
}

/// An Indexed Job of 20 Pods, 10 at a time.
pub(crate) fn small() -> String {
    let spec = "completions: 20\n  parallelism: 10\n  completionMode: Indexed\n  backoffLimitPerIndex: 2";
    job("default", "small", spec, "simulate.kubectl-seq/work: 4s..12s, simulate.kubectl-seq/fail: 10%")
}

/// An Indexed Job of 1,000 Pods, 150 at a time.
pub(crate) fn thousand() -> String {
    let spec = "completions: 1000\n  parallelism: 150\n  completionMode: Indexed\n  backoffLimitPerIndex: 2";
    job("default", "thousand", spec, "simulate.kubectl-seq/work: 4s..9s, simulate.kubectl-seq/fail: 1%")
}

/// Two Jobs of the same name in two namespaces.
pub(crate) fn two_namespaces() -> String {
    let spec = "completions: 3\n  parallelism: 3";
    let work = "simulate.kubectl-seq/work: 6s..9s";
    job("team-a", "train", spec, work) + &job("team-b", "train", spec, work)
}

/// `count` Jobs of eight Pods. In every seventh Job, most Pods fail. Every eleventh Job is suspended.
fn jobs(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let (mut spec, mut fail) = ("completions: 8\n  parallelism: 4\n  backoffLimit: 0".to_owned(), "0%");
        if number % 7 == 3 {
            fail = "60%";
        }
        if number % 11 == 5 {
            spec += "\n  suspend: true";
        }
        let annotations = format!(
            "simulate.kubectl-seq/work: {}s..{}s, simulate.kubectl-seq/fail: {fail}",
            number % 5 + 3,
            number % 9 + 9
        );
        let _ = write!(text, "{}", job("default", &format!("render-{number:03}"), &spec, &annotations));
    }
    text
}

/// Thirty Jobs.
pub(crate) fn thirty_jobs() -> String {
    jobs(30)
}

/// More Jobs than the largest screen has rows.
pub(crate) fn many_jobs() -> String {
    jobs(90)
}
