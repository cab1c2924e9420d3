//! Workloads other than Jobs and Pods: their desired state over time, and the workload that their status describes.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the last arm of each match stands for the kinds without such a field"
)]

use std::sync::Arc;

use cronexpr::MakeTimestamp;
use jiff::Timestamp;

use crate::lifecycle::Names;
use crate::observation::{CronJob, JobCondition, Object, ObjectMeta, Seen, known};
use crate::timeline::hold::suspension_holds;
use crate::timeline::rollout::{self, RolloutStatus, desired_replicas};
use crate::timeline::suspension::{SuspensionHistory, SuspensionReport};
use crate::timeline::workload::{Capacity, Parent, Workload, WorkloadState};

/// The observed states of one such object.
#[derive(Clone, Debug)]
pub(crate) struct ControllerRecord {
    object: Object,
    /// When its latest state was received.
    received: Timestamp,
    /// The desired number of Pods over time.
    desired: Vec<Capacity>,
    suspensions: SuspensionHistory,
    /// When its removal was observed.
    gone_at: Option<Timestamp>,
    /// When its success was observed. Used where its status contains no time.
    succeeded_at: Option<Timestamp>,
    /// The index of its workload; `None` if it is not shown as one.
    index: Option<usize>,
}

impl ControllerRecord {
    /// Creates the record of an object. `None` for Jobs, Pods, Events and links between owners.
    pub(crate) fn new(object: &Object, received: Timestamp, seen: Seen) -> Option<Self> {
        if matches!(object, Object::Job(_) | Object::Pod(_) | Object::Event(_) | Object::Owner(_)) {
            return None;
        }
        let mut record = Self {
            object: object.clone(),
            received,
            desired: Vec::new(),
            suspensions: SuspensionHistory::default(),
            gone_at: None,
            succeeded_at: None,
            index: None,
        };
        record.update_history(received, seen, None);
        Some(record)
    }

    /// The index of its workload; `None` if it is not shown as one.
    pub(crate) fn index(&self) -> Option<usize> {
        self.index
    }

    pub(crate) fn set_index(&mut self, index: Option<usize>) {
        self.index = index;
    }

    /// Adds a later state that was received at `received`.
    pub(crate) fn observe(&mut self, object: &Object, received: Timestamp, seen: Seen) {
        let before = self.state();
        // A missing object may contain only its name.
        if seen != Seen::Missing {
            self.object = object.clone();
        }
        self.received = received;
        self.update_history(received, seen, before);
    }

    /// Updates the values that depend on earlier states. `before` is the state of the workload before this update.
    fn update_history(&mut self, received: Timestamp, seen: Seen, before: Option<WorkloadState>) {
        self.gone_at = seen.is_gone().then(|| self.gone_at.unwrap_or(received));
        if let Some(report) = self.suspension_report().filter(|_| seen != Seen::Missing) {
            self.suspensions.observe(&report, received, seen);
        }
        let state = self.state();
        if state != Some(WorkloadState::Succeeded) {
            self.succeeded_at = None;
        } else if seen.is_live() && before.is_some() && before != state {
            self.succeeded_at = Some(received);
        }
        let Some(parallelism) = self.replicas() else { return };
        let created = self.metadata().created().unwrap_or(received);
        match self.desired.last() {
            None => self.desired.push(Capacity { since: created, parallelism, completions: None }),
            Some(last) if last.parallelism != parallelism => {
                self.desired.push(Capacity { since: received, parallelism, completions: None });
            }
            Some(_) => {}
        }
    }

    /// Whether the object is suspended; `None` for kinds that cannot be suspended.
    fn suspension_report(&self) -> Option<SuspensionReport> {
        let metadata = self.metadata();
        let (suspended, condition) = match &self.object {
            Object::CronJob(object) => (object.spec.suspend == Some(true), None),
            Object::Custom(object) => {
                let is_suspended = |condition: &&JobCondition| condition.r#type == "Suspended";
                let condition = object.status.conditions.iter().find(is_suspended);
                let is_true = condition.map(|condition| condition.status == "True");
                let since = condition.and_then(|condition| known(condition.last_transition_time));
                (object.spec.suspend.or(is_true) == Some(true), is_true.zip(since))
            }
            _ => return None,
        };
        let (created, generation) = (metadata.created(), metadata.generation);
        Some(SuspensionReport { suspended, condition, created, generation })
    }

