//! Checks the direction of imports: source → lifecycle → timeline → view → terminal.

use crate::sources::SourceFile;

/// Each folder of `src/` with the folders that it may import.
const FOLDERS: [(&str, &[&str]); 12] = [
    ("observation", &[]),
    ("platform", &[]),
    ("source", &["observation", "platform"]),
    ("lifecycle", &["observation"]),
    ("timeline", &["lifecycle", "observation"]),
    ("view", &["timeline", "lifecycle", "observation"]),
    ("export", &["timeline", "lifecycle", "observation"]),
    ("tui", &["view", "timeline", "lifecycle"]),
    ("terminal", &["tui", "view", "observation", "platform"]),
    (
        "app",
        &["terminal", "tui", "export", "view", "timeline", "lifecycle", "source", "observation", "platform"],
    ),
    (
        "fuzz_tests",
        &[
            "cli",
            "app",
            "terminal",
            "tui",
            "export",
            "view",
            "timeline",
            "lifecycle",
            "source",
            "observation",
        ],
    ),
    ("cli", &["app", "terminal", "tui", "export", "view", "timeline", "lifecycle", "source", "observation"]),
];

/// The reason why calls of one operating system are restricted.
const ONE_SYSTEM: &str = "only src/platform uses calls of one operating system";

/// Restricted paths: the start of the path, the files that may mention the path, and the reason.
const RESTRICTED: [(&[&str], &[&str], &str); 12] = [
    (
        &["kube"],
        &["src/source/cluster/", "src/source/trace_receiver/"],
        "only the live cluster and the receiver of traces use the HTTP client of kube",
    ),
    (&["k8s_openapi"], &["src/source/cluster/"], "only the live cluster uses the Kubernetes client"),
    (&["crossterm"], &["src/terminal/"], "only src/terminal uses the terminal"),
    (&["Timestamp", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (&["Zoned", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (&["SystemTime", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (&["rustix"], &["src/platform/unix/"], ONE_SYSTEM),
    // A test of flags.rs builds words that are not UTF-8.
    (&["std", "os", "unix"], &["src/platform/unix/", "src/cli/kubectl_flags/flags.rs"], ONE_SYSTEM),
    (&["std", "os", "fd"], &["src/platform/unix/"], ONE_SYSTEM),
    (&["std", "os", "windows"], &["src/platform/windows/"], ONE_SYSTEM),
    (&["tokio", "signal", "unix"], &["src/platform/unix/"], ONE_SYSTEM),
    (
        &["tokio"],
        &["src/platform/", "src/source/", "src/terminal/", "src/app/", "src/cli/", "src/main.rs"],
        "the model, its views and their state are pure",
    ),
];

/// The folders that must not use a clock, a file, a process, a thread, the network or the environment.
const PURE: [&str; 6] = ["observation", "lifecycle", "timeline", "view", "export", "tui"];

/// The paths that pure folders must not mention.
const IMPURE: [&[&str]; 10] = [
    &["std", "env"],
    &["std", "fs"],
    // `std::net` itself is allowed because addresses are values.
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "UdpSocket"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["Instant", "now"],
];

/// Describes each forbidden path of one file.
pub(crate) fn find_violations(file: &SourceFile) -> Vec<String> {
    let mut violations = Vec::new();
    let folder = file.module.first().map(String::as_str);
    for reference in &file.references {
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        let mut add = |reason: &str| {
            violations.push(format!("{}:{}: {}: {reason}", file.name, reference.line, path.join("::")));
        };
        if path[0] == "crate"
            && let (Some(folder), Some(&target)) = (folder, path.get(1))
            && let Some(reason) = reason_against_import(folder, target)
        {
            add(&reason);
        }
        for (restricted, allowed, reason) in RESTRICTED {
            // Tests of a call of one operating system are compiled only there.
            if mentions(&path, restricted)
                && !(reason == ONE_SYSTEM && file.is_test())
                && !allowed.iter().any(|start| file.name.starts_with(start))
            {
                add(reason);
            }
        }
        if folder.is_some_and(|folder| PURE.contains(&folder))
            && IMPURE.iter().any(|impure| mentions(&path, impure))
        {
            add("the model, its views and their state are pure");
        }
    }
    violations
}

/// Returns the reason why `folder` must not import `target`, or `None` if the import is allowed.
fn reason_against_import(folder: &str, target: &str) -> Option<String> {
    if target == folder || folder == "testing" {
        return None;
    }
    if target == "*" {
        return Some("imports every folder: name the items".to_owned());
    }
    let Some((_, allowed)) = FOLDERS.iter().find(|(name, _)| *name == folder) else {
        return Some(format!("{folder} is missing in the table of folders"));
    };
    (!allowed.contains(&target)).then(|| format!("{folder} must not import {target}"))
}

/// Whether a path begins with these segments. A function of a type, such as `Timestamp::now`, may be anywhere in the
/// path.
fn mentions(path: &[&str], segments: &[&str]) -> bool {
    let is_function_of_type = segments.len() == 2 && segments[0].starts_with(char::is_uppercase);
    if is_function_of_type {
        path.windows(2).any(|pair| pair == segments)
    } else {
        path.starts_with(segments)
    }
}

#[test]
fn each_forbidden_import_is_found() {
    let cases = [
        ("src/lifecycle/mod.rs", "use\ncrate::view::Frame;", "src/lifecycle/mod.rs:2: crate::view::Frame"),
        ("src/lifecycle/pod.rs", "use super::super::timeline::Pod;", "lifecycle must not import timeline"),
        ("src/timeline/a/b.rs", "use super::super::super::source;", "timeline must not import source"),
        ("src/observation/mod.rs", "use super::source::Feed;", "observation must not import source"),
        (
            "src/view/mod.rs",
            "use crate::{\n  lifecycle::Role, export::{json, self},\n};",
            ":2: crate::export",
        ),
        ("src/export/mod.rs", "fn f(_: crate::view::Frame) {}", "export must not import view"),
        ("src/terminal/mod.rs", "use crate::source::Feed;", "terminal must not import source"),
        (
            "src/source/mod.rs",
            "mod a { use super::super::timeline::Pod; }",
            "source must not import timeline",
        ),
        ("src/view/mod.rs", "use super::*;", "imports every folder"),
        ("src/helpers/mod.rs", "use crate::view::Frame;", "helpers is missing"),
        ("src/view/mod.rs", "use crate::helpers::pad;", "view must not import helpers"),
        ("src/timeline/mod.rs", "use kube::Client;", "only the live cluster"),
        ("src/source/kubectl.rs", "fn f() -> ::kube::Error {}", "only the live cluster"),
        ("src/view/mod.rs", "use crossterm::{style, terminal};", "only src/terminal"),
        ("src/terminal/tty.rs", "use rustix::process::getpgrp;", "only src/platform"),
        (
            "src/source/kubectl.rs",
            "fn f() { std::os::unix::process::ExitStatusExt::signal(s); }",
            "only src/platform",
        ),
        ("src/app/signals.rs", "use tokio::signal::{ctrl_c, unix::signal};", "only src/platform"),
        ("src/view/mod.rs", "fn f() { jiff::Timestamp::now(); }", "time is a parameter"),
        ("src/terminal/tty.rs", "fn f() { Timestamp::now(); }", "time is a parameter"),
        ("src/export/json.rs", "use std::{io, fs::File};", "pure"),
        ("src/timeline/mod.rs", "fn f() { std::time::Instant::now(); }", "pure"),
        ("src/tui/state.rs", "use tokio::sync::mpsc;", "pure"),
    ];
    for (name, text, expected) in cases {
        let found = find_violations(&SourceFile::new(name, text)).join("\n");
        assert!(found.contains(expected), "{name}: {text}\nfound: {found:?}");
    }
}

#[test]
fn allowed_imports_pass() {
    let cases = [
        ("src/view/table.rs", "use crate::{lifecycle::{PhaseKind, Role}, timeline::Timeline};"),
        ("src/view/table.rs", "use super::frame::Frame;\nmod a { use super::super::Line; }"),
        ("src/view/mod.rs", "//! [`crate::app`].\n/* use crate::cli; */ const A: &str = \"crate::cli\";"),
        ("src/view/mod.rs", "const A: (char, &str) = ('\"', r#\"\"crate::cli\"#); // '\nfn f<'a>() {}"),
        ("src/view/mod.rs", "mod tests { use super::*; }"),
        ("src/view/mod.rs", "pub(crate) fn f(self: Box<Self>) -> kubectl::Name { self.kube }"),
        ("src/source/cluster/watch.rs", "use kube::Client; use crate::observation::Pod;"),
        ("src/source/clock.rs", "fn f() { Timestamp::now(); }"),
        ("src/source/kubectl.rs", "use tokio::signal::ctrl_c; use std::os::raw::c_int;"),
        ("src/view/mod.rs", "fn f(_: std::net::IpAddr) {}"),
        ("src/lib.rs", "pub mod view;\npub use crate::view::Frame;"),
        ("src/main.rs", "fn main() { kubectl_seq::main() }"),
    ];
    for (name, text) in cases {
        assert_eq!(find_violations(&SourceFile::new(name, text)), Vec::<String>::new(), "{name}: {text}");
    }
}
