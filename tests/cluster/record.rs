//! Tests of `record` with traces, rollouts, owners, outages and a full disk.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::document::{array, text, workload};
use crate::harness::{Namespace, Running, kubectl, manifest, print_notice};
use crate::private::PrivateCluster;
use crate::support::runner::COMMAND_TIMEOUT;
use crate::support::trace_receiver::{Answer, BROKEN, OK, TraceReceiver};

/// Starts `record` with these variables, and waits until it follows.
fn start_record(namespace: &Namespace, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
    let mut command = namespace.command(&[&["record"], arguments].concat());
    command.envs(variables.iter().copied());
    let mut record = Running::start(command, b"");
    record.wait_for_text("following what runs");
    record
}

/// The names of the files in a folder without the time and the ending, in alphabetical order.
fn recorded(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries
        .map(|name| {
            let name = name.into_string().unwrap();
            let parts: Vec<&str> = name.split(['_', '.']).collect();
            let ending = if name.ends_with(".partial") { " goes on" } else { "" };
            format!("{}/{}{ending}", parts[1], parts[2])
        })
        .collect();
    names.sort();
    names
}

/// Waits until the folder has these recordings.
#[track_caller]
fn wait_for_recordings(folder: &Path, expected: &[&str]) {
    let start = Instant::now();
    while recorded(folder) != expected {
        assert!(start.elapsed() < COMMAND_TIMEOUT, "{:?} instead of {expected:?}", recorded(folder));
        thread::sleep(Duration::from_millis(100));
    }
}

/// The document of the only recording whose name contains `name`.
fn replay(folder: &Path, name: &str) -> Value {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<String> = paths.map(|path| path.to_str().unwrap().to_owned()).collect();
    let mut matching = found.iter().filter(|path| path.contains(name));
    let (Some(path), None) = (matching.next(), matching.next()) else { panic!("{name} in {found:?}") };
    Namespace::seq_anywhere(&["replay", path, "-o", "json"]).succeeds().json()
}

#[test]
#[ignore = "needs a cluster"]
fn the_trace_of_each_new_run_is_sent_when_the_receiver_works_again() {
    let namespace = Namespace::new("traces");
    namespace.complete("quick.yaml");
    let receiver = TraceReceiver::start(&[BROKEN, BROKEN, OK]);
    let mut record = start_record(&namespace, &["jobs", "--otlp-endpoint", &receiver.address], &[]);
    namespace.kubectl(&["create", "job", "second", "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();
    record.wait_for_text("traces are sent again");
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    // The first run ended before. Without a directory, it has no line.
    assert_eq!(result.stdout.lines().count(), 1, "{result:#}");
    result.prints(&format!(" {}/job/second Succeeded ", namespace.name));
    let failures = result.stderr.lines().filter(|line| line.contains("traces cannot be sent")).count();
    assert_eq!(failures, 1, "{result:#}");
    result.reports("the receiver answered 500 Internal Server Error; trying again");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3, "{result:#}");
    let uid = namespace.kubectl(&["get", "job", "second", "-o", "jsonpath={.metadata.uid}"]).succeeds();
    for request in requests {
        assert_eq!(request.root()["traceId"], uid.stdout.replace('-', ""));
        assert_eq!(request.root()["name"], "RUN second");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_receiver_that_hangs_disturbs_neither_the_recordings_nor_the_end() {
    let namespace = Namespace::new("hanging");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let receiver = TraceReceiver::start(&[Answer::Silence]);
    let arguments = ["jobs", "--to", target];
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address.as_str()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    let mut record = start_record(&namespace, &arguments, &variables);
    for name in ["one", "two"] {
        namespace.kubectl(&["create", "job", name, "--image=busybox:1.36", "--", "sleep", "1"]).succeeds();
        record.wait_for_text(&format!(" {}/job/{name} Succeeded ", namespace.name));
    }
    let start = Instant::now();
    record.signal("INT");
    let result = record.wait().exits_with(130);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    result.reports("2 traces were not sent");
    result.reports("OTEL_EXPORTER_OTLP_PROTOCOL is grpc, but traces are sent as JSON over HTTP");
    assert_eq!(recorded(folder.path()), ["job/one", "job/two"]);
    assert_eq!(receiver.requests().len(), 1);
}

const ROLLOUTS: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: {app: web}},
  template: {metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 1, containers: [CONTAINER]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: db}},
  template: {metadata: {labels: {app: db}}, spec: {terminationGracePeriodSeconds: 1, containers: [CONTAINER]}}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent}},
  template: {metadata: {labels: {app: agent}}, spec: {terminationGracePeriodSeconds: 1, containers: [CONTAINER]}}}}
