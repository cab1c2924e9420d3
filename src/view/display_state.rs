//! The state of a Pod in one word, as headings and overflow lines count it.

use crate::lifecycle::{ArrayIndex, EnumArray, PhaseKind, PodOutcome};
use crate::timeline::PodOverview;
use crate::view::primitives::frame::Style;

/// The state of a Pod in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum DisplayState {
    /// The Pod succeeded.
    Done,
    /// The Pod works.
    Running,
    /// The Pod works, but has not been Ready yet. Only a Pod with a startup or readiness probe on a main container has
    /// this state.
    Unready,
    /// The Pod has a node, but its work has not begun.
    Starting,
    /// An image of the Pod cannot be pulled.
    PullFailing,
    /// The Pod waits for a node.
    Queued,
    /// A container of the Pod waits for its next run.
    BackOff,
    /// The containers of the Pod end again and again.
    CrashLooping,
    /// The Pod failed.
    Failed,
    /// The Pod was deleted before it ended.
    Deleted,
    /// The state of the Pod is unknown, for example because its node does not respond.
    Unknown,
    /// The Pod no longer exists, and nothing shows how it ended.
    Gone,
}

impl DisplayState {
    /// All states, in the order of the screen.
    pub(crate) const ALL: [Self; 12] = [
        Self::Done,
        Self::Running,
        Self::Unready,
        Self::Starting,
        Self::PullFailing,
        Self::Queued,
        Self::BackOff,
        Self::CrashLooping,
        Self::Failed,
        Self::Deleted,
        Self::Unknown,
        Self::Gone,
    ];

    /// The state of a Pod.
    pub(crate) fn from_overview(pod: &PodOverview) -> Self {
        match pod.outcome {
            PodOutcome::NeverStarted if pod.was_stopped() => Self::Deleted,
            PodOutcome::Succeeded => Self::Done,
            PodOutcome::Failed | PodOutcome::NeverStarted => Self::Failed,
            PodOutcome::Deleted => Self::Deleted,
            PodOutcome::Unknown => Self::Unknown,
            PodOutcome::Gone => Self::Gone,
            PodOutcome::Pending => Self::Queued,
            _ if pod.is_crash_looping => Self::CrashLooping,
            PodOutcome::Starting | PodOutcome::Running if pod.open_phase == Some(PhaseKind::BackOff) => {
                Self::BackOff
            }
            PodOutcome::Starting if pod.open_phase == Some(PhaseKind::PullFailing) => Self::PullFailing,
            PodOutcome::Starting => Self::Starting,
            PodOutcome::Running if pod.open_phase == Some(PhaseKind::Unready) => Self::Unready,
            PodOutcome::Running => Self::Running,
        }
    }

    /// The word on the screen.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Unready => "not ready",
            Self::Starting => "starting",
            Self::PullFailing => "cannot pull",
            Self::Queued => "queued",
            Self::BackOff => "in back-off",
            Self::CrashLooping => "crash-looping",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
        }
    }

    /// The word behind a number of Pods in this state.
    pub(crate) fn name_for(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::PullFailing, 1) => "cannot pull its image",
            (Self::PullFailing, _) => "cannot pull their image",
            (state, _) => state.name(),
        }
    }

    /// The style of the word.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Done => Style::Success,
            Self::Running => Style::Strong,
            Self::Unready => Style::Unready,
            Self::Starting => Style::Setup,
            Self::Queued => Style::Queued,
            Self::BackOff | Self::Unknown | Self::Gone => Style::Warning,
            Self::Failed | Self::PullFailing | Self::CrashLooping => Style::Failure,
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
pub(crate) type ByDisplayState<T> = EnumArray<DisplayState, T, { DisplayState::ALL.len() }>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_each_state_at_its_own_index() {
        for (index, state) in DisplayState::ALL.into_iter().enumerate() {
            assert_eq!(state.index(), index);
        }
    }
}
