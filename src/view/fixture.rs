//! Builds Pods and workloads for tests from their phases and durations.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::RangedDuration;
use crate::lifecycle::{
    ContainerLife, ContainerRole, ContainerRun, Evidence, Instant, InstantError, Instants, Lifecycle, Phase,
    PhaseKind, PodOutcome, Pull, Readiness, Source,
};
use crate::observation::NAME_SUFFIX_CHARACTERS;
use crate::timeline::{
    Capacity, PodIdentity, PodKey, SlotTime, Timeline, TimelinePod, Workload, WorkloadState,
};

pub(crate) use PhaseKind::{
    BackOff, Initializing, PullFailing, Pulling, Queued, Running, Setup, Starting, Startup, Terminating,
    Unready,
};

/// The time `millis` milliseconds after the start of the test.
pub(crate) fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-09-21T12:49:14Z".parse().unwrap();
    start.saturating_add(SignedDuration::from_millis(millis)).expect("a time")
}

/// A Pod under construction. Phases are added at `cursor`, in milliseconds after the start of the test.
#[derive(Clone)]
pub(crate) struct PodFixture {
    identity: PodIdentity,
    life: Lifecycle,
    cursor: i64,
    coarse: bool,
}

/// A Pod that is created this many milliseconds after the start of the test.
pub(crate) fn pod(name: &str, created: i64) -> PodFixture {
    let life = Lifecycle {
        disruption: None,
        message: None,
        wait_causes: Vec::new(),
        not_taken_up_since: None,
        unschedulable_since: None,
        scale_up_requested: None,
        lost_since: None,
        readiness: Readiness::NotProbed,
        instants: Instants::default(),
        phases: Vec::new(),
        outcome: PodOutcome::Pending,
        status: "Pending".into(),
        exit_code: None,
        reason: None,
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
    let identity = PodIdentity {
        namespace: "default".into(),
        name: name.into(),
        uid: format!("uid-of-{name}").into(),
        node: None,
        index: None,
        attempt: 1,
        membership: None,
    };
    PodFixture { identity, life, cursor: created, coarse: false }
}

impl PodFixture {
    /// The creation, in milliseconds after the start of the test.
    pub(crate) fn created_millis(&self) -> Option<i64> {
        Some(self.life.phases.first()?.start.as_millisecond() - at(0).as_millisecond())
    }

    pub(crate) fn on(mut self, node: &str) -> Self {
        self.identity.node = Some(node.into());
        self
    }

    pub(crate) fn index(mut self, index: u32, attempt: u32) -> Self {
        self.identity.index = Some(index);
        self.identity.attempt = attempt;
        self
    }

    pub(crate) fn in_namespace(mut self, namespace: &str) -> Self {
        self.identity.namespace = namespace.into();
        self
    }

    /// Takes all times from fields of the object, which are exact to the second.
    pub(crate) fn coarse(mut self) -> Self {
        self.coarse = true;
        self
    }

    /// Adds a phase that lasts this many milliseconds.
    pub(crate) fn phase(self, kind: PhaseKind, millis: i64) -> Self {
        self.waits(kind, millis, None)
    }

    /// Adds a phase that lasts this many milliseconds, with the reason of the wait.
    pub(crate) fn waits(mut self, kind: PhaseKind, millis: i64, reason: Option<&str>) -> Self {
        let start = self.cursor;
        self.cursor += millis;
        let reason = reason.map(Arc::from);
        let (start, end) = (at(start), Some(at(self.cursor)));
        let (start_error, end_error, source) = (InstantError::NONE, InstantError::NONE, Source::Event);
        self.life.phases.push(Phase {
            kind,
            start,
            end,
            start_error,
            end_error,
            source,
            container: None,
            reason,
        });
        self
    }

    /// Adds the phases of a cold start, then work. The arguments are milliseconds; a pull of 0 is left out.
    pub(crate) fn cold(self, queued: i64, setup: i64, pull: i64, start: i64, work: i64) -> Self {
        let mut fixture = self.phase(Queued, queued).phase(Setup, setup);
        if pull > 0 {
            fixture = fixture.phase(Pulling, pull);
        }
        fixture.phase(Starting, start).phase(Running, work)
    }

    pub(crate) fn succeeded(mut self) -> Self {
        self.life.outcome = PodOutcome::Succeeded;
        self.life.status = "Completed".into();
        self.life.exit_code = Some(0);
        self
    }

    pub(crate) fn failed(mut self, code: Option<i32>, reason: Option<&str>) -> Self {
        let ran = self.life.phases.iter().any(|phase| matches!(phase.kind, Unready | Running));
        self.life.outcome = if ran { PodOutcome::Failed } else { PodOutcome::NeverStarted };
        self.life.status = reason.unwrap_or("Error").into();
        self.life.reason = reason.map(Arc::from);
        self.life.exit_code = code;
        self
    }

    pub(crate) fn deleted(mut self) -> Self {
        self.life.outcome = PodOutcome::Deleted;
        self.life.status = "Terminating".into();
        self
    }

    /// Makes the end of the last phase unknown.
    pub(crate) fn end_unknown(mut self) -> Self {
        self.life.end_unknown = true;
        if let Some(last) = self.life.phases.last_mut() {
            last.end = None;
        }
        self
    }

    pub(crate) fn container(mut self, name: &str, image: &str, role: ContainerRole) -> Self {
        self.life.containers.push(ContainerLife {
            name: name.into(),
            role,
            image: image.into(),
            restarts: 0,
            pull: None,
            runs: Vec::new(),
            failed_pulls: 0,
            runs_not_seen: 0,
            first_run_is_known: true,
            waiting: None,
        });
        self
    }

    pub(crate) fn pull(mut self, start: i64, end: i64, wait: i64, bytes: u64) -> Self {
        let pull = if bytes == 0 {
            Pull { start: None, end: Some(at(end)), wait: None, bytes: None, cached: true }
        } else {
            let wait = Some(SignedDuration::from_millis(wait));
            Pull { start: Some(at(start)), end: Some(at(end)), wait, bytes: Some(bytes), cached: false }
        };
        self.life.containers.last_mut().unwrap().pull = Some(pull);
        self
    }

    pub(crate) fn run(mut self, start: i64, end: Option<i64>, code: i32, reason: &str) -> Self {
        let instant = |millis, evidence| Instant::estimated(at(millis), evidence);
        let container = self.life.containers.last_mut().unwrap();
        container.restarts = u32::try_from(container.runs.len()).unwrap();
        container.runs.push(ContainerRun {
            ordinal: container.restarts,
            start: Some(instant(start, Evidence::StartedEvent)),
            end: end.map(|end| instant(end, Evidence::FinishedAt)),
            ended: end.is_some(),
            exit_code: end.map(|_| code),
            reason: end.map(|_| reason.into()),
            cause: None,
        });
        self
    }

    /// The Pod as it was `now` milliseconds after the start of the test. `None` if the Pod did not exist yet.
    pub(crate) fn until(mut self, now: i64) -> Option<TimelinePod<'static>> {
        let now = at(now);
        let life = &mut self.life;
        life.phases.retain(|phase| phase.start <= now);
        let last = life.phases.last_mut()?;
        if last.end.is_some_and(|end| end > now) {
            last.end = None;
            (life.exit_code, life.reason) = (None, last.reason.clone());
            (life.outcome, life.status) = match last.kind {
                Queued => (PodOutcome::Pending, "Pending".into()),
                Setup | Pulling | PullFailing | Initializing | Starting | Startup => {
                    (PodOutcome::Starting, "ContainerCreating".into())
                }
                BackOff => (PodOutcome::Running, "CrashLoopBackOff".into()),
                Terminating => (PodOutcome::Running, "Terminating".into()),
                Unready | PhaseKind::Unknown | Running => (PodOutcome::Running, "Running".into()),
            };
            if let Some(reason) = last.reason.clone().filter(|_| last.kind != Queued) {
                life.status = reason;
            }
        }
        if matches!(last.kind, Queued) && last.end.is_none() {
            self.identity.node = None;
        }
        let fine = |evidence, coarse| if self.coarse { coarse } else { evidence };
        let instant = |at: Timestamp, evidence| Some(Instant::estimated(at, evidence));
        let first = life.phases.first()?;
        let instants = &mut life.instants;
        if first.kind == Queued {
            instants.created =
                instant(first.start, fine(Evidence::SuccessfulCreate, Evidence::CreationTimestamp));
        }
        let cold = life.phases.iter().find(|phase| phase.kind != Queued);
        instants.scheduled =
            cold.and_then(|cold| instant(cold.start, fine(Evidence::ScheduledEvent, Evidence::PodScheduled)));
        let mut work = life.phases.iter().filter(|phase| matches!(phase.kind, Unready | Running));
        let first_work = work.next();
        instants.work_started = first_work
            .and_then(|work| instant(work.start, fine(Evidence::StartedEvent, Evidence::StartedAt)));
        if life.outcome.has_ended() {
            let end = work.next_back().or(first_work).and_then(|work| work.end);
            instants.work_ended =
                end.and_then(|end| instant(end, fine(Evidence::ReceivedTerminalPhase, Evidence::FinishedAt)));
        }
        let between =
            |start: Option<Instant>, end: Option<Instant>| Some(RangedDuration::between(&start?, &end?));
        life.queued = between(instants.created, instants.scheduled);
        life.cold_start = between(instants.scheduled, instants.work_started);
        life.run = between(instants.work_started, instants.work_ended);
        if let Some(unready) = life.phases.iter().find(|phase| phase.kind == Unready) {
            let becomes_ready = life.phases.iter().any(|phase| phase.kind == Running);
            life.readiness = if becomes_ready { Readiness::Ready } else { Readiness::NotYet };
            let ready = unready.end.filter(|_| becomes_ready);
            instants.ready = ready.and_then(|ready| instant(ready, Evidence::ReceivedReady));
        }
        Some(TimelinePod::new(self.identity, self.life))
    }
}

