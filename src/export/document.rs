//! The timeline document, field by field as contracted: a released field is never renamed or removed, and what is
//! unknown is `null`.

use jiff::{SignedDuration, Timestamp};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::findings::{BackOffEntry, HoldEntry, ImageEntry, WaitEntry};
use super::summary::{SummaryEntry, millis};
use crate::lifecycle::{ContainerLife, Instant, Instants, Phase, Pull, Run};
use crate::timeline::{Parent, Summary, Timeline, TimelinePod, Workload, image_pulls};

/// Version of the document's form.
pub(crate) const API_VERSION: &str = "kubectl-seq/v1";

/// The timeline document. It borrows the timeline; Pods are formed one at a time while it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    /// `kubectl-seq/v1`.
    pub api_version: &'static str,
    /// `Timeline`.
    pub kind: &'static str,
    /// "Now" of everything that goes on.
    #[serde(serialize_with = "time")]
    pub observed_at: Timestamp,
    /// The workloads, by creation.
    pub workloads: Vec<WorkloadEntry<'a>>,
}

/// The timeline document of all that was observed until `now`.
pub fn document(timeline: &Timeline, now: Timestamp) -> Document<'_> {
    Document {
        api_version: API_VERSION,
        kind: "Timeline",
        observed_at: now,
        workloads: timeline
            .workloads()
            .iter()
            .map(|workload| WorkloadEntry::with_pods(timeline, workload, now))
            .collect(),
    }
}

/// An element of `workloads`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadEntry<'a> {
    /// Group and version: `batch/v1`.
    pub api_version: &'a str,
    /// Kind: `Job`.
    pub kind: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Uid.
    pub uid: &'a str,
    /// Who controls it.
    pub parent: Option<ParentEntry<'a>>,
    /// `Pending`, `Suspended`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub outcome: &'static str,
    /// Why, one word.
    pub reason: Option<&'a str>,
    /// Why, for people; the server's text, not escaped for a terminal.
    pub message: Option<&'a str>,
    /// `creationTimestamp`.
    #[serde(serialize_with = "optional_time")]
    pub created_at: Option<Timestamp>,
    /// When its controller began.
    #[serde(serialize_with = "optional_time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(serialize_with = "optional_time")]
    pub finished_at: Option<Timestamp>,
    /// Pods that must succeed.
    pub completions: Option<u32>,
    /// Pods that may run at once.
    pub parallelism: Option<u32>,
    /// What its controller counts.
    pub active: u32,
    /// What its controller counts.
    pub succeeded: u32,
    /// What its controller counts.
    pub failed: u32,
    /// When its schedule makes the next Job.
    #[serde(serialize_with = "optional_time")]
    pub next_run_at: Option<Timestamp>,
    /// Since when its controller cannot make Pods; `reason` and `message` say why.
    #[serde(serialize_with = "optional_time")]
    pub waiting_since: Option<Timestamp>,
    /// The numbers.
    pub summary: SummaryEntry,
    /// When it made no Pods because it was suspended or they were refused, in the order of time.
    pub holds: Vec<HoldEntry<'a>>,
    /// The indexes that wait for their next try, in order.
    pub back_offs: Vec<BackOffEntry>,
    /// Why it made no Pods, and why its Pods waited before their work, the longest wait first.
    pub waits: Vec<WaitEntry>,
    /// What the pulls of each image took on each node.
    pub images: Vec<ImageEntry>,
    /// The Pods, by creation; absent in the lines of `jsonl`, which tell of each Pod apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<Pods<'a>>,
}

impl<'a> WorkloadEntry<'a> {
    /// The workload with all its Pods.
    pub fn with_pods(timeline: &'a Timeline, workload: &'a Workload, now: Timestamp) -> Self {
        let pods = Pods { timeline, workload, now };
        Self { pods: Some(pods), ..Self::without_pods(timeline, workload, now) }
    }

