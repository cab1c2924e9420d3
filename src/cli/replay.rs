//! `kubectl seq replay`: shows a recording in the views of a live run.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use crate::app::appearance::{Appearance, ProgressDisplay};
use crate::app::event_loop::{follow, once};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::run_options::{Playback, RunOptions};
use crate::app::streams::Streams;
use crate::cli::args::budget::BudgetArgs;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::args::otlp::OtlpArgs;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::speed::parse_speed;
use crate::cli::args::what_if::WhatIfArgs;
use crate::source::recording::{self, RecordingEntry, RecordingHeader, ReplayPace};
use crate::source::{ErrorKind, SourceError};
use crate::timeline::Timeline;

/// The arguments of `kubectl seq replay`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq replay FILE... [OPTIONS]")]
pub(crate) struct ReplayArgs {
    /// The recordings, `-` for standard input
    ///
    /// Several recordings are shown together, at their end. With `--what-if`, the differences between runs of the same
    /// workload widen the predicted ranges.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Recorded seconds per second, 0 for no delay
    ///
    /// Without the flag, the speed is 4 live on a terminal, or more if the replay would take longer than 20s. Elsewhere,
    /// it is 0.
    #[arg(long, help_heading = "Playback", value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Output format
    ///
    /// Without the flag, the format is `seq`, or `runs` for several recordings.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<OutputFormat>,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The budgets.
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// The flag of the what-if.
    #[command(flatten)]
    pub(crate) what_if: WhatIfArgs,
    /// The flag that sends traces.
    #[command(flatten)]
    pub(crate) otlp: OtlpArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
}

impl ReplayArgs {
    /// The output format that the user chose, or the usual one.
    pub(crate) fn output(&self) -> OutputFormat {
        let usual = if self.files.len() == 1 { OutputFormat::Seq } else { OutputFormat::Runs };
        self.output.unwrap_or(usual)
    }
}

/// The message for a recording without workloads.
const NOTHING_FOUND: &str = "The recording contains no workload and no Pod.";

pub(crate) async fn run(
    args: ReplayArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let is_single = args.files.len() == 1;
    let output = Output::from(args.output());
    let is_watched = appearance.progress == ProgressDisplay::Live && !output.is_for_programs();
    if !is_single && args.speed.is_some_and(|speed| speed > 0.0) {
        let summary = "--speed needs a single recording, because several recordings are shown at their end";
        return Err(SourceError::new(ErrorKind::Usage, summary)
            .hint("Name one recording, or leave out --speed.")
            .into());
    }
    let pace = match args.speed {
        _ if !is_single => ReplayPace::AtOnce,
        Some(speed) if speed > 0.0 => ReplayPace::Speed(speed),
        None if is_watched => ReplayPace::Automatic,
        Some(_) | None => ReplayPace::AtOnce,
    };
    // The replay of a followed run stays open on a terminal, so that the user can explore it. A replay without delays shows only
    // its end, unless the user asked for more.
    let stays_open = args.follow.interactive || (appearance.is_interactive() && pace != ReplayPace::AtOnce);
    let mut appearance = appearance.clone();
    if pace == ReplayPace::AtOnce && args.follow.progress.is_none() && !stays_open {
        appearance.progress = ProgressDisplay::Silent;
    }
    // The recording is read as a whole if the user can control its playback.
    let entries = if stays_open && pace != ReplayPace::AtOnce {
        let file = args.files[0].clone();
        spawn_blocking(move || load(&file)).await.ok().flatten()
    } else {
        None
    };
    let (feed, playback, is_followed, namespace) = if let Some((header, entries, failures)) = entries {
        let speed = args.speed.filter(|&speed| speed > 0.0);
        let (feed, controls) = recording::start_playback(entries, speed);
        (feed, Some(Playback { controls, failures }), true, header.namespace)
    } else {
        let replay = match &args.files[..] {
            [only] => recording::start_replay(only, pace)?,
            several => recording::start_replay_of_several(several)?,
        };
        (replay.feed, None, replay.followed, replay.namespace)
    };
    let options = RunOptions::new(feed, &appearance, streams, output)
        .budget(args.budget.fail_if.clone())
        .what_if(args.what_if.what_if)
        .tail_lines(args.follow.tail_lines)
        .timeout(args.follow.timeout)
        .summary(args.follow.summary.clone())
        .stays_open(stays_open)
        .playback(playback)
        .current_namespace(namespace)
        .nothing_found_message(NOTHING_FOUND.to_owned())
        .traces(args.otlp.options(streams)?)
        .ends_with_feed();
    if is_followed || args.follow.interactive { follow(options).await } else { once(options).await }
}

/// Reads the header and the entries of a recording and finds the times at which Pods failed. Returns `None` if the recording must be
/// streamed.
pub(crate) fn load(file: &Path) -> Option<(RecordingHeader, Vec<RecordingEntry>, Vec<Timestamp>)> {
    let (header, entries) = recording::read_entries(file)?;
    let mut timeline = Timeline::default();
    for entry in &entries {
        match entry {
            RecordingEntry::Observation(observation) => timeline.apply(observation),
            RecordingEntry::Synced
            | RecordingEntry::Outages { .. }
            | RecordingEntry::Relist(_)
            | RecordingEntry::Unwatched(_)
            | RecordingEntry::End(_)
            | RecordingEntry::Unknown => {}
        }
    }
    timeline.recompute();
    let pods = timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
    let failures = pods.filter(|(_, pod)| pod.has_failed()).filter_map(|(_, pod)| pod.end()).collect();
    Some((header, entries, failures))
}
