//! Selects the changes that have a line of their own. If there are many Pods, most changes are only counted.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::PodOutcome;
use crate::timeline::{Timeline, Workload, WorkloadState};

/// Maximum number of Pods of a run whose changes all have lines of their own.
const MAX_NAMED_PODS: usize = 50;
/// Maximum number of workloads of a run with many Pods whose changes have lines of their own.
const MAX_NAMED_WORKLOADS: usize = 10;

/// Limits of the lines that a run with many Pods writes in addition to its counts.
const MAX_NAMED_FAILURES: usize = 20;
const MAX_NAMED_KINDS: usize = 40;
const MAX_WORKLOAD_LINES: usize = 60;

/// The pause between two counts is [`MIN_PAUSE`] until this number of lines has been written.
const LINES_BEFORE_GROWTH: usize = 50;
/// The pause doubles after each further group of lines with this size.
const LINES_PER_DOUBLING: usize = 20;
const MIN_PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// Maximum number of doublings. The pause reaches [`MAX_PAUSE`] earlier.
const MAX_DOUBLINGS: usize = 16;
/// Many CI systems stop a program that writes nothing for ten minutes.
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// A kind of change. The first change of each kind has a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Pod {
        outcome: PodOutcome,
        /// The reason why the Pod waits or has failed.
        reason: Option<String>,
        exit_code: Option<i32>,
        is_ready: bool,
        /// Whether a run of a container has ended while the Pod continues.
        has_ended_run: bool,
        is_lost: bool,
    },
    Workload {
        kind: Arc<str>,
        state: WorkloadState,
        reason: Option<Arc<str>>,
        is_stopping: bool,
    },
}

/// Decides which changes have a line of their own, and when a line with counts is due.
#[derive(Debug, Default)]
pub(crate) struct LineSelection {
    /// Whether the run has many Pods. Remains true once it is true.
    has_many_pods: bool,
    /// Number of Pods that had not ended when following began or that appeared later.
    followed_pods: usize,
    /// The kinds of the changes so far.
    kinds: Vec<ChangeKind>,
    named_failures: usize,
    workload_lines: usize,
    /// Number of lines that have been written.
    written_lines: usize,
    /// When the last line with counts was written.
    last_counts: Option<Timestamp>,
    /// Whether a change has no line of its own and is not in the last counts.
    has_uncounted_changes: bool,
}

impl LineSelection {
    pub(crate) fn has_many_pods(&self) -> bool {
        self.has_many_pods
    }

    pub(crate) fn has_uncounted_changes(&self) -> bool {
        self.has_uncounted_changes
    }

    pub(crate) fn add_followed_pod(&mut self) {
        self.followed_pods += 1;
    }

    pub(crate) fn add_written_lines(&mut self, count: usize) {
        self.written_lines += count;
    }

    /// Remembers that counts are written now.
    pub(crate) fn set_counted(&mut self, now: Timestamp) {
        self.last_counts = Some(now);
        self.has_uncounted_changes = false;
    }

    /// Checks whether the run has many Pods. Returns true only for the first time.
    pub(crate) fn detect_many_pods(&mut self, timeline: &Timeline) -> bool {
        if self.has_many_pods || self.followed_pods.max(expected_pods(timeline)) <= MAX_NAMED_PODS {
            return false;
        }
        self.has_many_pods = true;
        true
    }

    /// Maximum number of workloads with a line of their own.
    pub(crate) fn max_named_workloads(&self) -> usize {
        if self.has_many_pods { MAX_NAMED_WORKLOADS } else { MAX_NAMED_PODS }
    }

    /// Maximum number of reasons for which Pods wait at the start that have a line of their own.
    pub(crate) fn max_named_reasons(&self) -> usize {
        if self.has_many_pods { MAX_NAMED_WORKLOADS } else { usize::MAX }
    }

    /// Whether the change of a Pod has a line of its own.
    pub(crate) fn selects_pod(&mut self, kind: ChangeKind, has_failed: bool) -> bool {
        let is_new = self.add_kind(kind);
        let is_selected =
            !self.has_many_pods || is_new || (has_failed && self.named_failures < MAX_NAMED_FAILURES);
        self.named_failures += usize::from(is_selected && has_failed);
        self.has_uncounted_changes = true;
        is_selected
    }

    /// Whether the change of a workload has a line of its own. `workload_count` is the number of workloads.
    pub(crate) fn selects_workload(&mut self, kind: ChangeKind, workload_count: usize) -> bool {
        let has_failed = matches!(kind, ChangeKind::Workload { state: WorkloadState::Failed, .. });
        let is_new = self.add_kind(kind);
        let is_named = workload_count <= MAX_NAMED_WORKLOADS && self.workload_lines < MAX_WORKLOAD_LINES;
        let is_named_failure = has_failed && self.named_failures < MAX_NAMED_FAILURES;
        let is_selected = !self.has_many_pods || is_new || is_named || is_named_failure;
        self.named_failures += usize::from(is_selected && has_failed);
        self.workload_lines += usize::from(is_selected);
        self.has_uncounted_changes = true;
        is_selected
    }

    /// Returns the end of the line about the failure that was selected last: empty, or a note if this line is the
    /// last one about a failure of a known kind.
    pub(crate) fn describe_failure_limit(&self) -> &'static str {
        if self.has_many_pods && self.named_failures == MAX_NAMED_FAILURES {
            "; further failures are only counted"
        } else {
            ""
        }
    }

    /// Adds a kind. Returns whether the kind is new and the number of kinds is below the limit.
    pub(crate) fn add_kind(&mut self, kind: ChangeKind) -> bool {
        let is_new = self.kinds.len() < MAX_NAMED_KINDS && !self.kinds.contains(&kind);
        if is_new {
            self.kinds.push(kind);
        }
        is_new
    }

    /// Whether a run with many Pods must write counts now, because there are changes, or because no line was written
    /// for `max_silence` since `last_line`.
    pub(crate) fn are_counts_due(
        &self,
        last_line: Timestamp,
        max_silence: SignedDuration,
        now: Timestamp,
    ) -> bool {
        let pause = self.pause();
        let is_pause_over = self.last_counts.is_none_or(|last| now.duration_since(last) >= pause);
        let is_silent = now.duration_since(last_line) >= max_silence.max(pause);
        (self.has_uncounted_changes && is_pause_over) || is_silent
    }

    /// The time between two lines with counts.
    fn pause(&self) -> SignedDuration {
        let doublings = self.written_lines.saturating_sub(LINES_BEFORE_GROWTH) / LINES_PER_DOUBLING;
        let factor = 1 << doublings.min(MAX_DOUBLINGS);
        MIN_PAUSE.saturating_mul(factor).min(MAX_PAUSE)
    }
}

/// The minimum number of Pods that the workloads which have not ended will have created.
fn expected_pods(timeline: &Timeline) -> usize {
    let expected = |workload: &Workload| {
        let wanted = workload.completions.or(workload.parallelism).unwrap_or(0);
        usize::try_from(wanted).unwrap_or(usize::MAX)
    };
    let open = timeline.workloads_without_revisions().filter(|workload| !workload.has_ended());
    open.map(expected).fold(0, usize::saturating_add)
}
