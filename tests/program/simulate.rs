//! Tests of `kubectl seq simulate`, from the manifest to the exit code.

use std::io::Read as _;
use std::process::Stdio;

use super::{CommandResult, program, run, seq};

#[test]
fn every_view_fits_two_widths() {
    for format in ["seq", "table", "wide", "grid"] {
        for width in ["80", "120"] {
            let result = seq(&["simulate", "-o", format, "--width", width]);
            assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result}");
            insta::assert_snapshot!(format!("{format}_{width}"), result);
        }
    }
}

#[test]
fn drawing_flags_change_the_picture() {
    let cases: [(&str, &[&str]); 6] = [
        ("ascii", &["--ascii"]),
        ("coloured", &["--color", "always"]),
        ("by_node", &["--group-by", "node", "--sort", "cold"]),
        ("aligned", &["--align", "created", "--sort", "work"]),
        ("clock", &["--utc"]),
        ("lines", &["--progress", "lines"]),
    ];
    for (name, flags) in cases {
        let arguments: Vec<&str> = ["simulate", "--width", "100"].iter().chain(flags).copied().collect();
        insta::assert_snapshot!(name, seq(&arguments));
    }
}

#[test]
fn the_names_of_the_columns_can_be_left_out() {
    for format in ["table", "wide", "runs"] {
        let [with, without] = [&[][..], &["--no-headers"]]
            .map(|flags| seq(&[&["simulate", "-o", format], flags].concat()).stdout);
        let is_heading = |line: &&str| line.starts_with("POD ") || line.starts_with("WORKLOAD ");
        let heading = with.lines().find(is_heading).expect("the names of the columns");
        assert_eq!(without, with.replacen(&format!("{heading}\n"), "", 1), "{format}");
    }
}

