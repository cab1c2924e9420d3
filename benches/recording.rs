//! Writes a recording of many generated Pods, without a cluster:
//! `cargo bench --bench recording -- FILE [PODS] [watched]`.
//!
//! Without `watched`, the recording contains a list of ended Pods, as `get job --record` writes it. With `watched`, the
//! recording contains every state of every Pod, as `get job --watch --record` writes it.

#[expect(dead_code, reason = "this bench needs only the observations")]
mod load;

use std::path::PathBuf;

use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::source::Update;
use kubectl_seq::testing::source::recording::Recorder;

/// The number of observations that arrive together.
const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Arguments of cargo begin with a dash.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let Some(path) = arguments.first().map(PathBuf::from) else {
        return Err("name a FILE, and the number of Pods if it is not 100000".into());
    };
    let pods = arguments.get(1).map_or(Ok(100_000), |pods| pods.parse())?;
    let watched = arguments.get(2).is_some_and(|word| word == "watched");
    let mut recorder = Recorder::create(&path, watched)?;
    if watched {
        recorder.record(&mut Update::Synced)?;
    }
    let mut observations =
        if watched { load::watched_observations(pods) } else { load::listed_observations(pods) };
    // A list contains the current state of the Job.
    if watched {
        observations.push(load::ended_job(pods));
    } else {
        observations[0] = Observation { seen: Seen::Listed, ..load::ended_job(pods) };
    }
    let last =
        observations.iter().map(|observation| observation.received).max().unwrap_or_else(load::job_start);
    for batch in observations.chunks(BATCH) {
        recorder.record(&mut Update::Observed(batch.to_vec()))?;
    }
    if !watched {
        recorder.record(&mut Update::Synced)?;
    }
    recorder.record_end(last)?;
    Ok(())
}
