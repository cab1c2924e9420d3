//! Chooses the findings: the most expensive losses of a workload.

use std::cmp::Ordering;

use crate::timeline::reports::findings::facts::FactFinder;
use crate::timeline::reports::findings::finding::{Cost, Finding, FindingKind};
use crate::timeline::reports::findings::number_text::to_percent;
use crate::timeline::reports::summary::{Summary, WorkloadAccount};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The maximum number of findings about one workload.
const MAX_FINDINGS: usize = 3;
/// A loss with a smaller share is no finding.
const MIN_SHARE: f64 = 0.05;
/// A loss of fewer milliseconds is no finding.
const MIN_MILLIS: i64 = 1_000;

impl Timeline {
    /// The most expensive losses of a workload, the most expensive first. `account` is the account of this workload.
    /// Empty for a workload without slot time.
    pub(crate) fn findings(&self, workload: &Workload, account: &WorkloadAccount) -> Vec<Finding> {
        let summary = &account.summary;
        let total = summary.slots.total;
        if total <= 0 {
            return Vec::new();
        }
        let facts = FactFinder::new(self, workload, account);
        let mut costs: Vec<Cost> = slot_costs(summary);
        if let Some(stragglers) = self.stragglers(workload) {
            costs.extend(new_cost(FindingKind::Stragglers, stragglers.millis, summary.wall_millis, None));
        }
        let cold_millis = summary.slots.cold_start();
        let may_reserve = cold_millis >= MIN_MILLIS && share_of(cold_millis, total) >= Some(MIN_SHARE);
        let reserved = if may_reserve { facts.reserved_cost(cold_millis) } else { None };
        // The reservation of an accelerator competes with the losses, because accelerators are expensive. Any other
        // reservation comes last, because it describes the same time as the losses of the cold start.
        costs.extend(reserved.filter(|_| facts.has_reserved_accelerator()));
        costs.retain(|cost| cost.share >= MIN_SHARE && cost.millis >= MIN_MILLIS);
        costs.sort_by(|a, b| b.share.partial_cmp(&a.share).unwrap_or(Ordering::Equal));
        if !costs.iter().any(|cost| cost.kind == FindingKind::Reserved) {
            costs.extend(reserved.filter(|cost| cost.share >= MIN_SHARE));
        }
        // A loss without known facts is no finding, because the verdict already shows its share.
        costs.into_iter().filter_map(|cost| facts.describe(cost)).take(MAX_FINDINGS).collect()
    }
}

/// The losses that are parts of the slot time.
fn slot_costs(summary: &Summary) -> Vec<Cost> {
    let (slots, ranges) = (&summary.slots, &summary.slot_uncertainty);
    let slot_cost = |kind, millis, uncertainty| new_cost(kind, millis, slots.total, uncertainty);
    let of_phases = FindingKind::OF_PHASES.iter().filter_map(|&kind| {
        let millis = kind.phases().iter().map(|phase| slots.phases[*phase]).sum();
        slot_cost(kind, millis, ranges.percentage_points(slots, kind.phases().iter().copied(), false))
    });
    let idle = slot_cost(FindingKind::Idle, slots.idle, ranges.percentage_points(slots, [], true));
    let lost_work = slot_cost(FindingKind::LostWork, summary.lost_work.total(), None);
    of_phases.chain(idle).chain(lost_work).collect()
}

/// A loss of `millis` milliseconds out of `whole_millis`. `None` if the whole is 0.
fn new_cost(kind: FindingKind, millis: i64, whole_millis: i64, uncertainty: Option<i64>) -> Option<Cost> {
    let (share, percent) = (share_of(millis, whole_millis)?, to_percent(millis, whole_millis));
    Some(Cost { kind, share, percent, millis, uncertainty })
}

/// `part` as a fraction of `whole`. `None` if the whole is 0.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn share_of(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
