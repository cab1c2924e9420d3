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
        if let Some(note) = protocol_note(&get) {
            streams.note(&note);
        }
        Ok(TraceOptions { resource, sender: Some(Box::new(TraceSender::new(settings)?)) })
    }
}
