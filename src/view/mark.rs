//! What a cell of a bar shows.

use super::{Glyphs, Role};
use crate::lifecycle::PhaseKind;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
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

impl Mark {
    pub(super) fn glyph(self, glyphs: &Glyphs) -> char {
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

    pub(super) fn role(self) -> Role {
        match self {
            Self::Empty => Role::Text,
            Self::Phase(kind) => phase_role(kind),
            Self::Estimated => Role::BackOff,
            Self::Eighths(_) => Role::Work,
            Self::Failed => Role::Failure,
            Self::Deleted => Role::Terminating,
            Self::Unknown => Role::Warning,
            Self::Now => Role::Now,
            Self::Held => Role::Queued,
        }
    }
}

/// What a phase is for the stylesheet.
pub(super) fn phase_role(kind: PhaseKind) -> Role {
    match kind {
        PhaseKind::Queued => Role::Queued,
        PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => Role::Setup,
        PhaseKind::Pulling => Role::Pulling,
        PhaseKind::Initializing => Role::Initializing,
        PhaseKind::Running => Role::Work,
        PhaseKind::BackOff => Role::BackOff,
        PhaseKind::Terminating => Role::Terminating,
    }
}
