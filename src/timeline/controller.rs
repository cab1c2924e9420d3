//! Workloads that are no Jobs: what their controllers say, and what they were told, over time.

use std::sync::Arc;

use cronexpr::MakeTimestamp;
use jiff::Timestamp;

use super::hold;
use super::rollout::{self, Standing, wanted};
use super::suspension::{Suspensions, Told};
use super::{Capacity, Parent, Workload, WorkloadState};
use crate::lifecycle::Names;
use crate::observation::{CronJob, JobCondition, Object, ObjectMeta, Seen, known};

/// What is known of one such workload.
#[derive(Clone, Debug)]
pub(crate) struct ControllerRecord {
    object: Object,
    /// When its latest state was received.
    received: Timestamp,
    capacity: Vec<Capacity>,
    suspensions: Suspensions,
    gone: Option<Timestamp>,
    /// Since when it has been seen to have what it wants, where its status does not tell.
    done: Option<Timestamp>,
    /// Its place among the workloads.
    place: Option<usize>,
}

impl ControllerRecord {
    /// The first that is known of it; `None` if such objects are no workloads of this kind.
    pub(crate) fn new(object: &Object, received: Timestamp, seen: Seen) -> Option<Self> {
        if matches!(object, Object::Job(_) | Object::Pod(_) | Object::Event(_) | Object::Owner(_)) {
            return None;
        }
        let object = object.clone();
        let mut record = Self {
            object,
            received,
            capacity: Vec::new(),
            suspensions: Suspensions::default(),
            gone: None,
            done: None,
            place: None,
        };
        record.note(received, seen, None);
        Some(record)
    }

    /// Its place among the workloads, once it has one.
    pub(crate) fn place(&self) -> Option<usize> {
        self.place
    }

    /// Gives it its place among the workloads, or none.
    pub(crate) fn put_at(&mut self, place: Option<usize>) {
        self.place = place;
    }

    /// Takes in a later state.
    pub(crate) fn observe(&mut self, object: &Object, received: Timestamp, seen: Seen) {
        let before = self.standing().map(|standing| standing.outcome);
        if seen != Seen::Missing {
            self.object = object.clone(); // what is missing is told by its name alone
        }
        self.received = received;
        self.note(received, seen, before);
    }

    fn note(&mut self, received: Timestamp, seen: Seen, before: Option<WorkloadState>) {
        self.gone = seen.gone().then(|| self.gone.unwrap_or(received));
        if let Some(told) = self.suspension().filter(|_| seen != Seen::Missing) {
            self.suspensions.observe(&told, received, seen);
        }
        let outcome = self.standing().map(|standing| standing.outcome);
        if outcome != Some(WorkloadState::Succeeded) {
            self.done = None;
        } else if seen.live() && before.is_some() && before != outcome {
            self.done = Some(received);
        }
        let Some(parallelism) = self.replicas() else { return };
        let created = self.metadata().created().unwrap_or(received);
        match self.capacity.last() {
            None => self.capacity.push(Capacity { since: created, parallelism, completions: None }),
            Some(last) if last.parallelism != parallelism => {
                self.capacity.push(Capacity { since: received, parallelism, completions: None });
            }
            Some(_) => {}
        }
    }

    /// Whether it is told to have no Pods; `None` for what cannot be.
    fn suspension(&self) -> Option<Told> {
        let metadata = self.metadata();
        let (suspended, condition) = match &self.object {
            Object::CronJob(object) => (object.spec.suspend == Some(true), None),
            Object::Custom(object) => {
                let is_it = |condition: &&JobCondition| condition.r#type == "Suspended";
                let condition = object.status.conditions.iter().find(is_it);
                let told = condition.map(|condition| condition.status == "True");
                let since = condition.and_then(|condition| known(condition.last_transition_time));
                (object.spec.suspend.or(told) == Some(true), told.zip(since))
            }
            _ => return None,
        };
        let (created, generation) = (metadata.created(), metadata.generation);
        Some(Told { suspended, condition, created, generation })
    }

