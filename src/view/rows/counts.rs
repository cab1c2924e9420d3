//! How many Pods are in which state.

use crate::lifecycle::{ArrayIndex, EnumArray, PhaseKind};
use crate::timeline::PodOverview;

use crate::view::frame_cache::Pass;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::groups::{Group, Heading};
use crate::view::view_context::ViewContext;

/// A Pod's state in one word, as counted in headings and folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum DisplayState {
    /// Ended well.
    Done,
    /// Works.
    Running,
    /// In its cold start.
    Starting,
    /// Waits for a node.
    Queued,
    /// Waits for its next run.
    BackOff,
    /// Ended badly.
    Failed,
    /// Was deleted before its end.
    Deleted,
    /// Its node is silent.
    Unknown,
}

impl DisplayState {
    /// In the order in which they are told.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Running,
        Self::Starting,
        Self::Queued,
        Self::BackOff,
        Self::Failed,
        Self::Deleted,
        Self::Unknown,
    ];

    /// The state of a Pod.
    pub(crate) fn of(pod: &PodOverview) -> Self {
        use crate::lifecycle::PodOutcome as Outcome;
        match pod.outcome {
            Outcome::Succeeded => Self::Done,
            Outcome::Failed | Outcome::NeverStarted => Self::Failed,
            Outcome::Deleted => Self::Deleted,
            Outcome::Unknown => Self::Unknown,
            Outcome::Pending => Self::Queued,
            _ if pod.open_phase == Some(PhaseKind::BackOff) => Self::BackOff,
            Outcome::Starting => Self::Starting,
            Outcome::Running => Self::Running,
        }
    }

    /// The word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Queued => "queued",
            Self::BackOff => "in back-off",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        }
    }

    /// How it looks.
    pub(crate) fn role(self) -> Style {
        match self {
            Self::Done => Style::Success,
            Self::Running => Style::Strong,
            Self::Starting => Style::Setup,
            Self::Queued => Style::Queued,
            Self::BackOff | Self::Unknown => Style::Warning,
            Self::Failed => Style::Failure,
            Self::Deleted => Style::Terminating,
        }
    }
}

impl ArrayIndex<{ Self::ALL.len() }> for DisplayState {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// One value for each state.
pub(crate) type ByState<T> = EnumArray<DisplayState, T, { DisplayState::ALL.len() }>;

/// Pods by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    states: ByState<usize>,
    /// Of those that are done, the ones that nobody had told to stop before.
    done_unasked: usize,
}

impl Counts {
    /// Counts in a pass or two.
    fn of(scene: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let mut counts = Self::default();
        for &key in block.pods.iter() {
            let overview = scene.timeline.overview(key);
            let state = DisplayState::of(overview);
            counts.states[state] += 1;
            counts.done_unasked += usize::from(state == DisplayState::Done && !overview.deletion_requested);
        }
        // An index without a Pod waits too.
        if let Heading::Workload(workload) = block.heading {
            counts.states[DisplayState::BackOff] += scene.timeline.open_retries(workload, scene.now).len();
        }
        counts
    }

    /// Counts a block, or remembers what was counted just before if its Pods are very many.
    pub(crate) fn recall(scene: &ViewContext<'_>, block: &Group<'_>) -> Self {
        let whose = block.heading.identity();
        *scene.memo.passes.recall(scene, Pass::Counts, whose, || Self::of(scene, block))
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
                line.push(self.get(state).to_string(), state.role());
                line.push(format!(" {}", state.name()), Style::Text);
            }
        }
    }
}
