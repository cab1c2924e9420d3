//! Tests of the program on a pseudo-terminal.

use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, open};

use super::support::runner::CLEAN_ENVIRONMENT;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// Returns a command that runs the program in the clean environment with additional `variables`.
fn program(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    Command::new(env!("CARGO_BIN_EXE_kubectl-seq"))
        .args(arguments)
        .env_clear()
        .envs(CLEAN_ENVIRONMENT)
        .envs(variables.iter().copied())
}

/// Runs the program on a terminal and returns everything that it writes. Fails unless the exit code is 0.
pub(crate) fn written_to_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let (written, code) = written_to_terminal_with_code(arguments, variables);
    assert_eq!(code, Some(0));
    written
}

/// Runs the program on a terminal and returns everything that it writes, and the exit code.
pub(crate) fn written_to_terminal_with_code(
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (String, Option<i32>) {
    let (mut terminal, pts) = open().expect("a terminal");
    terminal.resize(Size::new(ROWS, COLUMNS)).expect("a terminal");
    let mut child = program(arguments, variables).spawn(pts).expect("the program runs");
    let mut written = Vec::new();
    // On Linux, reading a closed terminal fails after the last byte.
    let _ = terminal.read_to_end(&mut written);
    let code = child.wait().expect("the program ends").code();
    (String::from_utf8(written).expect("UTF-8"), code)
}

#[test]
fn no_color_removes_the_colours_on_a_terminal() {
    // With speed 0, the program computes the whole simulation first and prints the picture without cursor movements.
    let simulate = ["simulate", "--speed", "0"];
    for variables in [&[] as &[_], &[("NO_COLOR", "")]] {
        let written = written_to_terminal(&simulate, variables);
        assert!(written.contains("\u{1b}["), "{variables:?}: {written:?}");
    }
    let written = written_to_terminal(&simulate, &[("NO_COLOR", "1")]);
    assert!(!written.contains('\u{1b}') && written.contains("job/pi"), "{written:?}");
}

/// Returns the parameters of all sequences for progress in the tab.
fn tab_progress(written: &str) -> Vec<&str> {
    let parts = written.split("\u{1b}]9;4;").skip(1);
    parts.map(|part| part.split_once("\u{1b}\\").expect("the end of the sequence").0).collect()
}

#[test]
fn the_tab_shows_the_progress_of_the_run_and_nothing_afterwards() {
    for progress in ["live", "lines"] {
        let arguments = ["simulate", "--speed", "20", "--progress", progress];
        let written = written_to_terminal(&arguments, &[("TERM_PROGRAM", "ghostty")]);
        let states = tab_progress(&written);
        assert!(states.iter().any(|state| state.starts_with("1;")), "{states:?}");
        assert_eq!(states.last(), Some(&"0;"), "{states:?}");
        for variables in [
            &[] as &[_],
            &[("TERM_PROGRAM", "ghostty"), ("TMUX", "/tmp/tmux,1,0")],
            &[("TERM_PROGRAM", "ghostty"), ("CI", "true")],
        ] {
            let written = written_to_terminal(&arguments, variables);
            assert!(tab_progress(&written).is_empty(), "{variables:?}");
        }
    }
}

#[test]
fn a_signal_removes_the_progress_from_the_tab() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (mut terminal, pts) = open().expect("a terminal");
        terminal.resize(Size::new(ROWS, COLUMNS)).expect("a terminal");
        let command =
            program(&["simulate", "--speed", "1", "--progress", "lines"], &[("TERM_PROGRAM", "WezTerm")]);
        let mut child = command.spawn(pts).expect("the program runs");
        let mut written = Vec::new();
        let mut buffer = [0; 8192];
        while !String::from_utf8_lossy(&written).contains("\u{1b}]9;4;1;") {
            let length = terminal.read(&mut buffer).expect("the program runs");
            written.extend_from_slice(&buffer[..length]);
        }
        let kill =
            std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let _ = terminal.read_to_end(&mut written);
        assert_eq!(child.wait().expect("the program ends").code(), Some(code));
        assert_eq!(tab_progress(&String::from_utf8_lossy(&written)).last(), Some(&"0;"));
    }
}

/// Returns the texts of all notifications.
fn notifications(written: &str) -> Vec<&str> {
    let parts = written.split("\u{1b}]9;kubectl seq: ").skip(1);
    parts.map(|part| part.split_once('\u{7}').expect("the end of the sequence").0).collect()
}

#[test]
fn the_terminal_notifies_the_user_once_when_the_run_has_ended() {
    for progress in ["live", "lines", "none"] {
        let arguments = ["simulate", "--speed", "50", "--progress", progress];
        let with_flag = [&arguments[..], &["--notify"]].concat();
        let written = written_to_terminal(&with_flag, &[]);
        let sent = notifications(&written);
        assert!(sent.len() == 1 && sent[0].starts_with("job/pi succeeded after "), "{progress}: {sent:?}");
        let inside_tmux = written_to_terminal(&with_flag, &[("TMUX", "/tmp/tmux,1,0")]);
        assert!(inside_tmux.contains("\u{1b}Ptmux;\u{1b}\u{1b}]9;kubectl seq: job/pi"), "{inside_tmux:?}");
        assert!(inside_tmux.contains("\u{7}\u{1b}\\\u{7}"), "{inside_tmux:?}");
        assert!(notifications(&written_to_terminal(&arguments, &[])).is_empty());
        assert!(notifications(&written_to_terminal(&with_flag, &[("TERM", "dumb")])).is_empty());
    }
}

