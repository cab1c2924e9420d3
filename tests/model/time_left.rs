//! The time left: whether the true end of simulated Jobs lies in the predicted range.

use jiff::{SignedDuration, Timestamp};

use kubectl_seq::testing::source::simulation::{ManifestText, SimulationOptions, simulate};
use kubectl_seq::testing::timeline::{TimeLeft, Timeline, WorkloadState};

/// A prediction, and the end that followed.
struct Prediction {
    left: TimeLeft,
    true_millis: i64,
}

impl Prediction {
    fn is_in_range(&self) -> bool {
        (self.left.low..=self.left.high).contains(&self.true_millis)
    }
}

fn manifest(completions: u32, parallelism: u32, annotations: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: work}}\nspec:\n  completions: {completions}\n  parallelism: {parallelism}\n  template:\n    metadata: {{annotations: {{{annotations}}}}}\n    spec:\n      restartPolicy: Never\n      containers: [{{name: main, image: busybox}}]\n"
    )
}

/// Simulates the Job, and predicts its end whenever the number of completions has grown. Checks the conditions under
/// which there is a prediction.
fn predict(manifest: &str, seed: u64) -> Vec<Prediction> {
    let text = ManifestText { text: manifest.to_owned(), ..ManifestText::default() };
    let options = SimulationOptions { manifest: text, seed, ..SimulationOptions::default() };
    let run = simulate(&options).unwrap();
    let mut timeline = Timeline::default();
    let mut predicted: Vec<(Timestamp, TimeLeft)> = Vec::new();
    let mut last_done = 0;
    for observation in run {
        timeline.apply(&observation);
        timeline.recompute();
        let now = observation.received;
        let Some(job) = timeline.workloads().first().filter(|job| job.succeeded != last_done) else {
            continue;
        };
        last_done = job.succeeded;
        let left = timeline.time_left(job, now);
        // The count of the controller comes later than the end of a Pod.
        let ended = timeline.pods(job).filter(|(_, pod)| pod.life.instants.work_ended.is_some()).count();
        if ended < 5 || job.state != WorkloadState::Running {
            assert_eq!(left, None, "{ended} Pods have ended");
        }
        predicted.extend(left.map(|left| (now, left)));
    }
    // The first prediction, and those in the middle and near the end of the run.
    let picks = [0, predicted.len() / 2, predicted.len() * 4 / 5];
    let mut predicted: Vec<(Timestamp, TimeLeft)> =
        picks.iter().filter_map(|&index| predicted.get(index).copied()).collect();
    predicted.dedup_by_key(|(at, _)| *at);
    let end = timeline.workloads()[0].finished;
    let Some(end) = end.filter(|_| timeline.workloads()[0].state == WorkloadState::Succeeded) else {
        return Vec::new();
    };
    // The end is truncated to the second.
    let end = end + SignedDuration::from_millis(500);
    let to_prediction = |(at, left): (Timestamp, TimeLeft)| {
        let true_millis = i64::try_from(end.duration_since(at).as_millis()).unwrap();
        Prediction { left, true_millis }
    };
    predicted.into_iter().map(to_prediction).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures show how good the predictions are")]
fn the_true_end_of_most_simulated_jobs_is_in_the_predicted_range() {
    for (name, completions, parallelism, annotations) in [
        ("waves", 20, 4, "\"simulate.kubectl-seq/work\": 4s..12s"),
        ("one wave", 30, 30, "\"simulate.kubectl-seq/work\": 5s..20s"),
        ("retries", 30, 5, "\"simulate.kubectl-seq/work\": 4s..12s, \"simulate.kubectl-seq/fail\": 8%"),
    ] {
        let manifest = manifest(completions, parallelism, annotations);
        let predictions: Vec<Prediction> = (1..=100).flat_map(|seed| predict(&manifest, seed)).collect();
        let count = predictions.len();
        let in_range = predictions.iter().filter(|prediction| prediction.is_in_range()).count();
        let sum = |value: fn(&Prediction) -> i64| predictions.iter().map(value).sum::<i64>();
        let (estimated, truth) =
            (sum(|prediction| prediction.left.millis), sum(|prediction| prediction.true_millis));
        let bias = 100 * (estimated - truth) / truth.max(1);
        let percent = 100 * in_range / count.max(1);
        println!("{name}: {percent} % of {count} in range, bias {bias} %");
        assert!(count > 150 && percent >= 90, "{name}: {percent} % of {count} in range, bias {bias} %");
    }
}

#[test]
fn a_job_that_cannot_complete_or_has_no_completions_has_no_time_left() {
    let work = "\"simulate.kubectl-seq/work\": 4s..12s, \"simulate.kubectl-seq/fail\": 10%";
    let queue = manifest(20, 4, work).replace("  completions: 20\n", "");
    assert!(predict(&queue, 1).is_empty());
    // Without retries, the first failure makes the index fail for good, so the Job can no longer complete.
    let without_retries = "  completionMode: Indexed\n  backoffLimitPerIndex: 0\n  parallelism: 4\n";
    let indexed = manifest(40, 4, work).replace("  parallelism: 4\n", without_retries);
    let text = ManifestText { text: indexed, ..ManifestText::default() };
    let (mut before, mut after) = (0, 0);
    for seed in 1..=5 {
        let options = SimulationOptions { manifest: text.clone(), seed, ..SimulationOptions::default() };
        let mut timeline = Timeline::default();
        for observation in simulate(&options).unwrap() {
            timeline.apply(&observation);
            timeline.recompute();
            let Some(job) = timeline.workloads().first() else { continue };
            let left = timeline.time_left(job, observation.received);
            if job.failed > 0 {
                assert_eq!(left, None, "{} failed", job.failed);
                after += 1;
            } else {
                before += usize::from(left.is_some());
            }
        }
    }
    assert!(before > 0 && after > 0, "{before} predictions before a failure, {after} observations after it");
}
