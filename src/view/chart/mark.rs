//! What a cell of a bar shows.

use crate::lifecycle::PhaseKind;
use crate::view::primitives::frame::Style;
use crate::view::primitives::glyph::Glyphs;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellMark {
    /// Nothing: before creation, after the end.
    Empty,
    /// The phase that covers most of the cell.
    Phase(PhaseKind),
    /// The wait before a Pod that probably answers a failed one.
    Estimated,
    /// Work that ended well in the cell's first eighths.
    Eighths(u8),
    /// The end of a failed Pod.
    Failed,
    /// The end of a deleted Pod.
    Deleted,
    /// Nobody knows.
    Unknown,
    /// It goes on.
    Now,
    /// The workload makes no Pods.
    Held,
}

impl CellMark {
    pub(crate) fn glyph(self, glyphs: &Glyphs) -> char {
        match self {
            Self::Empty => ' ',
            Self::Phase(kind) => glyphs.phase(kind),
            Self::Eighths(eighths) => glyphs
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

    pub(crate) fn role(self) -> Style {
        match self {
            Self::Empty => Style::Text,
            Self::Phase(kind) => phase_role(kind),
            Self::Estimated => Style::BackOff,
            Self::Eighths(_) => Style::Work,
            Self::Failed => Style::Failure,
            Self::Deleted => Style::Terminating,
            Self::Unknown => Style::Warning,
            Self::Now => Style::Now,
            Self::Held => Style::Queued,
        }
    }
}

/// What a phase is for the stylesheet.
pub(crate) fn phase_role(kind: PhaseKind) -> Style {
    match kind {
        PhaseKind::Queued => Style::Queued,
        PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => Style::Setup,
        PhaseKind::Pulling => Style::Pulling,
        PhaseKind::Initializing => Style::Initializing,
        PhaseKind::Running => Style::Work,
        PhaseKind::BackOff => Style::BackOff,
        PhaseKind::Terminating => Style::Terminating,
    }
}
