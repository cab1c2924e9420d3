//! Reads many recordings at once, with a progress bar.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::interval;

use crate::app::reporter::progress_bar::{ProgressBar, Step};
use crate::app::runs::read_runs::{RunDetail, read_runs};
use crate::source::SourceError;
use crate::timeline::comparison::WorkloadRun;

/// The time between two updates of the progress bar.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// The runs of the recordings, and why some recordings cannot be read, both in the order of the paths.
pub(crate) struct ReadRecordings {
    pub(crate) runs: Vec<WorkloadRun>,
    pub(crate) failures: Vec<SourceError>,
}

/// The result of reading one recording, with the position of its path.
type ReadResult = (usize, Result<Vec<WorkloadRun>, SourceError>);

/// Reads recordings, as many at once as the machine has processors. Only the runs stay in memory, not their timelines.
pub(crate) async fn read_recordings(
    paths: Vec<PathBuf>,
    detail: RunDetail,
    shows_progress: bool,
) -> ReadRecordings {
    let count = paths.len();
    let threads = available_parallelism().map_or(1, usize::from).min(count.max(1));
    let (paths, next) = (Arc::new(paths), Arc::new(AtomicUsize::new(0)));
    let mut readers = JoinSet::new();
    for _ in 0..threads {
        let (paths, next) = (Arc::clone(&paths), Arc::clone(&next));
        readers.spawn(async move {
            let reading = spawn_blocking(move || read_next_recordings(&paths, &next, detail));
            reading.await.unwrap_or_default()
        });
    }
    let mut bar = shows_progress.then(ProgressBar::on_stderr);
    let mut ticks = interval(PROGRESS_INTERVAL);
    let mut results: Vec<ReadResult> = Vec::with_capacity(count);
    loop {
        tokio::select! {
            biased;
            read = readers.join_next() => match read {
                None => break,
                Some(read) => results.extend(read.unwrap_or_default()),
            },
            _ = ticks.tick() => if let Some(bar) = &mut bar {
                let done = next.load(Ordering::Relaxed).min(count);
                bar.set_step(Some(Step::new("reading recordings", done, Some(count))));
                bar.tick();
            },
        }
    }
    if let Some(bar) = &mut bar {
        bar.set_step(None);
    }
    results.sort_by_key(|(index, _)| *index);
    let mut read = ReadRecordings { runs: Vec::new(), failures: Vec::new() };
    for (_, result) in results {
        match result {
            Ok(runs) => read.runs.extend(runs),
            Err(error) => read.failures.push(error),
        }
    }
    read
}

/// Reads recordings until no path is left.
fn read_next_recordings(paths: &[PathBuf], next: &AtomicUsize, detail: RunDetail) -> Vec<ReadResult> {
    let mut results = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = paths.get(index) else { return results };
        results.push((index, read_runs(path, detail)));
    }
}
