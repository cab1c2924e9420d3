//! Statistics of one workload.

use std::borrow::Borrow;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{InstantError, RangedDuration, Uncertainty};
use crate::timeline::gang::report::GangReport;
use crate::timeline::nearest_rank::nearest_rank;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::lost_work::LostWork;
use crate::timeline::reports::queues::held::HeldTime;
use crate::timeline::reports::slots::account::PodSlotTime;
use crate::timeline::reports::slots::accounting::account_slots;
use crate::timeline::reports::slots::idle::IdleStages;
use crate::timeline::reports::slots::ranges::SlotUncertainty;
use crate::timeline::reports::slots::slot_time::SlotTime;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The statistics of one workload.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Number of observed Pods.
    pub pods: usize,
    /// Wall time: from the creation to the end, or to now.
    pub wall_millis: i64,
    /// Sum of the run times of all Pods, as far as evidence shows them.
    pub run_millis: i64,
    /// Sum of the Pods' cold starts.
    pub cold_start_millis: i64,
    /// Sum of the Pods' times in the queue.
    pub queued_millis: i64,
    /// Percentiles of the Pods' cold starts.
    pub cold_start_percentiles: Percentiles,
    /// Percentiles of the Pods' times from the start to the end of work.
    pub run_percentiles: Percentiles,
    /// Percentiles of the Pods' times in the queue.
    pub queued_percentiles: Percentiles,
    /// Whether finished Pods or earlier values of `parallelism` were never observed. Slot time then covers only the
    /// observed part.
    pub partial: bool,
    /// The highest number of Pods that ran at the same time.
    pub concurrency_max: u32,
    /// Mean number of running Pods over the wall time.
    pub concurrency_mean: f64,
    /// Slot time by use.
    pub slots: SlotTime,
    /// How inexact the parts of `slots` are.
    pub slot_uncertainty: SlotUncertainty,
    /// The part of the work that was lost. The times are parts of the slot time of work. If `slots_unknown` is set,
    /// they are sums over Pods.
    pub lost_work: LostWork,
    /// The time that the members of gangs waited for the last member, summed over all attempts; `None` if the workload
    /// and the workloads below it are no gangs.
    pub gang_wait_millis: Option<i64>,
    /// The time in which the workload was held.
    pub held: HeldTime,
    /// Whether the number of Pods that may run at the same time is unknown. All parts of `slots` are then 0.
    pub slots_unknown: bool,
}

/// The statistics of one workload, and the slot time of each Pod. All outputs about the slot time of a workload at one
/// moment come from one account, so that their numbers agree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkloadAccount {
    /// Phases that have not ended count until this time.
    pub(crate) at: Timestamp,
    /// The statistics.
    pub(crate) summary: Summary,
    /// The slot time of each Pod of the workload and of the workloads below it.
    pub(crate) pods: Vec<(PodKey, PodSlotTime)>,
    /// The idle slot time by the stage of the run.
    pub(crate) idle: IdleStages,
    /// The gang; `None` if the workload is no gang.
    pub(crate) gang: Option<GangReport>,
}

/// The nearest-rank percentiles and the maximum of a value over the Pods that have the value; `None` if no Pod has the
/// value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// 50th percentile.
    pub p50: Option<RangedDuration>,
    /// 95th percentile.
    pub p95: Option<RangedDuration>,
    /// Maximum.
    pub max: Option<RangedDuration>,
}

impl Percentiles {
    fn from_values(mut values: Vec<RangedDuration>) -> Self {
        let mut percentile = |percent| nearest_rank(&mut values, percent);
        Self { p50: percentile(50), p95: percentile(95), max: percentile(100) }
    }
}

/// The creation and the end of a workload are truncated to the second. This is the width of such a time, in
/// milliseconds.
pub(crate) const WIDTH_OF_WORKLOAD_TIME: u32 = 1_000;

/// The uncertainty of the wall time of a workload that has ended.
pub(crate) fn wall_uncertainty() -> Uncertainty {
    let mut uncertainty = Uncertainty::default();
    uncertainty.add_start(InstantError::in_middle_of(WIDTH_OF_WORKLOAD_TIME));
    uncertainty.add_end(InstantError::in_middle_of(WIDTH_OF_WORKLOAD_TIME));
    uncertainty
}

impl Timeline {
    /// The statistics of a workload. Phases that have not ended count until `now`.
    ///
    /// The statistics of a workload that owns others cover all Pods below it. Its slots are its own if it has any (a
    /// Deployment's replicas), otherwise the sum of the slots below it (a CronJob's Jobs).
    pub fn summary(&self, workload: &Workload, now: Timestamp) -> Summary {
        self.account(workload, now).summary
    }

