//! What stands out in a workload: the longest waits, and the Pods that kept all others waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Timeline, Workload};
use crate::lifecycle::{Phase, PhaseKind};

/// A reason to wait before the work, over all Pods, or one for which the workload made none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// `Insufficient cpu`, `ImagePullBackOff` …, without what an autoscaler did about it.
    pub reason: Arc<str>,
    /// Pods that waited for it; none where the workload itself did.
    pub pods: usize,
    /// The longest wait of one Pod, or the workload's longest.
    pub longest: SignedDuration,
    /// The sum over Pods, or over the workload's waits.
    pub total: SignedDuration,
}

/// The last Pods, which took a good part of the wall time for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stragglers {
    /// How many they are.
    pub pods: usize,
    /// Of how many that ended.
    pub of: usize,
    /// From the end of all others to the last end, in milliseconds.
    pub took: i64,
}

/// Fewer Pods have no stragglers.
const LEAST_PODS: usize = 10;
/// Stragglers are at most one Pod in so many …
const ONE_IN: usize = 10;
/// … and take at least one part in so many of the wall time.
const PART_OF_WALL: i64 = 5;

impl Timeline {
    /// Why a workload made no Pods, and why its Pods waited before their work, the longest wait first.
    pub fn waits(&self, workload: &Workload, now: Timestamp) -> Vec<Wait> {
        let mut waits: BTreeMap<Arc<str>, Wait> = BTreeMap::new();
        for &key in workload.pods.iter().filter(|key| self.overview(**key).has_wait_reason) {
            let pod = self.pod(key);
            let mut own: Vec<(&str, SignedDuration)> = Vec::new();
            let life = &pod.life;
            for phase in life.phases.iter().filter(|phase| !life.outcome.ended() || phase.end.is_some()) {
                let Some(reason) = reason_to_wait(phase) else { continue };
                let took = phase.duration(now);
                match own.iter_mut().find(|(other, _)| *other == reason) {
                    Some((_, sum)) => *sum += took,
                    None => own.push((reason, took)),
                }
            }
            for &(reason, took) in &own {
                if !waits.contains_key(reason) {
                    let reason: Arc<str> = reason.into();
                    let (longest, total) = (SignedDuration::ZERO, SignedDuration::ZERO);
                    waits.insert(Arc::clone(&reason), Wait { reason, pods: 0, longest, total });
                }
                let Some(wait) = waits.get_mut(reason) else { continue };
                wait.pods += 1;
                wait.longest = wait.longest.max(took);
                wait.total += took;
            }
        }
        let mut waits: Vec<Wait> = waits.into_values().collect();
        let mut of_itself: BTreeMap<String, Wait> = BTreeMap::new();
        for hold in &workload.holds {
            let Some(took) = hold.duration(now) else { continue };
            let reason = hold.phrase();
            let nothing = || Wait {
                reason: reason.as_str().into(),
                pods: 0,
                longest: SignedDuration::ZERO,
                total: SignedDuration::ZERO,
            };
            let wait = of_itself.entry(reason.clone()).or_insert_with(nothing);
            wait.longest = wait.longest.max(took);
            wait.total += took;
        }
        waits.extend(of_itself.into_values());
        waits.sort_by_key(|wait| std::cmp::Reverse((wait.longest, wait.total)));
        waits
    }

    /// The few Pods of an ended workload that ended long after all others.
    pub fn stragglers(&self, workload: &Workload) -> Option<Stragglers> {
        let begin = workload.created.filter(|_| workload.has_ended())?.as_millisecond();
        let ends = self
            .overviews(workload)
            .filter_map(|(_, overview)| overview.end().map(Timestamp::as_millisecond));
        let mut ends: Vec<i64> = ends.collect();
        if ends.len() < LEAST_PODS {
            return None;
        }
        ends.sort_unstable();
        let last = *ends.last()?;
        let wall = workload.finished.map_or(last, |finished| finished.as_millisecond().max(last)) - begin;
        // Where the widest gap is, the others end.
        let first = ends.len() - (ends.len() / ONE_IN).max(1);
        let place = (first..ends.len()).max_by_key(|&place| ends[place] - ends[place - 1])?;
        let took = last - ends[place - 1];
        let stragglers = Stragglers { pods: ends.len() - place, of: ends.len(), took };
        (took.checked_mul(PART_OF_WALL)? >= wall && wall > 0).then_some(stragglers)
    }
}

/// What a phase before the work waits for. Back-off after a run is no wait for anything.
fn reason_to_wait(phase: &Phase) -> Option<&str> {
    let reason = phase.reason.as_deref()?;
    match phase.kind {
        // What an autoscaler did stands in brackets behind it.
        PhaseKind::Queued => Some(reason.split_once(" (").map_or(reason, |(reason, _)| reason)),
        PhaseKind::Setup | PhaseKind::Pulling | PhaseKind::Starting => Some(reason),
        PhaseKind::Startup if reason != "first start not seen" => Some(reason),
        PhaseKind::Startup
        | PhaseKind::Initializing
        | PhaseKind::Running
        | PhaseKind::BackOff
        | PhaseKind::Terminating => None,
    }
}
