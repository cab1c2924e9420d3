//! The rows of the overview, and the facts that each row shows.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::PhaseKind;
use crate::timeline::{SlotTime, Timeline, Workload, WorkloadState};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::names::has_several_namespaces;
use crate::view::rows::groups::{Group, Heading};
use crate::view::rows::headings::elapsed_millis;
use crate::view::state::Sort;
use crate::view::view_context::ViewContext;

/// A workload that ended longer ago than this is not recent.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// A row of the overview.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunRow<'a> {
    pub(crate) workload: &'a Workload,
    /// The number of listed workloads above the workload.
    pub(crate) depth: usize,
}

/// The rows of the overview, in the order of the tree, or the most wasteful workload first. With `recent_only`, workloads that ended long ago are left out.
///
/// A workload with slots of its own, such as a Deployment, stands for the workloads below it. The Jobs of a workload
/// without slots, such as a CronJob, follow in rows of their own.
pub(crate) fn list_rows<'a>(context: &ViewContext<'a>, recent_only: bool) -> Vec<RunRow<'a>> {
    let mut list =
        RowList { context: *context, words: context.window.filter_words(), recent_only, rows: Vec::new() };
    if context.state.workload.is_some() {
        context.workloads().first().into_iter().for_each(|workload| list.add_tree(workload, 0));
    } else {
        context.timeline.roots().for_each(|workload| list.add_tree(workload, 0));
    }
    if context.state.sort == Sort::Wasted {
        // The order by waste is no tree.
        for row in &mut list.rows {
            row.depth = 0;
        }
        list.rows.sort_by_cached_key(|row| {
            let summary = context.summary(row.workload);
            Reverse(wasted_millis(&summary.slots, summary.lost_work.total()))
        });
    }
    list.rows
}

/// The slot time without work, and the lost work, in milliseconds.
pub(crate) fn wasted_millis(slots: &SlotTime, lost_work: i64) -> i64 {
    slots.total.saturating_sub(slots.phases[PhaseKind::Running]).saturating_add(lost_work)
}

/// The rows that have been found so far.
struct RowList<'a> {
    context: ViewContext<'a>,
    /// The words of the filter.
    words: Vec<String>,
    recent_only: bool,
    rows: Vec<RunRow<'a>>,
}

impl<'a> RowList<'a> {
    /// Adds a workload, and the workloads below it if it does not stand for them.
    fn add_tree(&mut self, workload: &'a Workload, depth: usize) {
        let ViewContext { timeline, now, .. } = self.context;
        let is_old = self.recent_only && !is_recent(timeline, workload, now);
        if !is_old && matches_filter(workload, &self.words) {
            self.rows.push(RunRow { workload, depth });
        }
        if workload.capacity.is_empty() {
            timeline.children(workload).for_each(|child| self.add_tree(child, depth + 1));
        }
    }
}

/// Whether a workload runs, or has ended at most an hour ago. A CronJob that waits for its next run is recent if one of
/// its Jobs is.
pub(crate) fn is_recent(timeline: &Timeline, workload: &Workload, now: Timestamp) -> bool {
    let is_any_child_recent = || timeline.children(workload).any(|child| is_recent(timeline, child, now));
    if &*workload.kind == "CronJob" && workload.state != WorkloadState::Running {
        return is_any_child_recent();
    }
    if !workload.has_ended() {
        return true;
    }
    // The status of some rollouts does not contain the time of their end. It is not before the newest Pod.
    let newest_pod = || timeline.overviews(workload).filter_map(|(_, pod)| pod.created()).max();
    let end = workload.finished.or_else(newest_pod);
    end.is_some_and(|end| now.duration_since(end) <= RECENT) || is_any_child_recent()
}

/// Whether each word occurs in the name, the namespace or the state of a workload. The words must be in lower case.
fn matches_filter(workload: &Workload, words: &[String]) -> bool {
    let name = format!("{}/{}", workload.kind, workload.name).to_lowercase();
    let state = workload.state.name().to_lowercase();
    words.iter().all(|word| {
        name.contains(word) || state.contains(word) || workload.namespace.to_lowercase().contains(word)
    })
}

