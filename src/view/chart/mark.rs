//! The content of one cell of a bar.

use crate::lifecycle::{PhaseKind, PodOutcome};
use crate::view::primitives::frame::Style;
use crate::view::primitives::glyph::Glyphs;

/// The content of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellMark {
    /// Nothing: the time before the creation or after the end.
    Empty,
    /// The phase that covers most of the cell.
    Phase(PhaseKind),
    /// The wait before a Pod that probably replaces a failed one.
    Estimated,
    /// Successful work that ended after this many eighths of the cell, from 1 to 7.
    WorkEighths(u8),
    /// The end of a failed Pod.
    Failed,
    /// The end of a deleted Pod.
    Deleted,
    /// An unknown time or state.
    Unknown,
    /// The end of a bar that goes on.
    Now,
    /// A hold: a time in which the workload creates no Pods.
    Held,
}

impl CellMark {
    /// The character of the cell.
    pub(crate) fn glyph(self, glyphs: &Glyphs) -> char {
        match self {
            Self::Empty => ' ',
            Self::Phase(kind) => glyphs.phase(kind),
            Self::WorkEighths(eighths) => glyphs
                .eighths
                .and_then(|glyphs| glyphs.get(usize::from(eighths).saturating_sub(1)).copied())
                .unwrap_or_else(|| glyphs.phase(PhaseKind::Running)),
            Self::Estimated => glyphs.phase(PhaseKind::BackOff),
            Self::Failed => glyphs.failed,
            Self::Deleted => glyphs.deleted,
            Self::Unknown => glyphs.unknown,
            Self::Now => glyphs.now,
            Self::Held => glyphs.held,
        }
    }

    /// The style of the cell.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Empty => Style::Text,
            Self::Phase(kind) => phase_style(kind),
            Self::Estimated => Style::BackOff,
            Self::WorkEighths(_) => Style::Work,
            Self::Failed => Style::Failure,
            Self::Deleted => Style::Terminating,
            Self::Unknown => Style::Warning,
            Self::Now => Style::Now,
            Self::Held => Style::Queued,
        }
    }
}

/// The style of a phase.
pub(crate) fn phase_style(kind: PhaseKind) -> Style {
    match kind {
        PhaseKind::Queued => Style::Queued,
        PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => Style::Setup,
        PhaseKind::Pulling => Style::Pulling,
        PhaseKind::Initializing => Style::Initializing,
        PhaseKind::Unready => Style::Unready,
        PhaseKind::Running => Style::Work,
        PhaseKind::BackOff => Style::BackOff,
        PhaseKind::Terminating => Style::Terminating,
        PhaseKind::Unknown => Style::Warning,
    }
}

/// The mark at the end of a Pod that failed or was deleted. `None` for any other Pod.
pub(crate) fn end_mark(outcome: PodOutcome) -> Option<CellMark> {
    match outcome {
        PodOutcome::Failed | PodOutcome::NeverStarted => Some(CellMark::Failed),
        PodOutcome::Deleted => Some(CellMark::Deleted),
        PodOutcome::Pending
        | PodOutcome::Starting
        | PodOutcome::Running
        | PodOutcome::Succeeded
        | PodOutcome::Unknown
        | PodOutcome::Gone => None,
    }
}
