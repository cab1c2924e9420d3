//! Writes parts of logs as JSON: one object per line.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::app::logs::parts::{LogContent, LogPart};
use crate::app::logs::text::describe_gap;
use crate::export;
use crate::timeline::Timeline;

/// `{"type": "log", …}`: a line of a log, or a part of a log that cannot be read.
#[derive(Serialize)]
struct LogLineEntry<'a> {
    r#type: &'static str,
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    /// The number of restarts before the run that wrote the line.
    run: u32,
    /// The time that the container runtime gave to the line, to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// The line, unchanged. Invalid UTF-8 is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Whether the end of the line is missing, because the line is longer than 1 MiB.
    #[serde(skip_serializing_if = "is_false")]
    cut: bool,
    /// Why a part of the log is missing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Writes the lines of parts of logs.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_log_parts(timeline: &Timeline, parts: &[LogPart], out: &mut dyn Write) -> io::Result<()> {
    for part in parts {
        let pod = timeline.identity(part.container.pod);
        let entry = || LogLineEntry {
            r#type: "log",
            namespace: &pod.namespace,
            pod: &pod.name,
            container: &part.container.name,
            run: part.run,
            at: None,
            text: None,
            cut: false,
            missing: None,
        };
        match &part.content {
            LogContent::Lines(lines) => {
                for line in lines {
                    let entry = LogLineEntry {
                        at: Some(line.at),
                        text: Some(&line.text()),
                        cut: line.is_cut,
                        ..entry()
                    };
                    export::write_json_line(&entry, out)?;
                }
            }
            LogContent::Gap(gap) => {
                export::write_json_line(&LogLineEntry { missing: Some(describe_gap(gap)), ..entry() }, out)?;
            }
        }
    }
    Ok(())
}
