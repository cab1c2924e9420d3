//! Which workloads show a bar for each container under their Pods' where nobody asked for it: those that are small enough
//! for the screen. What was decided once stays, so that nothing jumps while Pods come.

use std::collections::BTreeSet;

use super::Part;
use crate::view::chart::lanes;
use crate::view::frame_cache::keys::GroupId;
use crate::view::rows::groups::Heading;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// Identities of the blocks whose Pods have a bar for each container.
pub(crate) type Laned = BTreeSet<GroupId>;

/// So many lines a picture may have where the screen has no end.
const UNBOUNDED: usize = 24;
/// So many Pods are asked how many containers they have.
const ASKED: usize = 20;

/// The blocks with a bar for each container: all if the user wants it, else those that have room for it.
pub(crate) fn laned(context: &ViewContext<'_>, parts: &[Part<'_>], size: Size) -> Laned {
    let identity = |part: &Part<'_>| part.block.heading.id();
    if context.state.containers {
        return parts.iter().map(identity).collect();
    }
    // Evidence takes lines enough, and what is searched or walked through are Pods.
    if context.state.explain || context.window.unfolded || !context.window.filter.is_empty() {
        return Laned::new();
    }
    let lines = size.rows.unwrap_or(UNBOUNDED);
    // All that may come has to have room, so that it is decided with the first Pod.
    let to_come: usize = parts.iter().map(|part| rows_to_come(part) * (1 + lanes_of(context, part))).sum();
    let there: usize = parts.iter().map(|part| part.tries.rows.len() * (1 + lanes_of(context, part))).sum();
    let (roomy, tight) = (to_come <= lines * 2 / 3, there + 3 * parts.len() > lines);
    let mut decided = context.cache.shows_containers.borrow_mut();
    let mut laned = Laned::new();
    for part in parts.iter().filter(|part| lanes_of(context, part) > 0) {
        let shown = decided.entry(identity(part)).or_insert(roomy);
        *shown &= !tight;
        laned.extend(shown.then(|| identity(part)));
    }
    laned
}

/// Rows that the block has, or will have as far as its workload tells.
fn rows_to_come(part: &Part<'_>) -> usize {
    let wanted = match part.block.heading {
        Heading::Workload(workload) => workload.completions.or(workload.parallelism).unwrap_or(0),
        _ => 0,
    };
    part.tries.rows.len().max(usize::try_from(wanted).unwrap_or(usize::MAX))
}

/// The most bars that one of the first Pods has under its own.
fn lanes_of(context: &ViewContext<'_>, part: &Part<'_>) -> usize {
    let first = part.tries.rows.iter().take(ASKED);
    first.map(|&key| lanes::count(&context.timeline.pod(key))).max().unwrap_or(0)
}
