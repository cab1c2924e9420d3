//! How long each Pod of a run was in each phase, by node.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::lifecycle::{ByPhase, PhaseKind, Uncertainty};
use crate::timeline::comparison::row_subject::RowSubject;
use crate::timeline::statistics::median;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The times of all Pods of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct PhaseSamples {
    nodes: Vec<Arc<str>>,
    pods: Vec<PodPhaseTimes>,
    /// Half the range of the typical time in each phase, in milliseconds: how precise the times are.
    precision: ByPhase<i64>,
}

/// Maximum of a stored time in milliseconds: 30,000 years. Sums of such times do not overflow.
const MAX_STORED_MILLIS: i64 = 1_000_000_000_000_000;

/// Whether a stored number of milliseconds can be a duration.
pub(crate) fn is_duration(millis: i64) -> bool {
    (0..=MAX_STORED_MILLIS).contains(&millis)
}

/// The stored times of all Pods of a run, without their nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSamples {
    /// `1` for each Pod that worked and whose split of the cold start is known, `0` for the others.
    complete: String,
    /// By phase, the milliseconds of each Pod, or `null` for a Pod that had no such phase.
    millis: BTreeMap<String, Vec<Option<u32>>>,
    /// By phase, half the range of the typical time in milliseconds, without zeros.
    precision: BTreeMap<String, i64>,
}

/// The times of one Pod.
#[derive(Clone, Debug)]
struct PodPhaseTimes {
    /// The index of the node.
    node: usize,
    /// Milliseconds in each phase, or [`PodPhaseTimes::NONE`].
    millis: ByPhase<u32>,
    /// Whether the Pod worked, and the split of its cold start is known, so that a phase that it lacks took no time.
    is_complete: bool,
}

impl PodPhaseTimes {
    const NONE: u32 = u32::MAX;

    fn get(&self, kind: PhaseKind) -> Option<i64> {
        let millis = self.millis[kind];
        (millis != Self::NONE).then_some(i64::from(millis))
    }

    fn add(&mut self, kind: PhaseKind, millis: i64) {
        let sum = self.get(kind).unwrap_or(0).saturating_add(millis.max(0));
        self.millis[kind] = u32::try_from(sum).unwrap_or(Self::NONE - 1).min(Self::NONE - 1);
    }

    /// The time that a row of a comparison is about.
    fn time_of(&self, subject: RowSubject) -> Option<i64> {
        match subject {
            RowSubject::Phase(kind) => self.get(kind),
            RowSubject::ColdStart => {
                let parts = PhaseKind::ALL.into_iter().filter(|kind| kind.is_cold_start());
                let known: Vec<i64> = parts.filter_map(|kind| self.get(kind)).collect();
                (!known.is_empty()).then(|| known.iter().sum())
            }
            RowSubject::Wall => None,
        }
    }
}

impl PhaseSamples {
    /// Collects the times of the workload's Pods, and of the Pods below it. A phase that has not ended does not count.
    pub(crate) fn collect(timeline: &Timeline, workload: &Workload) -> Self {
        let mut samples = Self::default();
        let mut node_indexes: BTreeMap<Option<Arc<str>>, usize> = BTreeMap::new();
        let mut half_ranges: ByPhase<Vec<i64>> = ByPhase::default();
        for key in timeline.pods_below(workload) {
            let node = timeline.identity(key).node.clone();
            let count = node_indexes.len();
            let node = *node_indexes.entry(node).or_insert(count);
            let mut times =
                PodPhaseTimes { node, millis: ByPhase::from_fn(|_| PodPhaseTimes::NONE), is_complete: false };
            let mut uncertainties: ByPhase<Uncertainty> = ByPhase::default();
            timeline.for_each_span(key, |span| {
                let Some(end) = span.end else { return };
                times.add(span.kind, end.saturating_sub(span.start));
                uncertainties[span.kind].add_start(span.start_error);
                uncertainties[span.kind].add_end(span.end_error);
            });
            for (kind, half_ranges) in &mut half_ranges {
                if times.get(kind).is_some() {
                    let [low, high] = uncertainties[kind].range_around(0);
                    half_ranges.push((high - low) / 2);
                }
            }
            let has = |kind| times.get(kind).is_some();
            times.is_complete = timeline.overview(key).has_started_work
                && !has(PhaseKind::Startup)
                && !has(PhaseKind::Unknown);
            samples.pods.push(times);
        }
        samples.nodes = vec!["".into(); node_indexes.len()];
        for (node, index) in node_indexes {
            samples.nodes[index] = node.unwrap_or_default();
        }
        for (kind, mut half_ranges) in half_ranges {
            samples.precision[kind] = median(&mut half_ranges).unwrap_or(0);
        }
        samples
    }

