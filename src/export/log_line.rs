//! The lines of logs that `-o jsonl` and `--logs` print.

use jiff::Timestamp;
use serde::Serialize;

/// `{"type": "log", …}`: a line of a log, or a part of a log that cannot be read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LogLineEntry<'a> {
    #[cfg_attr(test, schemars(extend("const" = "log")))]
    pub(crate) r#type: &'static str,
    pub(crate) namespace: &'a str,
    pub(crate) pod: &'a str,
    pub(crate) container: &'a str,
    /// The number of restarts before the run that wrote the line.
    pub(crate) run: u32,
    /// The time that the container runtime gave to the line, to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// The line, unchanged. Invalid UTF-8 is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<&'a str>,
    /// Whether the end of the line is missing, because the line is longer than 1 MiB.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) cut: bool,
    /// Why a part of the log is missing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
