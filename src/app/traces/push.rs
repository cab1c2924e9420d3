//! Sends the trace of a run to a receiver.

use jiff::Timestamp;

use crate::export::{ResourceSettings, RunTrace};
use crate::source::SourceError;
use crate::source::trace_receiver::TraceSender;

/// Sends the trace of one run, message by message. A run that has not ended is sent until `now`.
///
/// # Errors
/// The receiver did not accept a message. The rest of the trace is not sent.
pub(crate) async fn push_trace(
    sender: &TraceSender,
    trace: &RunTrace<'_>,
    resource: &ResourceSettings,
    now: Timestamp,
) -> Result<(), SourceError> {
    for message in trace.messages(resource, now) {
        sender.send(message).await?;
    }
    Ok(())
}