    /// Returns the times in their stored form.
    pub(crate) fn to_stored(&self) -> StoredSamples {
        let mut stored = StoredSamples::default();
        stored.complete.extend(self.pods.iter().map(|pod| if pod.is_complete { '1' } else { '0' }));
        for kind in PhaseKind::ALL {
            let known = |pod: &PodPhaseTimes| pod.get(kind).map(|_| pod.millis[kind]);
            let millis: Vec<Option<u32>> = self.pods.iter().map(known).collect();
            if millis.iter().any(Option::is_some) {
                stored.millis.insert(kind.name().to_owned(), millis);
            }
            if self.precision[kind] != 0 {
                stored.precision.insert(kind.name().to_owned(), self.precision[kind]);
            }
        }
        stored
    }

    /// Returns the stored times. All Pods are on one node without a name. `None` if a value is impossible.
    pub(crate) fn from_stored(stored: StoredSamples) -> Option<Self> {
        let StoredSamples { complete, millis, precision } = stored;
        let pod = |flag: char| {
            let is_complete = flag.to_digit(2)? == 1;
            Some(PodPhaseTimes { node: 0, millis: ByPhase::from_fn(|_| PodPhaseTimes::NONE), is_complete })
        };
        let pods: Option<Vec<PodPhaseTimes>> = complete.chars().map(pod).collect();
        let mut samples = Self { nodes: vec!["".into()], pods: pods?, precision: ByPhase::default() };
        for (name, millis) in millis {
            let kind = PhaseKind::from_name(&name)?;
            if millis.len() != samples.pods.len() {
                return None;
            }
            for (pod, millis) in samples.pods.iter_mut().zip(millis) {
                pod.millis[kind] = millis.unwrap_or(PodPhaseTimes::NONE);
            }
        }
        for (name, millis) in precision {
            samples.precision[PhaseKind::from_name(&name)?] =
                Some(millis).filter(|&millis| is_duration(millis))?;
        }
        Some(samples)
    }

    /// Creates samples of Pods on nodes. Every phase has this precision in milliseconds.
    #[cfg(test)]
    pub(crate) fn from_times(pods: &[(usize, Vec<(PhaseKind, i64)>)], precision: i64) -> Self {
        let mut samples = Self { precision: ByPhase::from_fn(|_| precision), ..Self::default() };
        for (node, phases) in pods {
            let mut times = PodPhaseTimes {
                node: *node,
                millis: ByPhase::from_fn(|_| PodPhaseTimes::NONE),
                is_complete: true,
            };
            for (kind, millis) in phases {
                times.add(*kind, *millis);
            }
            times.is_complete = times.get(PhaseKind::Startup).is_none();
            samples.pods.push(times);
        }
        let nodes = pods.iter().map(|(node, _)| node + 1).max().unwrap_or(0);
        samples.nodes = (0..nodes).map(|node| format!("node-{node}").into()).collect();
        samples
    }

    /// The times that a row is about, by node. With `with_zeros`, a Pod that provably had no such phase counts as 0.
    pub(crate) fn times_by_node(&self, subject: RowSubject, with_zeros: bool) -> Vec<Vec<i64>> {
        let mut by_node = vec![Vec::new(); self.nodes.len()];
        for pod in &self.pods {
            let zero = || (with_zeros && pod.is_complete).then_some(0);
            if let Some(time) = pod.time_of(subject).or_else(zero) {
                by_node[pod.node].push(time);
            }
        }
        by_node.retain(|times| !times.is_empty());
        by_node
    }

    /// Like [`PhaseSamples::times_by_node`], in one list.
    pub(crate) fn times(&self, subject: RowSubject, with_zeros: bool) -> Vec<i64> {
        self.times_by_node(subject, with_zeros).concat()
    }

    /// Half the range of the typical time that a row is about, in milliseconds.
    pub(crate) fn precision(&self, subject: RowSubject) -> i64 {
        match subject {
            RowSubject::Phase(kind) => self.precision[kind],
            RowSubject::ColdStart => {
                let parts = PhaseKind::ALL.into_iter().filter(|kind| kind.is_cold_start());
                parts.map(|kind| self.precision[kind]).max().unwrap_or(0)
            }
            RowSubject::Wall => 0,
        }
    }

    /// Whether the cold starts of most Pods cannot be split into phases, because no Events prove the split.
    pub(crate) fn has_unsplit_cold_starts(&self) -> bool {
        let unsplit = self.pods.iter().filter(|pod| pod.get(PhaseKind::Startup).is_some()).count();
        let started = self.pods.iter().filter(|pod| pod.time_of(RowSubject::ColdStart).is_some()).count();
        unsplit * 2 > started
    }

    /// The number of Pods that were in a phase.
    pub(crate) fn count(&self, kind: PhaseKind) -> usize {
        self.pods.iter().filter(|pod| pod.get(kind).is_some()).count()
    }

    /// The names of the nodes, in order.
    pub(crate) fn node_names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.nodes.iter().filter(|name| !name.is_empty()).cloned().collect();
        names.sort_unstable();
        names
    }
}
