//! Scenarios that were recorded on a real cluster: the derived life of every Pod, and its distance from the log of the
//! nodes' container runtimes.
//!
//! The recordings in `tests/scenarios` are watches of Kubernetes 1.37.2, reduced to the fields that the program reads.

use crate::describe::{describe_timeline, timeline_of};
use crate::support::scenario::{Truth, read_scenario};
use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::lifecycle::{Evidence, Instant};
use kubectl_seq::testing::timeline::{Timeline, TimelinePod};

/// Allowed error of a time that is truncated to the second.
const COARSE: SignedDuration = SignedDuration::from_millis(1000);
/// Allowed error of a time from an event's name.
const FINE: SignedDuration = SignedDuration::from_millis(50);

fn check(pod: &TimelinePod, what: &str, told: Option<Instant>, truth: Timestamp) {
    let Some(told) = told else { return };
    // A receipt is only a bound, because a busy machine delays it.
    let fine = matches!(told.evidence, Evidence::ImageEvent | Evidence::StartedEvent);
    let off = told.at.duration_since(truth).abs();
    let bound = if fine { FINE } else { COARSE };
    assert!(off <= bound, "{} {what}: {told:?} is {off:#} from the truth, {truth}", pod.name);
}

/// Compares the derived times with the log of the container runtimes.
fn hold_against_truth(timeline: &Timeline, truth: &[Truth]) {
    for (_, pod) in timeline.workloads().iter().flat_map(|workload| timeline.pods(workload)) {
        let name = &pod.name;
        let of =
            |what: &'static str| truth.iter().filter(move |truth| truth.pod == **name && truth.what == what);
        if let Some(ready) = of("sandboxReady").next() {
            check(&pod, "sandboxReady", pod.life.instants.sandbox_ready, ready.at);
        }
        for container in &pod.life.containers {
            let started: Vec<_> =
                of("containerStarted").filter(|truth| truth.container == *container.name).collect();
            let ended: Vec<_> =
                of("containerFinished").filter(|truth| truth.container == *container.name).collect();
            let ran: Vec<_> = container.runs.iter().filter(|run| run.start.is_some()).collect();
            assert_eq!(ran.len(), started.len(), "{} {}: runs", pod.name, container.name);
            for (run, truth) in ran.iter().zip(&started) {
                check(&pod, "start", run.start, truth.at);
            }
            // The runtime of a stopped node logs no ends.
            if ended.len() == ran.len() {
                for (run, truth) in ran.iter().zip(&ended) {
                    check(&pod, "end", run.end, truth.at);
                }
            }
            let pulls = |what| of(what).find(|truth| truth.image == *container.image);
            if let Some(pull) = container.pull.as_ref().filter(|pull| !pull.cached && pull.end.is_some()) {
                let event = |at| Instant { at, evidence: Evidence::ImageEvent };
                if let Some(truth) = pulls("pullStarted").filter(|_| !pod.name.starts_with("flaky")) {
                    check(&pod, "pull start", pull.start.map(event), truth.at);
                }
                if let Some(truth) = pulls("pullFinished").filter(|_| !pod.name.starts_with("flaky")) {
                    check(&pod, "pull end", pull.end.map(event), truth.at);
                }
            }
        }
    }
}

fn scenario(name: &str) -> String {
    let recorded = read_scenario(name);
    let timeline = timeline_of(&recorded.observations);
    hold_against_truth(&timeline, &recorded.truth);
    let created = timeline.workloads().first().and_then(|workload| workload.created).unwrap();
    describe_timeline(&timeline, created)
}

macro_rules! scenarios {
    ($($(#[doc = $doc:literal])* $test:ident $name:literal)*) => {$(
        $(#[doc = $doc])*
        #[test]
        fn $test() {
            insta::assert_snapshot!($name, scenario($name));
        }
    )*};
}

scenarios! {
    /// Cold and warm nodes, three Pods at a time.
    pi "pi"
    /// An init container, a native sidecar that outlives the work and exits with 7, two main containers.
    staged "staged"
    /// `restartPolicy: OnFailure` until the limit is reached and the Job deletes the Pod.
    crash "crash"
    /// An image that does not exist, until the Job's deadline.
    unknown_image "unknown-image"
    /// An image that cannot be pulled at the first try.
    flaky "flaky"
    /// No node has a thousand processors.
    unschedulable "huge"
    /// Killed for lack of memory.
    oom "oom"
    /// The program does not exist.
    start_error "start-error"
    /// The same with `restartPolicy: OnFailure`: the phase says Running although nothing ever ran.
    start_error_again "start-error-again"
    /// Deleted by hand while it works; it exits with 0 when asked.
    deleted_by_hand "by-hand"
    /// The Job's deadline; the processes do not obey SIGTERM.
    deadline "deadline"
    /// The Pod's own deadline.
    pod_deadline "pod-deadline"
    /// Created suspended, resumed, suspended while it works, resumed.
    paused "paused"
    /// `backoffLimitPerIndex`, one index fails twice.
    indexed "indexed"
    /// Parallelism 1, then 3, then 1.
    elastic "elastic"
    /// `restartPolicy: Never` and one retry: a second Pod.
    retry "retry"
    /// No completions.
    work_queue "queue"
    /// An init container fails.
    init_fails "init-fails"
    /// An init container fails again and again.
    init_crash "init-crash"
    /// A config map that does not exist.
    no_config "no-config"
    /// The sandbox fails.
    no_sandbox "no-sandbox"
    /// Deleted while the image is pulled: it starts all the same, and is stopped at once.
    slow_pull "slow-pull"
    /// Refused by the kubelet.
    rejected "rejected"
    /// A scheduling gate.
    gated "gated"
    /// A rule that restarts all containers.
    restart_all "restart-all"
    /// Deleted by force: it may run on.
    forced "forced"
    /// Its node goes silent, then begins anew.
    lost_never "lost-never"
    /// The same with `restartPolicy: OnFailure`.
    lost_again "lost-again"
    /// The node is silent.
    lost_node "lost-node"
}
