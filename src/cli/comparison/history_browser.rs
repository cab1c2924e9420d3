//! `history --interactive`: keeps the table open and shows the runs that the user opens.

use std::path::PathBuf;

use tokio::task::spawn_blocking;

use crate::app::appearance::Appearance;
use crate::app::console::Console;
use crate::app::event_loop::show_nested;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::run_options::{Playback, RunOptions};
use crate::app::runs::history_screen::{HistoryChoice, HistoryScreen};
use crate::app::streams::Streams;
use crate::cli::comparison::run_reader::open_object;
use crate::cli::replay::load;
use crate::source::cluster::Cluster;
use crate::source::recording::{self, PlaybackCommand, ReplayPace};
use crate::timeline::comparison::{RunSource, WorkHistory, WorkloadRun};
use crate::view::{View, ViewState, draw_history};

/// The number of log lines that the page of a Pod shows.
const TAIL_LINES: u32 = 20;

/// Shows the table until the user quits. The table then stays on the screen. `cluster` is the source of the live runs.
///
/// # Errors
/// The terminal is gone or cannot be read. A run that cannot be opened costs a message in the table.
pub(crate) async fn browse_history(
    works: &[WorkHistory],
    cluster: Option<&Cluster>,
    appearance: &Appearance,
    streams: &Streams,
    mut new_console: impl FnMut() -> Console,
) -> Result<Exit, RunError> {
    let mut screen = HistoryScreen::new(works, appearance);
    loop {
        match screen.choose(new_console()).await? {
            HistoryChoice::Exit(exit) => return Ok(exit),
            HistoryChoice::Quit => {
                let frame = draw_history(works, &appearance.glyphs, appearance.print_size().columns);
                streams.write_frame(&frame)?;
                return Ok(Exit::Success);
            }
            HistoryChoice::Open => {}
        }
        let Some(run) = works.iter().flat_map(|work| &work.runs).nth(screen.state.selected) else { continue };
        let appearance = appearance_of_run(works, run, appearance);
        let shown = match open_run(run, cluster, &appearance, streams).await {
            Ok(options) => show_nested(options, new_console()).await,
            Err(error) => Err(error),
        };
        match shown {
            Ok(None) => {}
            Ok(Some(exit)) => return Ok(exit),
            Err(RunError::Source(error)) => screen.state.message = Some(error.summary),
            Err(error @ (RunError::BrokenPipe(_) | RunError::Output(_))) => return Err(error),
        }
    }
}

/// The appearance of the picture of a run. If its recording holds several runs, the picture shows only this one.
fn appearance_of_run(works: &[WorkHistory], run: &WorkloadRun, appearance: &Appearance) -> Appearance {
    let runs = works.iter().flat_map(|work| &work.runs);
    let is_alone =
        run.source == RunSource::Cluster || runs.filter(|other| other.source == run.source).count() == 1;
    let workload = (!is_alone && !run.uid.is_empty()).then(|| run.uid.clone());
    let view_state = ViewState { workload, ..appearance.view_state.clone() };
    Appearance { view_state, ..appearance.clone() }
}

/// Prepares the picture of a run: the replay of its recording at its end, or the live picture.
async fn open_run<'a>(
    run: &WorkloadRun,
    cluster: Option<&Cluster>,
    appearance: &'a Appearance,
    streams: &'a Streams,
) -> Result<RunOptions<'a>, RunError> {
    let output = Output::Picture(View::Sequence);
    let path = match (&run.source, cluster) {
        (RunSource::Recording(path), _) => PathBuf::from(path),
        (RunSource::Cluster, Some(cluster)) => {
            let word = format!("{}/{}", run.kind.to_lowercase(), run.name);
            let feed = open_object(cluster, &word, true).await?;
            let options = RunOptions::new(feed, appearance, streams, output);
            return Ok(options.cluster(cluster.clone()).tail_lines(TAIL_LINES));
        }
        // Live runs come from a cluster.
        (RunSource::Cluster, None) => PathBuf::new(),
    };
    let file = path.clone();
    let Some((header, entries, failures)) = spawn_blocking(move || load(&file)).await.ok().flatten() else {
        let replay = recording::start_replay(&path, ReplayPace::AtOnce)?;
        let options = RunOptions::new(replay.feed, appearance, streams, output);
        return Ok(options.current_namespace(replay.namespace).ends_with_feed());
    };
    let (feed, controls) = recording::start_playback(entries, None);
    controls.send(PlaybackCommand::SeekTo(controls.end));
    let options = RunOptions::new(feed, appearance, streams, output)
        .playback(Some(Playback { controls, failures }))
        .current_namespace(header.namespace);
    Ok(options.ends_with_feed())
}
