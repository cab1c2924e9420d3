//! A run of 24 hours, on virtual time, through the whole program.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::runner::{Running, program};

/// How much faster than real time the simulation runs.
const SPEED: u32 = 8000;

/// Number of Pods of the Job, one after the other. Each Pod works for 59 s.
const PODS: usize = 1440;

/// By how much the memory may grow in the second half of the run, in KiB. 720 finished Pods need 0.3 MiB, and the document
/// at the end about 4 MiB.
const MAX_GROWTH: u64 = 8 << 10;

/// Maximum time that the end of the run may be late.
const MAX_LAG: Duration = Duration::from_secs(20);

#[test]
fn a_run_of_24_hours_keeps_its_memory_its_pace_and_all_pods() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.yaml");
    let manifest = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: day}}\nspec:\n  completions: {PODS}\n  parallelism: 1\n  \
         template:\n    spec:\n      restartPolicy: Never\n      \
         containers: [{{name: main, image: a, command: [sleep, '59']}}]\n"
    );
    std::fs::write(&file, manifest).expect("a file");
    let (file, speed) = (file.to_str().expect("UTF-8"), SPEED.to_string());
    let arguments = ["simulate", "-f", file, "--speed", &speed, "-o", "json", "--progress", "lines"];
    let began = Instant::now();
    let mut running = Running::start(program(&arguments), b"");
    let total = format!("/{PODS}");
    running.wait_until("half of the Pods", |printed| {
        let mut done = printed.split_whitespace().filter_map(|word| word.strip_suffix(&*total)?.parse().ok());
        done.any(|done: usize| done >= PODS / 2)
    });
    let half = running.peak_memory().expect("the program runs");
    let mut end = half;
    while let Some(memory) = running.peak_memory() {
        end = memory;
        std::thread::sleep(Duration::from_millis(20));
    }
    let elapsed = began.elapsed();
    let result = running.wait();
    assert_eq!(result.code, Some(0), "{result:#}");
    assert!(half > 0 && end <= half + MAX_GROWTH, "from {half} to {end} KiB");
    let document: Value = serde_json::from_str(&result.stdout).expect("JSON");
    let job = &document["workloads"][0];
    assert_eq!(job["succeeded"], PODS);
    assert_eq!(job["pods"].as_array().map(Vec::len), Some(PODS));
    let wall = Duration::from_millis(job["summary"]["wallMillis"].as_u64().expect("a time"));
    assert!(wall > Duration::from_secs(24 * 60 * 60), "{wall:?}");
    assert!(elapsed < wall / SPEED + MAX_LAG, "{wall:?} took {elapsed:?}");
}
