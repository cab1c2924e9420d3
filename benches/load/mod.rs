//! Generates the observations of a Job with any number of Pods, without a cluster.

#[allow(dead_code, clippy::allow_attributes, reason = "some benches do not decode complete types")]
pub(crate) mod whole;
pub(crate) mod work;

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::observation::{
    COMPLETION_INDEX, Container, ContainerState, ContainerStatus, Job, JobCondition, JobSpec, JobStatus,
    Object, ObjectMeta, Observation, OwnerReference, Pod, PodCondition, PodSpec, PodStatus, Running, Seen,
    Terminated, Time,
};
use kubectl_seq::testing::timeline::Timeline;

const UID: &str = "5c1e0f2a-1111-4222-8333-444455556666";

/// The start of the Job.
pub(crate) fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap_or_default()
}

fn after(millis: i64) -> Timestamp {
    begin() + SignedDuration::from_millis(millis)
}

#[expect(clippy::unnecessary_wraps, reason = "times of a status are optional")]
fn time(millis: i64) -> Option<Time> {
    // The API server truncates times to the second.
    Some(Time { seconds: after(millis).as_second(), nanos: 0 })
}

/// The state of a generated Pod.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Queued,
    Scheduled,
    Running,
    Done,
}

/// The running Job.
pub(crate) fn job(pods: u32) -> Observation {
    let pods = i32::try_from(pods).unwrap_or(i32::MAX);
    let job = Job {
        metadata: ObjectMeta {
            name: "load".into(),
            namespace: "bench".into(),
            uid: UID.into(),
            resource_version: "1".into(),
            creation_timestamp: time(0),
            ..ObjectMeta::default()
        },
        spec: JobSpec { parallelism: Some(pods.min(500)), completions: Some(pods), ..JobSpec::default() },
        status: JobStatus { start_time: time(0), active: pods.min(500), ..JobStatus::default() },
    };
    Observation { received: after(0), seen: Seen::Listed, object: Object::Job(Box::new(job)) }
}

/// The Job after all Pods have ended.
#[allow(dead_code, clippy::allow_attributes, reason = "only the recording needs it")]
pub(crate) fn ended(pods: u32) -> Observation {
    let mut ended = job(pods);
    ended.received = now(pods) + SignedDuration::from_secs(10);
    ended.seen = Seen::Changed;
    if let Object::Job(job) = &mut ended.object {
        let at = Some(Time::from(ended.received));
        job.status.active = 0;
        job.status.succeeded = i32::try_from(pods).unwrap_or(i32::MAX);
        job.status.completion_time = at;
        job.status.conditions = vec![JobCondition {
            r#type: "Complete".into(),
            status: "True".into(),
            last_transition_time: at,
            reason: "CompletionsReached".into(),
            message: "Reached expected number of succeeded pods".into(),
        }];
    }
    ended
}

/// The creation of a Pod in milliseconds since the start of the Job. Five hundred Pods run at a time, each for about ten
/// seconds.
pub(crate) fn created(nth: u32) -> i64 {
    i64::from(nth / 500) * 12_000 + i64::from(nth % 500) * 17
}

