//! Breakdowns: the Pods, pulls, slot time and lost work of a workload, per node or per image.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{ByPhase, ContainerRole};
use crate::timeline::pods::pod::TimelinePod;
use crate::timeline::reports::slot_accounting::PodSlotTime;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

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
    /// Number of image pulls. Images that were already on the node do not count.
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
    /// The Pods of a workload, and of the workloads below it, per node or per image. The row with the most slot time
    /// comes first. The rows contain the whole slot time except slots without a Pod. The slot time of a Pod counts for
    /// the image of its first main container, and each pull counts for its own image.
    pub fn breakdown(&self, workload: &Workload, by: BreakdownBy, now: Timestamp) -> Vec<BreakdownRow> {
        let [rows] = self.breakdowns(workload, [by], now);
        rows
    }

    /// Several breakdowns of the same workload. Each Pod is read only once.
    pub(crate) fn breakdowns<const N: usize>(
        &self,
        workload: &Workload,
        properties: [BreakdownBy; N],
        now: Timestamp,
    ) -> [Vec<BreakdownRow>; N] {
        let mut tables = properties.map(|by| (by, BTreeMap::new()));
        for (key, time) in self.slot_time_by_pod(workload, now) {
            let pod = self.pod(key);
            for (by, rows) in &mut tables {
                add_pod(rows, *by, &pod, &time);
            }
        }
        tables.map(|(_, rows)| {
            let named = rows.into_iter().map(|(name, row)| BreakdownRow { name, ..row });
            let mut rows: Vec<BreakdownRow> = named.collect();
            rows.sort_by_key(|row| -row.slot_millis());
            rows
        })
    }
}

fn add_pod(
    rows: &mut BTreeMap<Option<Arc<str>>, BreakdownRow>,
    by: BreakdownBy,
    pod: &TimelinePod<'_>,
    time: &PodSlotTime,
) {
    let main = || pod.life.containers.iter().find(|container| container.role == ContainerRole::Main);
    let name = match by {
        BreakdownBy::Node => pod.node.clone(),
        BreakdownBy::Image => main().map(|container| Arc::clone(&container.image)),
    };
    let row = rows.entry(name.clone()).or_default();
    row.pods += 1;
    row.lost_work_millis += time.lost_work;
    for (kind, millis) in &mut row.phases {
        *millis += time.phases[kind];
    }
    for container in &pod.life.containers {
        let Some(pull) = container.pull.filter(|pull| !pull.cached) else { continue };
        let Some((start, end)) = pull.start.zip(pull.end) else { continue };
        let name = match by {
            BreakdownBy::Node => name.clone(),
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
