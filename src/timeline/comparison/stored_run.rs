//! The form in which a completed recording stores its runs, so that the history of many recordings is read quickly.
//!
//! It holds everything that `history` shows, and the times of the Pods that its rules compare. What only `diff` needs is
//! left out. Anybody may have written the file, so every value is checked.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::lifecycle::{PhaseKind, RangedDuration};
use crate::observation::clean_whole;
use crate::timeline::comparison::phase_samples::{PhaseSamples, StoredSamples, is_duration};
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::comparison::run_reading::RunSource;
use crate::timeline::comparison::work_key::WorkKey;
use crate::timeline::reports::lost_work::{LossCause, LostWork};
use crate::timeline::reports::slots::slot_time::SlotTime;
use crate::timeline::reports::summary::{Percentiles, Summary};
use crate::timeline::workloads::workload::WorkloadState;

/// The number of the rules by which runs are derived from observations. It increases with each change of a rule that
/// changes a stored run; a test compares it with the runs of the recorded scenarios.
pub(crate) const STORED_RUN_RULES: u32 = 1;

/// A stored run.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredRun {
    namespace: String,
    work_kind: String,
    work: String,
    #[serde(default)]
    generate_name: bool,
    kind: String,
    name: String,
    uid: String,
    created_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    outcome: String,
    partial: Option<String>,
    verdict: String,
    wall_millis: i64,
    pods: usize,
    failed: usize,
    slot_millis: i64,
    /// By phase, without zeros.
    slots: BTreeMap<String, i64>,
    idle_millis: i64,
    slots_unknown: bool,
    /// By cause, without zeros.
    lost_millis: BTreeMap<String, i64>,
    cold_start_p50_millis: Option<i64>,
    cold_start_p95_millis: Option<i64>,
    samples: StoredSamples,
}

impl StoredRun {
    pub(crate) fn new(run: &WorkloadRun) -> Self {
        let Summary { slots, lost_work, cold_start_percentiles, .. } = &run.summary;
        let cold_start = |value: Option<RangedDuration>| value.map(|value| value.estimate_millis);
        Self {
            namespace: run.work.namespace.to_string(),
            work_kind: run.work.kind.to_string(),
            work: run.work.name.to_string(),
            generate_name: run.work.is_generated,
            kind: run.kind.to_string(),
            name: run.name.to_string(),
            uid: run.uid.to_string(),
            created_at: run.created,
            started_at: run.started,
            outcome: run.state.name().to_owned(),
            partial: run.partial.clone(),
            verdict: run.verdict.clone(),
            wall_millis: run.wall_millis(),
            pods: run.summary.pods,
            failed: run.failed,
            slot_millis: slots.total,
            slots: without_zeros(slots.phases.iter().map(|(kind, millis)| (kind.name(), *millis))),
            idle_millis: slots.idle,
            slots_unknown: run.summary.slots_unknown,
            lost_millis: without_zeros(
                lost_work.millis.iter().map(|(cause, millis)| (cause.name(), *millis)),
            ),
            cold_start_p50_millis: cold_start(cold_start_percentiles.p50),
            cold_start_p95_millis: cold_start(cold_start_percentiles.p95),
            samples: run.samples.to_stored(),
        }
    }

    /// Returns the run without the values that only `diff` needs. `None` if a value is impossible.
    pub(crate) fn into_run(self, source: RunSource) -> Option<WorkloadRun> {
        let slots = self.slots()?;
        let lost_work = self.lost_work()?;
        let cold_start = |millis: Option<i64>| match millis {
            None => Some(None),
            Some(millis) => {
                is_duration(millis).then(|| Some(RangedDuration::exact(SignedDuration::from_millis(millis))))
            }
        };
        let cold_start_percentiles = Percentiles {
            p50: cold_start(self.cold_start_p50_millis)?,
            p95: cold_start(self.cold_start_p95_millis)?,
            max: None,
        };
        let summary = Summary {
            pods: self.pods,
            wall_millis: Some(self.wall_millis).filter(|&millis| is_duration(millis))?,
            cold_start_percentiles,
            slots,
            lost_work,
            slots_unknown: self.slots_unknown,
            ..Summary::default()
        };
        let clean = |text: &str| clean_whole(text).into_owned();
        Some(WorkloadRun {
            source,
            work: WorkKey {
                namespace: self.namespace.into(),
                kind: self.work_kind.into(),
                name: self.work.into(),
                is_generated: self.generate_name,
            },
            kind: self.kind.into(),
            name: self.name.into(),
            uid: self.uid.into(),
            created: self.created_at,
            started: self.started_at,
            state: WorkloadState::ALL.into_iter().find(|state| state.name() == self.outcome)?,
            summary,
            failed: self.failed,
            stragglers: 0,
            verdict: clean(&self.verdict),
            partial: self.partial.as_deref().map(clean),
            samples: PhaseSamples::from_stored(self.samples)?,
            conditions: Vec::new(),
            spans: Vec::new(),
        })
    }

    /// The slot time. `None` unless its parts sum to the whole.
    fn slots(&self) -> Option<SlotTime> {
        let mut slots = SlotTime { total: self.slot_millis, idle: self.idle_millis, ..SlotTime::default() };
        for (name, millis) in &self.slots {
            slots.phases[PhaseKind::from_name(name)?] = *millis;
        }
        let mut parts = slots.phases.values().chain([&slots.idle, &slots.total]);
        let is_possible = parts.all(|&millis| is_duration(millis))
            && slots.phases.values().sum::<i64>() + slots.idle == slots.total;
        is_possible.then_some(slots)
    }

    fn lost_work(&self) -> Option<LostWork> {
        let mut lost_work = LostWork::default();
        for (name, millis) in &self.lost_millis {
            let cause = LossCause::ALL.into_iter().find(|cause| cause.name() == name)?;
            lost_work.millis[cause] = Some(*millis).filter(|&millis| is_duration(millis))?;
        }
        Some(lost_work)
    }
}

fn without_zeros(values: impl Iterator<Item = (&'static str, i64)>) -> BTreeMap<String, i64> {
    values.filter(|(_, millis)| *millis != 0).map(|(name, millis)| (name.to_owned(), millis)).collect()
}
