//! Chooses the Pods that get a row if there are fewer rows than Pods. The other Pods are counted by state.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::lifecycle::{ArrayIndex, EnumArray};
use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::{ByDisplayState, DisplayState};
use crate::view::frame_cache::results::{Folded, Overflow};
use crate::view::view_context::ViewContext;

impl Folded {
    /// The number of lines: one for each row and one for each count.
    pub(crate) fn line_count(&self) -> usize {
        self.shown.len() + self.overflow.len()
    }
}

/// The order in which the reasons take turns until all rows are taken. Failed and running Pods get twice as many rows
/// as the others.
const TURNS: &[RowReason] = &[
    RowReason::Failed,
    RowReason::Running,
    RowReason::Waiting,
    RowReason::Failed,
    RowReason::Running,
    RowReason::Done,
    RowReason::ColdStart,
];

/// The reason why a Pod gets a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowReason {
    /// The Pod failed or was deleted, or it is selected. The selected Pod comes first, then the latest end.
    Failed,
    /// The Pod runs, is in back-off, or its state is unknown. The earliest start of work comes first.
    Running,
    /// The Pod waits to start. The earliest creation comes first.
    Waiting,
    /// The Pod succeeded. The latest end comes first.
    Done,
    /// The Pod succeeded after a cold start, for example with an image pull. The longest cold start comes first.
    ColdStart,
}

/// One value for each reason.
type ByRowReason<T> = EnumArray<RowReason, T, { RowReason::ALL.len() }>;

impl RowReason {
    const ALL: [Self; 5] = [Self::Failed, Self::Running, Self::Waiting, Self::Done, Self::ColdStart];
}

impl ArrayIndex<{ Self::ALL.len() }> for RowReason {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// Chooses the Pods that get a row. The rows and the counts of the other Pods take at most `lines` lines. The rows go
/// to the latest failures, the Pods that run or wait longest, the Pods that ended last, and the longest cold starts.
///
/// Visits all Pods a few times, but sorts at most as many Pods for each reason as there are rows.
pub(crate) fn fold_pods(context: &ViewContext<'_>, pods: &[PodKey], lines: usize) -> Folded {
    if pods.len() <= lines {
        return Folded { shown: pods.to_vec(), overflow: Vec::new() };
    }
    // The number of counts depends on the Pods that have a row.
    let max_counts = (lines / 5).clamp(1, 4);
    for rows in (lines.saturating_sub(max_counts)..lines).rev() {
        let folded = fold_to_rows(context, pods, rows, max_counts);
        if folded.line_count() <= lines {
            return folded;
        }
    }
    fold_to_rows(context, pods, 0, 1)
}

/// Gives a row to `rows` of the Pods, and counts the others in at most `max_counts` lines.
fn fold_to_rows(context: &ViewContext<'_>, pods: &[PodKey], rows: usize, max_counts: usize) -> Folded {
    let mut ranked: ByRowReason<Vec<(i64, usize)>> = ByRowReason::default();
    for (index, &key) in pods.iter().enumerate() {
        let pod = context.timeline.overview(key);
        let is_selected = context.window.selected == Some(key);
        let (reason, rank) = if is_selected { (RowReason::Failed, i64::MIN) } else { rank(pod) };
        ranked[reason].push((rank, index));
        if reason == RowReason::Done
            && let Some(cold) = pod.cold_start()
        {
            let rank = -i64::try_from(cold.estimate.as_millis()).unwrap_or(i64::MAX);
            ranked[RowReason::ColdStart].push((rank, index));
        }
    }
    for (_, ranked) in &mut ranked {
        if ranked.len() > rows && rows > 0 {
            ranked.select_nth_unstable(rows - 1);
            ranked.truncate(rows);
        }
        ranked.sort_unstable();
    }
    let mut queues: ByRowReason<_> = ByRowReason::from_fn(|reason| {
        std::mem::take(&mut ranked[reason]).into_iter().map(|(_, index)| index)
    });
    let mut chosen: Vec<usize> = Vec::with_capacity(rows);
    for &reason in TURNS.iter().cycle() {
        if chosen.len() >= rows || queues.values().all(|queue| queue.len() == 0) {
            break;
        }
        // A Pod can be in two queues: `Done` and `ColdStart`.
        chosen.extend(queues[reason].find(|index| !chosen.contains(index)));
    }
    chosen.sort_unstable();

    let mut folded = Folded::default();
    let mut next = chosen.iter().copied().peekable();
    let mut others: ByDisplayState<Vec<PodKey>> = ByDisplayState::default();
    for (index, &key) in pods.iter().enumerate() {
        if next.next_if_eq(&index).is_some() {
            folded.shown.push(key);
        } else {
            others[DisplayState::from_overview(context.timeline.overview(key))].push(key);
        }
    }
    let others = others.into_iter().filter(|(_, pods)| !pods.is_empty());
    folded.overflow = others.map(|(state, pods)| Overflow { state: Some(state), pods }).collect();
    while folded.overflow.len() > max_counts {
        // The two smallest counts become one.
        folded.overflow.sort_by_key(|overflow| Reverse(overflow.pods.len()));
        let Some(smallest) = folded.overflow.pop() else { break };
        if let Some(last) = folded.overflow.last_mut() {
            last.state = None;
            last.pods.extend(smallest.pods);
        }
    }
    folded
}

/// The reason why a Pod gets a row, and the rank of the Pod. The lowest rank gets a row first.
fn rank(pod: &PodOverview) -> (RowReason, i64) {
    let earliest_first = |at: Option<Timestamp>| at.map_or(i64::MAX, Timestamp::as_millisecond);
    let latest_end_first = pod.end().map_or(0, |end| -end.as_millisecond());
    match DisplayState::from_overview(pod) {
        DisplayState::Failed | DisplayState::Deleted | DisplayState::Gone => {
            (RowReason::Failed, latest_end_first)
        }
        DisplayState::Done => (RowReason::Done, latest_end_first),
        DisplayState::Running | DisplayState::Unready | DisplayState::BackOff | DisplayState::Unknown => {
            (RowReason::Running, earliest_first(pod.work_started()))
        }
        DisplayState::Starting | DisplayState::Queued => (RowReason::Waiting, earliest_first(pod.created())),
    }
}
