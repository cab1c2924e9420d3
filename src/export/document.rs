//! The timeline document and its workloads.
//!
//! The fields are a contract: a released field is never renamed or removed, and an unknown value is `null`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_with::serde_as;

use crate::export::gang::GangEntry;
use crate::export::pod::PodEntry;
use crate::export::queue::QueueEntry;
use crate::export::reports::breakdown::{ImageBreakdownEntry, NodeEntry, breakdown_entries};
use crate::export::reports::budget::BudgetEntry;
use crate::export::reports::findings::{
    BackOffEntry, FindingEntry, HoldEntry, ImageEntry, ReservedEntry, WaitEntry,
};
use crate::export::reports::summary::SummaryEntry;
use crate::export::reports::what_if::WhatIfEntry;
use crate::export::units::Rfc3339Millis;
use crate::observation::{Outage, Unwatched};
use crate::timeline::{
    BudgetCondition, Parent, Summary, TimeLeft, Timeline, WhatIfRequest, Workload, WorkloadAccount,
    image_pulls,
};

/// Version of the document's format.
pub(crate) const API_VERSION: &str = "kubectl-seq/v1";

/// Kind of the document.
pub(crate) const KIND: &str = "Timeline";

/// The timeline document. It borrows the timeline, and each Pod's entry is created when it is written.
#[serde_as]
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    /// `kubectl-seq/v1`.
    #[cfg_attr(test, schemars(extend("const" = API_VERSION)))]
    pub api_version: &'static str,
    /// `Timeline`.
    #[cfg_attr(test, schemars(extend("const" = KIND)))]
    pub kind: &'static str,
    /// The time until which phases that have not ended are measured.
    #[serde_as(as = "Rfc3339Millis")]
    pub observed_at: Timestamp,
    /// The workloads, by creation.
    pub workloads: Vec<WorkloadEntry<'a>>,
}

/// Creates the timeline document. Open phases are measured until `now`.
pub fn document(timeline: &Timeline, now: Timestamp) -> Document<'_> {
    // Each workload comes before those below it, so the reverse order reaches the account of a workload after the
    // accounts that it consists of. An account is dropped once it is a part of the next one.
    let mut below: BTreeMap<usize, Vec<WorkloadAccount>> = BTreeMap::new();
    let mut workloads: Vec<WorkloadEntry<'_>> = Vec::with_capacity(timeline.workloads().len());
    for (index, workload) in timeline.workloads().iter().enumerate().rev() {
        let mut parts = below.remove(&index).unwrap_or_default();
        parts.reverse();
        let account = timeline.account_from_below(workload, &parts, now);
        drop(parts);
        workloads.push(WorkloadEntry::with_pods(timeline, workload, &account));
        if let Some(above) = timeline.parent_index(index) {
            below.entry(above).or_default().push(account);
        }
    }
    workloads.reverse();
    Document { api_version: API_VERSION, kind: KIND, observed_at: now, workloads }
}

impl<'a> Document<'a> {
    /// Adds the results of these budgets to the workloads that no other workload owns.
    pub(crate) fn with_budget(mut self, timeline: &'a Timeline, conditions: &'a [BudgetCondition]) -> Self {
        for root in timeline.roots() {
            let checks = timeline.check_budget(root, conditions, self.observed_at);
            if let Some(entry) = self.workloads.iter_mut().find(|entry| entry.uid == &*root.uid) {
                entry.budget = checks.into_iter().map(BudgetEntry::from).collect();
            }
        }
        self
    }
}

impl Document<'_> {
    /// Adds the answers of the what-if to the workloads that no other workload owns.
    pub(crate) fn with_what_if(mut self, timeline: &Timeline, request: Option<WhatIfRequest>) -> Self {
        let Some(request) = request else { return self };
        for root in timeline.roots() {
            let answer = timeline.what_if(root, request, self.observed_at);
            if let Some(entry) = self.workloads.iter_mut().find(|entry| entry.uid == &*root.uid) {
                entry.what_if = Some(answer.into());
            }
        }
        self
    }
}

