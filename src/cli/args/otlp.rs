//! The flag that sends traces to a receiver, and the variables of OpenTelemetry.

use std::env;

use clap::Args;

use crate::app::streams::Streams;
use crate::app::traces::options::TraceOptions;
use crate::export::ResourceSettings;
use crate::source::SourceError;
use crate::source::trace_receiver::{ReceiverSettings, TraceSender, protocol_note};

/// The flag that sends traces.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OtlpArgs {
    /// Send traces of ended workloads to this OpenTelemetry receiver
    ///
    /// The traces go as JSON over HTTP to URL/v1/traces at the end. Headers, timeout and certificates come from the
    /// variables `OTEL_EXPORTER_OTLP_*`.
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
}

impl OtlpArgs {
    /// Returns the options of traces. Call this before the command changes anything in the cluster, so that a wrong
    /// address fails first.
    ///
    /// # Errors
    /// The address or a variable cannot be used.
    pub(crate) fn options(&self, streams: &Streams) -> Result<TraceOptions, SourceError> {
        let get = |name: &str| env::var(name).ok();
        let resource = ResourceSettings::from_variables(&get);
        let Some(endpoint) = &self.otlp_endpoint else { return Ok(TraceOptions { resource, sender: None }) };
        let settings = ReceiverSettings::from_flag(endpoint, &get)?;
        Ok(TraceOptions { resource, sender: Some(Box::new(create_sender(settings, streams)?)) })
    }
}

/// Returns the options of traces for the receiver that the flag names, or else the variables. `endpoint` is the value of the
/// flag.
///
/// # Errors
/// The address or a variable cannot be used.
pub(crate) fn options_of_flag_or_variables(
    endpoint: Option<&str>,
    streams: &Streams,
) -> Result<TraceOptions, SourceError> {
    let get = |name: &str| env::var(name).ok();
    let settings = match endpoint {
        Some(endpoint) => Some(ReceiverSettings::from_flag(endpoint, &get)?),
        None => ReceiverSettings::from_variables(&get)?,
    };
    let sender = settings.map(|settings| create_sender(settings, streams)).transpose()?;
    Ok(TraceOptions { resource: ResourceSettings::from_variables(&get), sender: sender.map(Box::new) })
}

/// Creates the client of a receiver. Prints a line if the variables ask for a protocol that the program does not speak.
fn create_sender(settings: ReceiverSettings, streams: &Streams) -> Result<TraceSender, SourceError> {
    if let Some(note) = protocol_note(&|name| env::var(name).ok()) {
        streams.note(&note);
    }
    TraceSender::new(settings)
}