    /// The workload without the field `pods`.
    pub fn without_pods(timeline: &Timeline, workload: &'a Workload, now: Timestamp) -> Self {
        let pulled = timeline.overviews(workload).filter(|(_, overview)| overview.has_pull);
        let pods = pulled.map(|(key, _)| timeline.pod(key));
        Self {
            holds: workload.holds.iter().map(|hold| HoldEntry::new(hold, now)).collect(),
            back_offs: timeline.open_retries(workload, now).into_iter().map(BackOffEntry::from).collect(),
            waits: timeline.waits(workload, now).into_iter().map(WaitEntry::from).collect(),
            images: image_pulls(pods).into_iter().map(ImageEntry::from).collect(),
            ..Self::new(workload, &timeline.summary(workload, now))
        }
    }

    /// The workload with these numbers, without the field `pods`.
    pub(crate) fn new(workload: &'a Workload, summary: &Summary) -> Self {
        Self {
            api_version: &workload.api_version,
            kind: &workload.kind,
            namespace: &workload.namespace,
            name: &workload.name,
            uid: &workload.uid,
            parent: workload.parent.as_ref().map(ParentEntry::from),
            outcome: workload.state.name(),
            reason: workload.reason.as_deref(),
            message: workload.message.as_deref(),
            created_at: workload.created,
            started_at: workload.started,
            finished_at: workload.finished,
            completions: workload.completions,
            parallelism: workload.parallelism,
            active: workload.active,
            succeeded: workload.succeeded,
            failed: workload.failed,
            next_run_at: workload.next_run,
            waiting_since: workload.creation_block.as_ref().map(|waiting| waiting.since),
            summary: summary.into(),
            holds: Vec::new(),
            back_offs: Vec::new(),
            waits: Vec::new(),
            images: Vec::new(),
            pods: None,
        }
    }
}

/// Who controls a workload.
#[derive(Clone, Debug, Serialize)]
pub struct ParentEntry<'a> {
    /// Kind.
    pub kind: &'a str,
    /// Name.
    pub name: &'a str,
    /// Uid.
    pub uid: &'a str,
}

impl<'a> From<&'a Parent> for ParentEntry<'a> {
    fn from(parent: &'a Parent) -> Self {
        Self { kind: &parent.kind, name: &parent.name, uid: &parent.uid }
    }
}

/// The Pods of a workload, each formed when it is written: a hundred thousand of them never exist at once.
#[derive(Clone, Copy, Debug)]
pub struct Pods<'a> {
    timeline: &'a Timeline,
    workload: &'a Workload,
    now: Timestamp,
}

impl Serialize for Pods<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pods = self.timeline.pods(self.workload);
        let mut elements = serializer.serialize_seq(Some(pods.len()))?;
        for (_, pod) in pods {
            elements.serialize_element(&PodEntry::new(&pod, self.now))?;
        }
        elements.end()
    }
}

/// An element of `pods`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodEntry<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Uid.
    pub uid: &'a str,
    /// Node.
    pub node: Option<&'a str>,
    /// Completion index.
    pub index: Option<u32>,
    /// Which try at its piece of work, from 1.
    pub attempt: u32,
    /// kubectl's STATUS column.
    pub status: &'a str,
    /// `Pending`, `Starting`, `Running`, `Succeeded`, `Failed`, `NeverStarted`, `Deleted` or `Unknown`.
    pub outcome: &'static str,
    /// Exit code of the first main container that failed, else of the last that ended.
    pub exit_code: Option<i32>,
    /// Why it waits or failed.
    pub reason: Option<&'a str>,
    /// The instants.
    pub instants: InstantSet,
    /// The phases, in order.
    pub phases: Vec<PhaseEntry<'a>>,
    /// `scheduled - created`.
    pub queued_millis: Option<i64>,
    /// `workStarted - scheduled`.
    pub cold_start_millis: Option<i64>,
    /// `workEnded - workStarted`.
    pub run_millis: Option<i64>,
    /// An instant was moved by more than a second, because its order was impossible.
    pub clamped: bool,
    /// How far the API server's clock is ahead of the node's: so far were the kubelet's times moved; 0 if they may be right.
    pub clock_skew_millis: i64,
    /// The containers: init containers and sidecars first, then the main ones.
    pub containers: Vec<ContainerEntry<'a>>,
}

