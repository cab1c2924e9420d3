//! Tests of `--record` and of `kubectl seq replay`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use super::terminal::written_to_terminal;
use super::{CommandResult, output_formats, program, run, seq};

/// Records a simulation in a file. Returns the result of the simulation.
fn record(path: &Path, flags: &[&str]) -> CommandResult {
    let arguments: Vec<&str> =
        ["simulate", "--record", path.to_str().expect("UTF-8")].iter().chain(flags).copied().collect();
    seq(&arguments)
}

fn replay(path: &Path, flags: &[&str]) -> CommandResult {
    let arguments: Vec<&str> =
        ["replay", path.to_str().expect("UTF-8")].iter().chain(flags).copied().collect();
    seq(&arguments)
}

/// Replays a recording from standard input.
fn replay_input(text: &[u8], flags: &[&str]) -> CommandResult {
    let arguments: Vec<&str> = ["replay", "-"].iter().chain(flags).copied().collect();
    run(program(&arguments), text)
}

#[test]
fn a_replay_equals_the_run_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    for seed in ["1", "7"] {
        for format in &output_formats() {
            let flags = ["-o", format, "--width", "100"];
            let run = record(&path, &[&flags as &[&str], &["--seed", seed]].concat());
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
            let replayed = replay(&path, &flags);
            assert!(replayed.stdout == run.stdout, "{format}: {replayed}");
            assert_eq!((replayed.code, replayed.stderr.as_str()), (Some(0), ""), "{replayed}");
        }
    }
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_compressed_recording_is_smaller_and_every_way_to_read_it_shows_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, compressed) = (folder.path().join("run.jsonl"), folder.path().join("run.jsonl.zst"));
    let document = record(&plain, &["-o", "json"]).stdout;
    assert!(record(&compressed, &["-o", "json"]).stdout == document);
    let size = |path: &Path| std::fs::metadata(path).expect("a file").len();
    assert!(size(&compressed) * 5 < size(&plain), "{} of {}", size(&compressed), size(&plain));
    let renamed = folder.path().join("renamed");
    std::fs::copy(&compressed, &renamed).expect("a copy");
    for path in [&compressed, &renamed] {
        for speed in ["0", "100"] {
            let replayed = replay(path, &["-o", "json", "--speed", speed]);
            assert!(replayed.stdout == document, "{replayed}");
            assert_eq!((replayed.code, replayed.stderr.as_str()), (Some(0), ""), "{replayed}");
        }
    }
    let bytes = std::fs::read(&compressed).expect("a recording");
    assert!(replay_input(&bytes, &["-o", "json"]).stdout == document);
    let mut paths: Vec<&str> = Vec::from(["replay", "-o", "name"]);
    paths.extend([&plain, &compressed].map(|path| path.to_str().expect("UTF-8")));
    assert_eq!(seq(&paths).code, Some(0));
}

#[test]
fn a_compressed_recording_that_was_cut_off_opens_to_its_last_whole_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.zst");
    assert_eq!(record(&path, &["-o", "name"]).code, Some(0));
    let bytes = std::fs::read(&path).expect("a recording");
    for length in [bytes.len() - 10, bytes.len() * 3 / 4] {
        std::fs::write(&path, &bytes[..length]).expect("written");
        let replayed = replay(&path, &["-o", "json"]);
        assert!(replayed.stderr.contains("was cut off"), "{replayed}");
        let document: Value = serde_json::from_str(&replayed.stdout).expect("a document");
        assert_eq!(document["workloads"][0]["name"], "pi", "{replayed}");
    }
}

#[test]
fn neither_recording_nor_speed_changes_the_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    let plain = seq(&["simulate", "-o", "json"]).stdout;
    assert!(record(&path, &["-o", "json"]).stdout == plain);
    assert!(replay(&path, &["-o", "json", "--speed", "100"]).stdout == plain);
    let recording = std::fs::read(&path).expect("a recording");
    assert!(replay_input(&recording, &["-o", "json"]).stdout == plain);
}

#[test]
fn a_replay_with_progress_lines_equals_the_run_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    let lines = record(&path, &["--progress", "lines", "--width", "100"]);
    assert!(
        lines.stdout.ends_with(&format!("to see it again: kubectl seq replay {}\n", path.display()))
            || lines.stderr.contains("kubectl seq replay"),
        "{lines}"
    );
    let replayed = replay(&path, &["--progress", "lines", "--width", "100"]);
    assert!(replayed.stdout == lines.stdout, "{replayed}");
    assert_eq!((replayed.stderr.as_str(), replayed.code), ("", Some(0)));
}

#[test]
fn a_replay_has_the_exit_code_of_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, manifest) = (folder.path().join("run.jsonl"), folder.path().join("job.yaml"));
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: fails}\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{name: main, image: busybox, command: [sh, -c, exit 3]}]\n";
    std::fs::write(&manifest, job).expect("written");
    let run = record(&path, &["-f", manifest.to_str().expect("UTF-8"), "-o", "json"]);
    assert_eq!(run.code, Some(1), "{run}");
    let replayed = replay(&path, &["-o", "json"]);
    assert_eq!((replayed.code, replayed.stdout), (Some(1), run.stdout));
}

