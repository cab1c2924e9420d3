//! The summary of a run: a Markdown report that is appended to a file.

pub(crate) mod file;
pub(crate) mod full_report;
pub(crate) mod gantt;
pub(crate) mod markdown;
pub(crate) mod report;
#[cfg(test)]
mod tests;