/// A Job with one completion, created at the start of the test.
pub(crate) fn job(name: &str, outcome: WorkloadState) -> Workload {
    Workload {
        api_version: "batch/v1".into(),
        kind: "Job".into(),
        namespace: "default".into(),
        name: name.into(),
        uid: format!("uid-of-{name}").into(),
        generate_name: None,
        parent: None,
        state: outcome,
        reason: None,
        message: None,
        created: Some(at(0)),
        started: Some(at(0)),
        finished: None,
        completions: Some(1),
        parallelism: Some(1),
        active: 0,
        succeeded: 0,
        failed: 0,
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

/// Sets the completions and the parallelism of a workload.
pub(crate) fn sized(mut workload: Workload, completions: u32, parallelism: u32) -> Workload {
    (workload.completions, workload.parallelism) = (Some(completions), Some(parallelism));
    workload
}

/// A timeline of workloads and their Pods, `now` milliseconds after the start of the test.
pub(crate) fn timeline(now: i64, workloads: Vec<(Workload, Vec<PodFixture>)>) -> Timeline {
    let mut pods: Vec<TimelinePod> = Vec::new();
    let mut owners = Vec::new();
    for (mut workload, fixtures) in workloads {
        let first = pods.len();
        pods.extend(fixtures.into_iter().filter_map(|fixture| fixture.until(now)));
        workload.pods = (first..pods.len()).map(|key| PodKey(u32::try_from(key).unwrap())).collect();
        let count = |outcome| {
            u32::try_from(pods[first..].iter().filter(|pod| pod.life.outcome == outcome).count()).unwrap()
        };
        workload.succeeded = count(PodOutcome::Succeeded);
        workload.failed = count(PodOutcome::Failed) + count(PodOutcome::NeverStarted);
        if let (Some(since), Some(parallelism)) = (workload.created, workload.parallelism) {
            workload.capacity = vec![Capacity { since, parallelism, completions: workload.completions }];
        }
        if workload.state == WorkloadState::Running && workload.completions == Some(workload.succeeded) {
            workload.state = WorkloadState::Succeeded;
            workload.finished = pods[first..].iter().filter_map(|pod| pod.life.end()).max();
        }
        owners.push(workload);
    }
    Timeline::from_parts(pods, owners)
}

/// Slot time with these milliseconds in each phase, and in idle slots.
pub(crate) fn slot_time(parts: &[(PhaseKind, i64)], idle: i64) -> SlotTime {
    let mut slots = SlotTime { idle, total: idle, ..SlotTime::default() };
    for &(kind, millis) in parts {
        slots.phases[kind] += millis;
        slots.total += millis;
    }
    slots
}

/// The Job `pi` of the Kubernetes documentation, with 20 completions on two nodes. Four Pods run at a time, and one Pod
/// fails.
pub(crate) fn pi(now: i64) -> Timeline {
    timeline(now, vec![(sized(job("pi", WorkloadState::Running), 20, 4), pi_pods("pi", 20))])
}

/// The Pods of a Job, four at a time. The fifth Pod fails, so there is one Pod more than `count`.
pub(crate) fn pi_pods(name: &str, count: usize) -> Vec<PodFixture> {
    let mut free = [300_i64; 4];
    let mut random: u64 = 7;
    let mut next = |least: i64, most: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        least + i64::try_from(random >> 40).unwrap() % (most - least)
    };
    let mut pods = Vec::new();
    for number in 0..=count {
        let slot = (0..4).min_by_key(|&slot| free[slot]).unwrap();
        let suffix: String = (0..5)
            .map(|_| {
                char::from(
                    NAME_SUFFIX_CHARACTERS
                        [usize::try_from(next(0, 1000)).unwrap() % NAME_SUFFIX_CHARACTERS.len()],
                )
            })
            .collect();
        let fixture = pod(&format!("{name}-{suffix}"), free[slot]).on(["node-1", "node-2"][slot % 2]);
        let pull = if number < 4 { 4_000 + next(0, 300) } else { 0 };
        let fixture = fixture.cold(
            next(80, 900),
            next(250, 600),
            pull,
            next(120, 300),
            if number == 4 { 2_100 } else { next(4_600, 7_300) },
        );
        free[slot] = fixture.cursor + next(200, 1_100);
        pods.push(if number == 4 { fixture.failed(Some(3), None) } else { fixture.succeeded() });
    }
    pods.sort_by_key(|fixture| fixture.life.phases[0].start);
    pods
}