/// An element of `workloads`.
#[serde_as]
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// The object that controls the workload.
    pub parent: Option<ParentEntry<'a>>,
    /// `Pending`, `Suspended`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub outcome: &'static str,
    /// The reason for the outcome in one word. While `waitingSince` is set, the reason why no Pod can be created.
    pub reason: Option<&'a str>,
    /// The reason for the outcome as text. The server's text is not escaped for a terminal.
    pub message: Option<&'a str>,
    /// `creationTimestamp`.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub created_at: Option<Timestamp>,
    /// When the controller began to process the workload. For a Pod, when its work began.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub started_at: Option<Timestamp>,
    /// When the workload ended.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub finished_at: Option<Timestamp>,
    /// Pods that must succeed.
    pub completions: Option<u32>,
    /// Pods that may run at the same time.
    pub parallelism: Option<u32>,
    /// Active Pods, as its controller counts them.
    pub active: u32,
    /// Succeeded Pods, as its controller counts them; `null` if the workload is gone and no Event proves the number.
    pub succeeded: Option<u32>,
    /// Failed Pods, as its controller counts them; `null` if the workload is gone and no Event proves the number.
    pub failed: Option<u32>,
    /// Whether the workload no longer exists and only Events prove what is known about it.
    pub gone: bool,
    /// When its schedule creates the next Job.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub next_run_at: Option<Timestamp>,
    /// The time since which the controller cannot create Pods. `reason` and `message` contain the cause.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub waiting_since: Option<Timestamp>,
    /// The budgets of the command and their results. Empty for workloads below the ones that the user asked for.
    pub budget: Vec<BudgetEntry<'a>>,
    /// The what-if; `null` unless the user asked for it.
    pub what_if: Option<WhatIfEntry>,
    /// The time until a Job has all its completions; `null` while it cannot be predicted.
    pub time_left: Option<TimeLeftEntry>,
    /// The latest start of all Pods together; `null` if the Pods also work alone, or if they are members of the gang of
    /// a workload above this one.
    pub gang: Option<GangEntry>,
    /// The place in a queue of Kueue, and the states there; `null` if the workload is in none, or if this cannot be read.
    pub queue: Option<QueueEntry>,
    /// Statistics over all Pods of the workload: durations, concurrency and slot time.
    pub summary: SummaryEntry,
    /// The collections that the workload rests on and that cannot be read at the moment, and the times in which nobody
    /// watched the workload. Empty if everything is known.
    pub incomplete: Vec<IncompleteEntry<'a>>,
    /// Times in which the workload created no Pods because it was suspended or its Pods were refused, in chronological order.
    pub holds: Vec<HoldEntry<'a>>,
    /// The completion indexes that wait for their next attempt, in ascending order.
    pub back_offs: Vec<BackOffEntry>,
    /// The most expensive losses, at most three, the most expensive first. Empty if nothing is known about the slots.
    pub findings: Vec<FindingEntry>,
    /// The waits of the workload and of its Pods before the work, the longest wait first.
    pub waits: Vec<WaitEntry>,
    /// The pulls of each image on each node.
    pub images: Vec<ImageEntry>,
    /// The Pods per node, the node with the most slot time first. The lines of `jsonl` do not contain this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_node: Option<Vec<NodeEntry>>,
    /// The Pods per image, the image with the most slot time first. The lines of `jsonl` do not contain this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_image: Option<Vec<ImageBreakdownEntry>>,
    /// The Pods, by creation. The lines of `jsonl` do not contain this field, because each Pod has lines of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<Vec<PodEntry<'a>>>"))]
    pub pods: Option<PodList<'a>>,
}

impl<'a> WorkloadEntry<'a> {
    /// The entry of a workload with all its Pods.
    fn with_pods(timeline: &'a Timeline, workload: &'a Workload, account: &WorkloadAccount) -> Self {
        let now = account.at;
        let (by_node, by_image) = breakdown_entries(timeline, account);
        Self {
            by_node: Some(by_node),
            by_image: Some(by_image),
            pods: Some(PodList { timeline, workload, now }),
            ..Self::from_account(timeline, workload, account)
        }
    }

    /// The entry of a workload without the fields about single Pods, nodes and images.
    pub fn without_pods(timeline: &'a Timeline, workload: &'a Workload, now: Timestamp) -> Self {
        Self::from_account(timeline, workload, &timeline.account(workload, now))
    }

