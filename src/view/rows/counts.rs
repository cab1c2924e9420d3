//! Counts the Pods of a group by state.

use crate::lifecycle::Lifecycle;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::{Counts, Crashes};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::container_text::format_restarts;
use crate::view::rows::groups::{Group, Heading};
use crate::view::view_context::ViewContext;

impl Counts {
    fn from_group(context: &ViewContext<'_>, group: &Group<'_>) -> Self {
        let mut counts = Self::default();
        for &key in group.pods.iter() {
            let overview = context.timeline.overview(key);
            let state = DisplayState::from_overview(overview);
            counts.states[state] += 1;
            if state == DisplayState::CrashLooping {
                counts.crashes.add(&context.timeline.pod(key).life);
            }
            counts.done_without_deletion +=
                usize::from(state == DisplayState::Done && !overview.deletion_requested);
            counts.terminating += usize::from(state == DisplayState::Running && overview.deletion_requested);
            if state == DisplayState::Deleted {
                let is_stopped = context.timeline.deliberate_stop(key).is_some();
                counts.stopped += usize::from(is_stopped);
                counts.preempted +=
                    usize::from(!is_stopped && context.timeline.describe_preemption(key).is_some());
            }
        }
        // A completion index that waits for its next Pod counts as a Pod in back-off.
        if let Heading::Workload(workload) = group.heading {
            counts.states[DisplayState::BackOff] +=
                context.timeline.open_retries(workload, context.now).len();
        }
        counts
    }

    /// The counts of a group. In a timeline with many Pods, the counts may come from the cache.
    pub(crate) fn get_or_compute(context: &ViewContext<'_>, group: &Group<'_>) -> Self {
        let counts = &context.cache.counts;
        *counts.get_or_compute(context.version(), group.heading.id(), || Self::from_group(context, group))
    }

    /// The number of Pods in all states, including completion indexes that wait for their next Pod.
    pub(crate) fn total(&self) -> usize {
        self.states.values().sum()
    }

    /// The number of Pods in a state.
    pub(crate) fn get(&self, state: DisplayState) -> usize {
        self.states[state]
    }

    /// The number of Pods that succeeded without a request to delete them. Pods with a deletion request are left out,
    /// because the controller does not count them as succeeded, for example when it scales down.
    pub(crate) fn done_without_deletion(&self) -> usize {
        self.done_without_deletion
    }

    /// Adds the counts of all states except done and failed to a line, each after a separator: ` · 4 running · 1
    /// queued`. Deleted Pods are divided into stopped, preempted and other deleted Pods. `only_trouble` leaves out
    /// the Pods that run, start or wait for a node, and the details of the others.
    pub(crate) fn push_to(&self, line: &mut Line, glyphs: &Glyphs, only_trouble: bool) {
        let mut push = |count: usize, style, name: &str| {
            if count > 0 {
                line.push(glyphs.separator, Style::Dim);
                line.push(count.to_string(), style);
                line.push(format!(" {name}"), Style::Text);
            }
        };
        for state in DisplayState::ALL.into_iter().skip(1).filter(|state| *state != DisplayState::Failed) {
            if only_trouble && is_calm(state) {
                continue;
            }
            let mut count = self.get(state);
            if state == DisplayState::Running {
                let style = DisplayState::Deleted.style();
                push(self.terminating, style, "terminating");
                count = count.saturating_sub(self.terminating);
            }
            if state == DisplayState::Deleted {
                push(self.stopped, state.style(), "stopped");
                push(self.preempted, state.style(), "preempted");
                count = count.saturating_sub(self.stopped + self.preempted);
            }
            let details =
                (state == DisplayState::CrashLooping && !only_trouble).then(|| self.crashes.describe(count));
            let details = details.filter(|details| !details.is_empty());
            let details = details.map(|details| format!(" ({details})")).unwrap_or_default();
            push(count, state.style(), &format!("{}{details}", state.name_for(count)));
        }
    }
}

/// Whether a Pod in this state needs no attention.
fn is_calm(state: DisplayState) -> bool {
    match state {
        DisplayState::Done
        | DisplayState::Running
        | DisplayState::Unready
        | DisplayState::Starting
        | DisplayState::Queued => true,
        DisplayState::PullFailing
        | DisplayState::BackOff
        | DisplayState::CrashLooping
        | DisplayState::Failed
        | DisplayState::Deleted
        | DisplayState::Unknown
        | DisplayState::Gone => false,
    }
}

impl Crashes {
    fn add(&mut self, life: &Lifecycle) {
        self.max_restarts = self.max_restarts.max(life.count_restarts());
        let code = life.exit_code.filter(|&code| code != 0);
        self.has_several_codes |= code.is_some() && self.exit_code.is_some_and(|known| Some(known) != code);
        self.exit_code = self.exit_code.or(code);
    }

    /// `2 restarts, exit code 42`. For several Pods the number of restarts is the highest one. Empty if nothing is
    /// known.
    fn describe(self, pods: usize) -> String {
        let up_to = if pods > 1 { "up to " } else { "" };
        let restarts = format!("{up_to}{}", format_restarts(self.max_restarts));
        let one_code = |code: i32| format!("exit code {code}");
        let code = match self.exit_code {
            Some(_) if self.has_several_codes => Some("several exit codes".to_owned()),
            code => code.map(one_code),
        };
        let parts = Some(restarts).filter(|_| self.max_restarts > 0).into_iter().chain(code);
        parts.collect::<Vec<_>>().join(", ")
    }
}
