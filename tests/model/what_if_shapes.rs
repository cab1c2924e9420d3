//! Compares the predictions of the what-if with simulated runs that have the change.

use jiff::Timestamp;

use kubectl_seq::testing::source::simulation::{ManifestText, SimulationOptions, simulate};
use kubectl_seq::testing::timeline::{Prediction, RunChange, Timeline, WhatIf, WhatIfRequest, WorkloadState};

use super::support::random::RandomNumbers;

/// A simulated Job.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) completions: u32,
    pub(crate) parallelism: u32,
    pub(crate) nodes: u32,
    /// The shortest and the longest work in milliseconds.
    pub(crate) work: (u32, u32),
    /// The time of a pull in milliseconds.
    pub(crate) pull: u32,
    /// The percentage of pieces of work that fail.
    pub(crate) fail: u32,
    /// The number of pieces of work of each Pod.
    pub(crate) pieces: u32,
}

impl Shape {
    /// A shape with light tails, with or without cold starts and failures.
    pub(crate) fn random(random: &mut RandomNumbers, max_completions: u32) -> Self {
        let parallelism = 2 + below(random, 20);
        let shortest = 500 + below(random, 15_000);
        Self {
            completions: (20 + below(random, max_completions - 19)).max(parallelism),
            parallelism,
            nodes: 1 + below(random, 6),
            work: (shortest, shortest + shortest * below(random, 200) / 100),
            pull: [0, 0, 2_000, 8_000, 25_000][random.next_below(5)],
            fail: [0, 0, 0, 3, 7][random.next_below(5)],
            pieces: 1,
        }
    }

    /// The same Job with a change.
    pub(crate) fn with(&self, change: RunChange) -> Self {
        let merge = change.merge.unwrap_or(1);
        Self {
            completions: self.completions.div_ceil(merge),
            pieces: merge,
            parallelism: change.parallelism.unwrap_or(self.parallelism),
            nodes: change.nodes.unwrap_or(self.nodes),
            pull: if change.prepulled { 0 } else { self.pull },
            fail: if change.no_failures { 0 } else { self.fail },
            ..self.clone()
        }
    }

    /// Simulates the Job. Returns the timeline at its end, and the time of the end.
    pub(crate) fn run(&self, seed: u64) -> (Timeline, Timestamp) {
        let Self { completions, parallelism, work, pull, fail, pieces, .. } = self;
        let text = format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n  completions: {completions}\n  parallelism: {parallelism}\n  backoffLimit: 1000\n  template:\n    metadata:\n      annotations:\n        simulate.kubectl-seq/work: {}ms..{}ms\n        simulate.kubectl-seq/pull: {}ms\n        simulate.kubectl-seq/fail: {fail}%\n        simulate.kubectl-seq/pieces: \"{pieces}\"\n    spec:\n      restartPolicy: Never\n      containers: [{{name: main, image: busybox, resources: {{requests: {{cpu: 10m}}}}}}]\n",
            work.0,
            work.1,
            pull.max(&1),
        );
        let manifest = ManifestText { text, ..ManifestText::default() };
        let options = SimulationOptions { manifest, seed, nodes: self.nodes };
        let mut timeline = Timeline::default();
        let mut now = Timestamp::UNIX_EPOCH;
        for observation in simulate(&options).expect("a simulation") {
            timeline.apply(&observation);
            now = observation.received;
        }
        timeline.recompute();
        (timeline, now)
    }
}

/// A number below `bound`.
fn below(random: &mut RandomNumbers, bound: u32) -> u32 {
    u32::try_from(random.next_below(bound as usize)).expect("a small number")
}

/// Returns the wall time of a run in milliseconds. `None` if the Job has not succeeded.
pub(crate) fn wall_millis(timeline: &Timeline) -> Option<i64> {
    let job = timeline.workloads().first().filter(|job| job.state == WorkloadState::Succeeded)?;
    Some(job.finished?.as_millisecond() - job.created?.as_millisecond())
}

/// The answer of the what-if for the only workload of a run.
pub(crate) fn ask(run: &(Timeline, Timestamp), request: WhatIfRequest) -> Option<WhatIf> {
    let (timeline, now) = run;
    Some(timeline.what_if(timeline.workloads().first()?, request, *now))
}

/// Compares one prediction of a shape with a run that has the change. The predicted and the true wall time; `None` if
/// the what-if refuses or a Job does not succeed.
pub(crate) fn compare(shape: &Shape, change: RunChange, seed: u64) -> Option<(Prediction, i64)> {
    let run = shape.run(seed);
    let answer = ask(&run, WhatIfRequest::Change(change))?;
    let prediction = *answer.predictions.first()?;
    let truth = wall_millis(&shape.with(change).run(seed + 10_000).0)?;
    Some((prediction, truth))
}

/// Returns a change that can be simulated.
pub(crate) fn random_change(shape: &Shape, random: &mut RandomNumbers) -> RunChange {
    let base = RunChange::default();
    match random.next_below(5) {
        0 => RunChange { merge: Some(2 + below(random, 5)), ..base },
        1 => RunChange { parallelism: Some(shape.parallelism * 2), ..base },
        2 if shape.pull > 0 => RunChange { prepulled: true, ..base },
        3 if shape.pull > 0 => RunChange { nodes: Some(shape.nodes * 2), ..base },
        4 if shape.fail > 0 => RunChange { no_failures: true, ..base },
        _ => RunChange { parallelism: Some((shape.parallelism / 2).max(1)), ..base },
    }
}