#[test]
fn an_interrupted_recording_is_shown_with_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    record(&path, &["-o", "name"]);
    let whole = std::fs::read(&path).expect("a recording");
    let result = replay_input(&whole[..whole.len() / 2], &["-o", "name"]);
    assert_eq!((result.stdout.as_str(), result.code), ("job.batch/pi\n", Some(3)), "{result}");
    let mut messages = result.stderr.lines();
    let warning = messages.next().unwrap_or_default();
    assert!(
        warning.starts_with("warning: standard input was cut off (line ")
            && warning.ends_with(" is incomplete): only the part before is shown"),
        "{result}"
    );
    assert_eq!(messages.next(), Some("outcome unknown: job/pi had not ended"), "{result}");
}

#[test]
fn a_file_that_is_not_a_recording_is_an_error() {
    let header = r#"{"formatVersion":1,"kind":"Recording","followed":true}"#;
    for (text, message) in [
        (String::new(), "it is not a recording of kubectl seq: it is empty"),
        ("kind: Job\n".to_owned(), "its first line is not a header"),
        (
            r#"{"formatVersion":2,"kind":"Recording"}"#.to_owned(),
            "it has format version 2; this program reads versions up to 1",
        ),
        (
            format!("{header}\n{{\"mark\":\"synced\"}}\n\u{1b}[2Jgarbage\n"),
            "line 3: expected value, at column 1",
        ),
        (format!("{header}\n{}\n", "[".repeat(1 << 20)), "line 2: "),
        (format!("{header}\n\"{}\"\n", "x".repeat(5 << 20)), "line 2: it is longer than 4 MiB"),
    ] {
        let result = replay_input(text.as_bytes(), &["-o", "json"]);
        assert_eq!((result.code, result.stdout.as_str()), (Some(3), ""), "{result}");
        assert!(
            result.stderr.contains("error: cannot replay standard input: ")
                && result.stderr.contains(message),
            "{result}"
        );
        assert!(!result.stderr.contains('\u{1b}'), "{result}");
    }
}

#[test]
fn odd_values_are_drawn_without_a_panic_and_control_characters_are_escaped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    record(&path, &["-o", "name"]);
    let recording = std::fs::read_to_string(&path).expect("a recording");
    let hostile = "\\u001b]0;hostile\\u0007\\u202e";
    let formats = output_formats();
    for (from, to) in [
        ("\"2026-01-01T00:00:0", "\"9999-12-30T00:00:0"),
        ("\"startedAt\":\"2026", "\"startedAt\":\"1999"),
        ("\"finishedAt\":\"2026", "\"finishedAt\":\"2019"),
        ("\"creationTimestamp\":\"2026", "\"creationTimestamp\":\"9998"),
        ("\"count\":1", "\"count\":-2147483648"),
        ("\"parallelism\":4", "\"parallelism\":2147483647"),
        ("\"completions\":20", "\"completions\":-5"),
        ("\"generation\":1", "\"generation\":-9223372036854775808"),
        ("\"exitCode\":3", "\"exitCode\":-2147483648"),
        ("\"uid\":\"", "\"uid\":\"x\",\"name\":\""),
        ("\"namespace\":\"default\"", &format!("\"namespace\":\"{hostile}\"")),
        ("\"name\":\"pi", &format!("\"name\":\"{hostile}")),
        ("\"image\":\"perl", &format!("\"image\":\"{hostile}")),
        ("\"nodeName\":\"", &format!("\"nodeName\":\"{hostile}")),
        ("\"reason\":\"", &format!("\"reason\":\"{hostile}")),
    ] {
        let text = recording.replace(from, to);
        assert_ne!(text, recording, "the recording does not contain {from}");
        for format in &formats {
            let result = replay_input(text.as_bytes(), &["-o", format, "--explain", "--containers"]);
            assert!(
                matches!(result.code, Some(0 | 1 | 3)) && !result.stderr.contains("panicked"),
                "{to}: {result}"
            );
            assert!(
                !result.stdout.contains(['\u{1b}', '\u{7}'])
                    && (format == "json" || !result.stdout.contains('\u{202e}')),
                "{to}: {result}"
            );
        }
    }
}

#[test]
fn ascii_output_has_no_other_characters_even_where_ranges_are_wide() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    record(&path, &["-o", "name"]);
    // Without Events and receipts, all times are truncated to the second, so the ranges of the durations are wide.
    let recording = std::fs::read_to_string(&path).expect("a recording");
    let without_events = recording.lines().filter(|line| !line.contains("\"kind\":\"Event\""));
    let late = without_events.collect::<Vec<_>>().join("\n");
    let late = late.replace("\"seen\":\"Changed\"", "\"seen\":\"Listed\"");
    let late = late.replace("\"seen\":\"Added\"", "\"seen\":\"Listed\"");
    for flags in [
        &["-o", "seq", "--explain", "--containers"][..],
        &["-o", "table"],
        &["-o", "wide"],
        &["-o", "grid"],
        &["-o", "seq", "--progress", "lines", "--speed", "0"],
    ] {
        let unicode = replay_input(late.as_bytes(), flags);
        assert!(unicode.stdout.contains('–') || flags.contains(&"grid"), "no range is wide: {unicode}");
        let ascii = replay_input(late.as_bytes(), &[flags, &["--ascii"]].concat());
        assert!(ascii.stdout.is_ascii() && ascii.stderr.is_ascii(), "{ascii}");
    }
}

