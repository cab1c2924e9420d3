//! The words that name runs: objects of the cluster, and paths of recordings.

use std::path::{Path, PathBuf};

/// The endings of paths.
const PATH_ENDINGS: [&str; 3] = ["/", ".jsonl", ".zst"];

/// A word that names runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunWord {
    /// An object: `job/pi`.
    Object(String),
    /// A recording, or a folder of recordings.
    Path(PathBuf),
}

impl RunWord {
    /// A word of the form TYPE/NAME is an object, unless it begins or ends like a path. Every other word is a path.
    pub(crate) fn parse(word: &str) -> Self {
        let is_path =
            word.starts_with(['.', '/']) || PATH_ENDINGS.iter().any(|ending| word.ends_with(ending));
        match word.split_once('/') {
            Some((kind, name)) if !is_path && !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
                Self::Object(word.to_owned())
            }
            Some(_) | None => Self::Path(PathBuf::from(word)),
        }
    }

    /// The hint for an object that cannot be read although a file has its name.
    pub(crate) fn path_hint(word: &str) -> Option<String> {
        Path::new(word).exists().then(|| format!("Write ./{word} to read the file of this name."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_a_name_are_an_object_and_everything_else_is_a_path() {
        for word in ["job/pi", "cj/backup", "jobs.batch/pi", "Job/pi-1"] {
            assert_eq!(RunWord::parse(word), RunWord::Object(word.to_owned()));
        }
        for word in [
            "run.jsonl",
            "runs/a.jsonl",
            "runs/a.jsonl.zst",
            "runs/",
            "./job/pi",
            "/job/pi",
            "../x",
            "runs",
            "a/b/c",
            "-",
            "job/",
            "/pi",
        ] {
            assert_eq!(RunWord::parse(word), RunWord::Path(word.into()), "{word}");
        }
    }
}
