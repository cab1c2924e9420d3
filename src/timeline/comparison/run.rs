//! One run of a workload, reduced to what comparisons need.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::PhaseSpan;
use crate::timeline::comparison::conditions::{RunConditions, collect_conditions};
use crate::timeline::comparison::phase_samples::PhaseSamples;
use crate::timeline::comparison::run_reading::{RunReading, RunSource};
use crate::timeline::comparison::work_key::WorkKey;
use crate::timeline::reports::summary::{Summary, wall_uncertainty};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// One run of a workload.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadRun {
    pub(crate) source: RunSource,
    pub(crate) work: WorkKey,
    pub(crate) kind: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) uid: Arc<str>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) state: WorkloadState,
    pub(crate) summary: Summary,
    /// The number of Pods that failed.
    pub(crate) failed: usize,
    /// The number of Pods for which the run waited at its end.
    pub(crate) stragglers: usize,
    /// The verdict as text. The reader of the run sets it, because the text is a view.
    pub(crate) verdict: String,
    /// Why only a part of the run is known; `None` if the whole run is known.
    pub(crate) partial: Option<String>,
    pub(crate) samples: PhaseSamples,
    pub(crate) conditions: RunConditions,
    /// The phases of all Pods, in milliseconds since the creation. Empty unless lanes are drawn.
    pub(crate) spans: Vec<PhaseSpan>,
}

/// The runs of a timeline: its topmost workloads, except that the Jobs of a CronJob are runs of their own.
pub(crate) fn list_runs(timeline: &Timeline) -> Vec<&Workload> {
    let mut runs = Vec::new();
    for root in timeline.roots() {
        let creates_runs = root.capacity.is_empty() && timeline.has_children(root);
        if creates_runs {
            runs.extend(timeline.children(root));
        } else if &*root.kind != "CronJob" {
            runs.push(root);
        }
    }
    runs
}

impl WorkloadRun {
    /// Extracts a run from its timeline.
    pub(crate) fn extract(timeline: &Timeline, workload: &Workload, reading: &RunReading) -> Self {
        let now = reading.now;
        let summary = timeline.summary(workload, now);
        let pods = timeline.pods_below(workload);
        let has_failed = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let failed_pods = pods.iter().filter(|&&key| timeline.overview(key).has_failed()).count();
        let samples = PhaseSamples::collect(timeline, workload);
        let mut spans = Vec::new();
        if let Some(created) = workload.created.filter(|_| reading.keeps_spans) {
            let zero = created.as_millisecond();
            for &key in &pods {
                timeline.for_each_span(key, |span| {
                    let end = span.end.unwrap_or(now.as_millisecond());
                    let (start, end) = (span.start.saturating_sub(zero), end.saturating_sub(zero));
                    spans.push(PhaseSpan { start, end: Some(end), ..span });
                });
            }
        }
        Self {
            source: reading.source.clone(),
            work: WorkKey::from_workload(workload),
            kind: Arc::clone(&workload.kind),
            name: Arc::clone(&workload.name),
            uid: Arc::clone(&workload.uid),
            created: workload.created,
            started: workload.started,
            state: workload.state,
            failed: failed_pods.max(has_failed(workload.failed)),
            stragglers: timeline.stragglers(workload).map_or(0, |stragglers| stragglers.pods),
            verdict: String::new(),
            partial: find_partial_reason(timeline, workload, &summary, reading),
            conditions: collect_conditions(timeline, workload, &samples, reading),
            summary,
            samples,
            spans,
        }
    }

    /// Whether only a part of the run is known.
    pub(crate) fn is_partial(&self) -> bool {
        self.partial.is_some()
    }

    /// The wall time in milliseconds.
    pub(crate) fn wall_millis(&self) -> i64 {
        self.summary.wall_millis
    }

    /// Half the range of the wall time in milliseconds.
    pub(crate) fn wall_precision() -> i64 {
        let [low, high] = wall_uncertainty().range_around(0);
        (high - low) / 2
    }
}

/// Why only a part of a run is known.
fn find_partial_reason(
    timeline: &Timeline,
    workload: &Workload,
    summary: &Summary,
    reading: &RunReading,
) -> Option<String> {
    let mut outages = timeline.outages_of(workload).filter(|outage| !outage.is_optional);
    if !workload.has_ended() {
        Some(if reading.is_cut_off { "its recording breaks off" } else { "it has not ended" }.to_owned())
    } else if workload.state == WorkloadState::Unknown {
        Some("its outcome is unknown".to_owned())
    } else if workload.is_known_from_events {
        Some("only Events prove what is known about it".to_owned())
    } else if let Some(outage) = outages.next() {
        Some(format!("its {} cannot be read", outage.resource))
    } else if summary.slots_unknown {
        Some("the number of Pods that may run at once is unknown".to_owned())
    } else {
        summary.partial.then(|| "a part of it was not observed".to_owned())
    }
}
