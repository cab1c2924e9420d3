//! The source files of the crate as text.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::parser::{Reference, parse};

/// One source file.
pub(crate) struct SourceFile {
    /// The path from the root of the package, such as `src/view/table.rs`.
    pub(crate) name: String,
    /// The module that the file defines, such as `["view", "table"]`.
    pub(crate) module: Vec<String>,
    /// The whole text.
    pub(crate) text: String,
    /// The paths that the code mentions.
    pub(crate) references: Vec<Reference>,
}

impl SourceFile {
    /// Parses the text of the file `name`.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let module = module_path(name);
        let references = parse(&module, text);
        Self { name: name.to_owned(), module, text: text.to_owned(), references }
    }

    /// Whether the file is a folder's `mod.rs`.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with("/mod.rs")
    }

    /// Whether the file is compiled only for tests, according to the names of its modules.
    pub(crate) fn is_test(&self) -> bool {
        self.module.iter().any(|name| {
            matches!(name.as_str(), "tests" | "fixture" | "fake" | "testing") || name.ends_with("_tests")
        })
    }
}

/// All source files, by module.
pub(crate) struct Sources {
    files: BTreeMap<Vec<String>, SourceFile>,
}

impl Sources {
    /// Reads all files below `src/`.
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        collect(&root.join("src"), &mut paths);
        let sources = Self::new(paths.iter().map(|path| {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            SourceFile::new(&name, &fs::read_to_string(path).unwrap())
        }));
        assert!(sources.files.len() > 20, "the sources were not found in {}", root.display());
        sources
    }

    /// Indexes the files by module.
    pub(crate) fn new(files: impl IntoIterator<Item = SourceFile>) -> Self {
        Self { files: files.into_iter().map(|file| (file.module.clone(), file)).collect() }
    }

    /// Returns all files in the order of their modules.
    pub(crate) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.values()
    }

    /// Returns the file that defines the item at `path`. The first segment of `path` follows `crate`. Follows
    /// re-exports.
    pub(crate) fn defining_module(&self, path: &[String]) -> Option<&SourceFile> {
        let mut path = path.to_vec();
        // Chains of re-exports are short. The limit guards against two modules that re-export from each other.
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
            let file = &self.files[&path[..length]];
            let Some(item) = path.get(length) else { return Some(file) };
            let target = file.references.iter().find(|reference| {
                reference.reexport && reference.exported_name.as_ref().or(reference.path.last()) == Some(item)
            });
            match target.map(|target| resolve(self, file, &target.path)) {
                Some(Some(mut target)) if target != path => {
                    target.extend_from_slice(&path[length + 1..]);
                    path = target;
                }
                _ => return Some(file),
            }
        }
        None
    }
}

/// Returns the path from the root of the crate that `path` means in `file`. `None` if the path belongs to another
/// crate.
pub(crate) fn resolve(sources: &Sources, file: &SourceFile, path: &[String]) -> Option<Vec<String>> {
    if path.first().is_some_and(|first| first == "crate") {
        return Some(path[1..].to_vec());
    }
    // The path may begin with the name of a child module.
    let child: Vec<String> = file.module.iter().chain(path.first()).cloned().collect();
    sources.files.contains_key(&child).then(|| file.module.iter().chain(path).cloned().collect())
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

/// Returns the module that a file defines: `src/view/table.rs` → `view`, `table`.
fn module_path(name: &str) -> Vec<String> {
    let inner = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut path: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    path
}
