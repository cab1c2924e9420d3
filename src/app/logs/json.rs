//! Writes parts of logs as JSON: one object per line.

use std::io::{self, Write};

use crate::app::logs::parts::{LogContent, LogPart};
use crate::app::logs::text::describe_gap;
use crate::export;
use crate::export::log_line::LogLineEntry;
use crate::timeline::Timeline;

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
