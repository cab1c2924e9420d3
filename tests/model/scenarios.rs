//! Tests of scenarios that were recorded on a real cluster. Snapshots contain the derived life of every Pod. The
//! derived times are compared with the log of the nodes' container runtimes. The documents follow the published schema.
//!
//! The recordings in `tests/scenarios` are watches of Kubernetes 1.37.2, reduced to the fields that the program reads.

use crate::describe::{describe_timeline, timeline_of};
use crate::support::scenario::{RuntimeLogEntry, read_scenario};
use crate::support::schema::validate_document;
use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::export::document;
use kubectl_seq::testing::lifecycle::{Evidence, Instant};
use kubectl_seq::testing::timeline::{Timeline, TimelinePod};

/// A busy machine delays the kubelet's events by up to this much.
const LATE_EVENT: SignedDuration = SignedDuration::from_millis(50);

/// Checks that the logged time lies in the interval of the derived time.
fn check_instant(pod: &TimelinePod, name: &str, derived: Option<Instant>, logged: Timestamp) {
    let Some(derived) = derived else { return };
    let is_inside = (derived.earliest() - LATE_EVENT..=derived.latest() + LATE_EVENT).contains(&logged);
    assert!(is_inside, "{} {name}: {derived:?} does not contain the logged {logged}", pod.name);
}

/// Compares the derived times with the log of the container runtimes.
fn compare_with_runtime_log(timeline: &Timeline, log: &[RuntimeLogEntry]) {
    for (_, pod) in timeline.workloads().iter().flat_map(|workload| timeline.pods(workload)) {
        let name = &pod.name;
        let entries =
            |event: &'static str| log.iter().filter(move |entry| entry.pod == **name && entry.event == event);
        if let Some(ready) = entries("sandboxReady").next() {
            check_instant(&pod, "sandboxReady", pod.life.instants.sandbox_ready, ready.at);
        }
        for container in &pod.life.containers {
            let started: Vec<_> =
                entries("containerStarted").filter(|entry| entry.container == *container.name).collect();
            let ended: Vec<_> =
                entries("containerFinished").filter(|entry| entry.container == *container.name).collect();
            let ran: Vec<_> = container.runs.iter().filter(|run| run.start.is_some()).collect();
            assert_eq!(ran.len(), started.len(), "{} {}: runs", pod.name, container.name);
            for (run, entry) in ran.iter().zip(&started) {
                check_instant(&pod, "start", run.start, entry.at);
            }
            // The runtime of a stopped node logs no ends.
            if ended.len() == ran.len() {
                for (run, entry) in ran.iter().zip(&ended) {
                    check_instant(&pod, "end", run.end, entry.at);
                }
            }
            let pull_entry = |event| entries(event).find(|entry| entry.image == *container.image);
            if let Some(pull) = container.pull.as_ref().filter(|pull| !pull.cached && pull.end.is_some()) {
                let instant = |at| Instant::exact(at, Evidence::ImageEvent);
                if let Some(entry) = pull_entry("pullStarted").filter(|_| !pod.name.starts_with("flaky")) {
                    check_instant(&pod, "pull start", pull.start.map(instant), entry.at);
                }
                if let Some(entry) = pull_entry("pullFinished").filter(|_| !pod.name.starts_with("flaky")) {
                    check_instant(&pod, "pull end", pull.end.map(instant), entry.at);
                }
            }
        }
    }
}

fn describe_scenario(name: &str) -> String {
    let recorded = read_scenario(name);
    let timeline = timeline_of(&recorded.observations);
    compare_with_runtime_log(&timeline, &recorded.runtime_log);
    let now = timeline.last_received().unwrap();
    validate_document(&serde_json::to_value(document(&timeline, now)).unwrap());
    let created = timeline.workloads().first().and_then(|workload| workload.created).unwrap();
    describe_timeline(&timeline, created)
}

macro_rules! scenarios {
    ($($(#[doc = $doc:literal])* $test:ident $name:literal)*) => {$(
        $(#[doc = $doc])*
        #[test]
        fn $test() {
            insta::assert_snapshot!($name, describe_scenario($name));
        }
    )*};
}

scenarios! {
    /// Nodes with and without the image, three Pods at a time.
    pi "pi"
    /// An init container, a native sidecar that outlives the work and exits with 7, two main containers.
    staged "staged"
    /// Restarts with `restartPolicy: OnFailure`, until the limit is reached and the Job controller deletes the Pod.
    crash "crash"
    /// An image that does not exist, until the Job's deadline.
    unknown_image "unknown-image"
    /// An image whose first pull fails.
    flaky "flaky"
    /// A request of a thousand CPUs, which no node has.
    unschedulable "huge"
    /// A container that is killed because it exceeds its memory limit.
    oom "oom"
    /// A command that does not exist.
    start_error "start-error"
    /// A command that does not exist, with `restartPolicy: OnFailure`. The phase is Running although no container ever
    /// ran.
    start_error_again "start-error-again"
    /// A Pod that is deleted by hand while it runs, and exits with code 0 on SIGTERM.
    deleted_by_hand "by-hand"
    /// A Job that exceeds its deadline. The processes ignore SIGTERM.
    deadline "deadline"
    /// A Pod that exceeds its own deadline.
    pod_deadline "pod-deadline"
    /// A Job that is created suspended, resumed, suspended while its Pods run, and resumed again.
    paused "paused"
    /// A Job with `backoffLimitPerIndex`. One index fails twice.
    indexed "indexed"
    /// A Job with parallelism 1, then 3, then 1.
    elastic "elastic"
    /// A Job with `restartPolicy: Never`. The retry is a second Pod.
    retry "retry"
    /// A work queue: a Job without `completions`.
    work_queue "queue"
    /// An init container fails.
    init_fails "init-fails"
    /// An init container fails again and again.
    init_crash "init-crash"
    /// A config map that does not exist.
    no_config "no-config"
    /// A sandbox that cannot be created.
    no_sandbox "no-sandbox"
    /// A Pod that is deleted while its image is pulled. The container still starts and is stopped immediately.
    slow_pull "slow-pull"
    /// A Pod that the kubelet rejects.
    rejected "rejected"
    /// A scheduling gate.
    gated "gated"
    /// A restart rule that restarts all containers.
    restart_all "restart-all"
    /// A Pod that is deleted by force and may still run.
    forced "forced"
    /// A Pod whose node stops responding and then reboots.
    lost_never "lost-never"
    /// A Pod with `restartPolicy: OnFailure` on a node that stops responding and then reboots.
    lost_again "lost-again"
    /// A Pod whose node stops responding.
    lost_node "lost-node"
    /// Readiness probes: a Pod that becomes ready, one that is never ready, and one that loses its readiness. A sidecar
    /// has a startup probe.
    probed "probed"
    /// A Job with `backoffLimitPerIndex` and a rule that fails the index on exit code 42.
    fail_index "fail-index"
    /// A Job whose Pods are evicted by a taint and replaced, because their node stops responding.
    lost_replaced "lost-replaced"
    /// A Job that is suspended while two Pods run. Both exit with code 0 on SIGTERM and do not count.
    suspend_done "suspend-done"
    /// A Job that ignores disruptions. Its Pod is evicted and replaced after the back-off.
    evicted "evicted"
}
