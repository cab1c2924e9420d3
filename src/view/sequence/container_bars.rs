//! Chooses the groups whose Pods show a bar for each container. Unless the user asks for them, new groups get bars
//! only if all groups together fit on the screen. A group never gains bars later, so that rows do not jump while Pods
//! are created. It loses them for good when the screen is full.

use std::collections::BTreeSet;

use crate::view::chart::lanes;
use crate::view::frame_cache::keys::GroupId;
use crate::view::rows::groups::Heading;
use crate::view::sequence::section::Section;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// The groups whose Pods show a bar for each container.
pub(crate) type GroupsWithContainerBars = BTreeSet<GroupId>;

/// The number of lines that a screen is assumed to have if there is no limit.
const ASSUMED_LINES: usize = 24;
/// The largest number of Pods of a group that are examined for their number of container bars.
const SAMPLED_PODS: usize = 20;

/// Chooses all groups if the user asked for container bars, none while evidence is shown or the user filters or
/// scrolls, and otherwise the groups that have room.
pub(crate) fn choose_groups(
    context: &ViewContext<'_>,
    sections: &[Section<'_>],
    size: Size,
) -> GroupsWithContainerBars {
    let id = |section: &Section<'_>| section.group.heading.id();
    if context.state.containers {
        return sections.iter().map(id).collect();
    }
    // Evidence already takes many lines, and users who filter or scroll look for one Pod.
    if context.state.explain || context.window.unfolded || !context.window.filter.is_empty() {
        return GroupsWithContainerBars::new();
    }
    let screen = size.rows.unwrap_or(ASSUMED_LINES);
    let mut decisions = context.cache.shows_containers.borrow_mut();
    let rows: usize = sections.iter().map(|section| section.rows.rows.len()).sum();
    let free = screen.saturating_sub(3 * sections.len());
    if rows > free {
        // The rows fill the screen even without container bars.
        decisions.extend(sections.iter().map(|section| (id(section), false)));
        return GroupsWithContainerBars::new();
    }
    let bars: Vec<usize> = sections.iter().map(|section| max_bars_per_pod(context, section)).collect();
    // The decision is made when the first Pod appears, so it also counts the expected Pods.
    let expected: usize =
        sections.iter().zip(&bars).map(|(section, bars)| expected_rows(section) * (1 + bars)).sum();
    let present: usize =
        sections.iter().zip(&bars).map(|(section, bars)| section.rows.rows.len() * (1 + bars)).sum();
    let has_room = expected <= screen * 2 / 3;
    let is_full = present > free;
    let mut chosen = GroupsWithContainerBars::new();
    for (section, _) in sections.iter().zip(&bars).filter(|&(_, &bars)| bars > 0) {
        let shows = decisions.entry(id(section)).or_insert(has_room);
        *shows &= !is_full;
        chosen.extend(shows.then(|| id(section)));
    }
    chosen
}

/// The current number of rows, or the `completions` (else the `parallelism`) of the workload if that is larger.
fn expected_rows(section: &Section<'_>) -> usize {
    let wanted = match section.group.heading {
        Heading::Workload(workload) => workload.completions.or(workload.parallelism).unwrap_or(0),
        Heading::Pods(_) | Heading::Node(_) | Heading::Role { .. } | Heading::Outcome(_) | Heading::All => 0,
    };
    section.rows.rows.len().max(usize::try_from(wanted).unwrap_or(usize::MAX))
}

/// The largest number of container bars of any of the first `SAMPLED_PODS` Pods.
fn max_bars_per_pod(context: &ViewContext<'_>, section: &Section<'_>) -> usize {
    let sample = section.rows.rows.iter().take(SAMPLED_PODS);
    sample.map(|&key| lanes::count_lanes(&context.timeline.pod(key))).max().unwrap_or(0)
}
