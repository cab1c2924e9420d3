//! Tests of recordings in a directory, and of recordings of earlier versions.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use super::seq;

/// A recording of `kubectl seq record` in format version 1, which every later version must read. A Job with six Pods ran
/// one Pod after another; nobody watched for ten seconds.
const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/version-1.jsonl");

fn simulate_to(folder: &str) -> Value {
    let result = seq(&["simulate", "-o", "json", "--record", folder]);
    assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:#}");
    serde_json::from_str(&result.stdout).expect("a document")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn each_run_gets_a_file_of_its_own_in_a_directory_and_none_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("runs");
    let path = format!("{}/", target.display());
    let document = simulate_to(&path);
    let name = "default_job_pi_20260101T000000Z";
    assert_eq!(names(&target), [format!("{name}.jsonl")]);
    // Without the slash, the directory is recognised because it exists. A recording with a number is not the first one.
    fs::write(target.join(format!("{name}_2.jsonl.zst.partial")), "").expect("written");
    simulate_to(target.to_str().expect("UTF-8"));
    let third = target.join(format!("{name}_3.jsonl"));
    assert_eq!(names(&target).len(), 3);
    assert_eq!(fs::metadata(&third).expect("a recording").permissions().mode() & 0o777, 0o600);
    let replayed = seq(&["replay", third.to_str().expect("UTF-8"), "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&replayed.stdout).expect("a document"), document);
    let header = fs::read_to_string(&third).expect("a recording");
    let header: Value = serde_json::from_str(header.lines().next().expect("a header")).expect("JSON");
    let run = &header["run"];
    assert_eq!((&run["kind"], &run["name"]), (&"Job".into(), &"pi".into()), "{header}");
    assert_eq!(run["uid"], document["workloads"][0]["uid"], "{header}");
}

#[test]
fn a_recording_in_a_directory_follows_no_link_and_the_last_lines_name_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let victim = folder.path().join("victim");
    fs::write(&victim, "untouched").expect("written");
    let target = folder.path().join("runs");
    fs::create_dir(&target).expect("a folder");
    symlink(&victim, target.join("default_job_pi_20260101T000000Z.jsonl")).expect("a link");
    let path = target.to_str().expect("UTF-8");
    let result = seq(&["simulate", "--progress", "lines", "--record", path]);
    let command = format!("kubectl seq replay {path}/default_job_pi_20260101T000000Z_2.jsonl");
    assert!(format!("{}{}", result.stdout, result.stderr).contains(&command), "{result:#}");
    assert_eq!(fs::read_to_string(&victim).expect("a file"), "untouched");
}

#[test]
fn a_recording_of_version_1_shows_what_it_showed_when_it_was_made() {
    let plain = seq(&["replay", VERSION_1, "-o", "json"]);
    let compressed = seq(&["replay", &format!("{VERSION_1}.zst"), "-o", "json"]);
    assert_eq!((plain.code, plain.stderr.as_str()), (Some(0), ""), "{plain:#}");
    assert!(plain.stdout == compressed.stdout, "{compressed:#}");
    let document: Value = serde_json::from_str(&plain.stdout).expect("a document");
    let workload = &document["workloads"][0];
    assert_eq!((&workload["name"], &workload["outcome"]), (&"long".into(), &"Succeeded".into()));
    assert_eq!(workload["finishedAt"], "2026-11-28T10:37:40.000Z");
    assert_eq!((&workload["summary"]["pods"], &workload["summary"]["partial"]), (&6.into(), &true.into()));
    let gap = &workload["incomplete"][0];
    assert_eq!(gap["what"], "everything");
    assert_eq!(gap["since"], "2026-11-28T10:37:07.916Z");
    assert_eq!(gap["until"], "2026-11-28T10:37:18.378Z");
    assert_eq!(gap["why"], "kubectl seq record was not running");
    let pods = workload["pods"].as_array().expect("Pods");
    for pod in pods {
        assert_eq!(pod["outcome"], "Succeeded", "{pod}");
        for instant in ["created", "scheduled", "sandboxReady", "workStarted", "workEnded"] {
            assert!(pod["instants"][instant]["at"].is_string(), "{instant}: {pod}");
        }
    }
}

#[test]
fn record_needs_a_destination_and_follows_types_only() {
    let result = seq(&["record", "jobs"]);
    assert_eq!(result.code, Some(2), "{result:#}");
    assert!(result.stderr.contains("kubectl seq record --to DIR"), "{result:#}");
    let result = seq(&["record", "jobs", "--keep", "30d"]);
    assert_eq!(result.code, Some(2), "{result:#}");
    let result = seq(&["record", "jobs", "--to", "x", "--keep", "a while"]);
    assert_eq!(result.code, Some(2), "{result:#}");
    assert!(result.stderr.contains("30d,20GiB"), "{result:#}");
    let result = seq(&["record", "--to", "/dev/null/x"]);
    assert_eq!(result.code, Some(2), "{result:#}");
    assert!(result.stderr.contains("cannot record to /dev/null/x"), "{result:#}");
}

#[test]
fn record_needs_a_destination_that_can_be_used() {
    for (arguments, text) in [
        (&["record"][..], "the runs have no destination"),
        (
            &["record", "--otlp-endpoint", "localhost:4318"],
            "--otlp-endpoint is not the address of a receiver",
        ),
        (&["record", "--to", "/dev/null/runs"], "cannot record to /dev/null/runs"),
        (&["record", "--otlp-endpoint", "http://localhost:4318", "--keep", "1d"], "--to <DIR>"),
    ] {
        let result = seq(arguments);
        assert_eq!((result.code, result.stdout.as_str()), (Some(2), ""), "{result:#}");
        assert!(result.stderr.contains(text), "{result:#}");
    }
}
