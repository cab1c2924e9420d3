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

const JOB_UID: &str = "5c1e0f2a-1111-4222-8333-444455556666";

/// The start of the Job.
pub(crate) fn job_start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap_or_default()
}

fn time_after(millis: i64) -> Timestamp {
    job_start() + SignedDuration::from_millis(millis)
}

/// Returns a time of a status. `millis` counts from the start of the Job.
#[expect(clippy::unnecessary_wraps, reason = "times of a status are optional")]
fn status_time(millis: i64) -> Option<Time> {
    // The API server truncates times to the second.
    Some(Time { seconds: time_after(millis).as_second(), nanos: 0 })
}

/// The state of a generated Pod.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodState {
    Queued,
    Scheduled,
    Running,
    Ended,
}

/// The running Job.
pub(crate) fn running_job(pods: u32) -> Observation {
    let pods = i32::try_from(pods).unwrap_or(i32::MAX);
    let job = Job {
        metadata: ObjectMeta {
            name: "load".into(),
            namespace: "bench".into(),
            uid: JOB_UID.into(),
            resource_version: "1".into(),
            creation_timestamp: status_time(0),
            ..ObjectMeta::default()
        },
        spec: JobSpec { parallelism: Some(pods.min(500)), completions: Some(pods), ..JobSpec::default() },
        status: JobStatus { start_time: status_time(0), active: pods.min(500), ..JobStatus::default() },
    };
    Observation { received: time_after(0), seen: Seen::Listed, object: Object::Job(Box::new(job)) }
}

