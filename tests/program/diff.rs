//! Tests of `kubectl seq diff` with recordings of the simulation.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::schema::validate_diff;
use super::{CommandResult, seq};

/// A Job of 40 Pods, eight at once on eight nodes, whose Pods have these annotations of the simulation.
pub(crate) fn manifest(annotations: &[(&str, &str)], parallelism: u32, image: &str) -> String {
    let mut text = String::new();
    for (name, value) in annotations {
        writeln!(text, "        simulate.kubectl-seq/{name}: {value}").expect("text");
    }
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: pi\nspec:\n  completions: 40\n  parallelism: \
         {parallelism}\n  backoffLimit: 0\n  template:\n    metadata:\n      annotations:\n{text}    spec:\n      \
         restartPolicy: Never\n      containers:\n      - name: pi\n        image: {image}\n"
    )
}

/// Simulates a manifest and records the run in the folder.
pub(crate) fn record(folder: &Path, name: &str, manifest: &str, seed: u32) -> String {
    let file = folder.join(format!("{name}.yaml"));
    fs::write(&file, manifest).expect("a manifest");
    let recording: PathBuf = folder.join(format!("{name}.jsonl"));
    let (file, recording, seed) = (path_text(&file), path_text(&recording), seed.to_string());
    let flags =
        ["simulate", "-f", &file, "--nodes", "8", "--seed", &seed, "-o", "name", "--record", &recording];
    seq(&flags);
    recording
}

pub(crate) fn path_text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

const USUAL: [(&str, &str); 2] = [("work", "4s..8s"), ("pull", "3s")];

fn usual() -> String {
    manifest(&USUAL, 8, "perl:5.34.0")
}

fn document(result: &CommandResult) -> Value {
    serde_json::from_str(&result.stdout).unwrap_or_else(|error| panic!("{error}: {result:#}"))
}

#[test]
fn unchanged_jobs_are_the_same_and_changed_jobs_differ() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow_work = manifest(&[("work", "6s..10s"), ("pull", "3s")], 8, "perl:5.34.0");
    let slightly_slow_work = manifest(&[("work", "4400ms..8800ms"), ("pull", "3s")], 8, "perl:5.34.0");
    let slow_pull = manifest(&[("work", "4s..8s"), ("pull", "6s")], 8, "perl:5.34.0");
    let slow_setup = manifest(&[("work", "4s..8s"), ("pull", "3s"), ("sandbox", "2s")], 8, "perl:5.34.0");
    let failing = manifest(&[("work", "4s..8s"), ("pull", "3s"), ("fail", "60%")], 8, "perl:5.34.0");
    let mut table = String::new();
    let mut is_right = true;
    for (change, manifest, pairs, expected, row) in [
        ("nothing", usual(), 10, "same", None),
        ("work +33 %", slow_work, 3, "different", Some("Running")),
        ("work +10 %", slightly_slow_work, 3, "different", Some("Running")),
        ("pull 3s to 6s", slow_pull, 3, "different", Some("Pulling")),
        ("sandbox to 2s", slow_setup, 3, "different", Some("Setup")),
        ("outcome", failing, 1, "different", None),
    ] {
        for pair in 0..pairs {
            let a = record(folder.path(), "a", &usual(), 2 * pair + 1);
            let b = record(folder.path(), "b", &manifest, 2 * pair + 2);
            let result = seq(&["diff", &a, &b, "-o", "json"]);
            let diff = document(&result);
            validate_diff(&diff);
            let differing: Vec<&str> = diff["rows"]
                .as_array()
                .expect("rows")
                .iter()
                .filter(|row| row["mark"].is_null())
                .filter_map(|row| row["phase"].as_str())
                .collect();
            is_right &= diff["result"] == expected && row.is_none_or(|row| differing.contains(&row));
            is_right &= result.code == Some(i32::from(diff["result"] != "same"));
            writeln!(table, "{change}: {} ({differing:?}), {}", diff["result"], diff["text"]).expect("text");
        }
    }
    assert!(is_right, "{table}");
}

#[test]
fn the_parts_of_the_slot_time_sum_to_the_whole_in_the_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs: Vec<String> =
        (1..=6).map(|seed| record(folder.path(), &format!("run-{seed}"), &usual(), seed)).collect();
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let groups = [&["diff"], &runs[..3], &["-o", "json", "--"], &runs[3..]].concat();
    for words in [vec!["diff", runs[0], runs[1], "-o", "json"], groups] {
        let result = seq(&words);
        let diff = document(&result);
        validate_diff(&diff);
        let deltas = diff["slotDeltas"].as_object().expect("an object");
        let whole = deltas["slotMillis"].as_i64();
        let parts = deltas.iter().filter(|(name, _)| *name != "slotMillis");
        assert_eq!(whole, Some(parts.filter_map(|(_, millis)| millis.as_i64()).sum()), "{result:#}");
        assert_eq!(diff["result"], "same", "{result:#}");
    }
}