/// How far workloads are, and where their slot time went. The facts of several workloads can be added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RunFacts {
    /// The number of Pods that succeeded, or of workloads below that succeeded; `None` if there are neither.
    pub(crate) done: Option<usize>,
    /// The number of Pods that must succeed, or of desired Pods, or of workloads below; `None` if unknown.
    pub(crate) wanted: Option<usize>,
    /// The number of failed Pods, or of failed workloads below.
    pub(crate) failed: usize,
    /// Whether a single workload runs and has Pods that are crash-looping or cannot pull an image.
    pub(crate) is_stuck: bool,
    pub(crate) slots: SlotTime,
    /// The slot time of work that did not count, in milliseconds.
    pub(crate) lost_work: i64,
    /// The wall time in milliseconds; `None` if unknown.
    pub(crate) wall_millis: Option<i64>,
    /// The time that is left, in milliseconds; `None` if it cannot be predicted.
    pub(crate) millis_left: Option<i64>,
    /// The creation of a single workload; `None` if it is unknown.
    pub(crate) created: Option<Timestamp>,
    /// The number of Pods.
    pub(crate) pods: usize,
    /// The median of the cold starts in milliseconds; `None` without cold starts.
    pub(crate) cold_p50: Option<i64>,
    /// The 95th percentile of the cold starts in milliseconds.
    pub(crate) cold_p95: Option<i64>,
}

impl RunFacts {
    /// Collects the facts of a workload.
    pub(crate) fn collect(context: &ViewContext<'_>, workload: &Workload) -> Self {
        let summary = context.summary(workload);
        let to_usize = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let timeline = context.timeline;
        let mut is_stuck = false;
        let (done, wanted, failed) = if workload.capacity.is_empty() && timeline.has_children(workload) {
            let count = |state| timeline.children(workload).filter(|child| child.state == state).count();
            let all = timeline.children(workload).count();
            (count(WorkloadState::Succeeded), Some(all), count(WorkloadState::Failed))
        } else {
            let group = Group {
                heading: Heading::Workload(workload),
                sort: Sort::Start,
                pods: workload.pods.as_slice().into(),
            };
            let counts = Counts::get_or_compute(context, &group);
            let failed = to_usize(workload.failed).max(counts.get(DisplayState::Failed));
            let stuck = counts.get(DisplayState::PullFailing) + counts.get(DisplayState::CrashLooping);
            is_stuck = stuck > 0 && workload.state == WorkloadState::Running;
            if workload.is_rollout {
                (to_usize(workload.active), workload.parallelism.map(to_usize), failed)
            } else {
                // A Pod that has just succeeded may not be in the count of the controller yet.
                let counted = to_usize(workload.succeeded);
                let done =
                    if workload.has_ended() { counted } else { counted.max(counts.done_without_deletion()) };
                (done, workload.completions.map(to_usize), failed)
            }
        };
        // A CronJob without Jobs has nothing to count.
        let has_count = wanted.is_some() || !workload.pods.is_empty() || done > 0;
        Self {
            done: has_count.then_some(done),
            wanted,
            failed,
            is_stuck,
            slots: summary.slots,
            lost_work: summary.lost_work.total(),
            wall_millis: elapsed_millis(workload, context.now),
            millis_left: context.time_left(workload).map(|left| left.millis),
            created: workload.created,
            pods: summary.pods,
            cold_p50: summary.cold_start_percentiles.p50.map(|value| value.estimate_millis),
            cold_p95: summary.cold_start_percentiles.p95.map(|value| value.estimate_millis),
        }
    }

    /// The slot time without work, and the lost work, in milliseconds.
    pub(crate) fn wasted(&self) -> i64 {
        wasted_millis(&self.slots, self.lost_work)
    }

    /// Adds the facts of another workload. The wall time and the time left become the longer ones, because workloads
    /// may run at the same time.
    pub(crate) fn add(&mut self, other: &Self) {
        let add = |own: Option<usize>, other: Option<usize>| match (own, other) {
            (Some(own), Some(other)) => Some(own.saturating_add(other)),
            (own, other) => own.or(other),
        };
        self.done = add(self.done, other.done);
        self.wanted = add(self.wanted, other.wanted);
        self.failed = self.failed.saturating_add(other.failed);
        self.slots += other.slots;
        self.lost_work = self.lost_work.saturating_add(other.lost_work);
        self.wall_millis = self.wall_millis.max(other.wall_millis);
        self.millis_left = self.millis_left.max(other.millis_left);
        self.pods = self.pods.saturating_add(other.pods);
        self.cold_p50 = self.cold_p50.max(other.cold_p50);
        self.cold_p95 = self.cold_p95.max(other.cold_p95);
    }
}

/// Whether the rows are of several namespaces.
pub(crate) fn needs_namespaces(context: &ViewContext<'_>, rows: &[RunRow<'_>]) -> bool {
    let first = rows.first().map(|row| &row.workload.namespace);
    has_several_namespaces(context.timeline) && rows.iter().any(|row| Some(&row.workload.namespace) != first)
}
