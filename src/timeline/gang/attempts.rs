//! The attempts of a gang: which Pods belong to each start of the whole gang, and when all of them worked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::PodOutcome;
use crate::timeline::fast_map::{FastMap, FastSet};
use crate::timeline::pods::membership::LEADER;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::gang_demand::GangDemand;
use crate::timeline::workloads::hold::Hold;
use crate::timeline::workloads::workload::Workload;

/// One start of a whole gang. Times are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GangAttempt {
    /// The replica of a LeaderWorkerSet that the gang is; `None` for any other gang.
    pub(crate) replica: Option<u32>,
    /// The number of the attempt, from 1. Attempts that were not observed count too, if a label says so.
    pub(crate) number: u32,
    /// The members that the workload asked for when the attempt began.
    pub(crate) demand: GangDemand,
    /// The number of members.
    pub(crate) members: u32,
    /// The Pods of the attempt, by creation. A member that was replaced has several Pods.
    pub(crate) pods: Vec<PodKey>,
    /// When the first Pod was created.
    pub(crate) began: Option<i64>,
    /// The member that worked first, and when.
    pub(crate) first: Option<(i64, PodKey)>,
    /// The member that worked last, and when: from then on all members work.
    pub(crate) complete: Option<(i64, PodKey)>,
    /// The time from the first member's work to the last one's. While the gang is not complete, to the last time at
    /// which a member worked. In milliseconds.
    pub(crate) wait_millis: i64,
    /// How long the Pods waited for the last member, all together, in milliseconds.
    pub(crate) held_pod_millis: i64,
    /// The number of members that worked before the last one, or that have worked so far.
    pub(crate) waiting: u32,
    /// The number of members that work now.
    pub(crate) working: u32,
    /// Whether the number of the members that worked is unknown, because not all Pods were observed or because the time
    /// of a start is unknown.
    pub(crate) is_unknown: bool,
}

/// Returns what a workload asked for at the time at which an attempt with these Pods began.
pub(crate) type DemandAt<'a> = dyn Fn(Option<Timestamp>, &[PodKey]) -> Option<GangDemand> + 'a;

/// Orders the attempts of a gang. Pods with equal keys belong to the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AttemptKey {
    replica: Option<u32>,
    /// The number of restarts that a label counts.
    restart: u32,
    /// The number of the RayCluster, or of the leader of the replica.
    incarnation: usize,
    /// The number of suspensions before the Pod was created.
    suspensions: usize,
}

/// The place of a member. A Pod that replaces a member takes the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum MemberPlace<'a> {
    /// The completion index in the workload with this index.
    Index(Option<usize>, u32),
    /// The name.
    Name(&'a str),
}

