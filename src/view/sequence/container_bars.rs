//! Chooses the groups whose Pods show a bar for each container. Without a request of the user, these are the groups that are
//! small enough for the screen. The first decision stays, so that rows do not jump while Pods are created.

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
/// The number of Pods of a group whose containers are counted.
const SAMPLED_PODS: usize = 20;

/// Chooses all groups if the user wants container bars, or else those that have room for them.
pub(crate) fn choose_groups(
    context: &ViewContext<'_>,
    sections: &[Section<'_>],
    size: Size,
) -> GroupsWithContainerBars {
    let id = |section: &Section<'_>| section.group.heading.id();
    if context.state.containers {
        return sections.iter().map(id).collect();
    }
    // Evidence already takes many lines, and users who filter or scroll look for Pods.
    if context.state.explain || context.window.unfolded || !context.window.filter.is_empty() {
        return GroupsWithContainerBars::new();
    }
    let screen = size.rows.unwrap_or(ASSUMED_LINES);
    let bars: Vec<usize> = sections.iter().map(|section| max_bars_per_pod(context, section)).collect();
    // The decision is made with the first Pod, so it counts the Pods that are still to come.
    let expected: usize =
        sections.iter().zip(&bars).map(|(section, bars)| expected_rows(section) * (1 + bars)).sum();
    let present: usize =
        sections.iter().zip(&bars).map(|(section, bars)| section.rows.rows.len() * (1 + bars)).sum();
    let has_room = expected <= screen * 2 / 3;
    let is_full = present + 3 * sections.len() > screen;
    let mut decisions = context.cache.shows_containers.borrow_mut();
    let mut chosen = GroupsWithContainerBars::new();
    for (section, _) in sections.iter().zip(&bars).filter(|&(_, &bars)| bars > 0) {
        let shows = decisions.entry(id(section)).or_insert(has_room);
        *shows &= !is_full;
        chosen.extend(shows.then(|| id(section)));
    }
    chosen
}

/// The number of rows that the section has, or will have if its workload says how many Pods it makes.
fn expected_rows(section: &Section<'_>) -> usize {
    let wanted = match section.group.heading {
        Heading::Workload(workload) => workload.completions.or(workload.parallelism).unwrap_or(0),
        Heading::Pods | Heading::Node(_) | Heading::Outcome(_) | Heading::All => 0,
    };
    section.rows.rows.len().max(usize::try_from(wanted).unwrap_or(usize::MAX))
}

/// The most container bars of one of the first Pods.
fn max_bars_per_pod(context: &ViewContext<'_>, section: &Section<'_>) -> usize {
    let sample = section.rows.rows.iter().take(SAMPLED_PODS);
    sample.map(|&key| lanes::count_lanes(&context.timeline.pod(key))).max().unwrap_or(0)
}
