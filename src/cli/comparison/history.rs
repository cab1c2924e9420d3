//! `kubectl seq history`: the runs of the same work, one row each.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::appearance::Appearance;
use crate::app::console::Console;
use crate::app::exit::{Exit, RunError};
use crate::app::runs::history_markdown::write_history_markdown;
use crate::app::runs::list_paths::list_recordings;
use crate::app::runs::read_all::{ReadRecordings, read_recordings};
use crate::app::runs::read_runs::RunDetail;
use crate::app::streams::Streams;
use crate::cli::comparison::comparison_args::ComparisonArgs;
use crate::cli::comparison::history_browser::browse_history;
use crate::cli::comparison::run_reader::RunReader;
use crate::cli::comparison::run_word::RunWord;
use crate::cli::connect::complete_result;
use crate::export::comparison::{HistoryDocument, write_history_csv};
use crate::export::write_json;
use crate::source::{ErrorKind, SourceError};
use crate::timeline::comparison::{WorkHistory, WorkKey, WorkloadRun, group_by_work};
use crate::view::draw_history;

/// The arguments of `kubectl seq history`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq history (TYPE/NAME | DIRECTORY | FILE)... [OPTIONS]")]
pub(crate) struct HistoryArgs {
    /// Objects in the form TYPE/NAME, recordings, and folders of recordings
    ///
    /// `cj/NAME` stands for the Jobs of a CronJob that still exist. A word of the form TYPE/NAME is an object, unless it
    /// begins with `.` or `/`, or ends in `/`, `.jsonl` or `.zst`. If objects are named, only the recordings of the same
    /// work are shown from folders.
    #[arg(value_name = "RUNS", required = true)]
    pub(crate) words: Vec<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output", conflicts_with = "interactive")]
    pub(crate) output: Option<HistoryFormat>,
    /// Keep the table open, until `q`; Enter opens a run
    #[arg(short, long, help_heading = "Output")]
    pub(crate) interactive: bool,
    /// The flags that both comparisons have.
    #[command(flatten)]
    pub(crate) common: ComparisonArgs,
}

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HistoryFormat {
    /// JSON
    Json,
    /// A row for each run
    Csv,
    /// A table for each work
    Markdown,
}

pub(crate) async fn run(
    args: HistoryArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let reader = RunReader::new(&args.common.connection, streams, RunDetail::Row);
    let result = show_history(&args, &reader, appearance, streams).await;
    match reader.cluster() {
        Some(cluster) => complete_result(cluster, &args.common.connection, streams, result).await,
        None => result,
    }
}

async fn show_history(
    args: &HistoryArgs,
    reader: &RunReader<'_>,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let mut live: Vec<WorkloadRun> = Vec::new();
    let (mut files, mut in_folders): (Vec<PathBuf>, BTreeSet<PathBuf>) = (Vec::new(), BTreeSet::new());
    for word in &args.words {
        match RunWord::parse(word) {
            RunWord::Object(object) => live.extend(reader.read_object(&object).await?),
            RunWord::Path(path) => {
                let listed = list_recordings(&path)?;
                if path.is_dir() {
                    in_folders.extend(listed.iter().cloned());
                }
                files.extend(listed);
            }
        }
    }
    let ReadRecordings { mut runs, failures } =
        read_recordings(files, RunDetail::Row, appearance.progress_bar).await;
    // An object chooses the work. Other recordings of a folder are of no interest then.
    let works: BTreeSet<WorkKey> = live.iter().map(|run| run.work.clone()).collect();
    if !works.is_empty() {
        let is_in_folder = |run: &WorkloadRun| in_folders.contains(&PathBuf::from(run.source.name()));
        runs.retain(|run| works.contains(&run.work) || !is_in_folder(run));
    }
    runs.extend(live);
    let works = group_by_work(runs, args.common.threshold.fraction());
    let is_browsed = args.interactive && !works.is_empty();
    if !is_browsed {
        write_works(args.output, &works, appearance, streams)?;
    }
    for failure in &failures {
        streams.error(&failure.summary, &[]);
    }
    if is_browsed {
        let new_console = || Console::from_process(appearance, streams);
        let exit = browse_history(&works, reader.cluster(), appearance, streams, new_console).await?;
        if exit != Exit::Success {
            return Ok(exit);
        }
    }
    match (works.is_empty(), failures.is_empty()) {
        (false, true) => Ok(Exit::Success),
        (_, false) => Ok(Exit::Unknown),
        (true, true) => Err(SourceError::new(ErrorKind::NotFound, "no runs found").into()),
    }
}

fn write_works(
    output: Option<HistoryFormat>,
    works: &[WorkHistory],
    appearance: &Appearance,
    streams: &Streams,
) -> Result<(), RunError> {
    match output {
        None if works.is_empty() => Ok(()),
        None => {
            streams.write_frame(&draw_history(works, &appearance.glyphs, appearance.print_size().columns))
        }
        Some(HistoryFormat::Json) => {
            Streams::write_stdout(|out| write_json(&HistoryDocument::new(works), out))
        }
        Some(HistoryFormat::Csv) => Streams::write_stdout(|out| write_history_csv(works, out)),
        Some(HistoryFormat::Markdown) => {
            Streams::write_stdout(|out| out.write_all(write_history_markdown(works).as_bytes()))
        }
    }
}
