//! Connects to the cluster of the command line, and applies kubectl's flags about the server as a whole.

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;
use crate::cli::args::connection::ConnectionArgs;
use crate::source::cluster::{self, Cluster, explain_missing};
use crate::source::kubectl::Kubectl;
use crate::source::{ErrorKind, SourceError};

/// Creates the client of the cluster. With `--match-server-version`, the wrapped kubectl first compares its own
/// version with the version of the server.
///
/// # Errors
///
/// The flags or the kubeconfig cannot be used, or the versions differ.
pub(crate) async fn connect(connection: &ConnectionArgs, streams: &Streams) -> Result<Cluster, RunError> {
    if connection.is_switched_on("match-server-version") {
        Kubectl::locate().require_matching_version(connection.kubectl_words()).await?;
    }
    Ok(streams.announce_repetitions(cluster::connect(&connection.connection()).await?))
}

/// Completes the result of a run: adds hints about a name that does not exist, and shows the warnings of the server.
///
/// # Errors
///
/// `result` is an error, or the server has sent warnings and `--warnings-as-errors` is given.
pub(crate) async fn complete_result(
    cluster: &Cluster,
    connection: &ConnectionArgs,
    streams: &Streams,
    result: Result<Exit, RunError>,
) -> Result<Exit, RunError> {
    let warnings = cluster.warnings.texts();
    for warning in &warnings {
        streams.server_warning(warning);
    }
    match result {
        Err(RunError::Source(error)) => Err(explain_missing(cluster, error).await.into()),
        Ok(_) if !warnings.is_empty() && connection.is_switched_on("warnings-as-errors") => {
            let count = warnings.len();
            let noun = if count == 1 { "warning" } else { "warnings" };
            Err(SourceError::new(ErrorKind::Rejected, format!("{count} {noun} received")).into())
        }
        result => result,
    }
}
