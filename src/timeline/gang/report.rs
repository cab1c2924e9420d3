//! The report about the gang of a workload, for the document and the pictures.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::RangedDuration;
use crate::timeline::gang::attempts::GangAttempt;
use crate::timeline::gang::late_cause::LastMember;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::gang_demand::{GangDemand, RoleDemand};
use crate::timeline::workloads::workload::Workload;

/// The gang of a workload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GangReport {
    /// The latest attempt. If several replicas are gangs, that of the gang that is not complete yet, or that was
    /// complete last.
    pub(crate) latest: GangStart,
    /// The waits of all attempts of all replicas, in chronological order.
    pub(crate) waits: Vec<GangWait>,
    /// The number of gangs: the replicas of a LeaderWorkerSet, otherwise 1.
    pub(crate) gangs: usize,
    /// The sum of the waits of all attempts, in milliseconds.
    pub(crate) wait_millis: i64,
}

/// One start of a gang.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GangStart {
    /// The replica of a LeaderWorkerSet; `None` for any other gang.
    pub(crate) replica: Option<u32>,
    pub(crate) members: u32,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// When the first Pod was created.
    pub(crate) began: Option<Timestamp>,
    pub(crate) first_worked: Option<Timestamp>,
    pub(crate) complete: Option<Timestamp>,
    /// The time from the first member's work to the last one's; `None` until the gang is complete.
    pub(crate) wait: Option<RangedDuration>,
    /// The same time, or until now.
    pub(crate) wait_so_far: i64,
    /// How long the Pods waited for the last member, in milliseconds.
    pub(crate) held_pod_millis: i64,
    /// The number of members that waited for the last one.
    pub(crate) waiting: u32,
    /// The number of members that work now.
    pub(crate) working: u32,
    /// The member that worked last, or that is missing; `None` if it is unknown.
    pub(crate) last: Option<LastMember>,
}

/// The interval in which members waited for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GangWait {
    pub(crate) replica: Option<u32>,
    pub(crate) members: u32,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// Whether the last member worked at the end.
    pub(crate) is_complete: bool,
}

/// Below this share of the wall time, in percent, a wait is not worth a sentence.
const MIN_PERCENT: i64 = 5;

/// Below this number of milliseconds, a wait is not worth a sentence.
const MIN_MILLIS: i64 = 1_000;

/// Whether a wait for the last member is long enough for a sentence in a picture.
pub(crate) fn is_worth_a_sentence(wait_millis: i64, wall_millis: i64) -> bool {
    wait_millis >= MIN_MILLIS && wait_millis.saturating_mul(100) >= wall_millis.saturating_mul(MIN_PERCENT)
}

impl Timeline {
    /// The gang of a workload; `None` if its Pods also work alone, or if they are members of the gang of a workload
    /// above it. Of bare Pods in one scheduling group, the oldest one has the gang.
    pub(crate) fn gang(&self, workload: &Workload, now: Timestamp) -> Option<GangReport> {
        let attempts = self.gang_attempts(workload, now)?;
        let is_open = |attempt: &GangAttempt| attempt.complete.is_none() && !attempt.is_unknown;
        let mut gangs: Vec<Option<u32>> = attempts.iter().map(|attempt| attempt.replica).collect();
        gangs.dedup();
        let latest_of_gang = |gang: &Option<u32>| attempts.iter().rfind(|attempt| attempt.replica == *gang);
        let latest = gangs
            .iter()
            .filter_map(latest_of_gang)
            .max_by_key(|attempt| (is_open(attempt), attempt.complete.map(|(at, _)| at)))?;
        let at = |millis: i64| Timestamp::from_millisecond(millis).ok();
        let to_wait = |attempt: &GangAttempt| {
            let (first, _) = attempt.first.filter(|_| !attempt.is_unknown)?;
            Some(GangWait {
                replica: attempt.replica,
                members: attempt.members,
                start: at(first)?,
                end: at(first.saturating_add(attempt.wait_millis))?,
                is_complete: attempt.complete.is_some(),
            })
        };
        let mut waits: Vec<GangWait> = attempts.iter().filter_map(to_wait).collect();
        waits.sort_by_key(|wait| (wait.start, wait.end));
        let start = GangStart {
            replica: latest.replica,
            members: latest.members,
            attempt: latest.number,
            began: latest.began.and_then(at),
            first_worked: latest.first.and_then(|(first, _)| at(first)),
            complete: latest.complete.and_then(|(complete, _)| at(complete)),
            wait: self.ranged_wait(latest),
            wait_so_far: latest.wait_millis,
            held_pod_millis: latest.held_pod_millis,
            waiting: latest.waiting,
            working: latest.working,
            last: self.last_member(workload, latest, now),
        };
        let wait_millis = attempts.iter().map(|attempt| attempt.wait_millis).fold(0, i64::saturating_add);
        Some(GangReport { latest: start, waits, gangs: gangs.len(), wait_millis })
    }

