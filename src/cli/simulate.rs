//! `kubectl seq simulate`: runs a Job on the built-in simulation and shows the run in the views of a live cluster.

use std::path::PathBuf;

use clap::Args;

use crate::app::appearance::{Appearance, ProgressDisplay};
use crate::app::event_loop::follow;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::args::budget::BudgetArgs;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::args::otlp::OtlpArgs;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::record::RecordArgs;
use crate::cli::args::speed::parse_speed;
use crate::cli::args::what_if::WhatIfArgs;
use crate::source::simulation::{self, DEFAULT_NODES, DEFAULT_SEED, MAX_NODES, ManifestText};

/// The arguments of `kubectl seq simulate`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq simulate [-f FILENAME] [OPTIONS]")]
pub(crate) struct SimulateArgs {
    /// Job manifest, `-` for standard input
    ///
    /// Without the flag, the simulation runs Kubernetes' pi Job with 20 completions, 4 at once.
    #[arg(short, long, value_name = "FILENAME", help_heading = "Simulation")]
    pub(crate) filename: Option<PathBuf>,
    /// Seed of the random numbers
    ///
    /// The same seed gives the same run.
    #[arg(long, help_heading = "Simulation", default_value_t = DEFAULT_SEED, value_name = "N")]
    pub(crate) seed: u64,
    /// Simulated seconds per second, 0 for no delay
    ///
    /// Without the flag, the speed is 4 live on a terminal, and otherwise 0.
    #[arg(long, help_heading = "Simulation", value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Nodes of the simulated cluster
    #[arg(long, help_heading = "Simulation", default_value_t = DEFAULT_NODES, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_NODES)))]
    pub(crate) nodes: u32,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq", help_heading = "Output")]
    pub(crate) output: OutputFormat,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The budgets.
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// The flag of the what-if.
    #[command(flatten)]
    pub(crate) what_if: WhatIfArgs,
    /// The recording flag.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flag that sends traces.
    #[command(flatten)]
    pub(crate) otlp: OtlpArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
}

/// The default speed of a live picture, in simulated seconds per second: a run of one minute takes 15 seconds.
const LIVE_SPEED: f64 = 4.0;

pub(crate) async fn run(
    args: SimulateArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let output = Output::from(args.output);
    let is_watched = appearance.progress == ProgressDisplay::Live && !output.is_for_programs();
    let speed = args.speed.unwrap_or(if is_watched { LIVE_SPEED } else { 0.0 });
    // A run without delays shows only its end, unless the user asked for progress.
    let mut appearance = appearance.clone();
    if speed <= 0.0 && args.follow.progress.is_none() && !args.follow.interactive {
        appearance.progress = ProgressDisplay::Silent;
    }
    let simulation = simulation::simulate(&simulation::SimulationOptions {
        manifest: args.filename.as_deref().map(ManifestText::read).transpose()?.unwrap_or_default(),
        seed: args.seed,
        nodes: args.nodes,
    })?;
    let feed = simulation::start_feed(simulation, speed);
    let options = RunOptions::new(feed, &appearance, streams, output)
        .budget(args.budget.fail_if.clone())
        .what_if(args.what_if.what_if)
        .tail_lines(args.follow.tail_lines)
        .timeout(args.follow.timeout)
        .summary(args.follow.summary.clone())
        .stays_open(args.follow.interactive)
        .resume_command(Some(ResumeCommand::RepeatSimulation(repeat_command(&args))))
        .traces(args.otlp.options(streams)?)
        .recorder(args.record.open(true)?);
    follow(options).await
}

/// Returns a command that shows the same simulation again. The command names the manifest and the seed, but not the
/// number of nodes.
fn repeat_command(args: &SimulateArgs) -> String {
    let mut command = "kubectl seq simulate".to_owned();
    if let Some(file) = args.filename.as_ref().filter(|file| file.as_os_str() != "-") {
        command = format!("{command} -f {}", file.display());
    }
    format!("{command} --seed {}", args.seed)
}
