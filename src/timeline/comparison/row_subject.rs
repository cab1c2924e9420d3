//! The subject of a row of a comparison: a phase, the cold start or the wall time.

use crate::lifecycle::PhaseKind;

/// The times that a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowSubject {
    /// The times of the Pods in this phase.
    Phase(PhaseKind),
    /// The whole cold starts, because a side cannot be split into phases.
    ColdStart,
    /// The wall times of the runs.
    Wall,
}

impl RowSubject {
    /// The value of `phase` in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Phase(kind) => kind.name(),
            Self::ColdStart => "ColdStart",
            Self::Wall => "Wall",
        }
    }
}
