//! `kubectl seq simulate`: runs a Job on the built-in simulation and shows it in the same views.

use std::path::PathBuf;

use clap::Args;

use crate::app::appearance::{Appearance, Mode};
use crate::app::event_loop::{RunOptions, Subject, follow};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Format;
use crate::app::streams::Streams;
use crate::cli::draw_args::DrawArgs;
use crate::cli::follow_args::FollowArgs;
use crate::cli::record_args::RecordArgs;
use crate::cli::speed::parse_speed;
use crate::source::simulation::{self, DEFAULT_NODES, DEFAULT_SEED, MAX_NODES, ManifestText};

/// The arguments of `kubectl seq simulate`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq simulate [-f FILENAME] [OPTIONS]")]
pub(crate) struct SimulateArgs {
    /// Job manifest, `-` for standard input [default: Kubernetes' pi Job, 20 completions, 4 at once]
    #[arg(short, long, value_name = "FILENAME")]
    pub(crate) filename: Option<PathBuf>,
    /// Seed of the random numbers: the same seed gives the same run
    #[arg(long, default_value_t = DEFAULT_SEED, value_name = "N")]
    pub(crate) seed: u64,
    /// Simulated seconds per second, 0 for no delay [default: 4 live on a terminal, else 0]
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Nodes of the simulated cluster
    #[arg(long, default_value_t = DEFAULT_NODES, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_NODES)))]
    pub(crate) nodes: u32,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq")]
    pub(crate) output: Format,
    /// The flags of following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The flag of recording.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flags of drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
}

/// The default speed of a live picture, in simulated seconds per second: a run of one minute takes 15 seconds.
const WATCHED_SPEED: f64 = 4.0;

pub(crate) async fn run(
    args: SimulateArgs,
    drawing: &Appearance,
    output: &Streams,
) -> Result<Exit, RunError> {
    let watched = drawing.mode == Mode::Live && !args.output.is_for_machines();
    let speed = args.speed.unwrap_or(if watched { WATCHED_SPEED } else { 0.0 });
    let mut again = "kubectl seq simulate".to_owned();
    if let Some(file) = args.filename.as_ref().filter(|file| file.as_os_str() != "-") {
        again = format!("{again} -f {}", file.display());
    }
    again = format!("{again} --seed {}", args.seed);
    // A run without delays shows only its end, unless the user asked for progress.
    let mut drawing = drawing.clone();
    if speed <= 0.0 && args.follow.progress.is_none() {
        drawing.mode = Mode::Silent;
    }
    let simulation = simulation::simulate(&simulation::SimulationOptions {
        manifest: args.filename.as_deref().map(ManifestText::read).transpose()?.unwrap_or_default(),
        seed: args.seed,
        nodes: args.nodes,
    })?;
    let feed = simulation::open(simulation, speed);
    let task = RunOptions {
        feed,
        drawing: &drawing,
        output,
        picture: Subject::Timeline,
        cluster: None,
        tail_lines: args.follow.tail_lines,
        format: args.output,
        timeout: args.follow.timeout,
        expected: Vec::new(),
        again,
        nothing: String::new(),
        recorder: args.record.open(true)?,
        to_the_last: false,
    };
    follow(task).await
}
