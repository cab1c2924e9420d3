//! `kubectl seq simulate`, from the manifest to the exit code.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use super::{Ended, ended, program, seq};

#[test]
fn every_view_fits_two_widths() {
    for format in ["seq", "table", "wide", "grid"] {
        for width in ["80", "120"] {
            let ended = seq(&["simulate", "-o", format, "--width", width]);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended}");
            insta::assert_snapshot!(format!("{format}_{width}"), ended);
        }
    }
}

#[test]
fn the_flags_of_drawing_change_the_picture() {
    let ways: [(&str, &[&str]); 6] = [
        ("ascii", &["--ascii"]),
        ("coloured", &["--color", "always"]),
        ("by_node", &["--group-by", "node", "--sort", "cold"]),
        ("aligned", &["--align", "created", "--sort", "work"]),
        ("clock", &["--utc"]),
        ("lines", &["--progress", "lines"]),
    ];
    for (name, flags) in ways {
        let arguments: Vec<&str> = ["simulate", "--width", "100"].iter().chain(flags).copied().collect();
        insta::assert_snapshot!(name, seq(&arguments));
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for format in ["json", "yaml", "jsonl", "seq"] {
        let run = |seed| seq(&["simulate", "-o", format, "--seed", seed]).stdout;
        assert!(run("7") == run("7"), "{format}");
        assert!(run("7") != run("8"), "{format}");
    }
    assert!(seq(&["demo", "-o", "json"]).stdout == seq(&["simulate", "-o", "json"]).stdout);
}

#[test]
fn the_document_describes_the_run() {
    let ended = seq(&["simulate", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let job = &document["workloads"][0];
    assert_eq!(
        (&job["name"], &job["outcome"], &job["succeeded"]),
        (&"pi".into(), &"Succeeded".into(), &20.into())
    );
    let slots = &job["summary"]["slots"];
    let parts: i64 =
        slots.as_object().expect("an object").values().map(|part| part.as_i64().expect("a number")).sum();
    assert_eq!(Some(parts), job["summary"]["slotMillis"].as_i64(), "the parts sum to the whole");
    let yaml: serde_json::Value =
        serde_saphyr::from_str(&seq(&["simulate", "-o", "yaml"]).stdout).expect("YAML");
    assert_eq!(yaml, document);
    let names = seq(&["simulate", "-o", "name"]);
    assert_eq!(names.stdout, "job.batch/pi\n");
}

fn simulate_manifest(manifest: &str, flags: &[&str]) -> Ended {
    let arguments: Vec<&str> =
        ["simulate", "-f", "-", "--width", "100"].iter().chain(flags).copied().collect();
    let mut child = program(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    child.stdin.take().expect("a pipe").write_all(manifest.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Ended {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

fn job(spec: &str, containers: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n  {spec}\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {containers}\n"
    )
}

#[test]
fn a_failed_job_ends_with_exit_code_1() {
    let ended = simulate_manifest(
        &job("backoffLimit: 1", "{name: main, image: busybox, command: [sh, -c, 'sleep 2; exit 3']}"),
        &[],
    );
    assert_eq!(ended.code, Some(1), "{ended}");
    insta::assert_snapshot!("failed", ended);
}

#[test]
fn a_job_that_never_ends_has_an_unknown_outcome() {
    let ended = simulate_manifest(&job("backoffLimit: 1", "{name: main, image: 'app:missing'}"), &[]);
    assert_eq!(ended.code, Some(3), "{ended}");
    insta::assert_snapshot!("image_missing", ended);
}

#[test]
fn invalid_manifests_are_wrong_usage() {
    for (manifest, says) in [
        ("kind: [", "standard input"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "Job"),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\nspec: {}\n", "generate"),
    ] {
        let ended = simulate_manifest(manifest, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(says), "{ended}");
    }
    let ended = seq(&["simulate", "-f", "no-such-file.yaml"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(ended.stderr.contains("no-such-file.yaml"), "{ended}");
}

#[test]
fn a_closed_pipe_causes_no_message() {
    let mut child = program(&["simulate", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut first = [0; 16];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("it writes");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn the_locale_chooses_the_characters() {
    let posix = ended(program(&["simulate", "--width", "80"]).env("LC_ALL", "C"));
    assert!(posix.stdout.is_ascii(), "{posix}");
}
