//! Breakdowns: the Pods, pulls, slot time and lost work of a workload, per node or per image.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lifecycle::ByPhase;
use crate::timeline::pods::pod::{PodKey, TimelinePod};
use crate::timeline::reports::slots::account::PodSlotTime;
use crate::timeline::reports::summary::WorkloadAccount;
use crate::timeline::timeline::Timeline;

/// The property by which a breakdown divides Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakdownBy {
    /// The node.
    Node,
    /// The image of the first main container.
    Image,
}

/// The Pods of a workload on one node, or with one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreakdownRow {
    /// The name of the node or of the image. `None` for Pods without a node, or without a known image.
    pub name: Option<Arc<str>>,
    /// Number of Pods.
    pub pods: usize,
    /// Number of image pulls that ended. Images that were already on the node do not count.
    pub pulls: u32,
    /// The bytes that were pulled. `None` if no pull reports a size.
    pub pulled_bytes: Option<u64>,
    /// The sum of the durations of the pulls, in milliseconds.
    pub pull_millis: i64,
    /// The slot time of the Pods in each phase, in milliseconds.
    pub phases: ByPhase<i64>,
    /// The part of the work that was lost, in milliseconds.
    pub lost_work_millis: i64,
}

impl BreakdownRow {
    /// The slot time of the Pods in milliseconds.
    pub fn slot_millis(&self) -> i64 {
        self.phases.values().sum()
    }
}

impl Timeline {
    /// The Pods of an account per node or per image. The row with the most slot time comes first. Together, the rows
    /// contain the whole slot time except slots without a Pod. The slot time of a Pod counts for the image of the Pod's
    /// first main container. Each pull counts for the pulled image.
    pub(crate) fn breakdown(&self, account: &WorkloadAccount, by: BreakdownBy) -> Vec<BreakdownRow> {
        let [rows] = self.breakdowns(account, [by]);
        rows
    }

    /// One breakdown of the account per property. Derives the life of each Pod only once for all breakdowns.
    pub(crate) fn breakdowns<const N: usize>(
        &self,
        account: &WorkloadAccount,
        properties: [BreakdownBy; N],
    ) -> [Vec<BreakdownRow>; N] {
        let mut tables = properties.map(|by| (by, Table::new()));
        for (key, time) in &account.pods {
            for (by, rows) in &mut tables {
                add_pod(rows, self.breakdown_name(*key, *by), time);
            }
            if self.overview(*key).has_pull {
                let pod = self.pod(*key);
                for (by, rows) in &mut tables {
                    add_pulls(rows, *by, &pod);
                }
            }
        }
        tables.map(|(_, rows)| {
            let named = rows.into_iter().map(|(name, row)| BreakdownRow { name, ..row });
            let mut rows: Vec<BreakdownRow> = named.collect();
            rows.sort_by_key(|row| -row.slot_millis());
            rows
        })
    }

    /// The name of the row that contains a Pod.
    fn breakdown_name(&self, key: PodKey, by: BreakdownBy) -> Option<Arc<str>> {
        match by {
            BreakdownBy::Node => self.identity(key).node.clone(),
            BreakdownBy::Image => self.store.main_image(key),
        }
    }
}

/// The rows by name.
type Table = BTreeMap<Option<Arc<str>>, BreakdownRow>;

fn add_pod(rows: &mut Table, name: Option<Arc<str>>, time: &PodSlotTime) {
    let row = rows.entry(name).or_default();
    row.pods += 1;
    row.lost_work_millis += time.lost_work;
    for (kind, millis) in &mut row.phases {
        *millis += time.phases[kind];
    }
}

fn add_pulls(rows: &mut Table, by: BreakdownBy, pod: &TimelinePod<'_>) {
    for container in &pod.life.containers {
        let Some(pull) = container.pull.filter(|pull| !pull.cached) else { continue };
        let Some((start, end)) = pull.start.zip(pull.end) else { continue };
        let name = match by {
            BreakdownBy::Node => pod.node.clone(),
            BreakdownBy::Image => Some(Arc::clone(&container.image)),
        };
        let row = rows.entry(name).or_default();
        row.pulls += 1;
        row.pull_millis += (end.as_millisecond() - start.as_millisecond()).max(0);
        if let Some(bytes) = pull.bytes {
            row.pulled_bytes = Some(row.pulled_bytes.unwrap_or(0).saturating_add(bytes));
        }
    }
}
