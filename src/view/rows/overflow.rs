//! Fewer rows than Pods: which Pods keep theirs, and what the others are told as.

use jiff::Timestamp;

use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::{ByDisplayState, DisplayState};
use crate::view::frame_cache::results::{Folded, Overflow};
use crate::view::view_context::ViewContext;

impl Folded {
    /// Lines that it takes.
    pub(crate) fn lines(&self) -> usize {
        self.shown.len() + self.folds.len()
    }
}

/// Why a Pod deserves a row, in the order in which rows are dealt out; failures and what runs get twice as many.
const DEAL: [Merit; 7] =
    [Merit::Failed, Merit::Running, Merit::Waiting, Merit::Failed, Merit::Running, Merit::Ended, Merit::Cold];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Merit {
    Failed,
    Running,
    Waiting,
    Ended,
    /// Of what has ended well, the longest cold starts: where an image was pulled.
    Cold,
}

/// At most `lines` lines for these Pods: the last failures, what runs or waits longest, what ended last and the longest
/// cold starts keep their rows, the others become a line for each state. A few passes over all Pods, and sorting of no more than are shown.
pub(crate) fn fold(context: &ViewContext<'_>, pods: &[PodKey], lines: usize) -> Folded {
    if pods.len() <= lines {
        return Folded { shown: pods.to_vec(), folds: Vec::new() };
    }
    // How many lines the rest takes depends on what is shown.
    let most_folds = (lines / 5).clamp(1, 4);
    for rows in (lines.saturating_sub(most_folds)..lines).rev() {
        let folded = fold_to(context, pods, rows, most_folds);
        if folded.lines() <= lines {
            return folded;
        }
    }
    fold_to(context, pods, 0, 1)
}

fn fold_to(context: &ViewContext<'_>, pods: &[PodKey], rows: usize, most_folds: usize) -> Folded {
    let mut ranked: [Vec<(i64, usize)>; 5] = Default::default();
    for (place, &key) in pods.iter().enumerate() {
        let pod = context.timeline.overview(key);
        let (merit, rank) =
            if context.window.selected == Some(key) { (Merit::Failed, i64::MIN) } else { merit(pod) };
        ranked[merit as usize].push((rank, place));
        if merit == Merit::Ended
            && let Some(cold) = pod.cold_start()
        {
            ranked[Merit::Cold as usize].push((-i64::try_from(cold.as_millis()).unwrap_or(i64::MAX), place));
        }
    }
    for ranked in &mut ranked {
        if ranked.len() > rows && rows > 0 {
            ranked.select_nth_unstable(rows - 1);
            ranked.truncate(rows);
        }
        ranked.sort_unstable();
    }
    let mut queues = ranked.map(|ranked| ranked.into_iter().map(|(_, place)| place));
    let mut kept: Vec<usize> = Vec::with_capacity(rows);
    for merit in DEAL.into_iter().cycle() {
        if kept.len() >= rows || queues.iter().all(|queue| queue.len() == 0) {
            break;
        }
        // Who ended last may have been the coldest too.
        kept.extend(queues[merit as usize].find(|place| !kept.contains(place)));
    }
    kept.sort_unstable();

    let mut folded = Folded::default();
    let mut next = kept.iter().copied().peekable();
    let mut rest: ByDisplayState<Vec<PodKey>> = ByDisplayState::default();
    for (place, &key) in pods.iter().enumerate() {
        if next.next_if_eq(&place).is_some() {
            folded.shown.push(key);
        } else {
            rest[DisplayState::from_overview(context.timeline.overview(key))].push(key);
        }
    }
    let folds = rest.into_iter().filter(|(_, pods)| !pods.is_empty());
    folded.folds = folds.map(|(state, pods)| Overflow { state: Some(state), pods }).collect();
    while folded.folds.len() > most_folds {
        // The two with the fewest Pods become one.
        folded.folds.sort_by_key(|fold| std::cmp::Reverse(fold.pods.len()));
        let Some(least) = folded.folds.pop() else { break };
        if let Some(last) = folded.folds.last_mut() {
            last.state = None;
            last.pods.extend(least.pods);
        }
    }
    folded
}

/// Why a Pod deserves a row, and its rank among those that deserve it for the same reason: the least is the first.
fn merit(pod: &PodOverview) -> (Merit, i64) {
    let since = |at: Option<Timestamp>| at.map_or(i64::MAX, Timestamp::as_millisecond);
    let until = pod.end().map_or(0, |end| -end.as_millisecond());
    match DisplayState::from_overview(pod) {
        DisplayState::Failed | DisplayState::Deleted => (Merit::Failed, until),
        DisplayState::Done => (Merit::Ended, until),
        DisplayState::Running | DisplayState::BackOff | DisplayState::Unknown => {
            (Merit::Running, since(pod.work_started()))
        }
        DisplayState::Starting | DisplayState::Queued => (Merit::Waiting, since(pod.created())),
    }
}
