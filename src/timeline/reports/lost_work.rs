//! Lost work: the work of Pods whose result did not count, and of failed runs inside other Pods.

use std::ops::AddAssign;

use jiff::Timestamp;

use crate::lifecycle::{ArrayIndex, EnumArray, Lifecycle, NODE_RESTARTED, PhaseSpan, PodOutcome};
use crate::timeline::intervals::{Intervals, subtract};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;

/// Why the work of a Pod is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// The Pod, or a run inside it, failed.
    Failed,
    /// A Pod with a higher priority took its place.
    Preempted,
    /// The Pod was evicted.
    Evicted,
    /// The Pod was lost with its node.
    NodeLost,
    /// The Pod was deleted.
    Deleted,
}

impl LossCause {
    /// All causes, in the order of the document.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Preempted, Self::Evicted, Self::NodeLost, Self::Deleted];

    /// The cause in one or two words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Preempted => "preempted",
            Self::Evicted => "evicted",
            Self::NodeLost => "node lost",
            Self::Deleted => "deleted",
        }
    }

    /// The words that follow a number of Pods, as in `4 Pods preempted`.
    pub fn participle(self) -> &'static str {
        match self {
            Self::NodeLost => "lost with their node",
            Self::Failed | Self::Preempted | Self::Evicted | Self::Deleted => self.name(),
        }
    }
}

impl ArrayIndex<{ Self::ALL.len() }> for LossCause {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// One value for each cause.
pub(crate) type ByLossCause<T> = EnumArray<LossCause, T, { LossCause::ALL.len() }>;

/// The lost work of a workload, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostWork {
    /// The slot time of lost work in milliseconds. If the workload has no slots, the sum over its Pods.
    pub millis: ByLossCause<i64>,
    /// The number of Pods whose work is lost, or of Pods with a failed run.
    pub pods: ByLossCause<u32>,
}

impl LostWork {
    /// The lost work for all causes, in milliseconds.
    pub fn total(&self) -> i64 {
        self.millis.values().sum()
    }
}

impl AddAssign for LostWork {
    fn add_assign(&mut self, other: Self) {
        for (cause, millis) in &mut self.millis {
            *millis = millis.saturating_add(other.millis[cause]);
        }
        for (cause, pods) in &mut self.pods {
            *pods = pods.saturating_add(other.pods[cause]);
        }
    }
}

/// The part of a Pod's work that is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodLoss {
    /// The intervals in which only failed runs of main containers went on, in milliseconds since 1970. The intervals
    /// are in order and do not overlap.
    failed_runs: Intervals,
    /// Why the work outside these intervals is lost; `None` if it is not lost.
    other_work: Option<LossCause>,
}

impl PodLoss {
    /// The cause that stands for the whole loss; `None` if no work is lost.
    pub(crate) fn cause(&self) -> Option<LossCause> {
        let has_failed = !self.failed_runs.is_empty();
        match self.other_work {
            // When its Job reaches the limit of failures, a Pod with failed runs is deleted. The cause is then the
            // failure, not the deletion.
            None | Some(LossCause::Deleted) if has_failed => Some(LossCause::Failed),
            cause => cause,
        }
    }

    /// Calls `visit` with the start of each part of a span of work, and with the cause if this part is lost.
    pub(crate) fn for_each_part(&self, span: PhaseSpan, mut visit: impl FnMut(i64, Option<LossCause>)) {
        let end = span.end.unwrap_or(i64::MAX);
        let mut at = span.start;
        for &(from, to) in self.failed_runs.iter().filter(|(from, to)| *from < end && *to > span.start) {
            if from > at {
                visit(at, self.other_work);
            }
            visit(from.max(span.start), Some(LossCause::Failed));
            at = to;
        }
        if at < end || at == span.start {
            visit(at, self.other_work);
        }
    }
}

impl Timeline {
    /// The part of a Pod's work that is lost; `None` if no work is lost.
    pub(crate) fn pod_loss(&self, key: PodKey) -> Option<PodLoss> {
        let overview = self.overview(key);
        if !overview.has_started_work {
            return None;
        }
        let other_work = self.loss_cause(key);
        let failed_runs =
            if overview.has_failed_run { failed_runs(&self.pod(key).life, other_work) } else { Vec::new() };
        (other_work.is_some() || !failed_runs.is_empty()).then_some(PodLoss { failed_runs, other_work })
    }

    /// Why work of a Pod is lost; `None` if no work is lost.
    pub(crate) fn lost_work_of_pod(&self, key: PodKey) -> Option<LossCause> {
        self.pod_loss(key).as_ref().and_then(PodLoss::cause)
    }

    /// The cause if a Pod was ended from outside; `None` for all other Pods, and if the end is not certain yet.
    pub(crate) fn disruption_cause(&self, key: PodKey) -> Option<LossCause> {
        self.loss_cause(key).filter(|cause| *cause != LossCause::Failed)
    }