/// The Job after all Pods have ended.
#[allow(dead_code, clippy::allow_attributes, reason = "only the recording needs it")]
pub(crate) fn ended_job(pods: u32) -> Observation {
    let mut observation = running_job(pods);
    observation.received = now(pods) + SignedDuration::from_secs(10);
    observation.seen = Seen::Changed;
    if let Object::Job(job) = &mut observation.object {
        let at = Some(Time::from(observation.received));
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
    observation
}

/// Returns the time at which a Pod is created, in milliseconds since the start of the Job. Every 12 seconds, 500 Pods
/// are created. Each Pod then works for 5 to 11 seconds.
pub(crate) fn creation_millis(nth: u32) -> i64 {
    i64::from(nth / 500) * 12_000 + i64::from(nth % 500) * 17
}

/// One Pod in one state.
pub(crate) fn generate_pod(nth: u32, state: PodState) -> Pod {
    let created = creation_millis(nth);
    let nth_millis = i64::from(nth);
    let scheduled = created + 20 + nth_millis % 700;
    let started = scheduled + 900 + nth_millis % 2_300;
    let ended = started + 5_000 + nth_millis % 6_100;
    let condition = |kind: &str, at: i64| PodCondition {
        r#type: kind.into(),
        status: "True".into(),
        last_transition_time: status_time(at),
        ..PodCondition::default()
    };
    let id = format!("containerd://{nth:064x}");
    let (mut conditions, mut phase, mut node) = (Vec::new(), "Pending", String::new());
    let mut container = ContainerState::default();
    if state != PodState::Queued {
        node = format!("node-{}", nth % 50);
        conditions.push(condition("PodScheduled", scheduled));
    }
    if matches!(state, PodState::Running | PodState::Ended) {
        phase = "Running";
        conditions.push(condition("PodReadyToStartContainers", scheduled + 500));
        conditions.push(condition("Initialized", scheduled + 500));
        container.running = Some(Running { started_at: status_time(started) });
    }
    if state == PodState::Ended {
        phase = "Succeeded";
        container = ContainerState {
            terminated: Some(Terminated {
                reason: "Completed".into(),
                started_at: status_time(started),
                finished_at: status_time(ended),
                container_id: id.clone(),
                ..Terminated::default()
            }),
            ..ContainerState::default()
        };
    }
    let labels = [
        ("batch.kubernetes.io/controller-uid", JOB_UID.to_owned()),
        ("batch.kubernetes.io/job-name", "load".to_owned()),
        ("controller-uid", JOB_UID.to_owned()),
        ("job-name", "load".to_owned()),
        (COMPLETION_INDEX, nth.to_string()),
    ];
    Pod {
        metadata: ObjectMeta {
            name: format!("load-{nth}-{:05x}", nth.wrapping_mul(2_654_435_761) % 0x10_0000),
            namespace: "bench".into(),
            uid: format!("{nth:08x}-2222-4333-8444-{nth:012x}"),
            resource_version: (10 + nth * 4 + state as u32).to_string(),
            creation_timestamp: status_time(created),
            labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            owner_references: vec![OwnerReference {
                kind: "Job".into(),
                name: "load".into(),
                uid: JOB_UID.into(),
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
            start_time: status_time(scheduled + 5).filter(|_| state != PodState::Queued),
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

fn observed(nth: u32, state: PodState, seen: Seen) -> Observation {
    let received = time_after(creation_millis(nth) + 4_000 * state as i64);
    Observation { received, seen, object: Object::Pod(Box::new(generate_pod(nth, state))) }
}

/// The observations of a list: the running Job and its ended Pods.
pub(crate) fn listed_observations(pods: u32) -> Vec<Observation> {
    let list = (0..pods).map(|nth| observed(nth, PodState::Ended, Seen::Listed));
    std::iter::once(running_job(pods)).chain(list).collect()
}

/// The observations of a watch: the running Job, then every state of every Pod in chronological order.
pub(crate) fn watched_observations(pods: u32) -> Vec<Observation> {
    let mut all: Vec<Observation> = (0..pods)
        .flat_map(|nth| {
            let states = [PodState::Queued, PodState::Scheduled, PodState::Running, PodState::Ended];
            states.map(|state| {
                observed(nth, state, if state == PodState::Queued { Seen::Added } else { Seen::Changed })
            })
        })
        .collect();
    all.sort_by_key(|observation| observation.received);
    all.insert(0, running_job(pods));
    all
}

/// A timeline of ended Pods, except for the last `running` Pods, which still run.
pub(crate) fn timeline(pods: u32, running: u32) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply(&running_job(pods));
    for nth in 0..pods {
        let state = if nth + running < pods { PodState::Ended } else { PodState::Running };
        timeline.apply(&observed(nth, state, Seen::Listed));
    }
    timeline.recompute();
    timeline
}

/// A timeline of running Jobs with `pods` Pods each. The last `running` Pods of each Job still run.
#[allow(dead_code, clippy::allow_attributes, reason = "not all benches have several Jobs")]
pub(crate) fn timeline_of_jobs(jobs: u32, pods: u32, running: u32) -> Timeline {
    let mut timeline = Timeline::default();
    for job in 0..jobs {
        let (name, uid) = (format!("load-{job}"), format!("5c1e0f2a-3333-4222-8333-{job:012x}"));
        let mut owner = running_job(pods);
        if let Object::Job(job) = &mut owner.object {
            (job.metadata.name, job.metadata.uid) = (name.clone(), uid.clone());
        }
        timeline.apply(&owner);
        for nth in 0..pods {
            let state = if nth + running < pods { PodState::Ended } else { PodState::Running };
            let mut pod = observed(nth, state, Seen::Listed);
            if let Object::Pod(pod) = &mut pod.object {
                pod.metadata.name = format!("{name}-{nth}");
                pod.metadata.uid = format!("{nth:08x}-2222-4333-8444-{job:012x}");
                pod.metadata.owner_references[0].name.clone_from(&name);
                pod.metadata.owner_references[0].uid.clone_from(&uid);
            }
            timeline.apply(&pod);
        }
    }
    timeline.recompute();
    timeline
}

/// A time at which the last of the `pods` Pods are running.
pub(crate) fn now(pods: u32) -> Timestamp {
    time_after(creation_millis(pods) + 9_000)
}
