//! Tests that hostile text from a cluster, a recording, a file name or a kubeconfig cannot control a terminal.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use super::support::runner::{CommandResult, program, run};
use super::terminal::written_to_terminal_with_code;
use super::{output_formats, seq};

/// Text that tries to set the title, to colour, to clear, to copy, to link, to reorder, to hide and to add lines.
const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31m\u{1b}]52;c;aGk=\u{1b}\\\u{1b}]8;;http://x\u{7}\u{9b}31m\u{9d}0;t\u{9c}\u{202e}gpj\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}\u{85}\r\n\u{8}\u{7f}\u{0}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}::error::x\n##vso[x]";

/// The fields whose texts choose a meaning or bind objects together, and times.
const FIXED_FIELDS: [&str; 12] = [
    "uid",
    "kind",
    "apiVersion",
    "type",
    "status",
    "phase",
    "restartPolicy",
    "containerID",
    "manager",
    "fieldPath",
    "operation",
    "subresource",
];

/// Appends the hostile text to all texts of the object, except for times and [`FIXED_FIELDS`].
fn make_hostile(field: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_map = matches!(field, "labels" | "annotations");
            for (name, value) in fields.iter_mut() {
                make_hostile(if is_map { "label" } else { name }, value);
            }
            if is_map {
                fields.insert(format!("x{HOSTILE}"), json!(HOSTILE));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| make_hostile(field, value)),
        Value::String(text) if !FIXED_FIELDS.contains(&field) && text.parse::<jiff::Timestamp>().is_err() => {
            text.push_str(HOSTILE);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns a recording of the scenario in which every text is hostile, with the original texts of reasons if
/// `reasons` is set.
fn hostile_recording(scenario: &str, keep_reasons: bool) -> String {
    let path = format!("{}/tests/scenarios/{scenario}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let mut recording = String::from("{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}\n");
    for line in std::fs::read_to_string(path).expect("a scenario").lines() {
        let mut entry: Value = serde_json::from_str(line).expect("JSON");
        let Some(object) = entry.get_mut("object") else { continue };
        let reasons = object.clone();
        make_hostile("", object);
        if keep_reasons {
            restore_reasons(object, &reasons);
        }
        // The parser needs the kind before the object.
        let (received, seen, kind) = (&entry["received"], &entry["seen"], &entry["kind"]);
        let object = &entry["object"];
        writeln!(
            recording,
            "{{\"received\":{received},\"seen\":{seen},\"kind\":{kind},\"object\":{object}}}"
        )
        .expect("a string");
    }
    recording.push_str("{\"mark\":\"synced\"}\n");
    recording
}

fn restore_reasons(value: &mut Value, original: &Value) {
    match (value, original) {
        (Value::Object(fields), Value::Object(original)) => {
            for (name, value) in fields {
                match original.get(name) {
                    Some(original) if name == "reason" => *value = original.clone(),
                    Some(original) => restore_reasons(value, original),
                    None => {}
                }
            }
        }
        (Value::Array(values), Value::Array(original)) => {
            values.iter_mut().zip(original).for_each(|(value, original)| restore_reasons(value, original));
        }
        _ => {}
    }
}

/// Removes the sequences of the program itself: colours and text styles and, in a live picture, movements of the
/// cursor, erasing, and modes of the terminal.
fn without_own_sequences(text: &str, is_live: bool) -> String {
    let finals = if is_live { "mABCDEFGHJKhlnrtuqc" } else { "m" };
    // The live picture saves and restores the position of the cursor.
    let text = if is_live { text.replace("\u{1b}7", "").replace("\u{1b}8", "") } else { text.to_owned() };
    let mut rest = &*text;
    let mut kept = String::new();
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        kept.push_str(before);
        let parameters =
            sequence.trim_start_matches(|char: char| char.is_ascii_digit() || ";?=>:$".contains(char));
        if parameters.starts_with(|char| finals.contains(char)) {
            rest = &parameters[1..];
        } else {
            kept.push('\u{1b}');
            rest = sequence;
        }
    }
    kept + rest
}

/// Fails if the text contains a character that a terminal would obey or hide, except for line breaks and the
/// sequences of the program.
#[track_caller]
fn assert_harmless(text: &str, is_live: bool, context: &str) {
    let text = without_own_sequences(text, is_live);
    let text = text.replace("\r\n", "\n");
    let is_unsafe = |char: char| {
        (char.is_control() && char != '\n' && !(is_live && char == '\r'))
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    let found = text.char_indices().find(|&(_, char)| is_unsafe(char));
    let around = found.map(|(at, _)| text[..at].chars().rev().take(60).collect::<Vec<_>>());
    let around: Option<String> = around.map(|chars| chars.into_iter().rev().collect());
    assert!(found.is_none(), "{context}: {found:?} after {around:?}");
    assert!(
        !text.contains(&"\u{301}".repeat(6)) || is_for_programs(context),
        "{context}: combining characters"
    );
}

fn is_for_programs(context: &str) -> bool {
    ["json", "yaml", "name"].iter().any(|format| context.contains(format))
}

fn assert_harmless_result(result: &CommandResult) {
    assert_harmless(&result.stdout, false, &result.command);
    assert_harmless(&result.stderr, false, &result.command);
}

const SCENARIOS: [&str; 6] = ["crash", "unknown-image", "unmounted", "evicted", "rollout", "rejected"];

#[test]
fn a_hostile_recording_is_harmless_in_every_format_and_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let path = folder.path().join(format!("{scenario}.jsonl"));
        std::fs::write(&path, hostile_recording(scenario, number % 2 == 0)).expect("a file");
        let path = path.to_str().expect("UTF-8");
        for format in &output_formats() {
            let result = seq(&["replay", path, "-o", format, "--explain", "--color", "always"]);
            assert!(result.code.is_some_and(|code| code < 5), "{result:#}");
            assert!(!result.stdout.is_empty(), "{result:#}");
            assert_harmless_result(&result);
            if format == "json" {
                let document: Value = serde_json::from_str(&result.stdout).expect("JSON");
                let name = document["workloads"][0]["name"].as_str().expect("a name");
                assert!(name.ends_with(HOSTILE), "{name:?}");
            }
            if format == "name" {
                let count = seq(&["replay", path, "-o", "json"]).stdout;
                let document: Value = serde_json::from_str(&count).expect("JSON");
                let workloads = document["workloads"].as_array().expect("a list").len();
                assert_eq!(result.stdout.lines().count(), workloads, "{result}");
            }
        }
        for flags in [
            &["--progress", "lines", "--color", "always"] as &[&str],
            &["--containers", "--group-by", "node", "--ascii"],
            &["--progress", "lines", "--fail-if", "pull"],
        ] {
            assert_harmless_result(&seq(&[&["replay", path], flags].concat()));
        }
        let summary = folder.path().join("summary.md");
        for ci in ["github", "azure", "buildkite"] {
            let flags = ["--ci", ci, "--summary", summary.to_str().expect("UTF-8")];
            let result = seq(&[&["replay", path] as &[_], &flags].concat());
            assert_harmless_result(&result);
        }
        assert_harmless(&std::fs::read_to_string(&summary).expect("a summary"), false, "the summary");
        for flags in [&[] as &[&str], &["-o", "table"], &["-o", "grid"], &["-o", "runs"], &["-o", "json"]] {
            let (written, _) =
                written_to_terminal_with_code(&[&["replay", path, "--speed", "0"], flags].concat(), &[]);
            assert_harmless(&written, true, &format!("{scenario} on a terminal {flags:?}"));
        }
    }
}

#[test]
fn a_hostile_file_name_and_hostile_contents_are_harmless_in_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = HOSTILE.replace(['/', '\0'], "");
    let path = folder.path().join(&name);
    let path = path.to_str().expect("UTF-8");
    let contents = [
        String::new(),
        HOSTILE.to_owned(),
        format!("{{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}}\n{HOSTILE}\n"),
        format!(
            "{{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}}\n{{\"received\":{}}}\n",
            json!(HOSTILE)
        ),
        format!("kind: {}\n", json!(HOSTILE)),
        format!(
            "kind: Job\napiVersion: batch/v1\nmetadata: {{name: {0}}}\nspec: {{{0}: 1}}\n",
            json!(HOSTILE)
        ),
        format!("kind: Job\nspec: {}\n", json!(HOSTILE)),
    ];
    for content in contents {
        std::fs::write(path, content).expect("a file");
        for arguments in [&["replay", path] as &[&str], &["simulate", "-f", path]] {
            let result = seq(arguments);
            assert!(!result.stderr.is_empty(), "{result:#}");
            assert_harmless_result(&result);
        }
    }
    let missing = format!("{path}2");
    assert_harmless_result(&seq(&["replay", &missing]));
    assert_harmless_result(&seq(&["simulate", "-f", &missing]));
    let no_folder = format!("{path}3/x");
    assert_harmless_result(&seq(&["simulate", "--record", &no_folder, "--speed", "0"]));
    assert_harmless_result(&seq(&["simulate", "--summary", &no_folder, "--speed", "0"]));
}

