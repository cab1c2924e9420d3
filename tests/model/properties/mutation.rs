//! Generates observations by changing those of random runs and of recorded scenarios.

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::observation::{Observation, Seen};
use serde_json::{Value, json};

use super::random_run::{RandomRun, random_run};
use crate::support::random::RandomNumbers;
use crate::support::scenario::read_scenario;

/// The maximum number of observations that a run takes from a scenario.
const MAX_OBSERVATIONS: usize = 60;

/// Texts that a terminal would obey, hide, or draw in an unusual width.
const HOSTILE_TEXTS: [&str; 14] = [
    "\u{1b}[31m\u{1b}]0;title\u{7}",
    "\u{9b}2J\u{85}\u{7f}",
    "a\nb\r\n\tc",
    "\u{202e}gpj\u{2066}\u{200f}",
    "\u{2600}\u{fe0f}\u{2600}\u{fe0f}\u{2600}\u{fe0f}\u{2600}\u{fe0f}\u{2600}\u{fe0f}\u{2600}\u{fe0f}\u{2600}\u{fe0f}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{1f44d}\u{1f3fd}",
    "\u{1f1e9}\u{1f1ea}\u{1f1e9}\u{1f1ea}\u{1f1e9}",
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}",
    "\u{6f22}\u{5b57}\u{6f22}\u{5b57}",
    "\u{feff}\u{200b}\u{2060}\u{ad}",
    "\u{644}\u{627}\u{915}\u{94d}\u{937}\u{1780}\u{17d2}\u{1780}\u{e01}\u{e33}",
    "\u{301}\u{fe0f}\u{20e3}",
    "\u{fffd}\u{10ffff}\u{e0041}\u{2028}",
    "",
];

/// Texts that replace a time.
const ODD_TIMES: [&str; 9] = [
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:01Z",
    "8999-12-31T23:59:59Z",
    "9999-12-30T22:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "-009999-01-02T01:59:59Z",
    "2026-01-01T12:00:15Z",
    "tomorrow",
];

const ODD_NUMBERS: [i64; 14] = [
    -1,
    0,
    1,
    2,
    137,
    255,
    1_000_000,
    i32::MAX as i64,
    i32::MIN as i64,
    u32::MAX as i64,
    9_007_199_254_740_992,
    9_223_372_036_854_775,
    i64::MAX,
    i64::MIN,
];

/// The fields whose texts bind objects together or choose a meaning. They change rarely, because most rules apply
/// only to known values.
const BINDING_FIELDS: [&str; 12] = [
    "uid",
    "kind",
    "apiVersion",
    "type",
    "status",
    "phase",
    "restartPolicy",
    "containerID",
    "manager",
    "fieldPath",
    "operation",
    "subresource",
];

/// Returns the observations of a random run or of a recorded scenario. In most cases some of their values are changed.
pub(crate) fn random_observations(random: &mut RandomNumbers, seed: u64) -> RandomRun {
    let mut run = if random.percent(60) { random_run(seed, 7) } else { scenario_run(random) };
    let per_mille = random.pick(&[0, 2, 10, 50, 200]);
    let hostile = random.pick(&HOSTILE_TEXTS);
    let mut changed = Vec::with_capacity(run.observations.len());
    for observation in &run.observations {
        let mut mutation = Mutation { random, per_mille, hostile };
        match mutation.random.next_below(1_000.max(per_mille)) {
            0 => continue,
            1..=3 => changed.push(observation.clone()),
            _ => {}
        }
        changed.push(mutation.mutate(observation));
    }
    run.observations = changed;
    run
}

/// Returns a part of a random scenario.
fn scenario_run(random: &mut RandomNumbers) -> RandomRun {
    static SCENARIOS: OnceLock<Vec<Vec<Observation>>> = OnceLock::new();
    let scenarios = SCENARIOS.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let names = names.iter().filter_map(|name| name.strip_suffix(".jsonl"));
        names.map(|name| read_scenario(name).observations).collect()
    });
    let scenario = &scenarios[random.next_below(scenarios.len())];
    let first = if random.percent(70) { 0 } else { random.next_below(scenario.len()) };
    let observations: Vec<Observation> = scenario[first..].iter().take(MAX_OBSERVATIONS).cloned().collect();
    let last = observations.last().expect("an observation").received;
    RandomRun { observations, now: last + SignedDuration::from_millis(700) }
}

struct Mutation<'a> {
    random: &'a mut RandomNumbers,
    /// The share of changed values.
    per_mille: usize,
    /// The text that is added to texts.
    hostile: &'static str,
}

impl Mutation<'_> {
    /// Returns the observation with changed values. If a value is not possible in the API, the object stays the same.
    fn mutate(&mut self, observation: &Observation) -> Observation {
        let mut changed = observation.clone();
        if self.is_changed() {
            changed.seen =
                self.random.pick(&[Seen::Listed, Seen::Added, Seen::Changed, Seen::Deleted, Seen::Missing]);
        }
        if self.is_changed() {
            let odd = self.random.pick(&ODD_TIMES);
            changed.received = odd.parse::<Timestamp>().unwrap_or(observation.received);
        }
        let mut object = serde_json::to_value(&observation.object).expect("JSON");
        self.change_value("", &mut object);
        if let Ok(object) = observation.object.kind().deserialize(object) {
            changed.object = object;
        }
        changed
    }

    fn is_changed(&mut self) -> bool {
        self.random.next_below(1_000) < self.per_mille
    }

    fn change_value(&mut self, field: &str, value: &mut Value) {
        let is_changed = self.is_changed();
        match value {
            Value::Object(fields) => {
                if is_changed {
                    let removed = fields.keys().nth(self.random.next_below(fields.len().max(1))).cloned();
                    removed.and_then(|field| fields.remove(&field));
                }
                fields.iter_mut().for_each(|(field, value)| self.change_value(field, value));
            }
            Value::Array(values) => {
                if is_changed && !values.is_empty() {
                    let (from, to) =
                        (self.random.next_below(values.len()), self.random.next_below(values.len()));
                    match self.random.next_below(3) {
                        0 => values.swap(from, to),
                        1 => values.push(values[from].clone()),
                        _ => drop(values.remove(from)),
                    }
                }
                for value in values {
                    self.change_value(field, value);
                }
            }
            Value::Number(_) if is_changed => *value = json!(self.random.pick(&ODD_NUMBERS)),
            Value::String(text) if is_changed => {
                if text.parse::<Timestamp>().is_ok() {
                    *value = json!(self.random.pick(&ODD_TIMES));
                } else if !BINDING_FIELDS.contains(&field) || self.random.percent(10) {
                    text.push_str(self.hostile);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
