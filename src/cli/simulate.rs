//! `kubectl seq simulate`: the built-in simulation through the same views.

use super::args::SimulateArgs;
use crate::app::appearance::{Appearance, Mode};
use crate::app::event_loop::{RunOptions, Subject, follow};
use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;
use crate::source::simulation::{self, ManifestText};

/// Simulated seconds a second where somebody watches: a run of a minute shows in a quarter of one.
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
    // What is over at once has no course to tell, unless somebody asked for it.
    let mut drawing = drawing.clone();
    if speed <= 0.0 && args.follow.progress.is_none() {
        drawing.mode = Mode::Silent;
    }
    let simulation = simulation::simulate(&simulation::Options {
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
