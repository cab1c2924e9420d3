//! One bar for each container of a Pod: the pull and the runs of the container, and the waits between the runs.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::lifecycle::{ContainerLife, ContainerRole, InstantError, Phase, PhaseKind, Source};
use crate::timeline::TimelinePod;
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::Bar;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::CellMark;
use crate::view::primitives::frame::Line;
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;
use crate::view::view_context::ViewContext;

/// The bar of one container.
pub(crate) struct Lane<'a> {
    /// The name of the container, escaped for a terminal.
    pub(crate) name: Cow<'a, str>,
    /// The role of the container in its Pod.
    pub(crate) role: ContainerRole,
    bar: Bar,
}

impl Lane<'_> {
    /// Adds the bar to a line, and the marks of the bar to the legend.
    pub(crate) fn push_to(&self, line: &mut Line, glyphs: &Glyphs, legend: &mut LegendEntries) {
        self.bar.push_to(line, glyphs, legend);
    }
}

/// The number of lanes of a Pod. A Pod with one container has no lanes, because the bar of the Pod shows that
/// container. Ephemeral containers have no lanes.
pub(crate) fn count_lanes(pod: &TimelinePod) -> usize {
    let own =
        pod.life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral).count();
    if own > 1 { own } else { 0 }
}

/// The lanes of a Pod. `zero` is the zero of the Pod on the axis, in milliseconds since 1970.
pub(crate) fn container_lanes<'a>(
    context: &ViewContext<'_>,
    pod: &'a TimelinePod,
    axis: &Axis,
    zero: i64,
) -> Vec<Lane<'a>> {
    if count_lanes(pod) == 0 {
        return Vec::new();
    }
    let own = pod.life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
    own.map(|container| {
        let mut phases = container_phases(container);
        if let Some(ready) = pod.life.unready_until().filter(|_| container.role == ContainerRole::Main) {
            phases = phases.into_iter().flat_map(|phase| split_at_ready(phase, ready)).collect();
        }
        phases.extend(last_back_off(pod, container));
        // While the kubelet stops a sidecar, the sidecar still runs.
        let is_pod_open = !pod.life.outcome.has_ended() || pod.life.stopping_sidecar.is_some();
        let is_open = is_pod_open && phases.last().is_some_and(|(phase, _)| phase.end.is_none());
        let bar = Bar::from_phases(&phases, axis, zero, context.now, is_open);
        Lane { name: text::clean(&container.name), role: container.role, bar }
    })
    .collect()
}

/// The latest known end of a container of the Pod. A sidecar may outlive the work.
pub(crate) fn last_known_end(pod: &TimelinePod) -> Option<Timestamp> {
    let runs = pod.life.containers.iter().flat_map(|container| &container.runs);
    runs.filter_map(|run| run.end).map(|end| end.at).max()
}

/// Divides a run of a main container at the first Ready. `ready` is the end of time for a Pod that was never Ready.
fn split_at_ready(
    (phase, mark): (Phase, CellMark),
    ready: Timestamp,
) -> impl Iterator<Item = (Phase, CellMark)> {
    let is_unready = phase.kind == PhaseKind::Running && phase.start < ready;
    let ends_before = ready == Timestamp::MAX || phase.end.is_some_and(|end| end <= ready);
    let end = if ends_before { phase.end } else { Some(ready) };
    let work = CellMark::Phase(PhaseKind::Running);
    let unready_mark = if mark == work { CellMark::Phase(PhaseKind::Unready) } else { mark };
    let unready =
        is_unready.then(|| (Phase { kind: PhaseKind::Unready, end, ..phase.clone() }, unready_mark));
    let start = if is_unready { ready } else { phase.start };
    let rest = (!is_unready || !ends_before).then_some((Phase { start, ..phase }, mark));
    unready.into_iter().chain(rest)
}

/// The back-off of the Pod after the last run of this container. The waits between runs follow from the runs.
fn last_back_off(pod: &TimelinePod, container: &ContainerLife) -> Option<(Phase, CellMark)> {
    let last_start = container.runs.last()?.start?.at;
    let is_own = |phase: &&Phase| {
        phase.kind == PhaseKind::BackOff && phase.container.as_ref() == Some(&container.name)
    };
    let last = pod.life.phases.iter().rev().find(is_own)?;
    (last.start > last_start).then(|| (last.clone(), CellMark::Phase(PhaseKind::BackOff)))
}

/// The pull and the runs of a container, with the waits between runs. After a run whose end was not seen, and between
/// runs that were not seen, the state is unknown.
fn container_phases(container: &ContainerLife) -> Vec<(Phase, CellMark)> {
    let phase = |kind, start, end| {
        let (start_error, end_error) = (InstantError::NONE, InstantError::NONE);
        let (container, reason, source) = (None, None, Source::Event);
        let phase = Phase { kind, start, end, start_error, end_error, source, container, reason };
        (phase, CellMark::Phase(kind))
    };
    let mut phases = Vec::with_capacity(container.runs.len() * 2 + 1);
    if let Some(pull) = container.pull.filter(|pull| !pull.cached)
        && let (Some(start), Some(end)) = (pull.start, pull.end)
    {
        phases.push(phase(PhaseKind::Pulling, start, Some(end)));
    }
    let kind =
        if container.role == ContainerRole::Init { PhaseKind::Initializing } else { PhaseKind::Running };
    for (index, run) in container.runs.iter().enumerate() {
        let Some(start) = run.start.map(|start| start.at) else { continue };
        let later = container.runs.get(index + 1..).unwrap_or_default();
        let next_start = later.iter().find_map(|later| later.start).map(|next| next.at);
        let skips_runs = later.first().is_some_and(|next| next.ordinal > run.ordinal.saturating_add(1));
        match (run.end.map(|end| end.at), next_start) {
            (Some(end), next) => {
                let (own, mark) = phase(kind, start, Some(end));
                let is_failed_work = kind == PhaseKind::Running && run.has_failed();
                phases.push((own, if is_failed_work { CellMark::FailedWork } else { mark }));
                let gap = if skips_runs { PhaseKind::Unknown } else { PhaseKind::BackOff };
                if let Some(next) = next.filter(|next| *next > end) {
                    phases.push(phase(gap, end, Some(next)));
                }
            }
            (None, Some(next)) if run.ended => phases.push(phase(PhaseKind::Unknown, start, Some(next))),
            (None, _) => phases.push(phase(kind, start, run.ended.then_some(start))),
        }
    }
    phases
}
