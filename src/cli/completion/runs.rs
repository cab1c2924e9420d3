//! Completes the arguments of `history` and `diff`: objects in the form TYPE/NAME, recordings, and folders.

use std::fs;

use crate::app::runs::list_paths::is_recording_name;
use crate::cli::comparison::run_word::RunWord;
use crate::source::cluster::{Resource, find_known_type};

/// An object whose name is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypedObject {
    pub(crate) resource: Resource,
    /// The part of the word before the name, such as `job/`.
    pub(crate) before: String,
    /// The typed part of the name.
    pub(crate) typed: String,
}

impl TypedObject {
    /// Parses a word like `job/p`. `None` if the word is a path or its type is unknown.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let (kind, typed) = word.split_once('/')?;
        // A word that ends in a slash is a path for the commands, but here its name is still missing.
        let is_path = |typed: &str| matches!(RunWord::parse(typed), RunWord::Path(_));
        if kind.is_empty() || (!typed.is_empty() && is_path(word)) {
            return None;
        }
        let (before, typed) = (format!("{kind}/"), typed.to_owned());
        Some(Self { resource: find_known_type(kind)?, before, typed })
    }
}

/// The recordings and folders whose paths begin with `word`, by name. Folders end with a slash. Hidden files are listed
/// only if the word asks for them.
pub(crate) fn list_matching_paths(word: &str) -> Vec<String> {
    let (folder, typed) = word.rfind('/').map_or(("", word), |slash| word.split_at(slash + 1));
    let Ok(entries) = fs::read_dir(if folder.is_empty() { "." } else { folder }) else { return Vec::new() };
    let mut paths = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with(typed) || (name.starts_with('.') && typed.is_empty()) {
            continue;
        }
        if entry.path().is_dir() {
            paths.push(format!("{folder}{name}/"));
        } else if is_recording_name(&name) {
            paths.push(format!("{folder}{name}"));
        }
    }
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_and_folders_are_listed_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.jsonl", "b.jsonl.zst", "c.jsonl.zst.partial", "notes.txt", ".hidden.jsonl"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("archive")).unwrap();
        let start = format!("{}/", folder.path().display());
        let names = |typed: &str| -> Vec<String> {
            let paths = list_matching_paths(&format!("{start}{typed}"));
            paths.iter().map(|path| path.strip_prefix(&start).unwrap().to_owned()).collect()
        };
        assert_eq!(names(""), ["a.jsonl", "archive/", "b.jsonl.zst", "c.jsonl.zst.partial"]);
        assert_eq!(names("a"), ["a.jsonl", "archive/"]);
        assert_eq!(names(".h"), [".hidden.jsonl"]);
        assert_eq!(list_matching_paths("/no/such/folder/x"), [""; 0]);
    }

    #[test]
    fn a_word_with_a_known_type_is_an_object() {
        let parsed = |word: &str| TypedObject::parse(word).map(|object| (object.before, object.typed));
        assert_eq!(parsed("job/p"), Some(("job/".to_owned(), "p".to_owned())));
        assert_eq!(parsed("cj/"), Some(("cj/".to_owned(), String::new())));
        for path in ["./job/p", "runs/a", "job/pi.jsonl", "job", "/tmp"] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