    /// The wait with its range.
    fn ranged_wait(&self, attempt: &GangAttempt) -> Option<RangedDuration> {
        let ((_, first), (_, last)) = attempt.first.zip(attempt.complete)?;
        let [first, last] = [first, last].map(|key| self.pod(key).life.instants.work_started);
        Some(RangedDuration::between(&first?, &last?))
    }

    fn gang_attempts(&self, workload: &Workload, now: Timestamp) -> Option<Vec<GangAttempt>> {
        if workload.is_rollout {
            return None;
        }
        if workload.is_bare_pod() && self.owners.index_of(&workload.uid).is_none() {
            let pods = self.bare_scheduling_group(workload)?;
            let demand = |_: Option<Timestamp>, pods: &[PodKey]| Some(count_pods(pods.len()));
            return non_empty(self.attempts_of_gang(workload, &pods, &demand, now));
        }
        if self.is_below_gang(workload) {
            return None;
        }
        let is_declared = self.owners.has_gang_demand(&workload.uid);
        let pods =
            || if self.has_children(workload) { self.pods_below(workload) } else { workload.pods.clone() };
        if is_declared {
            let pods = pods();
            let demand = |at: Option<Timestamp>, members: &[PodKey]| {
                let demand = self.owners.gang_demand(&workload.uid, at)?;
                Some(if demand.roles.is_empty() { self.demand_of_jobs(members) } else { demand })
            };
            return non_empty(self.attempts_of_gang(workload, &pods, &demand, now));
        }
        // Without children, all Pods must be in one scheduling group.
        if !self.share_scheduling_group(&workload.pods) {
            return None;
        }
        let demand = |at: Option<Timestamp>, members: &[PodKey]| {
            let capacity =
                workload.capacity.iter().rfind(|capacity| at.is_some_and(|at| capacity.since <= at));
            let asked = capacity.filter(|capacity| capacity.parallelism > 0).map(|capacity| {
                capacity.completions.map_or(capacity.parallelism, |all| all.min(capacity.parallelism))
            });
            Some(match asked {
                Some(asked) => count_pods(asked as usize),
                None => count_pods(members.len()),
            })
        };
        non_empty(self.attempts_of_gang(workload, &workload.pods, &demand, now))
    }

    /// Whether a workload above this one is a gang, so that its Pods are members of that gang.
    fn is_below_gang(&self, workload: &Workload) -> bool {
        let Some(index) = self.owners.index_of(&workload.uid) else { return false };
        self.tree.workloads_above(index).any(|above| self.owners.has_gang_demand(&above.uid))
    }

    /// Whether all these Pods are in one scheduling group.
    fn share_scheduling_group(&self, pods: &[PodKey]) -> bool {
        let first = pods.first().and_then(|key| self.scheduling_group(*key));
        first.is_some() && pods.iter().all(|key| self.scheduling_group(*key) == first)
    }

    fn scheduling_group(&self, key: PodKey) -> Option<&Arc<str>> {
        self.identity(key).membership.as_ref()?.scheduling_group.as_ref()
    }

    /// The bare Pods in the scheduling group of a bare Pod, if this Pod is the first of them.
    fn bare_scheduling_group(&self, workload: &Workload) -> Option<Vec<PodKey>> {
        let own = *workload.pods.first()?;
        let group = self.scheduling_group(own)?;
        let bare = self
            .workloads()
            .iter()
            .filter(|other| other.is_bare_pod() && other.namespace == workload.namespace);
        let mut pods = bare
            .flat_map(|other| other.pods.iter().copied())
            .filter(|key| self.scheduling_group(*key) == Some(group))
            .peekable();
        (pods.peek() == Some(&own)).then(|| pods.collect())
    }

    /// The members of a gang whose own spec does not contain their number: the Pods that its Jobs ask for.
    fn demand_of_jobs(&self, members: &[PodKey]) -> GangDemand {
        let mut jobs: Vec<usize> =
            members.iter().filter_map(|key| self.store.record(*key).workload_index()).collect();
        jobs.sort_unstable();
        jobs.dedup();
        let asked = jobs.into_iter().filter_map(|index| self.tree.workloads.get(index)).map(|job| {
            let parallelism = job.parallelism.unwrap_or(0);
            job.completions.map_or(parallelism, |completions| completions.min(parallelism))
        });
        count_pods(asked.fold(0, u32::saturating_add) as usize)
    }
}

/// The demand for this number of members without roles.
fn count_pods(pods: usize) -> GangDemand {
    let members = u32::try_from(pods).unwrap_or(u32::MAX);
    GangDemand { roles: vec![RoleDemand { role: None, members, order: None }], all_have_roles: false }
}

fn non_empty(attempts: Vec<GangAttempt>) -> Option<Vec<GangAttempt>> {
    (!attempts.is_empty()).then_some(attempts)
}