#[test]
fn a_notification_says_how_the_workloads_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = |name: &str, code: i32| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n  backoffLimit: 0\n  \
             template:\n    spec:\n      restartPolicy: Never\n      \
             containers: [{{name: main, image: a, command: [sh, -c, 'sleep 1; exit {code}']}}]\n---\n"
        )
    };
    let cases = [
        (job("a", 3), 1, "job/a failed: BackoffLimitExceeded"),
        (job("a", 3) + &job("b", 0), 1, "1 of 2 workloads failed"),
        (job("a", 0) + &job("b", 0), 0, "all 2 workloads succeeded"),
    ];
    for (manifest, code, expected) in cases {
        let file = folder.path().join("jobs.yaml");
        std::fs::write(&file, &manifest).expect("a file");
        let file = file.to_str().expect("UTF-8");
        let arguments = ["simulate", "-f", file, "--speed", "50", "--progress", "lines", "--notify"];
        let (written, actual) = written_to_terminal_with_code(&arguments, &[]);
        let sent = notifications(&written);
        assert_eq!(actual, Some(code), "{written}");
        assert!(sent.len() == 1 && sent[0].starts_with(expected), "{sent:?}");
    }
    let arguments = ["simulate", "--speed", "1", "--timeout", "1s", "--progress", "lines", "--notify"];
    let (written, code) = written_to_terminal_with_code(&arguments, &[]);
    let sent = notifications(&written);
    assert_eq!(code, Some(124));
    assert!(sent.len() == 1 && sent[0].starts_with("timed out after 1s: job/pi had not ended"), "{sent:?}");
}

#[test]
fn a_variable_leaves_the_mouse_to_the_terminal() {
    let arguments = ["simulate", "--speed", "20"];
    assert!(written_to_terminal(&arguments, &[]).contains("\u{1b}[?1000h"));
    assert!(!written_to_terminal(&arguments, &[("KUBECTL_SEQ_MOUSE", "off")]).contains("\u{1b}[?1000h"));
}

/// Waits until the contents of `screen` fulfil `condition`.
#[track_caller]
fn wait_for(screen: &Mutex<vt100::Parser>, condition: impl Fn(&str) -> bool) {
    let start = Instant::now();
    loop {
        let contents = screen.lock().expect("no panic").screen().contents();
        if condition(&contents) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the screen stays at {contents:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_slow_recording_shows_a_progress_bar_that_leaves_nothing_behind() {
    let (mut terminal, pts) = open().expect("a terminal");
    terminal.resize(Size::new(ROWS, COLUMNS)).expect("a terminal");
    let command = program(&["replay", "-", "-o", "json"], &[]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn(pts).expect("the program runs");
    let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
    let shown = Arc::clone(&screen);
    let reader = thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = terminal.read(&mut buffer) {
            shown.lock().expect("no panic").process(&buffer[..length]);
        }
    });
    let mut input = child.stdin.take().expect("a pipe");
    let header = "{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}\n{\"mark\":\"synced\"}\n";
    input.write_all(header.as_bytes()).expect("the program reads");
    // The program reports its progress after every 256 KiB. It skips lines with unknown marks.
    let padding = format!("{{\"mark\":\"padding\",\"text\":\"{}\"}}\n", "x".repeat(1000)).repeat(600);
    input.write_all(padding.as_bytes()).expect("the program reads");
    wait_for(&screen, |contents| contents.contains("reading"));
    input.write_all(b"{\"mark\":\"end\",\"at\":\"2026-01-01T00:00:00Z\"}\n").expect("the program reads");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    reader.join().expect("no panic");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["workloads"], serde_json::json!([]));
    assert_eq!(screen.lock().expect("no panic").screen().contents().trim(), "");
}

#[test]
fn kubectl_writes_its_messages_to_a_terminal_and_they_arrive_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubectl = folder.path().join("kubectl");
    let script = r#"#!/bin/sh
[ -t 2 ] && size=$(stty size <&2)
printf '\033[33;1mWarning:\033[0m on %s\n' "$size" >&2
printf 'Password: ' >&2
printf 'typed\n' >&2
exit 7
"#;
    std::fs::write(&kubectl, script).expect("a script");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&kubectl, executable).expect("a script");
    for command in ["apply", "create", "replace"] {
        let (mut terminal, pts) = open().expect("a terminal");
        terminal.resize(Size::new(ROWS, COLUMNS)).expect("a terminal");
        let path = std::env::var("PATH").expect("a search path");
        let variables = [("KUBECTL_PATH", kubectl.to_str().expect("UTF-8")), ("PATH", &path)];
        let mut child = program(&[command, "-f", "x"], &variables).spawn(pts).expect("the program runs");
        let mut written = Vec::new();
        let _ = terminal.read_to_end(&mut written);
        assert_eq!(child.wait().expect("the program ends").code(), Some(7));
        assert_eq!(
            String::from_utf8(written).expect("UTF-8"),
            format!("\u{1b}[33;1mWarning:\u{1b}[0m on {ROWS} {COLUMNS}\r\nPassword: typed\r\n"),
            "{command}"
        );
    }
}