    /// The object's metadata.
    pub(crate) fn metadata(&self) -> &ObjectMeta {
        self.object.metadata()
    }

    /// How many Pods are wanted; `None` for what has no such number.
    fn replicas(&self) -> Option<u32> {
        let replicas = match &self.object {
            Object::Deployment(object) => wanted(object.spec.replicas),
            Object::ReplicaSet(object) => wanted(object.spec.replicas),
            Object::StatefulSet(object) => wanted(object.spec.replicas),
            Object::DaemonSet(object) => object.status.desired_number_scheduled,
            _ => return None,
        };
        Some(u32::try_from(replicas).unwrap_or(0))
    }

    /// Whether it is a former revision that nothing is left of.
    pub(crate) fn is_history(&self) -> bool {
        matches!(&self.object, Object::ReplicaSet(set)
            if wanted(set.spec.replicas) == 0 && set.status.replicas == 0)
    }

    /// Whether only what it owns tells how it stands.
    pub(crate) fn is_silent(&self) -> bool {
        self.gone.is_none() && self.standing().is_none()
    }

    /// How it stands; `None` if only what it owns can tell.
    fn standing(&self) -> Option<Standing> {
        Some(match &self.object {
            Object::Deployment(object) => rollout::deployment(object),
            Object::ReplicaSet(object) => rollout::replica_set(object),
            Object::StatefulSet(object) => rollout::stateful_set(object),
            Object::DaemonSet(object) => rollout::daemon_set(object),
            Object::Custom(object) => rollout::custom(object)?,
            Object::CronJob(object) => cron_job(object),
            _ => return None,
        })
    }

    /// Pods, or a CronJob's Jobs, that its controller counts.
    fn active(&self) -> u32 {
        let active = match &self.object {
            Object::Deployment(object) => object.status.replicas,
            Object::ReplicaSet(object) => object.status.replicas,
            Object::StatefulSet(object) => object.status.replicas,
            Object::DaemonSet(object) => object.status.current_number_scheduled,
            Object::CronJob(object) => return u32::try_from(object.status.active.len()).unwrap_or(u32::MAX),
            _ => 0,
        };
        u32::try_from(active).unwrap_or(0)
    }

    /// The workload that it is.
    pub(crate) fn workload(&self, names: &mut Names) -> Workload {
        let metadata = self.metadata();
        let (api_version, kind) = match &self.object {
            Object::CronJob(_) => ("batch/v1", "CronJob"),
            Object::Deployment(_) => ("apps/v1", "Deployment"),
            Object::ReplicaSet(_) => ("apps/v1", "ReplicaSet"),
            Object::StatefulSet(_) => ("apps/v1", "StatefulSet"),
            Object::DaemonSet(_) => ("apps/v1", "DaemonSet"),
            Object::Custom(object) => (object.api_version.as_str(), object.kind.as_str()),
            _ => ("", ""),
        };
        let standing = self.standing();
        let mut outcome = standing.as_ref().map_or(WorkloadState::Pending, |standing| standing.outcome);
        let over = matches!(outcome, WorkloadState::Succeeded | WorkloadState::Failed);
        if self.gone.is_some() && !over {
            outcome = WorkloadState::Unknown;
        }
        let told = standing.filter(|_| outcome != WorkloadState::Unknown);
        let finished = told.as_ref().filter(|_| over).and_then(|told| told.finished.or(self.done));
        let next_run = match &self.object {
            Object::CronJob(object) if self.gone.is_none() => next_run(object, self.received),
            _ => None,
        };
        let is_rollout = matches!(
            self.object,
            Object::Deployment(_) | Object::ReplicaSet(_) | Object::StatefulSet(_) | Object::DaemonSet(_)
        );
        Workload {
            api_version: names.share(api_version),
            kind: names.share(kind),
            namespace: names.share(&metadata.namespace),
            name: names.share(&metadata.name),
            uid: names.share(&metadata.uid),
            parent: metadata.controller().map(|owner| Parent {
                kind: names.share(&owner.kind),
                name: names.share(&owner.name),
                uid: names.share(&owner.uid),
            }),
            state: outcome,
            reason: told.as_ref().and_then(|told| names.share_some(told.reason.as_deref()?)),
            message: told.and_then(|told| told.message).map(Arc::from),
            created: metadata.created(),
            started: None,
            finished: finished.or(self.gone),
            completions: None,
            parallelism: self.replicas(),
            active: self.active(),
            succeeded: 0,
            failed: 0,
            gone: self.gone.is_some(),
            capacity: self.capacity.clone(),
            retries_per_index: false,
            creation_block: None,
            holds: hold::suspended(self.suspensions.list(None), metadata, names),
            next_run,
            is_rollout,
            pods: Vec::new(),
        }
    }
}

