//! Holds the direction of the code: source → lifecycle → timeline → view → surface.
//!
//! Reads the sources as text, so that it also sees what no target of this machine compiles. What each room may know
//! is the table [`ROOMS`]; to let an import point back, one has to change it there.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the sources fails")]

mod code;

use std::fs;
use std::path::{Path, PathBuf};

use code::{Reference, references};

/// Every room, and the rooms that it may import.
const ROOMS: [(&str, &[&str]); 10] = [
    ("observation", &[]),
    ("source", &["observation"]),
    ("lifecycle", &["observation"]),
    ("timeline", &["lifecycle", "observation"]),
    ("view", &["timeline", "lifecycle", "observation"]),
    ("export", &["timeline", "lifecycle", "observation"]),
    ("tui", &["view", "timeline", "lifecycle"]),
    ("terminal", &["tui", "view"]),
    ("app", &["terminal", "tui", "export", "view", "timeline", "lifecycle", "source", "observation"]),
    ("cli", &["app", "terminal", "tui", "export", "view", "timeline", "lifecycle", "source", "observation"]),
];

/// What only some places may mention: the beginning of a path, the places, why.
const RESERVED: [(&[&str], &[&str], &str); 7] = [
    (&["kube"], &["src/source/cluster/"], "only the live cluster knows its client"),
    (&["k8s_openapi"], &["src/source/cluster/"], "only the live cluster knows its client"),
    (
        &["crossterm"],
        &["src/terminal/", "src/tui/input.rs", "src/cli/environment.rs"],
        "only the terminal layer knows the terminal",
    ),
    (&["Timestamp", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (&["Zoned", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (&["SystemTime", "now"], &["src/source/clock.rs"], "time is a parameter"),
    (
        &["tokio"],
        &["src/source/", "src/terminal/", "src/tui/input.rs", "src/app/", "src/cli/", "src/main.rs"],
        "the model and its views are pure",
    ),
];

/// Rooms without a clock, files, processes or an environment.
const PURE: [&str; 5] = ["observation", "lifecycle", "timeline", "view", "export"];

/// What a pure room must not mention.
const IMPURE: [&[&str]; 10] = [
    &["std", "env"],
    &["std", "fs"],
    // Addresses are only numbers.
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "UdpSocket"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["Instant", "now"],
];

/// A file that has more lines is more than one topic.
const MOST_LINES: usize = 500;

#[test]
fn the_code_flows_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 20, "the sources were not found in {}", root.display());
    let violations: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            violations(&name, &fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// What is wrong with one file, each with its place.
fn violations(name: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        violations.push(format!("{name}: {lines} lines; more than {MOST_LINES} are more than one topic"));
    }
    if !text.trim_start().starts_with("//!") {
        violations.push(format!("{name}:1: no module documentation"));
    }
    let module = module_path(name);
    let room = module.first().map(String::as_str);
    for Reference { line, path } in references(&module, text) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut violation = |why: &str| violations.push(format!("{name}:{line}: {}: {why}", path.join("::")));
        if path[0] == "crate"
            && let (Some(room), Some(&target)) = (room, path.get(1))
            && let Some(why) = forbidden(room, target)
        {
            violation(&why);
        }
        for (reserved, places, why) in RESERVED {
            if mentions(&path, reserved) && !places.iter().any(|place| name.starts_with(place)) {
                violation(why);
            }
        }
        if room.is_some_and(|room| PURE.contains(&room)) && IMPURE.iter().any(|start| mentions(&path, start))
        {
            violation("the model and its views are pure");
        }
    }
    violations
}

/// Why a room may not import another, if it may not.
fn forbidden(room: &str, target: &str) -> Option<String> {
    if target == room {
        return None;
    }
    if target == "*" {
        return Some("names every room: import what is meant".to_owned());
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return Some(format!("{room} has no place in the direction of the code"));
    };
    (!allowed.contains(&target)).then(|| format!("{room} must not know {target}"))
}

/// Whether a path begins with these segments, or, for a type's function, has them anywhere.
fn mentions(path: &[&str], segments: &[&str]) -> bool {
    let a_function = segments.len() == 2 && segments[0].starts_with(char::is_uppercase);
    if a_function { path.windows(2).any(|pair| pair == segments) } else { path.starts_with(segments) }
}

/// `src/view/table.rs` → `view`, `table`.
fn module_path(name: &str) -> Vec<String> {
    let inner = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut path: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}

#[test]
fn the_check_catches_each_violation() {
    let cases = [
        (
            "src/lifecycle/mod.rs",
            "//! .\nuse crate::view::Frame;",
            "src/lifecycle/mod.rs:2: crate::view::Frame",
        ),
        (
            "src/lifecycle/pod.rs",
            "//! .\nuse super::super::timeline::Pod;",
            "lifecycle must not know timeline",
        ),
        ("src/timeline/a/b.rs", "//! .\nuse super::super::super::source;", "timeline must not know source"),
        ("src/observation/mod.rs", "//! .\nuse super::source::Feed;", "observation must not know source"),
        (
            "src/view/mod.rs",
            "//! .\nuse crate::{\n  lifecycle::Role, export::{json, self},\n};",
            ":3: crate::export",
        ),
        ("src/export/mod.rs", "//! .\nfn f(_: crate::view::Frame) {}", "export must not know view"),
        ("src/terminal/mod.rs", "//! .\nuse crate::source::Feed;", "terminal must not know source"),
        (
            "src/source/mod.rs",
            "//! .\nmod a { use super::super::timeline::Pod; }",
            "source must not know timeline",
        ),
        ("src/view/mod.rs", "//! .\nuse super::*;", "names every room"),
        ("src/helpers/mod.rs", "//! .\nuse crate::view::Frame;", "helpers has no place"),
        ("src/view/mod.rs", "//! .\nuse crate::helpers::pad;", "view must not know helpers"),
        ("src/timeline/mod.rs", "//! .\nuse kube::Client;", "only the live cluster"),
        ("src/source/kubectl.rs", "//! .\nfn f() -> ::kube::Error {}", "only the live cluster"),
        ("src/view/mod.rs", "//! .\nuse crossterm::{style, terminal};", "only the terminal layer"),
        ("src/view/mod.rs", "//! .\nfn f() { jiff::Timestamp::now(); }", "time is a parameter"),
        ("src/terminal/inline_renderer.rs", "//! .\nfn f() { Timestamp::now(); }", "time is a parameter"),
        ("src/export/json.rs", "//! .\nuse std::{io, fs::File};", "pure"),
        ("src/timeline/mod.rs", "//! .\nfn f() { std::time::Instant::now(); }", "pure"),
        ("src/timeline/mod.rs", "//! .\nuse tokio::sync::mpsc;", "pure"),
        ("src/view/mod.rs", "use std::fmt;\n", "no module documentation"),
    ];
    for (name, text, expected) in cases {
        let found = violations(name, text).join("\n");
        assert!(found.contains(expected), "{name}: {text}\nfound: {found:?}");
    }
    let long = format!("//! .\n{}", "\n".repeat(MOST_LINES));
    assert!(violations("src/view/mod.rs", &long)[0].contains("501 lines"));
}

#[test]
fn the_check_lets_pass_what_is_right() {
    let cases = [
        ("src/view/table.rs", "//! .\nuse crate::{lifecycle::{PhaseKind, Role}, timeline::Timeline};"),
        ("src/view/table.rs", "//! .\nuse super::frame::Frame;\nmod a { use super::super::Line; }"),
        (
            "src/view/mod.rs",
            "//! See [`crate::terminal`].\n/* use crate::cli; */ const A: &str = \"crate::cli\";",
        ),
        (
            "src/view/mod.rs",
            "//! .\nconst A: (char, &str) = ('\"', r#\"\"crate::cli\"#); // '\nfn f<'a>() {}",
        ),
        ("src/view/mod.rs", "//! .\nmod tests { use super::*; }"),
        ("src/view/mod.rs", "//! .\npub(crate) fn f(self: Box<Self>) -> kubectl::Name { self.kube }"),
        ("src/source/cluster/watch.rs", "//! .\nuse kube::Client; use crate::observation::Pod;"),
        ("src/source/clock.rs", "//! .\nfn f() { Timestamp::now(); }"),
        ("src/view/mod.rs", "//! .\nfn f(_: std::net::IpAddr) {}"),
        ("src/lib.rs", "//! .\npub mod view;\npub use crate::view::Frame;"),
        ("src/main.rs", "//! .\nfn main() { kubectl_seq::cli::run() }"),
    ];
    for (name, text) in cases {
        assert_eq!(violations(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}
