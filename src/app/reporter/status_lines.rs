//! The lines that report changes of state, and counts after a long silence. The lines contain no cursor movements.
//!
//! Up to 50 Pods, each change has a line. With more Pods, lines give counts, and name the failures and the first
//! change of each kind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::failure_rules::DEFAULT_PATIENCE;
use crate::app::reporter::goal_count::GoalCount;
use crate::app::reporter::line_columns::LineColumns;
use crate::app::reporter::line_selection::LineSelection;
use crate::app::reporter::reported_facts::{ReportedPod, ReportedWorkload};
use crate::app::reporter::texts::count_text::{count_workloads, describe_pods};
use crate::app::reporter::texts::fatal_text::{NO_FURTHER_TRY, describe_predicate};
use crate::app::reporter::texts::status_text::{
    describe_age, describe_pod, describe_resumption, describe_workload, list_waits,
};
use crate::app::reporter::texts::wait_text::{describe_all_progress, describe_progress};
use crate::timeline::{Changes, FatalCause, FatalKind, OpenRetry, PodKey, Timeline, Workload, WorkloadState};
use crate::view::{Line, Style, clean_whole, describe_next_try};

/// After this time without a line, a line reports how many Pods are in which state.
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(15);

/// The same time in a CI service, which keeps all lines.
const MAX_SILENCE_IN_CI: SignedDuration = SignedDuration::from_secs(30);

/// The choices that lines depend on.
#[derive(Clone, Copy, Debug)]
pub struct LineOptions {
    /// Whether a CI service keeps the lines. Lines without news are then rarer.
    pub in_ci: bool,
    /// How long a Pod may wait for a node, or for its node to take it up.
    pub patience: SignedDuration,
}

impl Default for LineOptions {
    fn default() -> Self {
        Self { in_ci: false, patience: DEFAULT_PATIENCE }
    }
}

/// Writes lines about a timeline and remembers the facts that the lines have reported.
#[derive(Debug, Default)]
pub struct StatusLines {
    options: LineOptions,
    columns: LineColumns,
    selection: LineSelection,
    pods: HashMap<PodKey, ReportedPod>,
    /// The facts about each workload, by uid.
    workloads: HashMap<Arc<str>, ReportedWorkload>,
    last_line: Option<Timestamp>,
    /// The Pods whose fatal cause was reported.
    fatal_pods: HashSet<PodKey>,
}

/// The open retries of workloads, and their Pods that failed for good. They are computed only once for each workload,
/// and only if one of its Pods has failed.
#[derive(Default)]
struct OpenRetries {
    by_workload: HashMap<Arc<str>, RetriesOfWorkload>,
}

#[derive(Default)]
struct RetriesOfWorkload {
    open: HashMap<PodKey, OpenRetry>,
    failed_for_good: HashSet<PodKey>,
}

