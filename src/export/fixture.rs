//! Values of the model for the tests of the formats. Most optional fields are set in one value and unset in another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::RangedDuration;
use crate::lifecycle::{
    ByPhase, ContainerLife, ContainerRole, ContainerRun, Evidence, Instant, InstantError, Instants,
    Lifecycle, Phase, PhaseKind, PodOutcome, Pull, Readiness, Source,
};
use crate::timeline::{
    HeldTime, LossCause, LostWork, Parent, Percentiles, PodIdentity, SlotTime, SlotUncertainty, Summary,
    TimelinePod, Workload, WorkloadState,
};

/// Returns the time `millis` milliseconds after 2026-01-01T00:00:00Z.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + millis).unwrap()
}

fn instant(millis: i64, evidence: Evidence) -> Instant {
    Instant::estimated(at(millis), evidence)
}

fn phase(kind: PhaseKind, start: i64, end: Option<i64>) -> Phase {
    let (start, end) = (at(start), end.map(at));
    let (start_error, end_error, source) = (InstantError::NONE, InstantError::NONE, Source::Event);
    Phase { kind, start, end, start_error, end_error, source, container: None, reason: None }
}

fn exactly(millis: i64) -> RangedDuration {
    RangedDuration::exact(milliseconds(millis))
}

fn milliseconds(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

pub(crate) fn workload() -> Workload {
    Workload {
        api_version: "batch/v1".into(),
        kind: "Job".into(),
        namespace: "default".into(),
        name: "pi".into(),
        uid: "job-uid".into(),
        generate_name: None,
        parent: Some(Parent { kind: "CronJob".into(), name: "nightly".into(), uid: "cron-uid".into() }),
        state: WorkloadState::Failed,
        reason: Some("BackoffLimitExceeded".into()),
        message: Some("Job has reached the \u{1b}[31mspecified\u{1b}[0m \"backoff\" limit: #1".into()),
        created: Some(at(0)),
        started: None,
        finished: Some(at(30_000)),
        completions: Some(20),
        parallelism: Some(4),
        active: 0,
        succeeded: 19,
        failed: 7,
        gone: false,
        ttl_seconds: None,
        managed_by: None,
        capacity: Vec::new(),
        retries_per_index: false,
        max_attempts_per_index: None,
        creation_block: None,
        holds: Vec::new(),
        next_run: None,
        is_rollout: false,
        is_known_from_events: false,
        pods: Vec::new(),
    }
}

pub(crate) fn summary() -> Summary {
    let percentiles = |p50, p95, max| Percentiles {
        p50: Some(exactly(p50)),
        p95: Some(exactly(p95)),
        max: Some(exactly(max)),
    };
    Summary {
        pods: 27,
        wall_millis: 30_000,
        run_millis: 12_000,
        cold_start_millis: 11_000,
        queued_millis: 900,
        cold_start_percentiles: percentiles(400, 5000, 6000),
        run_percentiles: percentiles(500, 600, 700),
        queued_percentiles: Percentiles::default(),
        partial: false,
        concurrency_max: 4,
        concurrency_mean: 1.234_567,
        gang_wait_millis: None,
        slots_unknown: false,
        slot_uncertainty: SlotUncertainty::default(),
        slots: SlotTime { total: 100, phases: ByPhase::from_fn(slot_millis), idle: 13 },
        lost_work: lost_work(),
        held: HeldTime::default(),
    }
}

fn lost_work() -> LostWork {
    let mut lost = LostWork::default();
    for (cause, millis, pods) in [(LossCause::Failed, 3, 2), (LossCause::Preempted, 1, 1)] {
        lost.millis[cause] = millis;
        lost.pods[cause] = pods;
    }
    lost
}

/// A Pod that ran an init container, was ended by a signal and was deleted.
pub(crate) fn ended_pod() -> TimelinePod<'static> {
    let image: Arc<str> = "perl:5.34.0".into();
    let pull = Pull {
        start: Some(at(1000)),
        end: Some(at(5900)),
        wait: Some(milliseconds(200)),
        bytes: Some(352_321_536),
        cached: false,
    };
    let run = |start, end, exit_code| ContainerRun {
        ordinal: 0,
        start: Some(instant(start, Evidence::StartedEvent)),
        end: Some(instant(end, Evidence::FinishedAt)),
        ended: true,
        exit_code: Some(exit_code),
        reason: Some("Error".into()),
        cause: None,
    };
    let container = |name: &str, role, pull, runs| ContainerLife {
        name: name.into(),
        role,
        image: Arc::clone(&image),
        restarts: 1,
        pull,
        runs,
        failed_pulls: 0,
        runs_not_seen: 1,
        first_run_is_known: true,
        waiting: None,
    };
    let mut pulling = phase(PhaseKind::Pulling, 800, Some(5900));
    (pulling.container, pulling.reason) = (Some("init".into()), Some("ImagePullBackOff".into()));
    let mut running = phase(PhaseKind::Running, 6100, Some(9000));
    running.source = Source::Status;
    let identity = PodIdentity {
        namespace: "default".into(),
        name: "pi-0-j272m".into(),
        uid: "pod-uid".into(),
        node: Some("node-1".into()),
        index: Some(0),
        attempt: 2,
        membership: None,
    };
    let life = Lifecycle {
        disruption: None,
        message: None,
        wait_causes: Vec::new(),
        not_taken_up_since: None,
        unschedulable_since: None,
        scale_up_requested: None,
        lost_since: None,
        readiness: Readiness::NotProbed,
        instants: Instants {
            created: Some(instant(0, Evidence::SuccessfulCreate)),
            scheduled: Some(instant(12, Evidence::ScheduledEvent)),
            sandbox_ready: Some(instant(800, Evidence::ReadyToStartContainers)),
            work_started: Some(instant(6100, Evidence::StartTime)),
            ready: Some(instant(6500, Evidence::ReadyCondition)),
            work_ended: Some(instant(9000, Evidence::FinishedAt)),
            delete_requested: Some(instant(8000, Evidence::ReceivedDeletion)),
            deleted: Some(instant(9500, Evidence::ReceivedDeleted)),
        },
        phases: vec![
            phase(PhaseKind::Queued, 0, Some(12)),
            phase(PhaseKind::Setup, 12, Some(800)),
            pulling,
            running,
        ],
        outcome: PodOutcome::Failed,
        status: "Error".into(),
        exit_code: Some(137),
        reason: Some("OOMKilled".into()),
        containers: vec![
            container("init", ContainerRole::Init, Some(pull), vec![run(5950, 6050, 0)]),
            container("pi", ContainerRole::Main, None, vec![run(6100, 9000, 137)]),
        ],
        stopping_sidecar: None,
        clamped: true,
        gone: false,
        skew: SignedDuration::ZERO,
        end_unknown: false,
        queued: Some(exactly(12)),
        cold_start: Some(exactly(6088)),
        unready: Some(exactly(400)),
        run: Some(exactly(2900)),
    };
    TimelinePod::new(identity, life)
}