/// The observation of one Pod in one state.
pub(crate) fn pod(nth: u32, stage: Stage) -> Pod {
    let begin = created(nth);
    let number = i64::from(nth);
    let scheduled = begin + 20 + number % 700;
    let started = scheduled + 900 + number % 2_300;
    let ended = started + 5_000 + number % 6_100;
    let condition = |kind: &str, at: i64| PodCondition {
        r#type: kind.into(),
        status: "True".into(),
        last_transition_time: time(at),
        ..PodCondition::default()
    };
    let id = format!("containerd://{nth:064x}");
    let (mut conditions, mut phase, mut node) = (Vec::new(), "Pending", String::new());
    let mut container = ContainerState::default();
    if stage != Stage::Queued {
        node = format!("node-{}", nth % 50);
        conditions.push(condition("PodScheduled", scheduled));
    }
    if matches!(stage, Stage::Running | Stage::Done) {
        phase = "Running";
        conditions.push(condition("PodReadyToStartContainers", scheduled + 500));
        conditions.push(condition("Initialized", scheduled + 500));
        container.running = Some(Running { started_at: time(started) });
    }
    if stage == Stage::Done {
        phase = "Succeeded";
        container = ContainerState {
            terminated: Some(Terminated {
                reason: "Completed".into(),
                started_at: time(started),
                finished_at: time(ended),
                container_id: id.clone(),
                ..Terminated::default()
            }),
            ..ContainerState::default()
        };
    }
    let labels = [
        ("batch.kubernetes.io/controller-uid", UID.to_owned()),
        ("batch.kubernetes.io/job-name", "load".to_owned()),
        ("controller-uid", UID.to_owned()),
        ("job-name", "load".to_owned()),
        (COMPLETION_INDEX, nth.to_string()),
    ];
    Pod {
        metadata: ObjectMeta {
            name: format!("load-{nth}-{:05x}", nth.wrapping_mul(2_654_435_761) % 0x10_0000),
            namespace: "bench".into(),
            uid: format!("{nth:08x}-2222-4333-8444-{nth:012x}"),
            resource_version: (10 + nth * 4 + stage as u32).to_string(),
            creation_timestamp: time(begin),
            labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            owner_references: vec![OwnerReference {
                kind: "Job".into(),
                name: "load".into(),
                uid: UID.into(),
                api_version: "batch/v1".into(),
                controller: true,
            }],
            ..ObjectMeta::default()
        },
        spec: PodSpec {
            containers: vec![Container {
                name: "work".into(),
                image: "registry.example/team/work:1.2.3".into(),
                ..Container::default()
            }],
            restart_policy: "Never".into(),
            node_name: node,
            ..PodSpec::default()
        },
        status: PodStatus {
            phase: phase.into(),
            conditions,
            start_time: time(scheduled + 5).filter(|_| stage != Stage::Queued),
            container_statuses: vec![ContainerStatus {
                name: "work".into(),
                state: container,
                container_id: id,
                ..ContainerStatus::default()
            }],
            ..PodStatus::default()
        },
    }
}

fn observed(nth: u32, stage: Stage, seen: Seen) -> Observation {
    let received = after(created(nth) + 4_000 * stage as i64);
    Observation { received, seen, object: Object::Pod(Box::new(pod(nth, stage))) }
}

/// The observations of a list of finished Pods.
pub(crate) fn finished(pods: u32) -> Vec<Observation> {
    let list = (0..pods).map(|nth| observed(nth, Stage::Done, Seen::Listed));
    std::iter::once(job(pods)).chain(list).collect()
}

/// The observations of a watch: every state of every Pod in the order of time.
pub(crate) fn watched(pods: u32) -> Vec<Observation> {
    let mut all: Vec<Observation> = (0..pods)
        .flat_map(|nth| {
            let stages = [Stage::Queued, Stage::Scheduled, Stage::Running, Stage::Done];
            stages.map(|stage| {
                observed(nth, stage, if stage == Stage::Queued { Seen::Added } else { Seen::Changed })
            })
        })
        .collect();
    all.sort_by_key(|observation| observation.received);
    all.insert(0, job(pods));
    all
}

/// A timeline of finished Pods, except for the last `running` Pods, which still run.
pub(crate) fn timeline(pods: u32, running: u32) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply(&job(pods));
    for nth in 0..pods {
        let stage = if nth + running < pods { Stage::Done } else { Stage::Running };
        timeline.apply(&observed(nth, stage, Seen::Listed));
    }
    timeline.recompute();
    timeline
}

/// A time at which the last of `pods` Pods run.
pub(crate) fn now(pods: u32) -> Timestamp {
    after(created(pods) + 9_000)
}
