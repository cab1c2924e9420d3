//! Tests that a recording leaves out no field that changes a life.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use jiff::Timestamp;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::source::Update;
use kubectl_seq::testing::source::recording::{Recorder, RecordingEntry, RecordingLines};

use crate::describe::{describe_timeline, timeline_of};
use crate::support::scenario::read_scenario;

/// Records the observations to a file and reads them back.
pub(crate) fn through_a_recording(observations: &[Observation]) -> Vec<Observation> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut recorder = Recorder::create(&path, true).unwrap();
    recorder.record(&mut Update::Observed(observations.to_vec())).unwrap();
    let lines = RecordingLines::new(BufReader::new(File::open(&path).unwrap())).unwrap();
    let observation = |entry| match entry {
        RecordingEntry::Observation(observation) => observation,
        other => panic!("{other:?}"),
    };
    lines.map(|line| observation(line.unwrap())).collect()
}

#[test]
fn recording_and_replaying_a_scenario_changes_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut scenarios = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let observations = read_scenario(name.strip_suffix(".jsonl").unwrap()).observations;
        let describe = |observations: &[Observation]| {
            describe_timeline(&timeline_of(observations), Timestamp::UNIX_EPOCH)
        };
        let expected = describe(&observations);
        assert_eq!(describe(&through_a_recording(&observations)), expected, "{name}");
        scenarios += 1;
    }
    assert!(scenarios >= 20, "only {scenarios} scenarios were read");
}
