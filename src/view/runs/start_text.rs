//! The start of a run in tables of runs.

use jiff::Timestamp;

/// The name of the column.
pub(crate) const START_COLUMN: &str = "START (UTC)";

/// `2026-11-25 10:15`, in UTC.
pub(crate) fn format_start(created: Timestamp) -> String {
    created.strftime("%Y-%m-%d %H:%M").to_string()
}
