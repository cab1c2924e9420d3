//! A receiver of OpenTelemetry traces: its settings, and the client that sends traces to it.

pub(crate) mod sender;
pub(crate) mod settings;

pub(crate) use sender::TraceSender;
pub(crate) use settings::{ReceiverSettings, protocol_note};