    fn from_account(timeline: &'a Timeline, workload: &'a Workload, account: &WorkloadAccount) -> Self {
        let now = account.at;
        let with_pull = timeline.overviews(workload).filter(|(_, overview)| overview.has_pull);
        let pods = with_pull.map(|(key, _)| timeline.pod(key));
        let findings = timeline.findings(workload, account);
        let entry = Self::new(workload, &account.summary);
        let reserved = timeline.reserved_resources(workload, now);
        let reserved = reserved.into_iter().map(ReservedEntry::from).collect();
        Self {
            findings: findings.into_iter().map(FindingEntry::from).collect(),
            summary: SummaryEntry { reserved, ..entry.summary },
            incomplete: incomplete_entries(timeline, workload),
            holds: workload.holds.iter().map(|hold| HoldEntry::new(hold, now)).collect(),
            back_offs: timeline.open_retries(workload, now).into_iter().map(BackOffEntry::from).collect(),
            waits: timeline.waits(workload, now).into_iter().map(WaitEntry::from).collect(),
            gang: account.gang.as_ref().map(GangEntry::from),
            queue: timeline.queue(workload).map(|queue| QueueEntry::new(&queue, now)),
            time_left: timeline.time_left(workload, now).map(TimeLeftEntry::from),
            images: image_pulls(pods).into_iter().map(ImageEntry::from).collect(),
            ..entry
        }
    }

    /// The entry of a workload without the fields that need its timeline: the lists are empty, and `pods` is absent.
    pub(crate) fn new(workload: &'a Workload, summary: &Summary) -> Self {
        let count = |pods: u32| (pods > 0 || !workload.is_known_from_events).then_some(pods);
        let mut summary = SummaryEntry::from(summary);
        summary.wall_millis = summary.wall_millis.filter(|_| workload.created.is_some());
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
            succeeded: count(workload.succeeded),
            failed: count(workload.failed),
            gone: workload.is_known_from_events,
            next_run_at: workload.next_run,
            waiting_since: workload.creation_block.as_ref().map(|block| block.since),
            budget: Vec::new(),
            what_if: None,
            time_left: None,
            gang: None,
            queue: None,
            summary,
            incomplete: Vec::new(),
            holds: Vec::new(),
            back_offs: Vec::new(),
            findings: Vec::new(),
            waits: Vec::new(),
            images: Vec::new(),
            by_node: None,
            by_image: None,
            pods: None,
        }
    }
}

/// The parts of a workload that the source could not read, and the times in which nobody watched it.
fn incomplete_entries<'a>(timeline: &'a Timeline, workload: &'a Workload) -> Vec<IncompleteEntry<'a>> {
    let unwatched = timeline.unwatched_times(workload).map(IncompleteEntry::from);
    unwatched.chain(timeline.outages_of(workload).map(IncompleteEntry::from)).collect()
}

/// A collection that cannot be read, or a time in which nobody watched.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IncompleteEntry<'a> {
    /// The plural of the objects: `pods`; `everything` for a time in which nobody watched any objects.
    pub what: &'a str,
    /// The time since which the collection has not been read.
    #[serde_as(as = "Rfc3339Millis")]
    pub since: Timestamp,
    /// The time from which the collection is read again; `null` while it is not read.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub until: Option<Timestamp>,
    /// The reason in a few words.
    pub why: &'a str,
}

impl<'a> From<&'a Outage> for IncompleteEntry<'a> {
    fn from(outage: &'a Outage) -> Self {
        Self { what: &outage.resource, since: outage.since, until: None, why: &outage.reason }
    }
}

impl<'a> From<&'a Unwatched> for IncompleteEntry<'a> {
    fn from(unwatched: &'a Unwatched) -> Self {
        let Unwatched { since, until, reason, resource } = unwatched;
        Self {
            what: resource.as_deref().unwrap_or("everything"),
            since: *since,
            until: Some(*until),
            why: reason,
        }
    }
}

/// The time that is left, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TimeLeftEntry {
    /// The best estimate.
    pub millis: i64,
    /// The 5th and the 95th percentile.
    pub range: [i64; 2],
}

impl From<TimeLeft> for TimeLeftEntry {
    fn from(left: TimeLeft) -> Self {
        Self { millis: left.millis, range: [left.low, left.high] }
    }
}

/// The object that controls a workload.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// The Pods of a workload. Each entry is created when it is written, so that the entries of a hundred thousand Pods never
/// exist at the same time.
#[derive(Clone, Copy, Debug)]
pub struct PodList<'a> {
    timeline: &'a Timeline,
    workload: &'a Workload,
    now: Timestamp,
}

impl Serialize for PodList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pods = self.timeline.pods(self.workload);
        let mut elements = serializer.serialize_seq(Some(pods.len()))?;
        let replacements = self.timeline.replacements(self.workload);
        for (key, pod) in pods {
            let disruption = self.timeline.disruption(key, &replacements);
            elements.serialize_element(&PodEntry::new(&pod, disruption, self.now))?;
        }
        elements.end()
    }
}