    /// Why the whole work of a Pod is lost, even if the work had not begun. `None` if it is not lost, or if the loss
    /// is not certain yet.
    fn loss_cause(&self, key: PodKey) -> Option<LossCause> {
        let overview = self.overview(key);
        if overview.is_lost {
            // The node may come back. The loss is certain when the Pod is deleted.
            let is_certain = overview.outcome.has_ended() || overview.deletion_requested;
            return is_certain.then_some(LossCause::NodeLost);
        }
        let is_uncounted = match overview.outcome {
            PodOutcome::Succeeded => self.is_uncounted_success(key),
            PodOutcome::Failed | PodOutcome::Deleted | PodOutcome::NeverStarted => true,
            PodOutcome::Pending
            | PodOutcome::Starting
            | PodOutcome::Running
            | PodOutcome::Unknown
            | PodOutcome::Gone => false,
        };
        if !is_uncounted {
            return None;
        }
        let pod = self.pod(key);
        let cause = match (pod.life.disruption.as_deref(), pod.life.reason.as_deref()) {
            (Some("PreemptionByScheduler"), _) | (_, Some("Preempting")) => LossCause::Preempted,
            (Some("DeletionByPodGC"), _) | (None, Some(NODE_RESTARTED)) => LossCause::NodeLost,
            (Some(_), _) | (_, Some("Evicted")) => LossCause::Evicted,
            (None, _) if overview.has_failed() => LossCause::Failed,
            (None, _) => LossCause::Deleted,
        };
        // A rollout replaces its Pods according to plan. Their work has no result that could be lost.
        let is_planned =
            cause == LossCause::Deleted && self.workload_of(key).is_some_and(|workload| workload.is_rollout);
        (!is_planned).then_some(cause)
    }

    /// When the slot of a Pod that was lost with its node becomes free for another Pod. `None` while the lost Pod takes
    /// the slot.
    pub(crate) fn lost_slot_released(&self, key: PodKey) -> Option<Timestamp> {
        let pod = self.pod(key);
        let waits_for_end = self
            .workload_of(key)
            .and_then(|workload| self.owners.job(&workload.uid))
            .is_some_and(JobRecord::counts_results_of_deleted);
        let requested = pod.life.instants.delete_requested.filter(|_| !waits_for_end);
        let released = requested.or(pod.life.instants.deleted).map(|instant| instant.at);
        released.or_else(|| pod.life.end().filter(|_| pod.life.outcome.has_ended()))
    }
}

/// The intervals in which only failed runs of main containers went on. `other_work` is why the other work of the Pod
/// is lost. A run that was ended by a deletion or by a disruption has not failed.
fn failed_runs(life: &Lifecycle, other_work: Option<LossCause>) -> Intervals {
    let requested = life.instants.delete_requested.map(|requested| requested.at);
    let is_disrupted =
        matches!(other_work, Some(LossCause::Preempted | LossCause::Evicted | LossCause::NodeLost));
    let (mut failed, mut others) = (Vec::new(), Vec::new());
    for main in life.main_containers() {
        for (index, run) in main.runs.iter().enumerate() {
            let Some(start) = run.start else { continue };
            let next = main.runs.iter().skip(index + 1).find_map(|run| run.start);
            let end = run.end.or(next.filter(|_| run.ended)).map(|end| end.at);
            let is_killed = is_disrupted && index + 1 == main.runs.len()
                || requested.is_some_and(|requested| end.is_some_and(|end| end >= requested));
            let list = if run.has_failed() && !is_killed { &mut failed } else { &mut others };
            list.push((start.at.as_millisecond(), end.map_or(i64::MAX, Timestamp::as_millisecond)));
        }
    }
    subtract(failed, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::{InstantError, PhaseKind};

    #[test]
    fn a_span_of_work_is_cut_at_the_failed_runs() {
        let loss = PodLoss { failed_runs: vec![(10, 20), (30, 40)], other_work: Some(LossCause::Deleted) };
        let parts = |start, end| {
            let mut parts = Vec::new();
            let (start_error, end_error) = (InstantError::NONE, InstantError::NONE);
            let span = PhaseSpan { kind: PhaseKind::Running, start, end, start_error, end_error };
            loss.for_each_part(span, |start, cause| parts.push((start, cause)));
            parts
        };
        let (failed, deleted) = (Some(LossCause::Failed), Some(LossCause::Deleted));
        assert_eq!(parts(0, Some(35)), [(0, deleted), (10, failed), (20, deleted), (30, failed)]);
        assert_eq!(parts(12, Some(20)), [(12, failed)]);
        assert_eq!(parts(40, None), [(40, deleted)]);
        assert_eq!(parts(50, Some(50)), [(50, deleted)]);
    }
}
