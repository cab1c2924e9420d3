//! Chooses the Pods that get a row if there are fewer rows than Pods. The other Pods are counted by state.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::lifecycle::{ArrayIndex, EnumArray};
use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::{ByDisplayState, DisplayState};
use crate::view::frame_cache::results::{Folded, Overflow, PodPace};
use crate::view::primitives::frame::Style;
use crate::view::primitives::text;
use crate::view::rows::trouble::{Attention, TroubleRank, rank_trouble};
use crate::view::view_context::ViewContext;

/// The style of the line that counts Pods without a row. Only the counts of Pods in trouble have a colour.
pub(crate) fn style_of_count(state: Option<DisplayState>) -> Style {
    match state {
        Some(
            state @ (DisplayState::Failed
            | DisplayState::PullFailing
            | DisplayState::CrashLooping
            | DisplayState::BackOff
            | DisplayState::Unknown),
        ) => state.style(),
        Some(
            DisplayState::Done
            | DisplayState::Running
            | DisplayState::Unready
            | DisplayState::Starting
            | DisplayState::Queued
            | DisplayState::Deleted
            | DisplayState::Gone,
        )
        | None => Style::Dim,
    }
}

/// The name of Pods without rows: `done`, `worker done`, `worker`; `more` if they have nothing in common.
pub(crate) fn name_overflow(overflow: &Overflow) -> String {
    let state = overflow.state.map(DisplayState::name);
    let role = overflow.role.as_deref().map(text::clean);
    match (role, state) {
        (Some(role), Some(state)) => format!("{role} {state}"),
        (Some(role), None) => role.into_owned(),
        (None, state) => state.unwrap_or("more").to_owned(),
    }
}

/// If not all Pods in trouble fit, one of this many rows still shows a Pod without trouble, unless failed Pods need the
/// row. Otherwise hundreds of Pods that wait for the same reason would hide the Pods that run.
const ROWS_PER_OTHER_ROW: usize = 4;

/// The order in which the Pods without trouble get the remaining rows. Running Pods get twice as many rows as the
/// others.
const TURNS: &[RowReason] =
    &[RowReason::Running, RowReason::Waiting, RowReason::Running, RowReason::Ended, RowReason::ColdStart];

/// The reason why a Pod without trouble gets a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowReason {
    /// The Pod runs. The longest work comes first.
    Running,
    /// The Pod waits to start. The earliest creation comes first.
    Waiting,
    /// The Pod succeeded, was deleted, or is gone. The latest end comes first.
    Ended,
    /// The Pod succeeded after a cold start, for example with an image pull. The longest cold start comes first.
    ColdStart,
}

/// One value for each reason.
type ByRowReason<T> = EnumArray<RowReason, T, { RowReason::ALL.len() }>;

impl RowReason {
    const ALL: [Self; 4] = [Self::Running, Self::Waiting, Self::Ended, Self::ColdStart];
}

impl ArrayIndex<{ Self::ALL.len() }> for RowReason {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// Pods that share a median, in the order of their rows.
#[derive(Clone, Copy)]
pub(crate) struct PacedPods<'a> {
    pub(crate) pace: PodPace,
    pub(crate) pods: &'a [PodKey],
}

/// Chooses the Pods that get a row. The rows and the counts of the other Pods take at most `lines` lines. The selected
/// Pod and the Pods in trouble come first, in the order of trouble. The other rows go to the Pods that run or wait
/// longest, the Pods that ended last, and the longest cold starts.
///
/// Visits all Pods twice, but sorts at most as many Pods as there are rows.
pub(crate) fn fold_pods(context: &ViewContext<'_>, groups: &[PacedPods<'_>], lines: usize) -> Folded {
    let count: usize = groups.iter().map(|group| group.pods.len()).sum();
    if count <= lines {
        let shown = groups.iter().flat_map(|group| group.pods).copied().collect();
        return Folded { shown, overflow: Vec::new() };
    }
    let candidates = Candidates::rank(context, groups, lines);
    let roles = count_roles(context, groups);
    // The number of counts depends on the Pods that have a row.
    let max_counts = (lines / 5).clamp(1, 4);
    for rows in (lines.saturating_sub(max_counts)..lines).rev() {
        let chosen = candidates.choose(rows);
        let counts = if roles > 1 { roles } else { candidates.count_states_without(&chosen) };
        let counts = counts.min(max_counts);
        if chosen.len() + counts <= lines {
            return fold_others(context, groups, &chosen, max_counts);
        }
    }
    fold_others(context, groups, &[], 1)
}

