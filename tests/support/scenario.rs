//! Reads the scenarios that were recorded on a real cluster.

use std::path::Path;

use jiff::Timestamp;
use kubectl_seq::testing::observation::{Object, ObjectKind, Observation, Seen};
use serde::Deserialize;
use serde_json::Value;

/// An entry of the log of a node's container runtime, with a time in nanoseconds.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Truth {
    pub(crate) at: Timestamp,
    pub(crate) what: String,
    pub(crate) pod: String,
    #[serde(default)]
    pub(crate) container: String,
    #[serde(default)]
    pub(crate) image: String,
}

/// The observations of a recorded scenario, and the log of the runtimes of its nodes.
pub(crate) struct Scenario {
    pub(crate) observations: Vec<Observation>,
    pub(crate) truth: Vec<Truth>,
}

#[derive(Deserialize)]
struct Line {
    received: Option<Timestamp>,
    seen: Option<String>,
    kind: Option<String>,
    object: Option<Value>,
    truth: Option<Truth>,
}

/// Reads `tests/scenarios/NAME.jsonl`.
pub(crate) fn read_scenario(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.jsonl"));
    let mut scenario = Scenario { observations: Vec::new(), truth: Vec::new() };
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        if let Some(truth) = line.truth {
            scenario.truth.push(truth);
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

/// Parses how an object was seen, as the scenarios name it.
pub(crate) fn parse_seen(word: &str) -> Seen {
    serde_json::from_value(word.into()).unwrap()
}

/// Parses an object of the kind with this recording tag.
pub(crate) fn parse_object(kind: &str, object: Value) -> Object {
    ObjectKind::from_recording_tag(kind).unwrap().deserialize(object).unwrap()
}