impl Timeline {
    /// The place of a Pod in its gang.
    pub(crate) fn place_in_gang(&self, key: PodKey) -> MemberPlace<'_> {
        let record = self.store.record(key);
        match record.identity.index {
            Some(index) => MemberPlace::Index(record.workload_index(), index),
            None => MemberPlace::Name(&record.identity.name),
        }
    }

    /// The attempts of the gang of `workload` with these Pods, in chronological order. `demand_at` is what the workload
    /// asked for at a time.
    pub(crate) fn attempts_of_gang(
        &self,
        workload: &Workload,
        pods: &[PodKey],
        demand_at: &DemandAt<'_>,
        now: Timestamp,
    ) -> Vec<GangAttempt> {
        let mut by_key: BTreeMap<AttemptKey, Vec<PodKey>> = BTreeMap::new();
        let keys = AttemptKeys::new(self, workload, pods);
        for &pod in pods {
            by_key.entry(keys.of(self, pod)).or_default().push(pod);
        }
        let mut attempts: Vec<GangAttempt> = Vec::with_capacity(by_key.len());
        let mut previous: Option<(AttemptKey, u32)> = None;
        let last_keys: Vec<AttemptKey> = {
            let mut last: BTreeMap<Option<u32>, AttemptKey> = BTreeMap::new();
            for key in by_key.keys() {
                last.insert(key.replica, *key);
            }
            last.into_values().collect()
        };
        for (key, pods) in by_key {
            let before = previous.filter(|(before, _)| before.replica == key.replica);
            let number = match before {
                Some((before, number)) => {
                    number.saturating_add(key.restart.saturating_sub(before.restart).max(1))
                }
                None => key.restart.saturating_add(1),
            };
            previous = Some((key, number));
            let began = pods.iter().filter_map(|pod| self.overview(*pod).sort_millis()).min();
            let at = began.and_then(|began| Timestamp::from_millisecond(began).ok());
            let Some(demand) = demand_at(at, &pods) else { continue };
            let pods: Vec<PodKey> = pods
                .into_iter()
                .filter(|pod| demand.includes(self.identity(*pod).role().map(|role| &**role)))
                .collect();
            let is_last = last_keys.contains(&key);
            attempts.extend(self.measure_attempt(
                workload,
                (key.replica, number, is_last),
                demand,
                pods,
                now,
            ));
        }
        attempts
    }

    /// Measures one attempt. `None` if it has fewer than two members.
    fn measure_attempt(
        &self,
        workload: &Workload,
        (replica, number, is_last): (Option<u32>, u32, bool),
        demand: GangDemand,
        pods: Vec<PodKey>,
        now: Timestamp,
    ) -> Option<GangAttempt> {
        let members = demand.members();
        if members < 2 || pods.is_empty() {
            return None;
        }
        let began = pods.iter().filter_map(|pod| self.overview(*pod).sort_millis()).min();
        let mut attempt = GangAttempt {
            replica,
            number,
            demand,
            members,
            began,
            first: None,
            complete: None,
            wait_millis: 0,
            held_pod_millis: 0,
            waiting: 0,
            working: 0,
            is_unknown: false,
            pods,
        };
        let works = self.works(&attempt.pods);
        let has_unknown_start = attempt.pods.iter().any(|pod| {
            let pod = self.overview(*pod);
            pod.has_started_work && pod.work_started().is_none()
        });
        attempt.first = works.first().map(|work| (work.start, work.pod));
        let mut places = WorkingPlaces::default();
        for work in &works {
            places.start(work);
            if places.count() >= members {
                attempt.complete = Some((work.start, work.pod));
                break;
            }
        }
        let now = now.as_millisecond();
        let limit = if let Some((complete, last)) = attempt.complete {
            let own = self.place_in_gang(last);
            let before = works.iter().filter(|work| work.start <= complete && work.place != own);
            attempt.waiting = count_places(before);
            complete
        } else {
            attempt.waiting = count_places(works.iter());
            works.iter().map(|work| work.end.unwrap_or(now)).max().unwrap_or(now).min(now)
        };
        let working = works.iter().filter(|work| work.end.is_none_or(|end| end > now));
        attempt.working = count_places(working);
        let is_partly_observed = || {
            let all_places: FastSet<MemberPlace<'_>> =
                attempt.pods.iter().map(|pod| self.place_in_gang(*pod)).collect();
            (!is_last || workload.has_ended()) && to_count(all_places.len()) < members
        };
        attempt.is_unknown = has_unknown_start || attempt.complete.is_none() && is_partly_observed();
        if !attempt.is_unknown {
            attempt.wait_millis = attempt.first.map_or(0, |(first, _)| limit.saturating_sub(first).max(0));
            attempt.held_pod_millis = works
                .iter()
                .map(|work| work.end.unwrap_or(limit).min(limit).saturating_sub(work.start).max(0))
                .fold(0, i64::saturating_add);
        }
        if has_unknown_start {
            attempt.complete = None;
        }
        Some(attempt)
    }

    /// The work of these Pods, by start.
    fn works(&self, pods: &[PodKey]) -> Vec<Work<'_>> {
        let to_work = |&pod: &PodKey| {
            let overview = self.overview(pod);
            let start = overview.work_started()?.as_millisecond();
            let ended = overview.outcome.has_ended();
            let end = overview.end().map(Timestamp::as_millisecond).or(ended.then_some(start));
            let counts_on = !ended || overview.outcome == PodOutcome::Succeeded;
            Some(Work { start, end: end.filter(|_| ended), counts_on, place: self.place_in_gang(pod), pod })
        };
        let mut works: Vec<Work<'_>> = pods.iter().filter_map(to_work).collect();
        works.sort_unstable_by_key(|work| (work.start, work.pod));
        works
    }
}

/// The work of one Pod, in milliseconds since 1970.
struct Work<'a> {
    start: i64,
    /// `None` while the Pod works.
    end: Option<i64>,
    /// Whether the member counts as working from the start on, because the Pod has not failed.
    counts_on: bool,
    place: MemberPlace<'a>,
    pod: PodKey,
}

