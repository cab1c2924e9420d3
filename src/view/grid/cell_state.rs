//! The state that a cell of the grid shows, and its look.

use jiff::SignedDuration;

use crate::lifecycle::PhaseKind;
use crate::timeline::PodOverview;
use crate::view::chart::mark::phase_style;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::{CellState, PodPace, WorkShare};
use crate::view::primitives::frame::Style;
use crate::view::view_context::ViewContext;

impl CellState {
    /// The state of the cell of a Pod of a group with this pace. `waits_for_retry` is whether the Pod failed and will
    /// be replaced.
    pub(crate) fn from_overview(
        context: &ViewContext<'_>,
        pace: &PodPace,
        pod: &PodOverview,
        waits_for_retry: bool,
    ) -> Self {
        match DisplayState::from_overview(pod) {
            DisplayState::Done if pace.is_slow(context, pod) => Self::DoneSlowly,
            DisplayState::Done => Self::Done(share_of_median(pace, pod)),
            DisplayState::Running | DisplayState::Unready if pace.is_slow(context, pod) => {
                Self::RunningSlowly
            }
            DisplayState::Running => Self::Running,
            DisplayState::Unready => Self::Unready,
            DisplayState::PullFailing => Self::Cold(PhaseKind::PullFailing),
            DisplayState::Starting => {
                // Setup and start have the same glyph.
                let open = pod.open_phase.filter(|kind| kind.is_cold_start());
                let split = matches!(open, Some(PhaseKind::Pulling | PhaseKind::Initializing));
                Self::Cold(open.filter(|_| split).unwrap_or(PhaseKind::Starting))
            }
            DisplayState::Queued => Self::Queued,
            DisplayState::BackOff | DisplayState::CrashLooping => Self::BackOff,
            DisplayState::Failed if waits_for_retry => Self::BackOff,
            DisplayState::Failed => Self::Failed,
            DisplayState::Deleted => Self::Deleted,
            DisplayState::Unknown | DisplayState::Gone => Self::Unknown,
        }
    }

    /// The glyph, style and name of the state.
    pub(crate) fn appearance(self, context: &ViewContext<'_>) -> (char, Style, &'static str) {
        let glyphs = context.glyphs;
        let [short, usual, long, slow] = glyphs.work_shades;
        match self {
            Self::Failed => (glyphs.failed, Style::Failure, "failed"),
            Self::Unknown => (glyphs.unknown, Style::Warning, "unknown"),
            Self::BackOff => (glyphs.phase(PhaseKind::BackOff), Style::BackOff, "in back-off"),
            Self::RunningSlowly => (glyphs.running_slowly, Style::Warning, "running slowly"),
            Self::DoneSlowly => (slow, Style::Warning, "slow"),
            Self::Queued => (glyphs.queued_cell, Style::Queued, "queued"),
            Self::Cold(kind) => {
                let name = match kind {
                    PhaseKind::Pulling => "pulling",
                    PhaseKind::PullFailing => "cannot pull",
                    PhaseKind::Initializing => "initializing",
                    PhaseKind::Queued
                    | PhaseKind::Setup
                    | PhaseKind::Starting
                    | PhaseKind::Startup
                    | PhaseKind::Unready
                    | PhaseKind::Running
                    | PhaseKind::BackOff
                    | PhaseKind::Terminating
                    | PhaseKind::Unknown => "starting",
                };
                (glyphs.phase(kind), phase_style(kind), name)
            }
            Self::Unready => (glyphs.phase(PhaseKind::Unready), Style::Unready, "not ready"),
            Self::Running => (glyphs.now, Style::Now, "running"),
            Self::Deleted => (glyphs.deleted, Style::Terminating, "deleted"),
            Self::Done(share) => {
                let glyph = match share {
                    WorkShare::Short => short,
                    WorkShare::Usual => usual,
                    WorkShare::Long => long,
                };
                (glyph, Style::Work, "done")
            }
            Self::ToCome => (glyphs.to_come, Style::Dim, "to come"),
        }
    }
}

/// The work of a Pod that succeeded, compared with the median. Without a median, all such Pods have the same glyph.
fn share_of_median(pace: &PodPace, pod: &PodOverview) -> WorkShare {
    let median = pace.median.filter(|&median| median >= SignedDuration::from_secs(1));
    let Some((median, run)) = median.zip(pod.run()) else { return WorkShare::Usual };
    if run.estimate() * 2 <= median {
        WorkShare::Short
    } else if run.estimate() <= median {
        WorkShare::Usual
    } else {
        WorkShare::Long
    }
}