/// A Pod that may get a row: its index in the list of all Pods, and its state.
type Candidate = (usize, DisplayState);

/// The Pods that may get a row, best first.
struct Candidates {
    selected: Option<Candidate>,
    in_trouble: Vec<(TroubleRank, Candidate)>,
    others: ByRowReason<Vec<(i64, Candidate)>>,
    /// The number of all Pods by state.
    states: ByDisplayState<usize>,
}

impl Candidates {
    /// Ranks all Pods, and keeps the best `limit` Pods of each kind.
    fn rank(context: &ViewContext<'_>, groups: &[PacedPods<'_>], limit: usize) -> Self {
        let mut candidates = Self {
            selected: None,
            in_trouble: Vec::new(),
            others: ByRowReason::default(),
            states: ByDisplayState::default(),
        };
        let pods = groups.iter().flat_map(|group| group.pods.iter().map(|&key| (&group.pace, key)));
        for (index, (pace, key)) in pods.enumerate() {
            let pod = context.timeline.overview(key);
            let state = DisplayState::from_overview(pod);
            let candidate = (index, state);
            candidates.states[state] += 1;
            if context.window.selected == Some(key) {
                candidates.selected = Some(candidate);
                continue;
            }
            let (attention, rank) = rank_trouble(context, pace, key);
            if attention.is_trouble() {
                candidates.in_trouble.push(((attention, rank), candidate));
            }
            candidates.push_other(pod, rank, candidate);
        }
        keep_lowest(&mut candidates.in_trouble, limit);
        for (_, others) in &mut candidates.others {
            keep_lowest(others, limit);
        }
        candidates
    }

    /// Adds a Pod under the reasons for which it may get one of the remaining rows.
    fn push_other(&mut self, pod: &PodOverview, rank: i64, candidate: Candidate) {
        let reason = match candidate.1 {
            DisplayState::Running | DisplayState::Unready => RowReason::Running,
            DisplayState::Starting | DisplayState::Queued => RowReason::Waiting,
            DisplayState::Done | DisplayState::Deleted | DisplayState::Gone => RowReason::Ended,
            DisplayState::BackOff
            | DisplayState::CrashLooping
            | DisplayState::PullFailing
            | DisplayState::Failed
            | DisplayState::Unknown => return,
        };
        let rank = match reason {
            // The rank of a slow Pod is its work.
            RowReason::Ended => pod.end().map_or(0, |end: Timestamp| -end.as_millisecond()),
            RowReason::Running | RowReason::Waiting | RowReason::ColdStart => rank,
        };
        self.others[reason].push((rank, candidate));
        if candidate.1 == DisplayState::Done
            && let Some(cold) = pod.cold_start()
        {
            let rank = -cold.estimate_millis;
            self.others[RowReason::ColdStart].push((rank, candidate));
        }
    }

    /// Chooses at most `rows` Pods. The result is in the order of the rows.
    fn choose(&self, rows: usize) -> Vec<Candidate> {
        let mut chosen: Vec<Candidate> = Vec::with_capacity(rows);
        chosen.extend(self.selected.filter(|_| rows > 0));
        let room = rows.saturating_sub(chosen.len());
        let failed = self.in_trouble.iter().filter(|((attention, _), _)| *attention == Attention::Failed);
        let trouble_rows = if self.in_trouble.len() > room {
            (room - room / ROWS_PER_OTHER_ROW).max(failed.count()).min(room)
        } else {
            room
        };
        chosen.extend(self.in_trouble.iter().take(trouble_rows).map(|(_, candidate)| *candidate));
        let mut queues: ByRowReason<_> =
            ByRowReason::from_fn(|reason| self.others[reason].iter().map(|(_, candidate)| *candidate));
        for &reason in TURNS.iter().cycle() {
            if chosen.len() >= rows || queues.values().all(|queue| queue.len() == 0) {
                break;
            }
            // A Pod can be a candidate for several reasons.
            chosen.extend(queues[reason].find(|candidate| !chosen.contains(candidate)));
        }
        // If no other Pods are left, the rows go to Pods in trouble after all.
        let more = self.in_trouble.iter().skip(trouble_rows).map(|(_, candidate)| *candidate);
        let more: Vec<Candidate> = more.filter(|candidate| !chosen.contains(candidate)).collect();
        chosen.extend(more.into_iter().take(rows.saturating_sub(chosen.len())));
        chosen.sort_unstable_by_key(|&(index, _)| index);
        chosen
    }

    /// The number of states of the Pods that are not chosen.
    fn count_states_without(&self, chosen: &[Candidate]) -> usize {
        let chosen_with = |state| chosen.iter().filter(|(_, chosen)| *chosen == state).count();
        self.states.iter().filter(|&(state, &count)| count > chosen_with(state)).count()
    }
}

