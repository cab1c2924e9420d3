//! How many Pods are in which state.

use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::groups::{Group, Heading};
use crate::view::view_context::ViewContext;

impl Counts {
    /// Counts in a pass or two.
    fn of(context: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let mut counts = Self::default();
        for &key in block.pods.iter() {
            let overview = context.timeline.overview(key);
            let state = DisplayState::from_overview(overview);
            counts.states[state] += 1;
            counts.done_unasked += usize::from(state == DisplayState::Done && !overview.deletion_requested);
        }
        // An index without a Pod waits too.
        if let Heading::Workload(workload) = block.heading {
            counts.states[DisplayState::BackOff] +=
                context.timeline.open_retries(workload, context.now).len();
        }
        counts
    }

    /// Counts a block, or remembers what was counted just before if its Pods are very many.
    pub(crate) fn recall(context: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let counts = &context.cache.counts;
        *counts.get_or_compute(context.version(), block.heading.id(), || Self::of(context, block))
    }

    /// All of them, whatever of them is shown.
    pub(crate) fn all(&self) -> usize {
        self.states.values().sum()
    }

    /// The Pods in one state.
    pub(crate) fn get(&self, state: DisplayState) -> usize {
        self.states[state]
    }

    /// The Pods that are done, without those that were told to stop: what their workload takes away does not count.
    pub(crate) fn done_unasked(&self) -> usize {
        self.done_unasked
    }

    /// Adds `4 running · 1 queued` to a line, without the states that nobody is in and without those that are done.
    pub(crate) fn push_open(&self, line: &mut Line, glyphs: &Glyphs) {
        for state in DisplayState::ALL.into_iter().skip(1) {
            if self.get(state) > 0 && state != DisplayState::Failed {
                line.push(glyphs.separator, Style::Dim);
                line.push(self.get(state).to_string(), state.style());
                line.push(format!(" {}", state.name()), Style::Text);
            }
        }
    }
}
