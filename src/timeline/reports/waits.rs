//! Waits: the reasons why Pods waited before their work, and why a workload created no Pods.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Lifecycle, MIN_LATE_TAKE_UP, Phase, PhaseKind, is_gate_reason};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// A reason why Pods waited before their work, or why the workload created no Pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// `Insufficient cpu`, `ImagePullBackOff` …, without the note about an autoscaler.
    pub reason: Arc<str>,
    /// The cause of the longest wait, for example `configmap "nope" not found`. `None` if the cause is unknown. Not
    /// escaped for a terminal.
    pub message: Option<Arc<str>>,
    /// Number of Pods that waited; 0 if the workload itself waited.
    pub pods: usize,
    /// The longest wait of one Pod, or the longest hold of the workload.
    pub longest: SignedDuration,
    /// The sum of the Pods' waits, or of the workload's holds.
    pub total: SignedDuration,
}

impl Wait {
    fn new(reason: Arc<str>) -> Self {
        Self { reason, message: None, pods: 0, longest: SignedDuration::ZERO, total: SignedDuration::ZERO }
    }

    fn add(&mut self, duration: SignedDuration) {
        self.longest = self.longest.max(duration);
        self.total = self.total.saturating_add(duration);
    }
}

impl Timeline {
    /// The reasons why a workload created no Pods and why its Pods waited before their work, the longest wait first.
    pub fn waits(&self, workload: &Workload, now: Timestamp) -> Vec<Wait> {
        let mut by_reason: BTreeMap<Arc<str>, Wait> = BTreeMap::new();
        for &key in workload.pods.iter().filter(|key| self.overview(**key).has_wait_reason) {
            for PodWait { reason, cause, duration } in pod_waits(&self.pod(key).life, now) {
                if !by_reason.contains_key(&*reason) {
                    let reason: Arc<str> = Arc::from(&*reason);
                    by_reason.insert(Arc::clone(&reason), Wait::new(reason));
                }
                let Some(wait) = by_reason.get_mut(&*reason) else { continue };
                wait.pods += 1;
                if duration >= wait.longest || wait.message.is_none() {
                    wait.message = cause.cloned().or(wait.message.take());
                }
                wait.add(duration);
            }
        }
        for (key, _) in self.overviews(workload).filter(|(_, pod)| pod.is_not_taken_up) {
            let pod = self.pod(key);
            let waited = pod.life.not_taken_up_since.map(|since| now.duration_since(since));
            let Some(waited) = waited.filter(|waited| *waited >= MIN_LATE_TAKE_UP) else { continue };
            let node = pod.node.as_deref().unwrap_or("the node");
            let reason: Arc<str> = format!("{node} has not taken it up").into();
            let new_wait = || Wait::new(Arc::clone(&reason));
            let wait = by_reason.entry(Arc::clone(&reason)).or_insert_with(new_wait);
            wait.pods += 1;
            wait.add(waited);
        }
        let mut by_phrase: BTreeMap<String, Wait> = BTreeMap::new();
        for hold in &workload.holds {
            let Some(duration) = hold.duration(now) else { continue };
            let new_wait = |phrase: &String| Wait::new(phrase.as_str().into());
            by_phrase.entry(hold.phrase()).or_insert_with_key(new_wait).add(duration);
        }
        let mut waits: Vec<Wait> = by_reason.into_values().chain(by_phrase.into_values()).collect();
        waits.sort_by_key(|wait| std::cmp::Reverse((wait.longest, wait.total)));
        waits
    }
}

/// A reason for which a Pod waited.
struct PodWait<'a> {
    reason: Cow<'a, str>,
    cause: Option<&'a Arc<str>>,
    /// The sum of all waits of the Pod for this reason.
    duration: SignedDuration,
}

/// The reasons for which a Pod waited before its work, or for which a container waited while other containers worked.
fn pod_waits(life: &Lifecycle, now: Timestamp) -> Vec<PodWait<'_>> {
    let mut waits: Vec<PodWait<'_>> = Vec::new();
    let mut has_worked = false;
    let mut unschedulable: Option<PodWait<'_>> = None;
    for phase in life.phases.iter().filter(|phase| !life.outcome.has_ended() || phase.end.is_some()) {
        has_worked |= phase.kind.is_work();
        let Some(reason) = wait_reason(phase, has_worked) else { continue };
        let duration = phase.duration(now);
        if phase.kind == PhaseKind::Queued && !is_gate_reason(&reason) {
            match &mut unschedulable {
                Some(wait) => {
                    wait.duration = wait.duration.saturating_add(duration);
                    wait.reason = join_reasons(&wait.reason, &reason).into();
                }
                None => unschedulable = Some(PodWait { reason, cause: None, duration }),
            }
            continue;
        }
        if let Some(wait) = waits.iter_mut().find(|other| other.reason == reason) {
            wait.duration = wait.duration.saturating_add(duration);
            continue;
        }
        let known = life.wait_causes.iter().find(|known| phase.reason.as_ref() == Some(&known.reason));
        waits.push(PodWait { reason, cause: known.map(|known| &known.cause), duration });
    }
    waits.extend(unschedulable);
    waits
}

/// Joins two lists of the scheduler's reasons. The wait for a node is one wait, although the scheduler's reasons change when
/// nodes are added, cordoned or removed.
fn join_reasons(first: &str, second: &str) -> String {
    let mut reasons: Vec<&str> = first.split(", ").chain(second.split(", ")).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.join(", ")
}

/// The reason for a wait before the work, or for the wait of one container while other containers work. `None` for a
/// back-off, because the reason of a back-off describes the end of the previous run. If the Pod `has_worked` before,
/// the reason names the container that waits.
fn wait_reason(phase: &Phase, has_worked: bool) -> Option<Cow<'_, str>> {
    let reason = phase.wait_reason()?;
    let of_container = || Some(format!("container {}: {reason}", phase.container.as_deref()?).into());
    match phase.kind {
        // Leaves out the note about an autoscaler in brackets.
        PhaseKind::Queued => Some(reason.split_once(" (").map_or(reason, |(reason, _)| reason).into()),
        PhaseKind::Pulling | PhaseKind::PullFailing | PhaseKind::Starting if has_worked => of_container(),
        PhaseKind::Setup | PhaseKind::Pulling | PhaseKind::PullFailing | PhaseKind::Starting => {
            Some(reason.into())
        }
        PhaseKind::Startup if reason != "first start not seen" => Some(reason.into()),
        // The other containers of the Pod work.
        PhaseKind::Unready | PhaseKind::Running if phase.container.is_some() => of_container(),
        PhaseKind::Startup
        | PhaseKind::Initializing
        | PhaseKind::Unready
        | PhaseKind::Running
        | PhaseKind::BackOff
        | PhaseKind::Terminating
        | PhaseKind::Unknown => None,
    }
}