/// Keeps the `limit` lowest values, in order.
fn keep_lowest<R: Copy + Ord>(ranked: &mut Vec<(R, Candidate)>, limit: usize) {
    let rank = |&(rank, (index, _)): &(R, Candidate)| (rank, index);
    if ranked.len() > limit && limit > 0 {
        ranked.select_nth_unstable_by_key(limit - 1, rank);
        ranked.truncate(limit);
    }
    ranked.sort_unstable_by_key(rank);
}

/// The number of roles of these Pods. Pods without a role count as one role.
fn count_roles(context: &ViewContext<'_>, groups: &[PacedPods<'_>]) -> usize {
    let mut roles: Vec<Option<&str>> = Vec::new();
    for &key in groups.iter().flat_map(|group| group.pods) {
        let role = context.timeline.identity(key).role().map(|role| &**role);
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.len()
}

/// Divides Pods without rows by role instead of by state. A role has a state if all its Pods have the same one.
fn divide_by_role(context: &ViewContext<'_>, by_state: &[Overflow]) -> Vec<Overflow> {
    let mut by_role: Vec<Overflow> = Vec::new();
    for Overflow { state, pods, .. } in by_state {
        for &key in pods {
            let role = context.timeline.identity(key).role();
            match by_role.iter_mut().find(|other| other.role.as_ref() == role) {
                Some(same) => {
                    same.state = same.state.filter(|other| Some(other) == state.as_ref());
                    same.pods.push(key);
                }
                None => by_role.push(Overflow { state: *state, role: role.cloned(), pods: vec![key] }),
            }
        }
    }
    by_role
}

/// Gives the chosen Pods a row, and counts the others in at most `max_counts` lines.
fn fold_others(
    context: &ViewContext<'_>,
    groups: &[PacedPods<'_>],
    chosen: &[Candidate],
    max_counts: usize,
) -> Folded {
    let mut folded = Folded::default();
    let mut next = chosen.iter().map(|&(index, _)| index).peekable();
    let mut others: ByDisplayState<Vec<PodKey>> = ByDisplayState::default();
    for (index, &key) in groups.iter().flat_map(|group| group.pods).enumerate() {
        if next.next_if_eq(&index).is_some() {
            folded.shown.push(key);
        } else {
            others[DisplayState::from_overview(context.timeline.overview(key))].push(key);
        }
    }
    let others = others.into_iter().filter(|(_, pods)| !pods.is_empty());
    folded.overflow = others.map(|(state, pods)| Overflow { state: Some(state), role: None, pods }).collect();
    if count_roles(context, groups) > 1 {
        folded.overflow = divide_by_role(context, &folded.overflow);
    }
    while folded.overflow.len() > max_counts {
        // The two smallest counts become one.
        folded.overflow.sort_by_key(|overflow| Reverse(overflow.pods.len()));
        let Some(smallest) = folded.overflow.pop() else { break };
        if let Some(last) = folded.overflow.last_mut() {
            last.state = None;
            last.role = None;
            last.pods.extend(smallest.pods);
        }
    }
    folded
}
