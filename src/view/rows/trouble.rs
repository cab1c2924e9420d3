//! The order of trouble: Pods that need attention come first.

use jiff::Timestamp;

use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::PodPace;
use crate::view::rows::pace::PaceMark;
use crate::view::view_context::ViewContext;

/// How much attention a Pod needs, most attention first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attention {
    /// The Pod failed. The latest end comes first.
    Failed,
    /// Nothing shows the state of the Pod, because its node does not report.
    Unknown,
    /// The Pod is in back-off, or it waits for its start and the reason is known. The longest wait comes first.
    WaitingWithReason,
    /// The Pod works much longer than the median, or worked so. The longest work comes first.
    Slow,
    /// The Pod works. The longest work comes first.
    Running,
    /// The Pod starts or waits for a node, and no reason is known. The earliest creation comes first.
    Waiting,
    /// The Pod was deleted before it ended, or only Events prove that it existed. The latest end comes first.
    Gone,
    /// The Pod succeeded. The latest end comes first.
    Done,
}

impl Attention {
    /// Whether something is wrong with the Pod.
    pub(crate) fn is_trouble(self) -> bool {
        match self {
            Self::Failed | Self::Unknown | Self::WaitingWithReason | Self::Slow => true,
            Self::Running | Self::Waiting | Self::Gone | Self::Done => false,
        }
    }
}

/// The position of a Pod in the order of trouble. The lowest value comes first.
pub(crate) type TroubleRank = (Attention, i64);

/// The rank of a Pod of a group with this pace.
pub(crate) fn rank_trouble(context: &ViewContext<'_>, pace: &PodPace, key: PodKey) -> TroubleRank {
    let pod = context.timeline.overview(key);
    let earliest_first = |at: Option<Timestamp>| at.map_or(i64::MAX, Timestamp::as_millisecond);
    let latest_end_first = || pod.end().map_or(0, |end| -end.as_millisecond());
    let longest_work_first = || -pod.run_so_far(context.now).unwrap_or(0);
    let is_slow = || matches!(pace.mark(context, key), Some(PaceMark::TimesMedian(_)));
    match DisplayState::from_overview(pod) {
        DisplayState::Failed => (Attention::Failed, latest_end_first()),
        DisplayState::Unknown => (Attention::Unknown, earliest_first(pod.work_started())),
        DisplayState::BackOff => (Attention::WaitingWithReason, earliest_first(pod.created())),
        DisplayState::PullFailing | DisplayState::CrashLooping => {
            (Attention::WaitingWithReason, earliest_first(pod.created()))
        }
        DisplayState::Starting | DisplayState::Queued => {
            let attention = if waits_with_reason(context, pod, key) {
                Attention::WaitingWithReason
            } else {
                Attention::Waiting
            };
            (attention, earliest_first(pod.created()))
        }
        DisplayState::Running | DisplayState::Unready | DisplayState::Done if is_slow() => {
            (Attention::Slow, longest_work_first())
        }
        DisplayState::Running | DisplayState::Unready => (Attention::Running, longest_work_first()),
        DisplayState::Deleted | DisplayState::Gone => (Attention::Gone, latest_end_first()),
        DisplayState::Done => (Attention::Done, latest_end_first()),
    }
}

/// Whether a Pod that has not started to work has a reason for its current wait.
fn waits_with_reason(context: &ViewContext<'_>, pod: &PodOverview, key: PodKey) -> bool {
    // Deriving the whole life costs time, so this happens only for a Pod that has left the queue with a reason.
    pod.has_wait_reason
        && (DisplayState::from_overview(pod) == DisplayState::Queued
            || context.timeline.pod(key).life.open_phase().is_some_and(|phase| phase.wait_reason().is_some()))
}
