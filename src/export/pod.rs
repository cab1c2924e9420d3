//! The Pods of the timeline document: their instants and phases.

use jiff::Timestamp;
use serde::Serialize;
use serde_with::serde_as;

use crate::export::container::ContainerEntry;
use crate::export::units::{Rfc3339Millis, to_millis};
use crate::lifecycle::{Instant, Instants, Phase, SetupPart};
use crate::timeline::{Disruption, TimelinePod};

/// An element of `pods`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodEntry<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// Uid; `null` if the Pod is gone and only the Events of its owner name it.
    pub(crate) uid: Option<&'a str>,
    /// Name of the node; `null` if the Pod is not bound to a node.
    pub(crate) node: Option<&'a str>,
    /// Completion index of the Pod in an indexed Job.
    pub(crate) index: Option<u32>,
    /// Number of this attempt at the completion index, from 1.
    pub(crate) attempt: u32,
    /// The role of the Pod in its workload, from the labels of JobSet, KubeRay, Kubeflow, LeaderWorkerSet or Volcano.
    pub(crate) role: Option<&'a str>,
    /// The STATUS column of kubectl; `null` if the Pod is gone.
    pub(crate) status: Option<&'a str>,
    /// `Pending`, `Starting`, `Running`, `Succeeded`, `Failed`, `NeverStarted`, `Deleted` or `Unknown`.
    pub(crate) outcome: &'static str,
    /// Exit code of the container that decided the outcome.
    pub(crate) exit_code: Option<i32>,
    /// Why the Pod waits or failed.
    pub(crate) reason: Option<&'a str>,
    pub(crate) instants: InstantSet,
    /// The phases in chronological order.
    pub(crate) phases: Vec<PhaseEntry<'a>>,
    /// `scheduled - created`.
    pub(crate) queued_millis: Option<i64>,
    /// `workStarted - scheduled`.
    pub(crate) cold_start_millis: Option<i64>,
    /// The time in which a main container ran before the Pod was Ready for the first time. `null` unless a main
    /// container has a startup or readiness probe.
    pub(crate) unready_millis: Option<i64>,
    /// The time in which at least one main container ran.
    pub(crate) run_millis: Option<i64>,
    /// The 5th and the 95th percentile of `runMillis`.
    pub(crate) run_range_millis: Option<[i64; 2]>,
    /// Whether times of the node contradict other times by more than a second, so that they were moved or left out.
    pub(crate) clamped: bool,
    /// Whether the Pod no longer exists and only Events prove its life.
    pub(crate) gone: bool,
    /// How the Pod was disrupted; `null` if it was not preempted, evicted, deleted or lost with its node.
    pub(crate) disruption: Option<DisruptionEntry>,
    /// How far the API server's clock is ahead of the node's clock. The kubelet's times were moved by this amount. 0 if
    /// the two clocks may agree.
    pub(crate) clock_skew_millis: i64,
    /// The containers: init containers and sidecars first, then main containers, then debug containers.
    pub(crate) containers: Vec<ContainerEntry<'a>>,
}

impl<'a> PodEntry<'a> {
    /// Creates the entry of a Pod at `now`.
    pub(crate) fn new(pod: &'a TimelinePod<'_>, disruption: Option<Disruption>, now: Timestamp) -> Self {
        let life = &pod.life;
        Self {
            namespace: &pod.namespace,
            name: &pod.name,
            uid: Some(&*pod.uid).filter(|uid| !uid.is_empty()),
            node: pod.node.as_deref(),
            index: pod.index,
            attempt: pod.attempt,
            role: pod.role().map(|role| &**role),
            status: Some(&*life.status).filter(|_| !life.gone),
            outcome: life.outcome.name(),
            exit_code: life.exit_code,
            reason: life.reason.as_deref(),
            instants: InstantSet::from(&life.instants),
            phases: life
                .phases
                .iter()
                .enumerate()
                .map(|(index, phase)| {
                    // Only the last phase of a Pod that has not ended is open. If another phase has no end, the end is
                    // unknown.
                    let is_open = index + 1 == life.phases.len() && !life.outcome.has_ended();
                    PhaseEntry::new(phase, is_open.then_some(now))
                })
                .collect(),
            queued_millis: life.queued.map(|queued| queued.estimate_millis),
            cold_start_millis: life.cold_start.map(|cold_start| cold_start.estimate_millis),
            unready_millis: life.unready.map(|unready| unready.estimate_millis),
            run_millis: life.run.map(|run| run.estimate_millis),
            run_range_millis: life.run.map(|run| [run.low_millis, run.high_millis]),
            clamped: life.clamped,
            gone: life.gone,
            disruption: disruption.map(DisruptionEntry::from),
            clock_skew_millis: to_millis(life.skew),
            containers: life.containers.iter().map(ContainerEntry::from).collect(),
        }
    }
}

/// The field `disruption`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisruptionEntry {
    /// The reason in one word.
    pub(crate) reason: String,
    /// The object that caused the disruption, for example `pod/urgent`.
    pub(crate) by: Option<String>,
    /// The work that was lost.
    pub(crate) lost_millis: i64,
    /// From the request to delete the Pod until its replacement was created; `null` without a replacement.
    pub(crate) until_replaced_millis: Option<i64>,
}

