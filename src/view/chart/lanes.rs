//! The containers of one Pod as bars of their own: pulls, runs, and the waits between them.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::lifecycle::{ContainerLife, ContainerRole, Phase, PhaseKind, Source};
use crate::timeline::TimelinePod;
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::Bar;
use crate::view::chart::legend::LegendEntries;
use crate::view::primitives::frame::Line;
use crate::view::primitives::text;
use crate::view::view_context::ViewContext;

/// The bar of one container.
pub(crate) struct Lane<'a> {
    /// Its name, safe for a terminal.
    pub(crate) name: Cow<'a, str>,
    /// What it is for.
    pub(crate) role: ContainerRole,
    bar: Bar,
}

impl Lane<'_> {
    /// Adds the cells to a line.
    pub(crate) fn draw(&self, context: &ViewContext<'_>, line: &mut Line, seen: &mut LegendEntries) {
        self.bar.draw(line, context.glyphs, seen);
    }
}

/// How many lanes a Pod has: none if it has one container, whose life is the Pod's own.
pub(crate) fn count(pod: &TimelinePod) -> usize {
    let own =
        pod.life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral).count();
    if own > 1 { own } else { 0 }
}

/// The lanes of a Pod, whose times are taken from `zero` (milliseconds since 1970) on.
pub(crate) fn lanes<'a>(
    context: &ViewContext<'_>,
    pod: &'a TimelinePod,
    axis: &Axis,
    zero: i64,
) -> Vec<Lane<'a>> {
    if count(pod) == 0 {
        return Vec::new();
    }
    let own = pod.life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
    own.map(|container| {
        let phases = phases(container);
        let runs = !pod.life.outcome.has_ended() && phases.last().is_some_and(|phase| phase.end.is_none());
        let bar = Bar::of_phases(&phases, axis, zero, context.now, runs);
        Lane { name: text::clean(&container.name), role: container.role, bar }
    })
    .collect()
}

/// When the last container of a Pod ended that is known: a sidecar may outlive the work.
pub(crate) fn end(pod: &TimelinePod) -> Option<Timestamp> {
    let runs = pod.life.containers.iter().flat_map(|container| &container.runs);
    runs.filter_map(|run| run.end).map(|end| end.at).max()
}

/// The pull and the runs of a container. What nobody saw end is shown by its begin.
fn phases(container: &ContainerLife) -> Vec<Phase> {
    let phase =
        |kind, start, end| Phase { kind, start, end, source: Source::Event, container: None, reason: None };
    let mut phases = Vec::with_capacity(container.runs.len() * 2 + 1);
    if let Some(pull) = container.pull.filter(|pull| !pull.cached)
        && let (Some(start), Some(end)) = (pull.start, pull.end)
    {
        phases.push(phase(PhaseKind::Pulling, start, Some(end)));
    }
    let kind =
        if container.role == ContainerRole::Init { PhaseKind::Initializing } else { PhaseKind::Running };
    let mut ended: Option<Timestamp> = None;
    for run in &container.runs {
        let Some(start) = run.start.map(|start| start.at) else { continue };
        if let Some(ended) = ended.filter(|ended| *ended < start) {
            phases.push(phase(PhaseKind::BackOff, ended, Some(start)));
        }
        ended = run.end.map(|end| end.at);
        let end = if run.ended { Some(ended.unwrap_or(start)) } else { None };
        phases.push(phase(kind, start, end));
    }
    phases
}