impl<'a> PodEntry<'a> {
    /// The Pod as it stands at `now`.
    pub(crate) fn new(pod: &'a TimelinePod<'_>, now: Timestamp) -> Self {
        let life = &pod.life;
        Self {
            namespace: &pod.namespace,
            name: &pod.name,
            uid: &pod.uid,
            node: pod.node.as_deref(),
            index: pod.index,
            attempt: pod.attempt,
            status: &life.status,
            outcome: life.outcome.name(),
            exit_code: life.exit_code,
            reason: life.reason.as_deref(),
            instants: InstantSet::from(&life.instants),
            phases: life
                .phases
                .iter()
                .enumerate()
                .map(|(place, phase)| {
                    // Only the last phase of a Pod that has not ended goes on; any other end is unknown.
                    let open = place + 1 == life.phases.len() && !life.outcome.ended();
                    PhaseEntry::new(phase, open.then_some(now))
                })
                .collect(),
            queued_millis: life.queued.map(millis),
            cold_start_millis: life.cold_start.map(millis),
            run_millis: life.run.map(millis),
            clamped: life.clamped,
            clock_skew_millis: millis(life.skew),
            containers: life.containers.iter().map(ContainerEntry::from).collect(),
        }
    }
}

/// `instants`: each one `null` as long as it is unknown or has not come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstantSet {
    /// The API server stored the Pod.
    pub created: Option<InstantEntry>,
    /// The Pod was bound to a node.
    pub scheduled: Option<InstantEntry>,
    /// Sandbox and network were ready.
    pub sandbox_ready: Option<InstantEntry>,
    /// The first main container started.
    pub work_started: Option<InstantEntry>,
    /// The last main container ended.
    pub work_ended: Option<InstantEntry>,
    /// Somebody asked for the deletion.
    pub delete_requested: Option<InstantEntry>,
    /// The Pod was removed.
    pub deleted: Option<InstantEntry>,
}

impl From<&Instants> for InstantSet {
    fn from(instants: &Instants) -> Self {
        let entry = |instant: Option<Instant>| instant.map(InstantEntry::from);
        Self {
            created: entry(instants.created),
            scheduled: entry(instants.scheduled),
            sandbox_ready: entry(instants.sandbox_ready),
            work_started: entry(instants.work_started),
            work_ended: entry(instants.work_ended),
            delete_requested: entry(instants.delete_requested),
            deleted: entry(instants.deleted),
        }
    }
}

/// A time, how it is known, and how far the truth may lie away.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstantEntry {
    /// The time.
    #[serde(serialize_with = "time")]
    pub at: Timestamp,
    /// `event`, `observed`, `status` or `inferred`.
    pub source: &'static str,
    /// How far the truth may lie away: after `at` for fields and events, before it for `observed`.
    pub precision_millis: i64,
}

impl From<Instant> for InstantEntry {
    fn from(instant: Instant) -> Self {
        Self {
            at: instant.at,
            source: instant.evidence.source().name(),
            precision_millis: millis(instant.evidence.precision()),
        }
    }
}

/// An element of `phases`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PhaseEntry<'a> {
    /// `Queued`, `Setup`, `Pulling`, `Initializing`, `Starting`, `Startup`, `Running`, `BackOff` or `Terminating`.
    pub phase: &'static str,
    /// Start.
    #[serde(serialize_with = "time")]
    pub start: Timestamp,
    /// End; `null` while it goes on, and if it is unknown.
    #[serde(serialize_with = "optional_time")]
    pub end: Option<Timestamp>,
    /// How long it took, or has taken until `observedAt`; `null` if its end is unknown.
    pub millis: Option<i64>,
    /// The weaker of what its ends were read from.
    pub source: &'static str,
    /// The container that it is about.
    pub container: Option<&'a str>,
    /// Why it waits.
    pub reason: Option<&'a str>,
}

