//! The options of traces.

use crate::export::ResourceSettings;
use crate::source::trace_receiver::TraceSender;

/// The resource of traces, and the receiver to which they are sent.
#[derive(Debug, Default)]
pub(crate) struct TraceOptions {
    /// The user's own attributes of resources.
    pub(crate) resource: ResourceSettings,
    /// Sends the traces of runs that have ended. `None` if the user named no receiver.
    pub(crate) sender: Option<Box<TraceSender>>,
}
