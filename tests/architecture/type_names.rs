//! Finds type names that several files define.

use std::collections::BTreeMap;

use crate::parser::type_names;
use crate::sources::Sources;

/// Names that may be defined more than once, each with the reason.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// Lists each type name that several files define.
pub(crate) fn find_repeated(sources: &Sources) -> Vec<String> {
    let mut definitions: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    // The files of one operating system define the same types as those of the other.
    let is_counted = |name: &str| !name.starts_with("src/platform/windows/");
    for file in sources.files().filter(|file| !file.is_test() && is_counted(&file.name)) {
        for name in type_names(&file.text) {
            definitions.entry(name).or_default().push(&file.name);
        }
    }
    definitions
        .retain(|name, files| files.len() > 1 && !EXCEPTIONS.iter().any(|(exception, _)| exception == name));
    definitions.iter().map(|(name, files)| format!("{name}: {}", files.join(", "))).collect()
}

#[test]
fn a_name_in_two_files_is_found() {
    use crate::sources::SourceFile;
    let sources = Sources::new([
        SourceFile::new("src/a.rs", "pub(crate) struct Span; mod tests { struct Only; }"),
        SourceFile::new("src/platform/unix/c.rs", "struct Signals;"),
        SourceFile::new("src/platform/windows/c.rs", "struct Signals;"),
        SourceFile::new("src/b.rs", "// struct Comment\nenum Span { Only }\ntrait Only {}"),
    ]);
    assert_eq!(find_repeated(&sources), ["Span: src/a.rs, src/b.rs"]);
}
