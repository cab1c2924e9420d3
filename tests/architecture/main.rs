//! Checks the structure of the code and the documents: imports, import cycles, type names, the length of files and
//! lines.
//!
//! The checks read the sources as text, so they also cover code that this platform does not compile. The table
//! `FOLDERS` in `direction.rs` lists the imports that each folder may have. To allow a new import, change the table.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the sources fails")]

mod cycles;
mod direction;
mod documents;
mod parser;
mod sources;
mod type_names;

use std::sync::LazyLock;

use sources::Sources;

static SOURCES: LazyLock<Sources> = LazyLock::new(Sources::read);

/// The maximum number of lines of a source file. A longer file probably covers more than one topic.
const MAX_LINES: usize = 500;

#[test]
fn imports_follow_the_direction_of_the_data() {
    let violations: Vec<String> = SOURCES.files().flat_map(direction::find_violations).collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn no_folder_contains_an_import_cycle() {
    let cycles = cycles::find_cycles(&SOURCES);
    assert!(cycles.is_empty(), "\n{}\n", cycles.join("\n"));
}

#[test]
fn each_type_name_has_one_meaning() {
    let repeated = type_names::find_repeated(&SOURCES);
    assert!(repeated.is_empty(), "\n{}\n", repeated.join("\n"));
}

#[test]
fn files_are_short_and_documented() {
    let mut faults = Vec::new();
    for file in SOURCES.files() {
        let lines = file.text.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{}: {lines} lines; split files of more than {MAX_LINES} lines", file.name));
        }
        if !file.text.trim_start().starts_with("//!") {
            faults.push(format!("{}:1: no module documentation", file.name));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn documents_have_short_lines_and_links_to_existing_files() {
    let faults = documents::find_faults();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn each_dependency_has_a_line_that_gives_its_reason() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let (mut section, mut before, mut count) = ("", "", 0);
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]") && line.contains(" = ") {
            assert!(before.starts_with('#'), "{line}: write the reason in the line above");
            count += 1;
        }
        before = line;
    }
    assert!(count > 30, "only {count} dependencies were found");
}