/// A Pod that waits for a node. Nearly all values are unknown.
pub(crate) fn waiting_pod() -> TimelinePod<'static> {
    let mut queued = phase(PhaseKind::Queued, 0, None);
    queued.reason = Some("Insufficient cpu".into());
    let identity = PodIdentity {
        namespace: "default".into(),
        name: "pi-xc786".into(),
        uid: "other-uid".into(),
        node: None,
        index: None,
        attempt: 1,
        membership: None,
    };
    let life = Lifecycle {
        disruption: None,
        message: None,
        wait_causes: Vec::new(),
        not_taken_up_since: None,
        unschedulable_since: None,
        scale_up_requested: None,
        lost_since: None,
        readiness: Readiness::NotProbed,
        instants: Instants { created: Some(instant(0, Evidence::CreationTimestamp)), ..Instants::default() },
        phases: vec![queued],
        outcome: PodOutcome::Pending,
        status: "Pending".into(),
        exit_code: None,
        reason: Some("Insufficient cpu".into()),
        containers: Vec::new(),
        stopping_sidecar: None,
        clamped: false,
        gone: false,
        skew: SignedDuration::ZERO,
        end_unknown: false,
        queued: None,
        cold_start: None,
        unready: None,
        run: None,
    };
    TimelinePod::new(identity, life)
}

/// Returns a different number for each phase, so that the tests notice when two fields are swapped.
fn slot_millis(kind: PhaseKind) -> i64 {
    match kind {
        PhaseKind::Queued => 10,
        PhaseKind::Setup => 11,
        PhaseKind::Pulling => 12,
        PhaseKind::PullFailing => 5,
        PhaseKind::Initializing => 13,
        PhaseKind::Starting => 14,
        PhaseKind::Startup => 0,
        PhaseKind::Unknown => 7,
        PhaseKind::Unready => 4,
        PhaseKind::Running => 15,
        PhaseKind::BackOff => 3,
        PhaseKind::Terminating => 2,
    }
}
