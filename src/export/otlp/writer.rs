//! Writes the messages of traces.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::export::otlp::resource::ResourceSettings;
use crate::export::otlp::trace::traces_of;
use crate::timeline::Timeline;

/// Writes the traces of all runs, one message per line. The receiver `otlpjsonfile` of the OpenTelemetry Collector reads
/// this form.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_otlp(
    timeline: &Timeline,
    settings: &ResourceSettings,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    for trace in traces_of(timeline) {
        for message in trace.messages(settings, now) {
            out.write_all(&message)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}