    /// The statistics of a workload like [`Timeline::summary`], with the slot time of each Pod.
    pub(crate) fn account(&self, workload: &Workload, now: Timestamp) -> WorkloadAccount {
        let below = self.children(workload).map(|child| self.account(child, now));
        self.account_from_below(workload, &below.collect::<Vec<_>>(), now)
    }

    /// The account of a workload, from the accounts of the workloads directly below it, in their order.
    pub(crate) fn account_from_below(
        &self,
        workload: &Workload,
        below: &[impl Borrow<WorkloadAccount>],
        now: Timestamp,
    ) -> WorkloadAccount {
        let mut account = self.account_without_gang(workload, below, now);
        account.gang = self.gang(workload, now);
        if let Some(gang) = &account.gang {
            account.summary.gang_wait_millis = Some(gang.wait_millis);
        }
        account
    }

    /// The account of a workload, with the gangs of the workloads below it only.
    fn account_without_gang(
        &self,
        workload: &Workload,
        below: &[impl Borrow<WorkloadAccount>],
        now: Timestamp,
    ) -> WorkloadAccount {
        if !self.has_children(workload) {
            return self.own_account(workload, now);
        }
        let with_all_pods = Workload { pods: self.pods_below(workload), ..workload.clone() };
        let WorkloadAccount { mut summary, mut pods, mut idle, .. } = self.own_account(&with_all_pods, now);
        // The Pods below have slots of their own, so only the workload's own Pods can have unknown slots here.
        summary.slots_unknown = has_unknown_slots(workload);
        if workload.capacity.is_empty() {
            pods.clear();
            idle = IdleStages::default();
            let (mut lost_work, mut slot_uncertainty) = (LostWork::default(), SlotUncertainty::default());
            for below in below.iter().map(Borrow::borrow) {
                summary.slots += below.summary.slots;
                slot_uncertainty += below.summary.slot_uncertainty;
                lost_work += below.summary.lost_work;
                summary.slots_unknown |= below.summary.slots_unknown;
                if let Some(below) = below.summary.gang_wait_millis {
                    let sum = summary.gang_wait_millis.unwrap_or(0);
                    summary.gang_wait_millis = Some(sum.saturating_add(below));
                }
                pods.extend_from_slice(&below.pods);
                idle += below.idle;
            }
            summary.slot_uncertainty = slot_uncertainty;
            if !summary.slots_unknown {
                summary.lost_work = lost_work;
            }
        }
        if summary.slots_unknown {
            summary.slots = SlotTime::default();
        }
        WorkloadAccount { at: now, summary, pods, idle, gang: None }
    }

    /// The account of a workload without the workloads below it.
    fn own_account(&self, workload: &Workload, now: Timestamp) -> WorkloadAccount {
        let account = account_slots(self, workload, now);
        let end = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now);
        let wall = workload.created.map_or(0, |created| to_millis(end.duration_since(created)).max(0));
        let (mut run_millis, mut cold_start_millis, mut queued_millis) = (0, 0, 0);
        let (mut runs, mut cold_starts, mut queued) = (Vec::new(), Vec::new(), Vec::new());
        for (_, overview) in self.overviews(workload) {
            run_millis += overview.proved_work(now);
            cold_start_millis += overview.cold_start_so_far(now).unwrap_or(0);
            queued_millis += overview.queued_so_far(now).unwrap_or(0);
            runs.extend(overview.run());
            cold_starts.extend(overview.cold_start());
            queued.extend(overview.queued());
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
        let mean = if wall > 0 { account.running_millis as f64 / wall as f64 } else { 0.0 };
        let mut lost_work = account.lost_work;
        if workload.capacity.is_empty() {
            lost_work.millis = account.lost_millis;
        }
        let summary = Summary {
            pods: workload.pods.len(),
            wall_millis: wall,
            run_millis,
            cold_start_millis,
            queued_millis,
            cold_start_percentiles: Percentiles::from_values(cold_starts),
            run_percentiles: Percentiles::from_values(runs),
            queued_percentiles: Percentiles::from_values(queued),
            partial: account.partial,
            concurrency_max: account.concurrency_max,
            concurrency_mean: mean,
            slots: account.slots,
            slot_uncertainty: account.uncertainty,
            lost_work,
            gang_wait_millis: None,
            held: self.held_time(workload, now),
            slots_unknown: has_unknown_slots(workload),
        };
        let pods = workload.pods.iter().copied().zip(account.by_pod).collect();
        WorkloadAccount { at: now, summary, pods, idle: account.idle, gang: None }
    }
}

/// Whether a workload has Pods, but no field that limits how many may run at the same time, as for some custom
/// resources.
fn has_unknown_slots(workload: &Workload) -> bool {
    workload.capacity.is_empty() && !workload.pods.is_empty()
}

fn to_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
