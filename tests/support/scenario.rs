//! Reads the scenarios that were recorded on a real cluster.

use std::path::Path;

use jiff::Timestamp;
use kubectl_seq::testing::observation::{Object, ObjectKind, Observation, Seen};
use serde::Deserialize;
use serde_json::Value;

/// An entry of the log of a node's container runtime. Its time is exact to the nanosecond.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RuntimeLogEntry {
    pub(crate) at: Timestamp,
    /// For example `sandboxReady` or `containerStarted`.
    #[serde(rename = "what")]
    pub(crate) event: String,
    pub(crate) pod: String,
    #[serde(default)]
    pub(crate) container: String,
    #[serde(default)]
    pub(crate) image: String,
}

/// The observations of a recorded scenario, and the log of the runtimes of its nodes.
pub(crate) struct Scenario {
    pub(crate) observations: Vec<Observation>,
    pub(crate) runtime_log: Vec<RuntimeLogEntry>,
}

#[derive(Deserialize)]
struct Line {
    received: Option<Timestamp>,
    seen: Option<String>,
    kind: Option<String>,
    object: Option<Value>,
    #[serde(rename = "truth")]
    log_entry: Option<RuntimeLogEntry>,
}

/// The names of all scenarios, in alphabetical order.
pub(crate) fn scenario_names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "jsonl"));
    let mut names: Vec<String> =
        files.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Reads `tests/scenarios/NAME.jsonl`.
pub(crate) fn read_scenario(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.jsonl"));
    let mut scenario = Scenario { observations: Vec::new(), runtime_log: Vec::new() };
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        if let Some(entry) = line.log_entry {
            scenario.runtime_log.push(entry);
            continue;
        }
        let (kind, object) = (line.kind.unwrap(), line.object.unwrap());
        scenario.observations.push(Observation {
            received: line.received.unwrap(),
            seen: parse_seen(&line.seen.unwrap()),
            object: parse_object(&kind, object),
        });
    }
    scenario
}

/// Parses the name of a [`Seen`], for example `Listed`.
pub(crate) fn parse_seen(name: &str) -> Seen {
    serde_json::from_value(name.into()).unwrap()
}

/// Parses an object of the kind with this recording tag.
pub(crate) fn parse_object(kind: &str, object: Value) -> Object {
    ObjectKind::from_recording_tag(kind).unwrap().deserialize(object).unwrap()
}
