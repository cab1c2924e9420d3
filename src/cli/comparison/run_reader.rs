//! Reads the runs that words name.

use std::path::Path;

use tokio::sync::OnceCell;

use crate::app::exit::RunError;
use crate::app::runs::live_timeline::read_feed;
use crate::app::runs::read_runs::RunDetail;
use crate::app::stored_runs::extract::extract_runs;
use crate::app::streams::Streams;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::comparison::run_word::RunWord;
use crate::cli::connect::connect;
use crate::source::cluster::{
    self, Cluster, Name, NamedObjects, NamespaceScope, Need, Objects, Selection, Target,
};
use crate::source::{ErrorKind, Feed, SourceError};
use crate::timeline::comparison::{RunReading, RunSource, WorkloadRun};

/// Reads runs from the cluster of the command line. Connects at the first object.
pub(crate) struct RunReader<'a> {
    connection: &'a ConnectionArgs,
    streams: &'a Streams,
    /// The parts of the runs that are needed.
    detail: RunDetail,
    cluster: OnceCell<Cluster>,
}

impl<'a> RunReader<'a> {
    pub(crate) fn new(connection: &'a ConnectionArgs, streams: &'a Streams, detail: RunDetail) -> Self {
        Self { connection, streams, detail, cluster: OnceCell::new() }
    }

    /// The parts of the runs that are needed.
    pub(crate) fn detail(&self) -> RunDetail {
        self.detail
    }

    /// The cluster, if an object was read from it.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.get()
    }

    /// Reads the runs of an object: the object itself, or the Jobs of a CronJob that still exist.
    ///
    /// # Errors
    /// The cluster cannot be read, the object does not exist, or its type runs no Pods.
    pub(crate) async fn read_object(&self, word: &str) -> Result<Vec<WorkloadRun>, RunError> {
        let cluster = self.cluster.get_or_try_init(|| connect(self.connection, self.streams)).await?;
        let read = self.read_from(cluster, word).await;
        read.map_err(|error| match (error, RunWord::path_hint(word)) {
            (RunError::Source(error), Some(hint)) => error.hint(hint).into(),
            (error, _) => error,
        })
    }

    async fn read_from(&self, cluster: &Cluster, word: &str) -> Result<Vec<WorkloadRun>, RunError> {
        let feed = open_object(cluster, word, false).await?;
        let (timeline, now) = read_feed(feed, self.streams).await?;
        let reading = RunReading {
            source: RunSource::Cluster,
            now,
            is_cut_off: false,
            kubernetes_version: cluster.fetch_server_version().await.ok(),
            keeps_spans: self.detail == RunDetail::Lanes,
        };
        Ok(extract_runs(&timeline, &reading))
    }
}

/// Opens the feed of an object in the namespace of the command line. `follows` says whether it goes on after the lists.
///
/// # Errors
/// The word names no type of the server, or a type that runs no Pods.
pub(crate) async fn open_object(cluster: &Cluster, word: &str, follows: bool) -> Result<Feed, SourceError> {
    let named = cluster::resolve(cluster, &[word.to_owned()]).await?;
    let target = |NamedObjects { resource, names, .. }: NamedObjects| Target {
        resource,
        scope: NamespaceScope::Namespace(cluster.namespace.clone()),
        objects: Objects::Named(names.into_iter().map(|name| Name { name, uid: None }).collect()),
        need: Need::Required,
    };
    let targets = named.into_iter().map(target).collect();
    Ok(cluster::open_feed(cluster, Selection { targets, since: None, forgets_gone: false }, follows))
}

/// Returns the only run of a word.
///
/// # Errors
/// There is no run, or there are several.
pub(crate) fn require_one_run(word: &str, mut runs: Vec<WorkloadRun>) -> Result<WorkloadRun, SourceError> {
    match (runs.pop(), runs.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) if Path::new(word).exists() => {
            Err(SourceError::new(ErrorKind::Input, format!("{word} contains no run of a workload")))
        }
        (None, _) => Err(SourceError::new(ErrorKind::NotFound, format!("{word} has no run"))),
        (Some(last), others) => {
            let summary = format!("{word} has {} runs, and diff compares single runs", others + 1);
            let hint = format!(
                "Name one run, for example {}/{}. `kubectl seq history {word}` lists them.",
                last.kind.to_lowercase(),
                last.name
            );
            Err(SourceError::new(ErrorKind::Usage, summary).hint(hint))
        }
    }
}
