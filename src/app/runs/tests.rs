//! Tests of stored runs: reading them gives what reading the observations gives.

use std::fs;
use std::path::{Path, PathBuf};

use ring::digest;

use crate::app::runs::history_markdown::write_history_markdown;
use crate::app::runs::read_runs::{RunDetail, read_runs};
use crate::app::stored_runs::recording_timeline::read_recording;
use crate::app::stored_runs::runs_line::{describe_recorded_runs, describe_runs, read_stored_runs};
use crate::export::comparison::{HistoryDocument, write_history_csv};
use crate::export::write_json;
use crate::source::recording::compression::FrameCompressor;
use crate::timeline::comparison::{STORED_RUN_RULES, WorkloadRun, group_by_work};
use crate::view::{Glyphs, draw_history};

/// Writes a recording of each scenario to the folder, without stored runs. Returns the paths and the lines.
fn record_scenarios(folder: &Path) -> Vec<(PathBuf, String)> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(scenarios).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let record = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let observations = text.lines().filter(|line| line.contains(r#""object":"#));
        let header = r#"{"formatVersion":1,"kind":"Recording","followed":true}"#;
        let lines: Vec<&str> = [header, r#"{"mark":"synced"}"#].into_iter().chain(observations).collect();
        let file = folder.join(path.file_name().unwrap());
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let end = read_recording(&file).unwrap().end;
        let lines = format!("{}\n{{\"mark\":\"end\",\"at\":\"{end}\"}}\n", lines.join("\n"));
        fs::write(&file, &lines).unwrap();
        (file, lines)
    };
    paths.into_iter().map(record).collect()
}

/// Everything that `history` prints about these runs.
fn outputs(runs: Vec<WorkloadRun>) -> String {
    let works = group_by_work(runs, 0.05);
    let mut bytes = Vec::new();
    write_json(&HistoryDocument::new(&works), &mut bytes).unwrap();
    write_history_csv(&works, &mut bytes).unwrap();
    bytes.extend(write_history_markdown(&works).bytes());
    let frame = draw_history(&works, &Glyphs::UNICODE, 140);
    bytes.extend(frame.lines.iter().flat_map(|line| line.plain().into_bytes()));
    String::from_utf8(bytes).unwrap()
}

/// The lines of a recording with its stored runs before the end mark.
fn add_stored_runs(path: &Path, lines: &str) -> String {
    let runs = describe_recorded_runs(path, read_recording(path).unwrap().end).unwrap();
    let (before, end) = lines.trim_end().rsplit_once('\n').unwrap();
    format!("{before}\n{runs}\n{end}\n")
}

#[test]
fn stored_runs_give_the_same_history_as_the_observations_in_plain_and_compressed_recordings() {
    let folder = tempfile::tempdir().unwrap();
    let (mut all_stored, mut all_whole) = (Vec::new(), Vec::new());
    for (path, lines) in record_scenarios(folder.path()) {
        assert!(read_stored_runs(&path).is_none());
        let lines = add_stored_runs(&path, &lines);
        let (body, tail) = lines.split_at(lines.find(r#"{"mark":"runs""#).unwrap());
        let mut compressor = FrameCompressor::new().unwrap();
        let mut compress = |part: &str| compressor.compress(part.as_bytes()).unwrap();
        let contents =
            [lines.clone().into_bytes(), compress(&lines), [compress(body), compress(tail)].concat()];
        for content in contents {
            fs::write(&path, content).unwrap();
            let whole = read_runs(&path, RunDetail::Comparison).unwrap();
            let stored = read_stored_runs(&path).unwrap_or_else(|| panic!("{}", path.display()));
            assert_eq!(outputs(stored.clone()), outputs(whole.clone()), "{}", path.display());
            all_stored.extend(stored);
            all_whole.extend(whole);
        }
    }
    // Runs with different names are compared, too, as if they were runs of the same work.
    for run in all_stored.iter_mut().chain(&mut all_whole) {
        run.work.name = "all".into();
        run.uid = "".into();
    }
    assert!(all_stored.len() > 90, "{}", all_stored.len());
    assert_eq!(outputs(all_stored), outputs(all_whole));
}

#[test]
fn a_change_of_a_stored_run_needs_a_new_number_of_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let mut context = digest::Context::new(&digest::SHA256);
    for (path, _) in record_scenarios(folder.path()) {
        let recording = read_recording(&path).unwrap();
        context.update(describe_runs(&recording.timeline, recording.end).unwrap().as_bytes());
    }
    let hash = context.finish();
    assert_eq!(
        (STORED_RUN_RULES, &hash.as_ref()[..4]),
        (1, &[0xf6, 0x18, 0xae, 0x44][..]),
        "earlier recordings hold runs by other rules: raise STORED_RUN_RULES, then update this test"
    );
}

#[test]
fn stored_runs_with_other_rules_or_impossible_values_are_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = record_scenarios(folder.path());
    let (path, lines) = recordings.into_iter().find(|(path, _)| path.ends_with("pi.jsonl")).unwrap();
    let lines = add_stored_runs(&path, &lines);
    let is_read = |lines: &str| {
        fs::write(&path, lines).unwrap();
        read_stored_runs(&path).is_some()
    };
    assert!(is_read(&lines));
    let rules = format!(r#""rules":{STORED_RUN_RULES},"#);
    for (from, to) in [
        (rules.as_str(), r#""rules":0,"#),
        (r#""idleMillis":"#, r#""idleMillis":1"#),
        (r#""wallMillis":"#, r#""wallMillis":-"#),
        (r#""outcome":"Succeeded""#, r#""outcome":"Fine""#),
        (r#""complete":"1"#, r#""complete":"11"#),
        (r#""Running":["#, r#""Jogging":["#),
        (r#""formatVersion":1"#, r#""formatVersion":2"#),
        (r#"{"mark":"end""#, r#"{"mark":"ended""#),
    ] {
        assert!(lines.contains(from), "{from}");
        assert!(!is_read(&lines.replace(from, to)), "{to}");
    }
    // A recording that goes on after its end, or that breaks off.
    assert!(!is_read(&format!("{lines}{{\"mark\":\"synced\"}}\n")));
    assert!(!is_read(&lines[..lines.len() - 20]));
}