impl StatusLines {
    /// Creates lines with these options.
    pub fn new(options: LineOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Returns a line for each workload that exists when following begins, and a line for each reason why Pods of the
    /// workload wait. If there are many workloads, a single line counts the workloads.
    pub fn begin(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        for workload in timeline.workloads() {
            for (key, pod) in timeline.pods(workload) {
                let reported = ReportedPod::new(&pod.life, None);
                self.selection.add_kind(reported.kind(&pod.life));
                self.pods.insert(key, reported);
                if !pod.life.outcome.has_ended() {
                    self.selection.add_followed_pod();
                }
            }
            let reported = ReportedWorkload::new(timeline, workload);
            self.selection.add_kind(reported.kind(workload));
            self.workloads.insert(Arc::clone(&workload.uid), reported);
        }
        let has_many_pods = self.selection.detect_many_pods(timeline);
        let mut lines = Vec::new();
        let max_reasons = self.selection.max_named_reasons();
        if timeline.workloads_without_revisions().count() > self.selection.max_named_workloads() {
            lines.push(self.summary_line(timeline, now));
            lines.extend(self.all_wait_lines(timeline, now).into_iter().take(max_reasons));
        } else {
            let mut reason_count = 0;
            for workload in timeline.workloads_without_revisions() {
                lines.push(self.first_line(timeline, workload, now));
                let waits = self.wait_lines(timeline, workload, now).into_iter();
                let waits = waits.take(max_reasons.saturating_sub(reason_count));
                let line_count = lines.len();
                lines.extend(waits);
                reason_count += lines.len() - line_count;
            }
        }
        if has_many_pods {
            lines.push(self.many_pods_line(timeline, now));
        }
        self.selection.set_counted(now);
        self.last_line = Some(now);
        self.written(lines, now)
    }

    /// Returns the first line about a workload.
    fn first_line(&mut self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Line {
        let (mut text, style) = describe_workload(timeline, workload);
        let is_stopping = self.workloads.get(&workload.uid).is_some_and(|reported| reported.is_stopping);
        if workload.state == WorkloadState::Running && !is_stopping {
            text = format!("{text}: {}", describe_pods(timeline, workload));
        }
        if let Some(age) = describe_age(workload, now) {
            text = format!("{text} ({age})");
        }
        self.columns.workload_line(timeline, workload, now, &text, style)
    }

    /// Returns a line for each reason why Pods of a workload wait, and for each revision of the workload whose Pods
    /// cannot be created.
    fn wait_lines(&mut self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut pods = workload.pods.clone();
        if workload.is_rollout {
            pods = timeline.pods_below(workload);
            for revision in timeline.children(workload).filter(|child| child.creation_block.is_some()) {
                let (text, style) = describe_workload(timeline, revision);
                lines.push(self.columns.workload_line(timeline, revision, now, &text, style));
            }
        }
        for (pods, text) in list_waits(&pods, &self.pods) {
            if let &[key] = pods.as_slice() {
                let description = self.describe_pod(timeline, key, None, now);
                lines.extend(
                    description.map(|(text, style)| {
                        self.columns.pod_line(timeline, workload, now, key, &text, style)
                    }),
                );
            } else {
                lines.push(self.columns.workload_line(timeline, workload, now, &text, Style::Warning));
            }
        }
        lines
    }

    /// Returns a line for each reason why Pods wait, without the names of the Pods and workloads.
    fn all_wait_lines(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let all: Vec<PodKey> =
            timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied()).collect();
        let line = |(_, text): (Vec<PodKey>, String)| {
            let mut line = self.columns.start_line(total_count(timeline), now);
            line.push(clean_whole(&text), Style::Warning);
            line
        };
        list_waits(&all, &self.pods).into_iter().map(line).collect()
    }

    /// Returns the lines about the changes since the last call.
    pub fn report_changes(&mut self, timeline: &Timeline, changes: &Changes, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        for key in &changes.pods {
            if !self.pods.contains_key(key) {
                self.selection.add_followed_pod();
            }
        }
        if self.selection.detect_many_pods(timeline) {
            lines.push(self.many_pods_line(timeline, now));
            self.selection.set_counted(now);
        }
        let mut retries = OpenRetries::default();
        for &key in &changes.pods {
            lines.extend(self.report_pod(timeline, key, &mut retries, now));
        }
        for (index, workload) in timeline.workloads().iter().enumerate() {
            if !workload.is_bare_pod() {
                lines.extend(self.report_workload(timeline, index, now));
            }
        }
        if lines.is_empty() && self.selection.has_many_pods() {
            lines.extend(self.due_counts(timeline, now));
        }
        self.written(lines, now)
    }

    /// Returns a line about the change of a Pod, if the change has a line of its own.
    fn report_pod(
        &mut self,
        timeline: &Timeline,
        key: PodKey,
        retries: &mut OpenRetries,
        now: Timestamp,
    ) -> Option<Line> {
        let pod = timeline.pod(key);
        let before = self.pods.remove(&key);
        let reported = ReportedPod::new(&pod.life, before.as_ref());
        self.pods.insert(key, reported.clone());
        if before.as_ref() == Some(&reported) {
            return None;
        }
        let workload = timeline.workload_or_rollout_of(key)?;
        let (mut text, style) = self.describe_pod(timeline, key, before.as_ref(), now)?;
        let has_failed = pod.overview().has_failed();
        if !self.selection.selects_pod(reported.kind(&pod.life), has_failed) {
            return None;
        }
        if has_failed {
            let next_try = retries.describe(timeline, key, now);
            if next_try == NO_FURTHER_TRY {
                self.fatal_pods.insert(key);
            }
            text += &next_try;
        }
        if has_failed {
            text += self.selection.describe_failure_limit();
        }
        Some(self.columns.pod_line(timeline, workload, now, key, &text, style))
    }

    /// Describes the state of a Pod: its fatal cause, if it has one. `before` is the last report about the Pod.
    fn describe_pod(
        &mut self,
        timeline: &Timeline,
        key: PodKey,
        before: Option<&ReportedPod>,
        now: Timestamp,
    ) -> Option<(String, Style)> {
        let cause = timeline.fatal_cause_of_start(key, self.options.patience, now);
        let is_fatal = |cause: &FatalCause| cause.due <= now && timeline.is_of_newest_revision(key);
        match cause.filter(is_fatal) {
            Some(cause) => {
                self.fatal_pods.insert(key);
                Some(describe_predicate(timeline, &cause, now))
            }
            None => describe_pod(timeline, key, before),
        }
    }

    /// Returns a line about a fatal cause, unless a line has reported the cause already.
    pub fn report_fatal_cause(
        &mut self,
        timeline: &Timeline,
        cause: &FatalCause,
        now: Timestamp,
    ) -> Vec<Line> {
        if !self.remember_cause(cause) {
            return Vec::new();
        }
        let (text, style) = describe_predicate(timeline, cause, now);
        let line = if let Some(pod) = cause.pod {
            let workload = timeline.workload_or_rollout_of(pod);
            workload.map(|workload| self.columns.pod_line(timeline, workload, now, pod, &text, style))
        } else {
            let workload = timeline.workloads().iter().find(|workload| workload.uid == cause.workload);
            workload.map(|workload| self.columns.workload_line(timeline, workload, now, &text, style))
        };
        self.written(line.into_iter().collect(), now)
    }

    /// Remembers a fatal cause as reported. Returns whether no line had reported the cause before.
    fn remember_cause(&mut self, cause: &FatalCause) -> bool {
        match (cause.pod, &cause.kind) {
            (Some(pod), _) => self.fatal_pods.insert(pod),
            (None, FatalKind::Refused { .. }) => {
                let reported = self.workloads.get(&cause.workload);
                reported.is_none_or(|reported| reported.block_reason.is_none())
            }
            // A line reports each change of the state of a workload.
            (None, _) => false,
        }
    }

    /// Returns a line about the change of the workload with this index, if the change has a line of its own.
    fn report_workload(&mut self, timeline: &Timeline, index: usize, now: Timestamp) -> Option<Line> {
        let workload = &timeline.workloads()[index];
        let reported = ReportedWorkload::new(timeline, workload);
        let before = self.workloads.insert(Arc::clone(&workload.uid), reported.clone());
        let is_revision = timeline.rollout_above(index).is_some();
        if !reported.needs_line_after(before.as_ref(), is_revision) {
            return None;
        }
        let workload_count = timeline.workloads_without_revisions().count();
        if !self.selection.selects_workload(reported.kind(workload), workload_count) {
            return None;
        }
        let was_suspended = before.is_some_and(|before| before.state == WorkloadState::Suspended);
        let (mut text, style) = describe_workload(timeline, workload);
        if was_suspended && !workload.has_ended() {
            text = describe_resumption(workload, now);
        }
        if reported.state == WorkloadState::Failed {
            text += self.selection.describe_failure_limit();
        }
        Some(self.columns.workload_line(timeline, workload, now, &text, style))
    }

    /// Returns the lines that are due at `now` although nothing has changed: counts of changes without a line of their
    /// own, or a line about each workload that has not ended if no line was written for a long time.
    pub fn report_tick(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let last_line = *self.last_line.get_or_insert(now);
        let lines = if self.selection.has_many_pods() {
            self.due_counts(timeline, now)
        } else if now.duration_since(last_line) < self.max_silence() {
            Vec::new()
        } else {
            self.counts(timeline, now)
        };
        self.written(lines, now)
    }

    /// Returns the last counts of a run with many Pods, unless a line about the end of each workload has reported them.
    pub fn report_end(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let are_ends_named = timeline.roots().all(Workload::has_ended)
            && timeline.workloads_without_revisions().count() <= self.selection.max_named_workloads();
        if !self.selection.has_many_pods() || !self.selection.has_uncounted_changes() || are_ends_named {
            return Vec::new();
        }
        let line = self.summary_line(timeline, now);
        self.selection.set_counted(now);
        self.written(vec![line], now)
    }

    /// The longest time without a line.
    fn max_silence(&self) -> SignedDuration {
        if self.options.in_ci { MAX_SILENCE_IN_CI } else { MAX_SILENCE }
    }

    /// Returns counts if they are due in a run with many Pods.
    fn due_counts(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let last_line = *self.last_line.get_or_insert(now);
        if !self.selection.are_counts_due(last_line, self.max_silence(), now) {
            return Vec::new();
        }
        let lines = self.counts(timeline, now);
        self.selection.set_counted(now);
        lines
    }

    /// Returns a line about each workload that has not ended, or a single line about all workloads if there are many
    /// Pods or workloads. In a CI service, the line is always single.
    fn counts(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        self.last_line = Some(now);
        if timeline.workloads().is_empty() {
            return vec![Line::new("no workload yet", Style::Dim)];
        }
        let open: Vec<&Workload> =
            timeline.workloads_without_revisions().filter(|workload| !workload.has_ended()).collect();
        if open.is_empty() {
            return Vec::new();
        }
        let max_lines = if self.options.in_ci { 1 } else { self.selection.max_named_workloads() };
        if self.selection.has_many_pods() || open.len() > max_lines {
            return vec![self.summary_line(timeline, now)];
        }
        let line = |workload: &&Workload| {
            let text = describe_progress(timeline, workload, now);
            self.columns.workload_line(timeline, workload, now, &text, Style::Dim)
        };
        open.iter().map(line).collect()
    }

    /// Returns a line that counts the Pods of all workloads. The line names the workload if there is only one root.
    fn summary_line(&mut self, timeline: &Timeline, now: Timestamp) -> Line {
        let mut roots = timeline.roots();
        if let (Some(root), None) = (roots.next(), roots.next()) {
            let text = describe_progress(timeline, root, now);
            return self.columns.workload_line(timeline, root, now, &text, Style::Dim);
        }
        let mut line = self.columns.start_line(total_count(timeline), now);
        line.push(format!("{} ", count_workloads(timeline)), Style::Strong);
        line.push(describe_all_progress(timeline, now), Style::Dim);
        line
    }

    /// Returns the line that says that changes have no lines of their own any more.
    fn many_pods_line(&mut self, timeline: &Timeline, now: Timestamp) -> Line {
        let mut line = self.columns.start_line(total_count(timeline), now);
        let text = "many Pods: from now on, only counts, failures and the first change of each kind";
        line.push(text, Style::Dim);
        line
    }

    /// Remembers that these lines are written at `now`, and returns them.
    fn written(&mut self, lines: Vec<Line>, now: Timestamp) -> Vec<Line> {
        if !lines.is_empty() {
            self.last_line = Some(now);
            self.selection.add_written_lines(lines.len());
        }
        lines
    }
}

impl OpenRetries {
    /// Describes the next try of a failed Pod: `; next try in 10s`. If no further try is allowed, the text is
    /// [`NO_FURTHER_TRY`]. Empty if nothing is known about a next try.
    fn describe(&mut self, timeline: &Timeline, key: PodKey, now: Timestamp) -> String {
        let Some(workload) = timeline.workload_of(key).filter(|workload| !workload.is_bare_pod()) else {
            return String::new();
        };
        let retries = self
            .by_workload
            .entry(Arc::clone(&workload.uid))
            .or_insert_with(|| RetriesOfWorkload::new(timeline, workload, now));
        match retries.open.get(&key) {
            Some(open) => format!("; {}", describe_next_try(open, now)),
            None if retries.failed_for_good.contains(&key) => NO_FURTHER_TRY.to_owned(),
            None => String::new(),
        }
    }
}

impl RetriesOfWorkload {
    fn new(timeline: &Timeline, workload: &Workload, now: Timestamp) -> Self {
        let open = timeline.open_retries(workload, now).into_iter().map(|open| (open.pod, open)).collect();
        let failures = timeline.final_failures(workload, now);
        let is_final = !timeline.is_run_again_from_above(workload);
        let failed_for_good = failures.into_iter().filter(|_| is_final).map(|failure| failure.pod).collect();
        Self { open, failed_for_good }
    }
}

/// The sum of the counts of all roots.
fn total_count(timeline: &Timeline) -> Option<GoalCount> {
    GoalCount::sum(timeline.roots().filter_map(|root| GoalCount::from_workload(timeline, root)))
}