    /// The metadata of the object.
    pub(crate) fn metadata(&self) -> &ObjectMeta {
        self.object.metadata()
    }

    /// The desired number of Pods; `None` for kinds without such a number.
    fn replicas(&self) -> Option<u32> {
        let replicas = match &self.object {
            Object::Deployment(object) => desired_replicas(object.spec.replicas),
            Object::ReplicaSet(object) => desired_replicas(object.spec.replicas),
            Object::StatefulSet(object) => desired_replicas(object.spec.replicas),
            Object::DaemonSet(object) => object.status.desired_number_scheduled,
            _ => return None,
        };
        Some(u32::try_from(replicas).unwrap_or(0))
    }

    /// Whether it is the ReplicaSet of a former revision: it has no replicas and desires none.
    pub(crate) fn is_former_revision(&self) -> bool {
        matches!(&self.object, Object::ReplicaSet(set)
            if desired_replicas(set.spec.replicas) == 0 && set.status.replicas == 0)
    }

    /// Whether its status reports nothing, so that its state follows from the objects that it owns.
    pub(crate) fn is_unreported(&self) -> bool {
        self.gone_at.is_none() && self.rollout_status().is_none()
    }

    fn state(&self) -> Option<WorkloadState> {
        self.rollout_status().map(|status| status.state)
    }

    /// The state that its status reports; `None` if it reports nothing.
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(match &self.object {
            Object::Deployment(object) => rollout::deployment(object),
            Object::ReplicaSet(object) => rollout::replica_set(object),
            Object::StatefulSet(object) => rollout::stateful_set(object),
            Object::DaemonSet(object) => rollout::daemon_set(object),
            Object::Custom(object) => rollout::custom(object)?,
            Object::CronJob(object) => cron_job_status(object),
            _ => return None,
        })
    }

    /// The number of its Pods, or of a CronJob's Jobs, as its controller counts them.
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

    /// The workload that it is, without its Pods.
    pub(crate) fn to_workload(&self, names: &mut Names) -> Workload {
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
        let status = self.rollout_status();
        let reported = status.as_ref().map_or(WorkloadState::Pending, |status| status.state);
        let is_final = reported.is_final();
        let state = if self.gone_at.is_some() && !is_final { WorkloadState::Unknown } else { reported };
        let status = status.filter(|_| state != WorkloadState::Unknown);
        let finished = status.as_ref().filter(|_| is_final);
        let finished = finished.and_then(|status| status.finished.or(self.succeeded_at));
        let next_run = match &self.object {
            Object::CronJob(object) if self.gone_at.is_none() => next_run(object, self.received),
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
            state,
            reason: status.as_ref().and_then(|status| names.share_some(status.reason.as_deref()?)),
            message: status.and_then(|status| status.message).map(Arc::from),
            created: metadata.created(),
            started: None,
            finished: finished.or(self.gone_at),
            completions: None,
            parallelism: self.replicas(),
            active: self.active(),
            succeeded: 0,
            failed: 0,
            gone: self.gone_at.is_some(),
            capacity: self.desired.clone(),
            retries_per_index: false,
            creation_block: None,
            holds: suspension_holds(self.suspensions.suspensions(None), metadata, names),
            next_run,
            is_rollout,
            pods: Vec::new(),
        }
    }
}

/// A CronJob never ends: it runs while one of its Jobs is active, and otherwise waits for its next run.
fn cron_job_status(object: &CronJob) -> RolloutStatus {
    let state = match (object.spec.suspend, object.status.active.as_slice()) {
        (_, [_, ..]) => WorkloadState::Running,
        (Some(true), []) => WorkloadState::Suspended,
        (_, []) => WorkloadState::Pending,
    };
    let zone = object.spec.time_zone.as_deref().map(|zone| format!(" in {zone}")).unwrap_or_default();
    let message = Some(format!("schedule {}{zone}", object.spec.schedule));
    RolloutStatus { state, reason: None, message, finished: None }
}

/// When a CronJob's schedule creates its next Job. `None` if the CronJob is suspended, or if this program cannot interpret
/// the schedule as the controller does.
///
/// Without `timeZone`, the controller uses its own time zone. This function assumes UTC, which is the default.
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
    // With a field such as `*/2`, the controller runs on days that match either field, but `cronexpr` requires both.
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
    fn schedules_are_interpreted_as_by_the_controller() {
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
