//! Writes a recording of very many Pods without a cluster: `cargo bench --bench recording -- FILE [PODS] [watched]`.
//!
//! As `get job --record` would write it: a list of finished Pods; with `watched` as `get job --watch --record` would:
//! every state of every Pod.

#[expect(dead_code, reason = "the observations are enough here")]
mod load;

use std::path::PathBuf;

use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::source::Update;
use kubectl_seq::testing::source::recording::Recorder;

/// Observations that come at once.
const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo's own arguments begin with dashes.
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let Some(path) = arguments.first().map(PathBuf::from) else {
        return Err("name a FILE, and the number of Pods if it is not 100000".into());
    };
    let pods = arguments.get(1).map_or(Ok(100_000), |pods| pods.parse())?;
    let watched = arguments.get(2).is_some_and(|word| word == "watched");
    let mut recorder = Recorder::create(&path, watched)?;
    if watched {
        recorder.take(&mut Update::Synced)?;
    }
    let mut observations = if watched { load::watched(pods) } else { load::finished(pods) };
    // A list has the Job as it is now.
    if watched {
        observations.push(load::ended(pods));
    } else {
        observations[0] = Observation { seen: Seen::Listed, ..load::ended(pods) };
    }
    let last = observations.iter().map(|observation| observation.received).max().unwrap_or_else(load::begin);
    for batch in observations.chunks(BATCH) {
        recorder.take(&mut Update::Observed(batch.to_vec()))?;
    }
    if !watched {
        recorder.take(&mut Update::Synced)?;
    }
    recorder.end(last)?;
    Ok(())
}
