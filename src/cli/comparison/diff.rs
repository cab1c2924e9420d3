//! `kubectl seq diff`: compares two runs, or two groups of runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::appearance::Appearance;
use crate::app::exit::{Exit, RunError};
use crate::app::runs::read_all::read_recordings;
use crate::app::runs::read_runs::RunDetail;
use crate::app::streams::Streams;
use crate::cli::comparison::comparison_args::ComparisonArgs;
use crate::cli::comparison::run_reader::{RunReader, require_one_run};
use crate::cli::comparison::run_word::RunWord;
use crate::cli::connect::complete_result;
use crate::export::comparison::DiffDocument;
use crate::export::write_json;
use crate::source::{ErrorKind, SourceError};
use crate::timeline::comparison::{Diff, DiffOptions, DiffResult, WorkloadRun};
use crate::view::draw_diff;

/// The arguments of `kubectl seq diff`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq diff A B [OPTIONS]\n       kubectl seq diff A... [OPTIONS] -- B...")]
pub(crate) struct DiffArgs {
    /// The runs of side A: recordings, or objects in the form TYPE/NAME
    ///
    /// Without `--`, the second word is the run of side B. A word of the form TYPE/NAME is an object, unless it begins
    /// with `.` or `/`, or ends in `/`, `.jsonl` or `.zst`.
    #[arg(value_name = "A", required = true)]
    pub(crate) a: Vec<String>,
    /// The runs of side B
    ///
    /// With several runs a side, the runs are the units of the tests, not their Pods.
    #[arg(value_name = "B", last = true)]
    pub(crate) b: Vec<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<DiffFormat>,
    /// The flags that both comparisons have.
    #[command(flatten)]
    pub(crate) common: ComparisonArgs,
}

/// The format of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// JSON
    Json,
}

pub(crate) async fn run(
    args: DiffArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let (a, b) = divide_sides(&args)?;
    let detail = if args.output.is_none() { RunDetail::Lanes } else { RunDetail::Comparison };
    let reader = RunReader::new(&args.common.connection, streams, detail);
    let read = async {
        let a = read_side(&a, &reader, appearance).await?;
        let b = read_side(&b, &reader, appearance).await?;
        let diff = Diff::new(a, b, DiffOptions { threshold: args.common.threshold.fraction() });
        match args.output {
            None => {
                let columns = appearance.print_size().columns;
                streams.write_frame(&draw_diff(&diff, &appearance.glyphs, columns))?;
            }
            Some(DiffFormat::Json) => {
                Streams::write_stdout(|out| write_json(&DiffDocument::new(&diff), out))?;
            }
        }
        Ok(exit_of(diff.result))
    };
    let result = read.await;
    match reader.cluster() {
        Some(cluster) => complete_result(cluster, &args.common.connection, streams, result).await,
        None => result,
    }
}

/// Divides the words into the two sides.
fn divide_sides(args: &DiffArgs) -> Result<(Vec<String>, Vec<String>), SourceError> {
    match (&args.a[..], &args.b[..]) {
        ([a, b], []) => Ok((vec![a.clone()], vec![b.clone()])),
        (a, []) => {
            let count = a.len();
            let noun = if count == 1 { "run" } else { "runs" };
            let summary = format!("diff needs two runs, and {count} {noun} is given");
            let summary = if count == 1 { summary } else { summary.replace(" is given", " are given") };
            Err(SourceError::new(ErrorKind::Usage, summary)
                .hint("Compare two runs: `kubectl seq diff A B`, or two groups: `kubectl seq diff A1 A2 A3 -- B1 B2 B3`."))
        }
        (a, b) => Ok((a.to_vec(), b.to_vec())),
    }
}

/// Reads the runs of one side. Each word is one run.
async fn read_side(
    words: &[String],
    reader: &RunReader<'_>,
    appearance: &Appearance,
) -> Result<Vec<WorkloadRun>, RunError> {
    let mut runs = Vec::new();
    for word in words {
        let of_word = match RunWord::parse(word) {
            RunWord::Object(object) => reader.read_object(&object).await?,
            RunWord::Path(path) => read_path(path, reader, appearance).await?,
        };
        runs.push(require_one_run(word, of_word)?);
    }
    Ok(runs)
}

async fn read_path(
    path: PathBuf,
    reader: &RunReader<'_>,
    appearance: &Appearance,
) -> Result<Vec<WorkloadRun>, RunError> {
    let read = read_recordings(vec![path], reader.detail(), appearance.progress_bar).await;
    match read.failures.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(read.runs),
    }
}

fn exit_of(result: DiffResult) -> Exit {
    match result {
        DiffResult::Same => Exit::Success,
        DiffResult::Different => Exit::Failed,
        DiffResult::CannotJudge => Exit::Unknown,
    }
}