#[test]
fn a_run_that_was_cut_off_cannot_be_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = [1, 2].map(|seed| record(folder.path(), &seed.to_string(), &usual(), seed));
    let text = fs::read_to_string(&b).expect("a recording");
    fs::write(&b, &text[..text.len() / 2]).expect("a file");
    let result = seq(&["diff", &a, &b]);
    assert_eq!(result.code, Some(3), "{result:#}");
    assert!(result.stdout.contains("cannot judge: B is known only in part"), "{result:#}");
}

#[test]
fn wrong_words_are_reported_with_the_right_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let a = record(folder.path(), "a", &usual(), 1);
    let no_recording = path_text(&folder.path().join("a.yaml"));
    for (words, code, message) in [
        (vec!["diff", &a], 2, "diff needs two runs, and 1 run is given"),
        (vec!["diff", &a, &a, &a], 2, "diff needs two runs, and 3 runs are given"),
        (vec!["diff", &a, &a, "--fail-if", "max(run) > 1s"], 2, "unexpected argument '--fail-if'"),
        (vec!["diff", &a, &a, "--threshold", "x"], 2, "a percentage from 0 to 100 is needed"),
        (vec!["diff", &a, "no-such-file.jsonl"], 2, "cannot read no-such-file.jsonl"),
        (vec!["diff", &a, &no_recording], 3, "it is not a recording of kubectl seq"),
    ] {
        let result = seq(&words);
        assert_eq!(result.code, Some(code), "{result:#}");
        assert!(result.stderr.contains(message), "{result:#}");
    }
}

#[test]
fn the_page_has_its_parts_in_order_and_fits_80_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = [1, 2].map(|seed| record(folder.path(), &seed.to_string(), &usual(), seed));
    let result = seq(&["diff", &a, &b]);
    let positions: Vec<Option<usize>> =
        ["B took ", "same", "SLOT TIME", "PHASE", "what else changed", "\nA   ", "\nB   "]
            .iter()
            .map(|part| result.stdout.find(part))
            .collect();
    assert!(positions.is_sorted() && positions.iter().all(Option::is_some), "{positions:?} {result:#}");
    assert!(result.stdout.lines().all(|line| line.chars().count() <= 80), "{result:#}");
}

#[test]
fn the_digests_of_images_and_the_versions_of_kubernetes_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = |name: &str, seed: u32, digit: &str, version: &str| {
        let path = record(folder.path(), name, &usual(), seed);
        let text = fs::read_to_string(&path).expect("a recording");
        let status = r#""containerStatuses":[{"name":"pi","#;
        assert!(text.contains(status), "{path}");
        let digest = format!(r#"{status}"imageID":"sha256:{}","#, digit.repeat(64));
        let header = format!(r#""kind":"Recording","kubernetesVersion":"{version}","#);
        let text = text.replace(status, &digest).replacen(r#""kind":"Recording","#, &header, 1);
        fs::write(&path, text).expect("a recording");
        path
    };
    let a = recording("a", 1, "a", "v1.36.1");
    let b = recording("b", 2, "b", "v1.37.2");
    let diff = document(&seq(&["diff", &a, &b, "-o", "json"]));
    validate_diff(&diff);
    let change = |what: &str| {
        let changed = diff["changed"].as_array().expect("changed").iter();
        let found: Vec<&Value> = changed.filter(|change| change["what"] == what).collect();
        assert_eq!(found.len(), 1, "{what}: {}", diff["changed"]);
        (found[0]["a"].clone(), found[0]["b"].clone())
    };
    assert_eq!(change("image digest"), ("sha256:aaaaaaaaaaaa".into(), "sha256:bbbbbbbbbbbb".into()));
    assert_eq!(change("Kubernetes"), ("v1.36.1".into(), "v1.37.2".into()));
}

#[test]
fn the_sentence_names_the_same_numbers_as_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = manifest(&[("work", "5s..9s"), ("pull", "4s")], 8, "perl:5.34.0");
    for seed in 1..=6 {
        let a = record(folder.path(), "a", &usual(), 2 * seed);
        let b = record(folder.path(), "b", &slow, 2 * seed + 1);
        let page = seq(&["diff", &a, &b]).stdout;
        let (sentence, table) = page.split_once("SLOT TIME").expect("a table");
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let mut found = 0;
        for (name, row) in [("pulls", "pull"), ("work", "work"), ("slots", "idle"), ("queue", "queued")] {
            let Some(index) = words.iter().position(|word| *word == name) else { continue };
            if words[index + 1] == "the" {
                continue;
            }
            let line = table.lines().find(|line| line.contains(row)).expect("a row");
            let change = line.split_whitespace().find(|cell| cell.starts_with(['+', '-'])).expect("a change");
            let size = change.trim_start_matches(['+', '-']);
            let short = size.strip_suffix(".0s").map_or_else(|| size.to_owned(), |whole| format!("{whole}s"));
            assert_eq!(words[index + 1], short, "{page}");
            found += 1;
        }
        assert!(found > 0, "{page}");
    }
}
