//! Tests of `kubectl seq history` with recordings of the simulation.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::diff::{manifest, path_text, record};
use super::support::schema::validate_history;
use super::{CommandResult, seq};

/// Records runs with these seeds in the folder.
fn record_usual(folder: &Path, seeds: std::ops::RangeInclusive<u32>) {
    let usual = manifest(&[("work", "4s..8s"), ("pull", "3s")], 8, "perl:5.34.0");
    for seed in seeds {
        record(folder, &format!("run-{seed}"), &usual, seed);
    }
}

fn document(folder: &Path) -> Value {
    let result = seq(&["history", &path_text(folder), "-o", "json"]);
    let document = serde_json::from_str(&result.stdout).unwrap_or_else(|error| panic!("{error}: {result:#}"));
    validate_history(&document);
    document
}

fn history(folder: &Path, flags: &[&str]) -> CommandResult {
    seq(&[&["history", &path_text(folder)], flags].concat())
}

#[test]
fn each_run_is_a_row_and_the_run_that_stands_out_is_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=6);
    let slow = manifest(&[("work", "9s..13s"), ("pull", "3s")], 8, "perl:5.34.0");
    record(folder.path(), "slow", &slow, 9);
    let history_document = document(folder.path());
    let works = history_document["works"].as_array().expect("works");
    assert_eq!((works.len(), &works[0]["kind"], &works[0]["name"]), (1, &"Job".into(), &"pi".into()));
    let runs = works[0]["runs"].as_array().expect("runs");
    let marked: Vec<&str> =
        runs.iter().filter(|run| run["standsOut"] == true).filter_map(|run| run["source"].as_str()).collect();
    assert_eq!((runs.len(), marked.len()), (7, 1), "{marked:?}");
    assert!(marked[0].ends_with("slow.jsonl"), "{marked:?}");
    assert!(works[0]["trend"]["p"].is_number(), "{}", works[0]["trend"]);
    let result = history(folder.path(), &[]);
    assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:#}");
    assert_eq!(result.stdout.lines().filter(|line| line.contains("Succeeded")).count(), 7, "{result:#}");
    assert!(result.stdout.contains("! stands out"), "{result:#}");
    assert!(result.stdout.lines().all(|line| line.chars().count() <= 80), "{result:#}");
}

#[test]
fn five_runs_have_no_trend_and_equal_runs_do_not_stand_out() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=5);
    let document = document(folder.path());
    assert!(document["works"][0]["trend"].is_null());
    let runs = document["works"][0]["runs"].as_array().expect("runs");
    assert!(runs.iter().all(|run| run["standsOut"] == false));
}

#[test]
fn an_unreadable_file_costs_one_line_and_exit_code_3() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=2);
    fs::write(folder.path().join("other.jsonl"), "hello\n").expect("a file");
    let result = history(folder.path(), &[]);
    assert_eq!((result.code, result.stderr.lines().count()), (Some(3), 1), "{result:#}");
    assert!(result.stderr.contains("other.jsonl: it is not a recording"), "{result:#}");
    assert_eq!(result.stdout.matches("Succeeded").count(), 2, "{result:#}");
}

#[test]
fn a_run_that_occurs_twice_is_one_row_and_each_work_has_a_block() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=2);
    fs::copy(folder.path().join("run-1.jsonl"), folder.path().join("copy.jsonl")).expect("a copy");
    let other = manifest(&[("work", "4s")], 8, "perl:5.34.0").replace("name: pi\nspec", "name: other\nspec");
    record(folder.path(), "other", &other, 3);
    let document = document(folder.path());
    let works = document["works"].as_array().expect("works");
    let counts: Vec<(Option<&str>, Option<usize>)> =
        works.iter().map(|work| (work["name"].as_str(), work["runs"].as_array().map(Vec::len))).collect();
    assert_eq!(counts, [(Some("other"), Some(1)), (Some("pi"), Some(2))]);
    let result = history(folder.path(), &[]);
    assert!(result.stdout.contains("job/other in default: 1 run\n"), "{result:#}");
    assert!(result.stdout.contains("job/pi in default: 2 runs\n"), "{result:#}");
}

#[test]
fn a_run_that_was_cut_off_is_marked_as_partial() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=2);
    let path = folder.path().join("run-2.jsonl");
    let text = fs::read_to_string(&path).expect("a recording");
    fs::write(&path, &text[..text.len() / 2]).expect("a file");
    let result = history(folder.path(), &[]);
    assert!(result.stdout.contains("~ known only in part: its recording breaks off"), "{result:#}");
    let partial: Vec<bool> = document(folder.path())["works"][0]["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .filter_map(|run| run["partial"].as_bool())
        .collect();
    assert_eq!(partial.iter().filter(|partial| **partial).count(), 1);
}