/// A CronJob has no end: it waits for its next run, or one runs.
fn cron_job(object: &CronJob) -> Standing {
    let outcome = match (object.spec.suspend, object.status.active.as_slice()) {
        (_, [_, ..]) => WorkloadState::Running,
        (Some(true), []) => WorkloadState::Suspended,
        (_, []) => WorkloadState::Pending,
    };
    let zone = object.spec.time_zone.as_deref().map(|zone| format!(" in {zone}")).unwrap_or_default();
    let message = Some(format!("schedule {}{zone}", object.spec.schedule));
    Standing { outcome, reason: None, message, finished: None }
}

/// When a CronJob's schedule makes its next Job; `None` if it is suspended, or if its schedule is one that its
/// controller reads in another way than this program.
///
/// Without a time zone it is its controller's own, which is UTC unless somebody has set another.
fn next_run(object: &CronJob, now: Timestamp) -> Option<Timestamp> {
    if object.spec.suspend == Some(true) {
        return None;
    }
    let schedule = match object.spec.schedule.trim() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        schedule => schedule,
    }
    .replace('?', "*");
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [_, _, day, _, weekday] = fields.as_slice() else { return None };
    // With steps in both, either is enough for the controller, while cron itself wants both.
    if (day.starts_with("*/") && *weekday != "*") || (weekday.starts_with("*/") && *day != "*") {
        return None;
    }
    let zone = object.spec.time_zone.as_deref().unwrap_or("UTC");
    let crontab = cronexpr::parse_crontab(&format!("{} {zone}", fields.join(" "))).ok()?;
    Some(crontab.find_next(MakeTimestamp(now)).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_the_controller_reads_them() {
        let next = |schedule: &str, zone: Option<&str>| {
            let mut object = CronJob::default();
            object.spec.schedule = schedule.to_owned();
            object.spec.time_zone = zone.map(str::to_owned);
            next_run(&object, "2026-11-23T12:00:30Z".parse().unwrap()).map(|at| at.to_string())
        };
        for (schedule, zone, at) in [
            ("*/5 * * * *", None, Some("2026-11-23T12:05:00Z")),
            ("0 3 * * *", Some("Europe/Zurich"), Some("2026-11-24T02:00:00Z")),
            ("0 12 ? * SUN", None, Some("2026-11-29T12:00:00Z")),
            ("0 0 13 * 5", None, Some("2026-11-27T00:00:00Z")),
            ("@hourly", None, Some("2026-11-23T13:00:00Z")),
            ("@every 90s", None, None),
            ("0 0 */2 * 5", None, None),
            ("* * * * *", Some("Nowhere/Nothing"), None),
            ("", None, None),
        ] {
            assert_eq!(next(schedule, zone).as_deref(), at, "{schedule} {zone:?}");
        }
        let mut suspended = CronJob::default();
        suspended.spec.schedule = "* * * * *".to_owned();
        suspended.spec.suspend = Some(true);
        assert_eq!(next_run(&suspended, Timestamp::UNIX_EPOCH), None);
    }
}
