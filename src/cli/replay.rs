//! `kubectl seq replay`: shows a recording in the same views.

use std::path::PathBuf;

use clap::Args;

use crate::app::appearance::{Appearance, Mode};
use crate::app::event_loop::{RunOptions, Subject, follow, once};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Format;
use crate::app::streams::Streams;
use crate::cli::draw_args::DrawArgs;
use crate::cli::follow_args::FollowArgs;
use crate::cli::speed::parse_speed;
use crate::source::recording::{self, ReplayPace};

/// The arguments of `kubectl seq replay`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq replay FILE [OPTIONS]")]
pub(crate) struct ReplayArgs {
    /// The recording, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Recorded seconds per second, 0 for no delay [default: 4 live on a terminal, or more if the replay would take longer than 20s; else 0]
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq")]
    pub(crate) output: Format,
    /// The flags of following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The flags of drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
}

pub(crate) async fn run(args: ReplayArgs, drawing: &Appearance, output: &Streams) -> Result<Exit, RunError> {
    let watched = drawing.mode == Mode::Live && !args.output.is_for_machines();
    let pace = match args.speed {
        Some(speed) if speed > 0.0 => ReplayPace::Speed(speed),
        None if watched => ReplayPace::Automatic,
        Some(_) | None => ReplayPace::AtOnce,
    };
    // A replay without delays shows only its end, unless the user asked for progress.
    let mut drawing = drawing.clone();
    if pace == ReplayPace::AtOnce && args.follow.progress.is_none() {
        drawing.mode = Mode::Silent;
    }
    let replay = recording::open(&args.file, pace)?;
    let task = RunOptions {
        feed: replay.feed,
        drawing: &drawing,
        output,
        picture: Subject::Timeline,
        cluster: None,
        tail_lines: args.follow.tail_lines,
        format: args.output,
        timeout: args.follow.timeout,
        expected: Vec::new(),
        again: String::new(),
        nothing: "The recording has no workload and no Pod.".to_owned(),
        recorder: None,
        to_the_last: true,
    };
    if replay.followed { follow(task).await } else { once(task).await }
}