#[test]
fn a_command_that_prints_once_does_not_change_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    record(&path, &["-o", "name"]);
    let recorded = std::fs::read_to_string(&path).expect("a file");
    // With this header, the recording looks like a recording of `get` without `--watch`.
    std::fs::write(&path, recorded.replacen("\"followed\":true", "\"followed\":false", 1)).expect("a file");
    for view in ["seq", "table", "grid"] {
        let path = path.to_str().expect("UTF-8");
        let written = written_to_terminal(&["replay", path, "-o", view], &[]);
        // Without raw mode, the terminal turns each line feed into a carriage return and a line feed.
        let lines = written.matches("\r\n").count();
        assert!(lines >= 3 && lines == written.matches('\n').count(), "{view}: {written:?}");
        assert!(!written.contains("\u{1b}[6n"), "the program must not ask for the cursor: {written:?}");
    }
}

#[test]
fn a_budget_is_not_judged_if_a_part_of_the_run_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    let run = record(&path, &["-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let pod = document["workloads"][0]["pods"][0]["name"].as_str().expect("a name").to_owned();
    let recording = std::fs::read_to_string(&path).expect("a recording");
    let without_pod: Vec<&str> = recording.lines().filter(|line| !line.contains(&pod)).collect();
    let budget = ["-o", "name", "--fail-if", "max(run) > 1s"];
    let result = replay_input(without_pod.join("\n").as_bytes(), &budget);
    assert_eq!(result.code, Some(3), "{result}");
    assert_eq!(result.stderr, "error: cannot judge max(run) > 1s: a part of the run was not observed\n");
    assert_eq!(replay(&path, &budget).code, Some(4));
}

#[test]
fn several_recordings_are_shown_together_and_widen_the_predicted_ranges() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["1", "4", "7"].map(|seed| {
        let path = folder.path().join(format!("{seed}.jsonl"));
        record(&path, &["--seed", seed, "-o", "json"]);
        path.to_str().expect("UTF-8").to_owned()
    });
    let replay_all = |paths: &[String], flags: &[&str]| {
        let arguments: Vec<&str> = ["replay"]
            .into_iter()
            .chain(paths.iter().map(String::as_str))
            .chain(flags.iter().copied())
            .collect();
        seq(&arguments)
    };
    let json = |paths: &[String]| -> Value {
        let result = replay_all(paths, &["-o", "json", "--what-if=parallelism=8"]);
        serde_json::from_str(&result.stdout).unwrap_or_else(|error| panic!("{error}: {result:#}"))
    };
    let (alone, all) = (json(&paths[..1]), json(&paths));
    let entry = &alone["workloads"][0];
    let workloads = all["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 3);
    let same = workloads.iter().find(|workload| workload["uid"] == entry["uid"]).unwrap();
    for (field, value) in entry.as_object().unwrap().iter().filter(|(field, _)| *field != "whatIf") {
        assert_eq!(&same[field], value, "{field}");
    }
    // Each range contains the largest difference from the other runs.
    let wall = |workload: &Value| workload["summary"]["wallMillis"].as_f64().unwrap();
    let largest =
        workloads.iter().map(|other| (wall(other) - wall(same)).abs() / wall(same)).fold(0.0, f64::max);
    let others = &same["whatIf"]["otherRuns"];
    assert_eq!(others["count"], 2, "{others}");
    assert!(others["spread"].as_f64().unwrap() + 0.0001 >= largest, "{others} {largest}");
    assert!(entry["whatIf"]["otherRuns"].is_null());
    let width = |workload: &Value| {
        let range = &workload["whatIf"]["predictions"][0]["wallRangeMillis"];
        range[1].as_i64().unwrap() - range[0].as_i64().unwrap()
    };
    assert!(width(same) > width(entry), "{} {}", width(same), width(entry));

    let picture = replay_all(&paths, &["--what-if=parallelism=8", "--width", "90"]);
    assert_eq!((picture.code, picture.stderr.as_str()), (Some(0), ""), "{picture}");
    insta::assert_snapshot!(picture.stdout);

    let failed = replay_all(&[paths[0].clone(), "missing.jsonl".to_owned()], &[]);
    assert_eq!(failed.code, Some(2), "{failed}");
    let paced = replay_all(&paths, &["--speed", "4"]);
    assert_eq!(paced.code, Some(2), "{paced}");
    assert!(paced.stderr.contains("--speed needs a single recording"), "{paced}");
    // A recording that was cut off is shown up to its last line.
    let text = std::fs::read_to_string(&paths[0]).expect("a recording");
    std::fs::write(&paths[0], &text[..text.len() / 2]).expect("a shorter recording");
    let cut = replay_all(&paths, &["-o", "name"]);
    assert!(cut.stderr.contains("1.jsonl was cut off (line"), "{cut}");
}
