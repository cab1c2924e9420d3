//! The content of one cell of a bar.

use crate::lifecycle::{Lifecycle, PULL_QUEUE, PhaseKind, PodOutcome};
use crate::view::chart::family::PhaseFamily;
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
    /// An attempt to pull an image that failed, or that goes on after a failed attempt.
    PullAttempt,
    /// A pull that waits for the other pulls of its node.
    PullQueue,
    /// Work of a run or of a Pod that failed.
    FailedWork,
    /// Successful work that ended after this many eighths of the cell, from 1 to 7.
    WorkEighths(u8),
    /// The part of a life before the axis.
    Earlier,
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
    /// The members of a gang wait for the last one.
    GangWait,
    /// The last member of a gang begins to work.
    GangComplete,
}

impl CellMark {
    /// The mark of the phase with this index. Phases that only differ in details have different marks.
    pub(crate) fn from_phase(life: &Lifecycle, index: usize) -> Self {
        let phase = &life.phases[index];
        match (phase.kind, phase.reason.as_deref()) {
            (PhaseKind::PullFailing, None) => Self::PullAttempt,
            (PhaseKind::Pulling, Some(PULL_QUEUE)) => Self::PullQueue,
            (PhaseKind::Running | PhaseKind::Unready, _) if life.is_failed_work(index) => Self::FailedWork,
            (kind, _) => Self::Phase(kind),
        }
    }

    /// The family of phases that the mark belongs to. `None` for a mark that shows no phase.
    pub(crate) fn family(self) -> Option<PhaseFamily> {
        match self {
            Self::Phase(kind) => Some(PhaseFamily::from_phase(kind)),
            Self::PullAttempt | Self::PullQueue => Some(PhaseFamily::ColdStart),
            Self::FailedWork | Self::WorkEighths(_) => Some(PhaseFamily::Work),
            Self::Estimated => Some(PhaseFamily::BackOff),
            Self::Empty
            | Self::Earlier
            | Self::Failed
            | Self::Deleted
            | Self::Unknown
            | Self::Now
            | Self::Held
            | Self::GangWait
            | Self::GangComplete => None,
        }
    }

    /// The character of the cell.
    pub(crate) fn glyph(self, glyphs: &Glyphs) -> char {
        match self {
            Self::Empty => ' ',
            // The wait after a failed pull looks like every other wait for the next try. Its colour is its own.
            Self::Phase(PhaseKind::PullFailing) | Self::Estimated => glyphs.phase(PhaseKind::BackOff),
            Self::PullAttempt => glyphs.phase(PhaseKind::Pulling),
            Self::PullQueue => glyphs.pull_queue,
            Self::FailedWork => glyphs.failed_work,
            Self::Phase(kind) => glyphs.phase(kind),
            Self::WorkEighths(eighths) => glyphs
                .eighths
                .and_then(|glyphs| glyphs.get(usize::from(eighths).saturating_sub(1)).copied())
                .unwrap_or_else(|| glyphs.phase(PhaseKind::Running)),
            Self::Earlier => '<',
            Self::Failed => glyphs.failed,
            Self::Deleted => glyphs.deleted,
            Self::Unknown => glyphs.unknown,
            Self::Now => glyphs.now,
            Self::Held => glyphs.held,
            Self::GangWait => glyphs.gang_wait,
            Self::GangComplete => glyphs.gang_complete,
        }
    }

    /// The style of the cell.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Empty => Style::Text,
            Self::Phase(kind) => phase_style(kind),
            Self::PullAttempt => Style::PullFailing,
            Self::PullQueue => Style::Pulling,
            Self::FailedWork => Style::FailedWork,
            Self::Estimated => Style::BackOff,
            Self::WorkEighths(_) | Self::GangComplete => Style::Work,
            Self::Earlier => Style::Dim,
            Self::Failed => Style::Failure,
            Self::Deleted => Style::Terminating,
            Self::Unknown => Style::Warning,
            Self::Now => Style::Now,
            Self::Held | Self::GangWait => Style::Queued,
        }
    }
}

/// The style of a phase.
pub(crate) fn phase_style(kind: PhaseKind) -> Style {
    match kind {
        PhaseKind::Queued => Style::Queued,
        PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => Style::Setup,
        PhaseKind::Pulling => Style::Pulling,
        PhaseKind::PullFailing => Style::PullFailing,
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
