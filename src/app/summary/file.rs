//! Appends the summary to its file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

/// Appends a report to a file. Creates the file if it does not exist. An empty line separates the report from earlier
/// text in the file.
///
/// # Errors
/// The file cannot be opened or written.
pub(crate) fn append_report(path: &Path, report: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let separator = if file.metadata()?.len() > 0 { "\n" } else { "" };
    file.write_all(format!("{separator}{report}").as_bytes())
}