impl From<Disruption> for DisruptionEntry {
    fn from(disruption: Disruption) -> Self {
        let Disruption { reason, by, lost_millis, until_replaced_millis } = disruption;
        Self { reason: (*reason).to_owned(), by, lost_millis, until_replaced_millis }
    }
}

/// The field `instants`. An instant is `null` if it is unknown or has not happened yet.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstantSet {
    /// The API server stored the Pod.
    pub(crate) created: Option<InstantEntry>,
    /// The Pod was bound to a node.
    pub(crate) scheduled: Option<InstantEntry>,
    /// The sandbox and its network were ready.
    pub(crate) sandbox_ready: Option<InstantEntry>,
    /// The first main container started.
    pub(crate) work_started: Option<InstantEntry>,
    /// The Pod was Ready for the first time. `null` unless a main container has a startup or readiness probe.
    pub(crate) ready: Option<InstantEntry>,
    /// The last main container ended.
    pub(crate) work_ended: Option<InstantEntry>,
    /// The deletion of the Pod was requested.
    pub(crate) delete_requested: Option<InstantEntry>,
    /// The Pod was removed.
    pub(crate) deleted: Option<InstantEntry>,
}

impl From<&Instants> for InstantSet {
    fn from(instants: &Instants) -> Self {
        let entry = |instant: Option<Instant>| instant.map(InstantEntry::from);
        Self {
            created: entry(instants.created),
            scheduled: entry(instants.scheduled),
            sandbox_ready: entry(instants.sandbox_ready),
            work_started: entry(instants.work_started),
            ready: entry(instants.ready),
            work_ended: entry(instants.work_ended),
            delete_requested: entry(instants.delete_requested),
            deleted: entry(instants.deleted),
        }
    }
}

/// A time with its interval and its source.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstantEntry {
    #[serde_as(as = "Rfc3339Millis")]
    pub(crate) at: Timestamp,
    /// The true time is not before this time.
    #[serde_as(as = "Rfc3339Millis")]
    pub(crate) earliest: Timestamp,
    /// The true time is not after this time.
    #[serde_as(as = "Rfc3339Millis")]
    pub(crate) latest: Timestamp,
    /// `event`, `observed`, `status` or `inferred`.
    pub(crate) source: &'static str,
    /// `latest - earliest`.
    pub(crate) precision_millis: i64,
}

impl From<Instant> for InstantEntry {
    fn from(instant: Instant) -> Self {
        Self {
            at: instant.at,
            earliest: instant.earliest(),
            latest: instant.latest(),
            source: instant.evidence.source().name(),
            precision_millis: instant.width_millis().into(),
        }
    }
}

/// An element of `phases`.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PhaseEntry<'a> {
    /// `Queued`, `Setup`, `Pulling`, `Initializing`, `Starting`, `Startup`, `Unready`, `Running`, `BackOff`,
    /// `Terminating` or `Unknown`.
    pub(crate) phase: &'static str,
    /// Start.
    #[serde_as(as = "Rfc3339Millis")]
    pub(crate) start: Timestamp,
    /// End; `null` while the phase is open, and if the end is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) end: Option<Timestamp>,
    /// Duration, until `observedAt` if the phase is open; `null` if the end is unknown.
    pub(crate) millis: Option<i64>,
    /// The weaker source of the start and the end.
    pub(crate) source: &'static str,
    /// The container that the phase concerns.
    pub(crate) container: Option<&'a str>,
    /// Why the Pod waits. In a setup, the part: `attach`, `mount`, `network` or `sandbox`.
    pub(crate) reason: Option<&'a str>,
}

impl<'a> PhaseEntry<'a> {
    /// Creates the entry of a phase. `now` is `None` unless the phase is open.
    fn new(phase: &'a Phase, now: Option<Timestamp>) -> Self {
        // The duration is the difference of the printed times, so that the printed numbers agree.
        let millis_until = |end: Timestamp| (end.as_millisecond() - phase.start.as_millisecond()).max(0);
        Self {
            phase: phase.kind.name(),
            start: phase.start,
            end: phase.end,
            millis: phase.end.or(now).map(millis_until),
            source: phase.source.name(),
            container: phase.container.as_deref(),
            reason: phase.setup_part().map(SetupPart::name).or(phase.reason.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::{InstantError, PhaseKind, Source};

    #[test]
    fn the_reason_of_a_setup_is_the_part_that_goes_on() {
        for (kind, reason, shown) in [
            (PhaseKind::Setup, Some("FailedMount"), Some("mount")),
            (PhaseKind::Setup, Some("FailedAttachVolume"), Some("attach")),
            (PhaseKind::Startup, Some("FailedCreatePodSandBox"), Some("sandbox")),
            (PhaseKind::Setup, Some("network"), Some("network")),
            (PhaseKind::Setup, None, None),
            (PhaseKind::PullFailing, Some("ImagePullBackOff"), Some("ImagePullBackOff")),
        ] {
            let (start, source) = (Timestamp::UNIX_EPOCH, Source::Event);
            let phase = Phase {
                kind,
                start,
                end: Some(start),
                start_error: InstantError::NONE,
                end_error: InstantError::NONE,
                source,
                container: None,
                reason: reason.map(Into::into),
            };
            assert_eq!(PhaseEntry::new(&phase, None).reason, shown, "{kind:?} {reason:?}");
        }
    }
}