/// Answers every request with the status code and the body. Returns the address.
fn serve(status: &'static str, content_type: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let body = body.clone();
            thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let mut line = String::new();
                    while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                        line.clear();
                    }
                    let answer = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if line.is_empty() || reader.get_mut().write_all(answer.as_bytes()).is_err() {
                        let _ = reader.read(&mut [0]);
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Writes a kubeconfig whose names are hostile.
fn write_kubeconfig(path: &Path, server: &str) {
    let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": HOSTILE,
        "clusters": [{"name": HOSTILE, "cluster": {"server": format!("http://{server}")}}],
        "users": [{"name": HOSTILE, "user": {}}],
        "contexts": [{"name": HOSTILE, "context": {"cluster": HOSTILE, "user": HOSTILE, "namespace": "a"}}]});
    std::fs::write(path, text.to_string()).expect("a file");
}

#[test]
fn a_hostile_server_is_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join(HOSTILE.replace(['/', '\0', ':'], ""));
    let failure = |code: u16, reason: &str| {
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
            "message": HOSTILE, "details": {"name": HOSTILE, "kind": HOSTILE, "causes": [{"message": HOSTILE}]}})
        .to_string()
    };
    let job = |items: bool| {
        let mut job = json!({"kind": "Job", "apiVersion": "batch/v1",
            "metadata": {"name": "x", "namespace": "a", "uid": "u", "labels": {"a": "b"}},
            "spec": {"managedBy": "x"}, "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "x", "message": "x"}]}});
        make_hostile("", &mut job);
        if items {
            json!({"kind": "JobList", "apiVersion": "batch/v1", "metadata": {}, "items": [job]})
        } else {
            job
        }
        .to_string()
    };
    for (status, content_type, body) in [
        ("403 Forbidden", "application/json", failure(403, "Forbidden")),
        ("404 Not Found", "application/json", failure(404, "NotFound")),
        ("401 Unauthorized", "application/json", failure(401, "Unauthorized")),
        ("400 Bad Request", "application/json", failure(400, HOSTILE)),
        ("403 Forbidden", "text/plain", HOSTILE.to_owned()),
        ("200 OK", "text/html", HOSTILE.to_owned()),
        ("200 OK", "application/json", HOSTILE.to_owned()),
        ("200 OK", "application/json", job(true)),
        ("200 OK", "application/json", job(false)),
    ] {
        write_kubeconfig(&config, &serve(status, content_type, body));
        let config = config.to_str().expect("UTF-8");
        for words in [&["get", "job", "x"] as &[&str], &["pod", "x"], &["get", "jobs", "-o", "name"]] {
            let flags = ["--kubeconfig", config, "--request-timeout", "5s"];
            let result = run(program(&[words, &flags].concat()), b"");
            assert_harmless_result(&result);
        }
    }
}