";

#[test]
#[ignore = "needs a cluster, and a minute"]
fn each_rollout_each_job_of_a_cron_job_and_each_pod_without_an_owner_has_one_recording() {
    let namespace = Namespace::new("all");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let receiver = TraceReceiver::start(&[OK]);
    let record = start_record(&namespace, &["--to", target, "--otlp-endpoint", &receiver.address], &[]);
    let roll_out = |version: &str| {
        let container = format!(
            "{{name: main, image: \"busybox:1.36\", command: [sh, -c, \"exec sleep 3600 # {version}\"]}}"
        );
        namespace
            .kubectl_with(
                &["apply", "-n", &namespace.name, "-f", "-"],
                &ROLLOUTS.replace("CONTAINER", &container),
            )
            .succeeds();
    };
    roll_out("first");
    wait_for_recordings(folder.path(), &["daemonset/agent", "deployment/web", "statefulset/db"]);
    // A scaled Deployment rolls nothing out.
    namespace.kubectl(&["scale", "deploy/web", "--replicas=3"]).succeeds();
    namespace.kubectl(&["rollout", "status", "deploy/web", "--timeout=60s"]).succeeds();
    roll_out("second");
    let twice = ["daemonset/agent", "deployment/web", "statefulset/db"].map(|name| [name, name]).concat();
    wait_for_recordings(folder.path(), &twice);
    // The earlier revision of the Deployment rolls out again.
    namespace.kubectl(&["rollout", "undo", "deploy/web"]).succeeds();
    let mut expected = [&twice[..], &["deployment/web"]].concat();
    expected.sort_unstable();
    wait_for_recordings(folder.path(), &expected);
    namespace
        .kubectl(&[
            "create",
            "cronjob",
            "tick",
            "--image=busybox:1.36",
            "--schedule=0 0 1 1 *",
            "--",
            "sleep",
            "1",
        ])
        .succeeds();
    for name in ["by-hand", "again"] {
        namespace.kubectl(&["create", "job", name, "--from=cronjob/tick"]).succeeds();
    }
    namespace
        .kubectl(&[
            "run",
            "alone",
            "--image=busybox:1.36",
            "--restart=Never",
            "--command",
            "--",
            "sleep",
            "1",
        ])
        .succeeds();
    expected.extend(["job/again", "job/by-hand", "pod/alone"]);
    expected.sort_unstable();
    wait_for_recordings(folder.path(), &expected);
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    assert_eq!(result.stdout.lines().count(), expected.len(), "{result:#}");
    let mut names: Vec<String> =
        receiver.requests().iter().map(|request| request.root()["name"].to_string()).collect();
    names.sort();
    let web = ["\"RUN web\""; 3];
    let others = [
        "\"RUN agent\"",
        "\"RUN agent\"",
        "\"RUN alone\"",
        "\"RUN db\"",
        "\"RUN db\"",
        "\"RUN tick\"",
        "\"RUN tick\"",
    ];
    assert_eq!(names, [&others[..], &web[..]].concat(), "{result:#}");
    for request in receiver.requests().iter().filter(|request| request.root()["name"] == "RUN db") {
        assert!(request.body.to_string().contains("db-1"), "{}", request.body);
    }
}

