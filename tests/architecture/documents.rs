//! Checks the Markdown documents.

use std::fs;
use std::path::Path;

/// The maximum width of a line, in characters. Rows of tables may be longer, because Markdown cannot break them.
const MAX_COLUMNS: usize = 100;

/// The folders that contain documents.
const FOLDERS: [&str; 3] = ["", "docs", "tests/cluster"];

/// Describes each long line and each link to a missing file.
pub(crate) fn find_faults() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                check(&name, &fs::read_to_string(&path).unwrap(), &root.join(folder), &mut faults);
            }
        }
    }
    faults
}

fn check(name: &str, text: &str, folder: &Path, faults: &mut Vec<String>) {
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.chars().count() > MAX_COLUMNS && !line.starts_with('|') {
            faults.push(format!("{name}:{number}: more than {MAX_COLUMNS} columns"));
        }
        for target in links(line) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !target.contains("://") && !folder.join(file).exists() {
                faults.push(format!("{name}:{number}: {target} does not exist"));
            }
        }
    }
}

/// Returns the targets of the links `[text](target)` in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn a_long_line_and_a_missing_file_are_found() {
    let mut faults = Vec::new();
    let long = "x".repeat(MAX_COLUMNS + 1);
    let text = format!("{long}\n| {long} |\n[a](Cargo.toml) [b](nowhere.md#part) [c](https://example.com)");
    check("page.md", &text, Path::new(env!("CARGO_MANIFEST_DIR")), &mut faults);
    assert_eq!(faults, ["page.md:1: more than 100 columns", "page.md:3: nowhere.md#part does not exist"]);
}
