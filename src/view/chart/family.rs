//! The families of phases that share a bar.

use crate::lifecycle::PhaseKind;

/// Phases that belong together in a bar. If longer phases cover all cells of a family, the bar usually gives the family
/// a cell. The variants are in the order in which a bar gives them cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhaseFamily {
    Work,
    ColdStart,
    Unready,
    BackOff,
    Termination,
    Queued,
}

impl PhaseFamily {
    /// All families, in declaration order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Work, Self::ColdStart, Self::Unready, Self::BackOff, Self::Termination, Self::Queued];

    pub(crate) fn from_phase(kind: PhaseKind) -> Self {
        match kind {
            PhaseKind::Queued => Self::Queued,
            PhaseKind::Setup
            | PhaseKind::Pulling
            | PhaseKind::PullFailing
            | PhaseKind::Initializing
            | PhaseKind::Starting
            | PhaseKind::Startup => Self::ColdStart,
            PhaseKind::Unready => Self::Unready,
            PhaseKind::Running => Self::Work,
            // An unknown phase needs a cell as much as a back-off does.
            PhaseKind::BackOff | PhaseKind::Unknown => Self::BackOff,
            PhaseKind::Terminating => Self::Termination,
        }
    }

    /// A bar gives this family a cell only if a phase is longer than this number of columns.
    pub(crate) fn min_columns(self) -> f64 {
        match self {
            // Every Pod waits some milliseconds for its node and for its probes. Such a short wait needs no cell.
            Self::Queued | Self::Unready => 0.25,
            // Even work without any length gets a cell, because users look for the Pods that worked.
            Self::Work => -1.0,
            Self::ColdStart | Self::BackOff | Self::Termination => 0.0,
        }
    }
}