/// The places whose Pods work or have succeeded.
#[derive(Default)]
struct WorkingPlaces<'a> {
    /// The time until which each place counts.
    until: FastMap<MemberPlace<'a>, i64>,
    ends: BinaryHeap<Reverse<(i64, MemberPlace<'a>)>>,
}

impl<'a> WorkingPlaces<'a> {
    fn start(&mut self, work: &Work<'a>) {
        self.expire(work.start);
        let until = if work.counts_on { i64::MAX } else { work.end.unwrap_or(i64::MAX) };
        let known = self.until.entry(work.place).or_insert(until);
        *known = (*known).max(until);
        if *known < i64::MAX {
            self.ends.push(Reverse((*known, work.place)));
        }
    }

    /// Removes the places whose Pods had failed by `at`.
    fn expire(&mut self, at: i64) {
        while let Some(&Reverse((end, place))) = self.ends.peek()
            && end <= at
        {
            self.ends.pop();
            if self.until.get(&place) == Some(&end) {
                self.until.remove(&place);
            }
        }
    }

    fn count(&self) -> u32 {
        to_count(self.until.len())
    }
}

/// The number of different places of these Pods.
fn count_places<'a>(works: impl Iterator<Item = &'a Work<'a>>) -> u32 {
    to_count(works.map(|work| work.place).collect::<FastSet<_>>().len())
}

fn to_count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The values that decide the keys of the attempts.
struct AttemptKeys {
    /// The times at which the suspensions ended, in milliseconds.
    resumed: Vec<i64>,
    /// The creation of each leader of a replica, in order.
    leaders: FastMap<u32, Vec<i64>>,
    /// The RayClusters in the order of their first Pods.
    clusters: Vec<Arc<str>>,
    /// The restarts that the labels of the Pods of each workload count.
    restarts: FastMap<Option<usize>, u32>,
}

impl AttemptKeys {
    fn new(timeline: &Timeline, workload: &Workload, pods: &[PodKey]) -> Self {
        let mut keys = Self {
            resumed: workload.holds.iter().filter_map(resumption).collect(),
            leaders: FastMap::default(),
            clusters: Vec::new(),
            restarts: FastMap::default(),
        };
        for &pod in pods {
            let record = timeline.store.record(pod);
            let Some(part) = record.identity.membership.as_deref() else { continue };
            if let Some(restart) = part.restart {
                let known = keys.restarts.entry(record.workload_index()).or_default();
                *known = (*known).max(restart);
            }
            if let (Some(replica), Some(LEADER)) = (part.replica, part.role.as_deref()) {
                keys.leaders.entry(replica).or_default().extend(record.overview.sort_millis());
            }
            if let Some(cluster) = part.ray_cluster.as_ref().filter(|name| !keys.clusters.contains(name)) {
                keys.clusters.push(Arc::clone(cluster));
            }
        }
        keys.leaders.values_mut().for_each(|leaders| leaders.sort_unstable());
        keys
    }

    fn of(&self, timeline: &Timeline, pod: PodKey) -> AttemptKey {
        let record = timeline.store.record(pod);
        let part = record.identity.membership.as_deref();
        let created = record.overview.sort_millis();
        let is_later = |at: &&i64| created.is_some_and(|created| created >= **at);
        let replica = part.and_then(|part| part.replica);
        let leaders = replica.and_then(|replica| self.leaders.get(&replica));
        let cluster = part.and_then(|part| part.ray_cluster.as_ref());
        let cluster = cluster.and_then(|name| self.clusters.iter().position(|other| other == name));
        let restart = part.and_then(|part| part.restart);
        AttemptKey {
            replica,
            restart: restart.or(self.restarts.get(&record.workload_index()).copied()).unwrap_or(0),
            incarnation: leaders
                .map_or(0, |leaders| leaders.iter().filter(is_later).count())
                .saturating_add(cluster.unwrap_or(0)),
            suspensions: self.resumed.iter().filter(is_later).count(),
        }
    }
}

/// A time between the start and the end of a suspension, in milliseconds. No Pod is created in between, so the time
/// divides the Pods before it from those after it, although both ends are known only to the second.
fn resumption(hold: &Hold) -> Option<i64> {
    let end = hold.end.filter(|_| hold.ended && hold.message.is_none())?.earliest().as_millisecond();
    let start = hold.start.map_or(end, |start| start.at.as_millisecond());
    Some(start.saturating_add(end.max(start).saturating_sub(start) / 2))
}
