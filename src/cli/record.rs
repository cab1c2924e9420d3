//! `kubectl seq record`: records everything that runs, until it is stopped.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::app::exit::{Exit, RunError};
use crate::app::record::event_loop::{RecordOptions, RecordScope, record};
use crate::app::record::retention::Retention;
use crate::app::streams::Streams;
use crate::app::traces::options::TraceOptions;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::keep::parse_keep;
use crate::cli::args::otlp::options_of_flag_or_variables;
use crate::cli::connect::{complete_result, connect};
use crate::cli::get::{need_of_type, targets_of_all_types};
use crate::source::cluster::{self, Cluster, NamedObjects, NamespaceScope, Objects, Selection, Target};
use crate::source::error::system_error_text;
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq record`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq record [TYPE...] --to DIR|--otlp-endpoint URL [OPTIONS]")]
pub(crate) struct RecordCommandArgs {
    /// Types, as in `kubectl seq get`: `jobs`, `deploy,sts`. Without them, everything that runs Pods
    #[arg(value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// Only objects with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR", help_heading = "Selection")]
    pub(crate) selector: Option<String>,
    /// Objects of all namespaces
    #[arg(short = 'A', long, help_heading = "Selection")]
    pub(crate) all_namespaces: bool,
    /// Directory of the recordings
    ///
    /// Each run gets a file of its own, named by namespace, kind, name and start. While a run goes on, the name of its file
    /// ends in .partial. A later `record` continues it.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) to: Option<PathBuf>,
    /// Send the trace of each run that has ended to this OpenTelemetry receiver
    ///
    /// The traces go as JSON over HTTP to URL/v1/traces. Without this flag, the variable `OTEL_EXPORTER_OTLP_ENDPOINT` names
    /// the receiver. Headers, timeout, compression and certificates come from the variables `OTEL_EXPORTER_OTLP_*`.
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub(crate) otlp_endpoint: Option<String>,
    /// Delete recordings after this time, or the oldest above this total size
    ///
    /// `30d`, `20GiB`, or both: `30d,20GiB`. Files with other names are never deleted.
    #[arg(long, value_name = "LIMIT", requires = "to", value_parser = parse_keep, help_heading = "Output")]
    pub(crate) keep: Option<Retention>,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

pub(crate) async fn run(args: RecordCommandArgs, streams: &Streams) -> Result<Exit, RunError> {
    let traces = options_of_flag_or_variables(args.otlp_endpoint.as_deref(), streams)?;
    match &args.to {
        Some(folder) => fs::create_dir_all(folder).map_err(|error: io::Error| {
            let why = system_error_text(&error);
            SourceError::new(ErrorKind::Usage, format!("cannot record to {}: {why}", folder.display()))
                .hint("Name a directory that you can write to.")
                .caused_by(error)
        })?,
        None if traces.sender.is_none() => {
            let error = SourceError::new(ErrorKind::Usage, "the runs have no destination");
            let error = error.hint("Name a directory: `kubectl seq record --to DIR`.");
            return Err(error.hint("Or name a receiver of traces: `--otlp-endpoint URL`.").into());
        }
        None => {}
    }
    let cluster = connect(&args.connection, streams).await?;
    let connection = args.connection.clone();
    let result = Box::pin(record_objects(args, traces, cluster.clone(), streams)).await;
    complete_result(&cluster, &connection, streams, result).await
}

async fn record_objects(
    args: RecordCommandArgs,
    traces: TraceOptions,
    cluster: Cluster,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let scope = if args.all_namespaces {
        NamespaceScope::All
    } else {
        NamespaceScope::Namespace(cluster.namespace.clone())
    };
    let objects = Objects::Matching { labels: args.selector.clone(), fields: None };
    let targets = find_targets(&args, &cluster, &scope, &objects).await?;
    let scope = RecordScope {
        namespace: (!args.all_namespaces).then(|| cluster.namespace.clone()),
        kinds: targets.iter().map(|target| target.resource.kind.clone()).collect(),
        has_selector: args.selector.is_some(),
    };
    let namespace = cluster.namespace.clone();
    let selection = Selection { targets, since: None, forgets_gone: true };
    let feed = cluster::open_feed(&cluster, selection, true);
    let retention = args.keep.unwrap_or_default();
    let kubernetes_version = cluster.fetch_server_version().await.ok();
    let folder = args.to;
    record(RecordOptions { feed, streams, folder, traces, retention, namespace, kubernetes_version, scope })
        .await
}

/// Finds the types that are followed.
async fn find_targets(
    args: &RecordCommandArgs,
    cluster: &Cluster,
    scope: &NamespaceScope,
    objects: &Objects,
) -> Result<Vec<Target>, RunError> {
    if args.types.is_empty() {
        return Ok(targets_of_all_types(cluster, scope, objects).await);
    }
    let mut targets = Vec::new();
    for word in &args.types {
        for NamedObjects { resource, names, is_part_of_all } in
            cluster::resolve(cluster, std::slice::from_ref(word)).await?
        {
            if let Some(name) = names.first() {
                let text = format!("`record` follows types, but `{word}` names the object {name}");
                let hint = format!("Record one object: `kubectl seq get {word} -w --record DIR/`.");
                return Err(SourceError::new(ErrorKind::Usage, text).hint(hint).into());
            }
            let need = need_of_type(&resource, is_part_of_all);
            targets.push(Target { resource, scope: scope.clone(), objects: objects.clone(), need });
        }
    }
    Ok(targets)
}