#[test]
fn the_runs_are_written_as_csv_and_as_markdown() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=3);
    let result = history(folder.path(), &["-o", "csv"]);
    let mut lines = result.stdout.lines();
    let columns = lines.next().expect("the names of the columns").split(',').count();
    assert!(lines.clone().all(|line| line.split(',').count() == columns), "{result:#}");
    assert_eq!(lines.count(), 3, "{result:#}");
    let result = history(folder.path(), &["-o", "markdown"]);
    assert!(result.stdout.starts_with("### Runs of `job/pi` in `default`\n\n| start | run |"), "{result:#}");
    assert_eq!(result.stdout.matches("| `pi` | Succeeded |").count(), 3, "{result:#}");
}

#[test]
fn a_folder_without_recordings_is_reported_with_a_command_that_makes_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let result = history(folder.path(), &[]);
    assert_eq!(result.code, Some(3), "{result:#}");
    assert!(result.stderr.contains("has no recordings") && result.stderr.contains("--record"), "{result:#}");
}

/// Makes the stored runs of all recordings of the folder unusable, so that the recordings are read as a whole.
fn spoil_stored_runs(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let text = fs::read_to_string(&path).expect("a recording");
            count += text.matches(r#"{"mark":"runs","rules":"#).count();
            fs::write(&path, text.replace(r#"{"mark":"runs","rules":"#, r#"{"mark":"runs","rules":1000"#))
                .expect("a recording");
        }
    }
    count
}

#[test]
fn completed_recordings_store_their_runs_and_reading_them_as_a_whole_prints_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=5);
    let slow = manifest(&[("work", "9s..13s"), ("pull", "3s")], 8, "perl:5.34.0");
    record(folder.path(), "slow", &slow, 9);
    let failing = manifest(&[("work", "4s..8s"), ("fail", "60%")], 8, "perl:5.34.0");
    record(folder.path(), "failing", &failing, 10);
    let directory = format!("{}/", path_text(folder.path()));
    seq(&["simulate", "--seed", "3", "-o", "name", "--record", &directory]);
    let formats: [&[&str]; 4] = [&[], &["-o", "json"], &["-o", "csv"], &["-o", "markdown"]];
    let print = || formats.map(|format| history(folder.path(), format).stdout);
    let from_stored_runs = print();
    assert!(from_stored_runs[0].contains("! stands out"), "{}", from_stored_runs[0]);
    assert_eq!(spoil_stored_runs(folder.path()), 8);
    let from_observations = print();
    for (stored, whole) in from_stored_runs.iter().zip(&from_observations) {
        assert!(stored == whole, "{stored}\n\n{whole}");
    }
}

#[test]
fn the_history_reads_stored_runs_instead_of_the_observations() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=1);
    let path = folder.path().join("run-1.jsonl");
    let text = fs::read_to_string(&path).expect("a recording");
    fs::write(&path, text.replace(r#""failed":0,"#, r#""failed":7,"#)).expect("a recording");
    assert_eq!(document(folder.path())["works"][0]["runs"][0]["failed"], 7);
}

#[test]
fn interactive_needs_a_terminal_and_takes_no_format() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=1);
    let result = history(folder.path(), &["-i"]);
    assert_eq!(result.code, Some(2), "{result:#}");
    assert!(result.stderr.contains("--interactive needs a terminal"), "{result:#}");
    assert!(result.stderr.contains("Omit --interactive to print the table"), "{result:#}");
    assert_eq!(history(folder.path(), &["-i", "-o", "json"]).code, Some(2));
}

#[test]
fn runs_with_generated_names_are_runs_of_the_same_work() {
    let folder = tempfile::tempdir().expect("a folder");
    record_usual(folder.path(), 1..=3);
    for seed in 1..=2 {
        let path = folder.path().join(format!("run-{seed}.jsonl"));
        let text = fs::read_to_string(&path).expect("a recording");
        let mark = text.find(r#"{"mark":"runs""#).expect("stored runs");
        let end = text.find(r#"{"mark":"end""#).expect("an end");
        let renamed = format!("{}{}", &text[..mark], &text[end..]).replace(
            r#""metadata":{"name":"pi","#,
            &format!(r#""metadata":{{"name":"pi-x{seed}","generateName":"pi-","#),
        );
        fs::write(&path, renamed).expect("a recording");
    }
    let document = document(folder.path());
    let works = document["works"].as_array().expect("works");
    let found: Vec<(&Value, &Value, Option<usize>)> = works
        .iter()
        .map(|work| (&work["name"], &work["generateName"], work["runs"].as_array().map(Vec::len)))
        .collect();
    assert_eq!(found, [(&"pi".into(), &false.into(), Some(1)), (&"pi-".into(), &true.into(), Some(2))]);
    let result = history(folder.path(), &[]);
    assert!(result.stdout.contains("job/pi-* in default: 2 runs"), "{result:#}");
}