impl<'a> PhaseEntry<'a> {
    fn new(phase: &'a Phase, now: Option<Timestamp>) -> Self {
        Self {
            phase: phase.kind.name(),
            start: phase.start,
            end: phase.end,
            // Of the times as they are printed, so that they add up.
            millis: phase.end.or(now).map(|end| (end.as_millisecond() - phase.start.as_millisecond()).max(0)),
            source: phase.source.name(),
            container: phase.container.as_deref(),
            reason: phase.reason.as_deref(),
        }
    }
}

/// An element of `containers`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerEntry<'a> {
    /// Name.
    pub name: &'a str,
    /// `main`, `init`, `sidecar` or `ephemeral`.
    pub role: &'static str,
    /// Image as the user wrote it.
    pub image: &'a str,
    /// `restartCount`.
    pub restarts: u32,
    /// The pull of its image; `null` if no event tells of it.
    pub pull: Option<PullEntry>,
    /// Its runs that are known, oldest first.
    pub runs: Vec<RunEntry<'a>>,
    /// Runs that the API no longer shows.
    pub runs_not_seen: u32,
}

impl<'a> From<&'a ContainerLife> for ContainerEntry<'a> {
    fn from(container: &'a ContainerLife) -> Self {
        Self {
            name: &container.name,
            role: container.role.name(),
            image: &container.image,
            restarts: container.restarts,
            pull: container.pull.as_ref().map(PullEntry::from),
            runs: container.runs.iter().map(RunEntry::from).collect(),
            runs_not_seen: container.runs_not_seen,
        }
    }
}

/// The pull of a container's image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PullEntry {
    /// When the pull itself began, after the wait in the node's queue.
    #[serde(serialize_with = "optional_time")]
    pub start: Option<Timestamp>,
    /// When it was done.
    #[serde(serialize_with = "optional_time")]
    pub end: Option<Timestamp>,
    /// From `start` to `end`.
    pub millis: Option<i64>,
    /// Time in the node's queue before it began.
    pub wait_millis: Option<i64>,
    /// Size of the image.
    pub bytes: Option<u64>,
    /// The image was on the node already.
    pub cached: bool,
}

impl From<&Pull> for PullEntry {
    fn from(pull: &Pull) -> Self {
        let took = pull.start.zip(pull.end).map(|(start, end)| end.duration_since(start));
        Self {
            start: pull.start,
            end: pull.end,
            millis: took.map(|took| millis(took.max(SignedDuration::ZERO))),
            wait_millis: pull.wait.map(millis),
            bytes: pull.bytes,
            cached: pull.cached,
        }
    }
}

/// One execution of a container.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEntry<'a> {
    /// Start.
    #[serde(serialize_with = "optional_time")]
    pub start: Option<Timestamp>,
    /// End; `null` while it runs, and if it is unknown.
    #[serde(serialize_with = "optional_time")]
    pub end: Option<Timestamp>,
    /// Exit code.
    pub exit_code: Option<i32>,
    /// The signal that an exit code above 128 tells of.
    pub signal: Option<i32>,
    /// `Completed`, `Error`, `OOMKilled` …
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a Run> for RunEntry<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            start: run.start.map(|instant| instant.at),
            end: run.end.map(|instant| instant.at),
            exit_code: run.exit_code,
            signal: run.signal(),
            reason: run.reason.as_deref(),
        }
    }
}

/// RFC 3339 in UTC with exactly three decimals.
pub(crate) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

/// The same, or `null`.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(crate) fn optional_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}