#[test]
fn a_table_per_node_or_per_image_is_added_on_request() {
    for by in ["node", "image"] {
        let result = seq(&["simulate", "--width", "120", "--by", by]);
        let table: Vec<&str> =
            result.stdout.lines().skip_while(|line| !line.contains("SLOT TIME")).take(4).collect();
        insta::assert_snapshot!(format!("breakdown_by_{by}"), table.join("\n"));
    }
    for (format, hint) in [
        ("grid", "--by adds its table to -o seq, table and wide; -o json has byNode and byImage"),
        ("json", "the document always has byNode and byImage, also without --by"),
    ] {
        let result = seq(&["simulate", "-o", format, "--by", "node"]);
        assert!(result.stderr.contains(hint) && !result.stdout.contains("SLOT TIME"), "{result}");
    }
    let table = seq(&["simulate", "-o", "table", "--by", "node", "--width", "100"]);
    assert!(table.stdout.contains("\nNODE ") && table.stderr.is_empty(), "{table}");
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
    let result = seq(&["simulate", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&result.stdout).expect("JSON");
    let job = &document["workloads"][0];
    assert_eq!(
        (&job["name"], &job["outcome"], &job["succeeded"]),
        (&"pi".into(), &"Succeeded".into(), &20.into())
    );
    let slots = &job["summary"]["slots"];
    let parts: i64 =
        slots.as_object().expect("an object").values().map(|part| part.as_i64().expect("a number")).sum();
    assert_eq!(Some(parts), job["summary"]["slotMillis"].as_i64(), "the parts must sum to the total");
    let yaml: serde_json::Value =
        serde_saphyr::from_str(&seq(&["simulate", "-o", "yaml"]).stdout).expect("YAML");
    assert_eq!(yaml, document);
    let names = seq(&["simulate", "-o", "name"]);
    assert_eq!(names.stdout, "job.batch/pi\n");
}

#[test]
fn an_exceeded_budget_has_its_own_exit_code() {
    for (conditions, code, messages) in [
        (&["max(run) > 1h"][..], 0, &[][..]),
        (&["wall > 1s"], 4, &["error: budget exceeded: wall > 1s: the value is "]),
        (
            &["share(idle) > 90%", "p95(coldStart) > 1ms"],
            4,
            &["error: budget exceeded: p95(coldStart) > 1ms: "],
        ),
        (&["count(run) < 99"], 4, &["error: budget exceeded: count(run) < 99: the value is 2"]),
        // The simulated Pods have no startup probe.
        (
            &["max(unready) > 1s", "wall > 1s"],
            3,
            &["error: cannot judge max(unready) > 1s: no Pod has this value"],
        ),
    ] {
        let flags = conditions.iter().flat_map(|condition| ["--fail-if", condition]);
        let arguments: Vec<&str> = ["simulate", "-o", "json"].into_iter().chain(flags).collect();
        let result = seq(&arguments);
        assert_eq!(result.code, Some(code), "{result}");
        assert_eq!(result.stderr.is_empty(), messages.is_empty(), "{result}");
        for message in messages {
            assert!(result.stderr.contains(message), "{result}");
        }
        let document: serde_json::Value = serde_json::from_str(&result.stdout).expect("JSON");
        let budget = document["workloads"][0]["budget"].as_array().expect("an array");
        let written: Vec<&str> = budget.iter().filter_map(|entry| entry["condition"].as_str()).collect();
        assert_eq!(written, conditions);
        let exceeded = budget.iter().filter(|entry| entry["exceeded"] == true).count();
        assert_eq!(exceeded, result.stderr.matches("budget exceeded").count());
    }
}

#[test]
fn a_failed_workload_outweighs_an_exceeded_budget() {
    let manifest =
        job("backoffLimit: 0", "{name: main, image: busybox, command: [sh, -c, 'sleep 2; exit 3']}");
    let result = simulate_manifest(&manifest, &["--fail-if", "wall > 1s", "--fail-if", "max(unready) > 1s"]);
    assert_eq!(result.code, Some(1), "{result}");
    assert!(result.stderr.contains("budget exceeded: wall > 1s"), "{result}");
}

#[test]
fn a_wrong_condition_is_wrong_usage() {
    let result = seq(&["simulate", "--fail-if", "p95(colStart) > 30s"]);
    assert_eq!(result.code, Some(2));
    assert!(result.stderr.contains("  p95(colStart) > 30s\n      ^\n"), "{result}");
}

fn simulate_manifest(manifest: &str, flags: &[&str]) -> CommandResult {
    let arguments: Vec<&str> =
        ["simulate", "-f", "-", "--width", "100"].iter().chain(flags).copied().collect();
    run(program(&arguments), manifest.as_bytes())
}

fn job(spec: &str, containers: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n  {spec}\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {containers}\n"
    )
}

#[test]
fn a_failed_job_ends_with_exit_code_1() {
    let result = simulate_manifest(
        &job("backoffLimit: 1", "{name: main, image: busybox, command: [sh, -c, 'sleep 2; exit 3']}"),
        &[],
    );
    assert_eq!(result.code, Some(1), "{result}");
    insta::assert_snapshot!("failed", result);
}

#[test]
fn a_job_that_never_ends_has_an_unknown_outcome() {
    let result = simulate_manifest(&job("backoffLimit: 1", "{name: main, image: 'app:missing'}"), &[]);
    assert_eq!(result.code, Some(3), "{result}");
    insta::assert_snapshot!("image_missing", result);
}

#[test]
fn invalid_manifests_end_with_exit_code_2() {
    for (manifest, message) in [
        ("kind: [", "standard input"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "Job"),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\nspec: {}\n", "generate"),
    ] {
        let result = simulate_manifest(manifest, &[]);
        assert_eq!((result.code, result.stdout.as_str()), (Some(2), ""), "{result}");
        assert!(result.stderr.starts_with("error: ") && result.stderr.contains(message), "{result}");
    }
    let result = seq(&["simulate", "-f", "no-such-file.yaml"]);
    assert_eq!(result.code, Some(2), "{result}");
    assert!(result.stderr.contains("no-such-file.yaml"), "{result}");
}

#[test]
fn a_closed_pipe_causes_no_message() {
    let mut child = program(&["simulate", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut first = [0; 16];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("the program writes");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn the_locale_chooses_the_characters() {
    let mut command = program(&["simulate", "--width", "80"]);
    command.env("LC_ALL", "C");
    let posix = run(command, b"");
    assert!(posix.stdout.is_ascii(), "{posix}");
}