const JOB_SET: &str = "
{apiVersion: jobset.x-k8s.io/v1alpha2, kind: JobSet, metadata: {name: train}, spec: {replicatedJobs: [
  {name: driver, replicas: 1, template: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: \"busybox:1.36\", command: [sleep, \"2\"]}]}}}}},
  {name: workers, replicas: 2, template: {spec: {completions: 2, parallelism: 2, template: {spec: {restartPolicy: Never, containers: [{name: main, image: \"busybox:1.36\", command: [sleep, \"1\"]}]}}}}}]}}
";

#[test]
#[ignore = "needs a cluster with JobSets"]
fn a_job_set_has_one_recording_and_its_jobs_have_none() {
    if kubectl(&["get", "crd", "jobsets.jobset.x-k8s.io"]).code != Some(0) {
        print_notice("skipped: the cluster has no JobSets");
        return;
    }
    let namespace = Namespace::new("jobset");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let mut record = start_record(&namespace, &["--to", target], &[]);
    namespace.kubectl_with(&["apply", "-n", &namespace.name, "-f", "-"], JOB_SET).succeeds();
    record.wait_for_text(&format!(" {}/jobset/train Succeeded ", namespace.name));
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    assert_eq!(recorded(folder.path()), ["jobset/train"], "{result:#}");
    result.prints(", 5 Pods ");
    let document = replay(folder.path(), "jobset");
    assert_eq!(array(&document, "workloads").len(), 4, "{document:#}");
}

#[test]
#[ignore = "needs a test cluster's script, and a minute"]
fn a_recording_names_the_preemptor_and_the_outage_of_the_api_server() {
    let Some(cluster) = PrivateCluster::up(2) else { return };
    let namespace = cluster.namespace("losses");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let mut record = start_record(&namespace, &["--to", target], &[]);
    namespace.kubectl(&["apply", "-f", &manifest("preempted.yaml")]).succeeds();
    namespace.wait_until_ready("low", 1);
    namespace.kubectl(&["apply", "-f", &manifest("urgent.yaml")]).succeeds();
    record.wait_for_text(&format!(" {}/job/low Succeeded ", namespace.name));
    let document = replay(folder.path(), "_job_low_");
    let low = workload(&document, "low");
    assert_eq!(text(&array(low, "pods")[0]["disruption"], "by"), "pod/urgent", "{low:#}");
    assert_eq!(array(low, "incomplete"), &[] as &[Value]);

    namespace.kubectl(&["apply", "-f", &manifest("served.yaml")]).succeeds();
    namespace.wait_until_ready("served", 1);
    cluster.stop("apiserver");
    record.wait_for_text(": connection refused");
    cluster.start("apiserver");
    record.wait_for_text("everything can be read again");
    record.wait_for_text(&format!(" {}/job/served Succeeded ", namespace.name));
    namespace.complete("quick.yaml");
    record.wait_for_text(&format!(" {}/job/quick Succeeded ", namespace.name));
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    let outages: Vec<&str> = result.stderr.lines().filter(|line| line.contains("cannot read")).collect();
    assert!((1..=2).contains(&outages.len()) && outages[0].contains("pods"), "{result:#}");
    for (name, count) in [("served", 1), ("quick", 0)] {
        let document = replay(folder.path(), &format!("_job_{name}_"));
        let workload = workload(&document, name);
        let gaps = array(workload, "incomplete");
        assert_eq!(
            (gaps.len(), &workload["summary"]["partial"]),
            (count, &json!(count == 1)),
            "{workload:#}"
        );
        for gap in gaps {
            assert_eq!([&gap["what"], &gap["why"]], ["everything", "connection refused"], "{gap:#}");
            assert!(gap["since"].as_str() < gap["until"].as_str(), "{gap:#}");
        }
    }
}

/// A file system with little space. Dropping the value unmounts it.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Returns `None` if the tests may not mount file systems.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs", path]).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[test]
#[ignore = "needs a cluster, and the right to mount a file system"]
fn after_a_full_disk_the_recordings_are_complete() {
    let Some(disk) = SmallDisk::mount() else {
        print_notice("skipped: a file system cannot be mounted");
        return;
    };
    let namespace = Namespace::new("full");
    let target = disk.0.path().join("recordings");
    let filler = disk.0.path().join("filler");
    let mut record = start_record(&namespace, &["jobs", "--to", target.to_str().unwrap()], &[]);
    // The file takes all the space that is left.
    let _ = fs::write(&filler, vec![b'x'; 1 << 20]);
    namespace.complete("quick.yaml");
    record.wait_for_text("no space left on device; trying again");
    fs::remove_file(&filler).unwrap();
    record.wait_for_text("recordings are written again");
    record.wait_for_text(&format!(" {}/job/quick Succeeded ", namespace.name));
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    let failures = result.stderr.lines().filter(|line| line.contains("cannot write")).count();
    assert_eq!(failures, 1, "{result:#}");
    assert_eq!(recorded(&target), ["job/quick"], "{result:#}");
    let document = replay(&target, "_job_quick_");
    let quick = workload(&document, "quick");
    assert_eq!((text(quick, "outcome"), array(quick, "incomplete").len()), ("Succeeded", 0), "{quick:#}");
    assert_eq!(array(quick, "pods").len(), 2, "{quick:#}");
}
