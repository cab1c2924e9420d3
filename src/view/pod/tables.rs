//! The tables on a Pod's page.

use jiff::SignedDuration;

use crate::lifecycle::{
    ContainerLife, ContainerRun, InstantError, Phase, Pull, RangedDuration, Readiness, Uncertainty,
};
use crate::view::chart::mark::CellMark;
use crate::view::pod::extras::{ConditionRow, PodEvent, PodExtras};
use crate::view::pod::page::PodPage;
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::{format_elapsed, format_exact, format_ranged};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::explain;

/// The time of an event is shown in whole seconds, because repeated events have no finer time.
const EVENT_WIDTH: u32 = 1000;

impl PodPage<'_> {
    /// Adds all tables that have rows.
    pub(crate) fn push_tables(&self, extras: &PodExtras, lines: &mut Vec<Line>) {
        if self.zero().is_some() {
            self.push_table(phase_columns(), self.phase_rows(), lines);
        }
        let containers = &self.pod.life.containers;
        if !containers.is_empty() {
            self.push_table(container_columns(), self.container_rows(containers), lines);
            self.push_table(image_columns(), self.image_rows(containers), lines);
        }
        self.push_table(instant_columns(), self.instant_rows(), lines);
        if !extras.conditions.is_empty() {
            self.push_table(condition_columns(), self.condition_rows(&extras.conditions), lines);
        }
        if !extras.events.is_empty() {
            self.push_table(self.event_columns(), self.event_rows(&extras.events), lines);
        }
    }

    /// Adds an empty line and a table.
    fn push_table(&self, columns: Vec<Column>, rows: Vec<Vec<TableCell>>, lines: &mut Vec<Line>) {
        let rows = rows.into_iter().map(|cells| TableRow { pod: None, cells }).collect();
        lines.push(Line::default());
        lines.extend(Columns::new(columns).draw(rows, self.columns, self.context.glyphs.ellipsis));
    }

    /// The cell of a value that does not exist.
    fn no_value(&self) -> TableCell {
        TableCell::new(self.context.glyphs.none, Style::Dim)
    }

    /// A row for each phase: name, start, duration, evidence, container and reason.
    fn phase_rows(&self) -> Vec<Vec<TableCell>> {
        let zero = self.zero().unwrap_or(0);
        let phases = self.pod.life.phases.iter().enumerate().map(|(index, phase)| {
            let start = phase.start.as_millisecond().saturating_sub(zero);
            let mark = CellMark::from_phase(&self.pod.life, index);
            let glyph = mark.glyph(self.context.glyphs);
            vec![
                TableCell::new(format!("{glyph} {}", phase.kind.name()), mark.style()),
                TableCell::new(offset(start, phase.start_error), Style::Text),
                self.phase_duration(phase),
                TableCell::new(phase.source.name(), Style::Dim),
                optional_text(phase.container.as_deref(), Style::Text),
                optional_text(phase.reason.as_deref(), Style::Warning),
            ]
        });
        phases.collect()
    }

    fn phase_duration(&self, phase: &Phase) -> TableCell {
        let duration = phase.duration(self.context.now);
        match phase.end {
            Some(_) => {
                let length = phase.ranged_duration().map(format_ranged).unwrap_or_default();
                TableCell::new(length, Style::Text)
            }
            None if self.pod.life.end_unknown || self.pod.life.outcome.has_ended() => unknown_value(),
            None => TableCell::new(format_elapsed(duration), Style::Now),
        }
    }

    /// A row for each run of each container, latest first. Only the row of the latest run names the container.
    fn container_rows(&self, containers: &[ContainerLife]) -> Vec<Vec<TableCell>> {
        let mut rows = Vec::new();
        for container in containers {
            let latest = container.runs.last();
            let restarts = container.restarts;
            let restarts_style = if restarts > 0 { Style::Warning } else { Style::Text };
            let (state, run) = (self.container_state(container), self.run_cells(latest));
            rows.push(container_row(
                TableCell::new(text::clean(&container.name), Style::Strong),
                TableCell::new(container.role.name(), Style::Dim),
                state,
                run,
                TableCell::new(restarts.to_string(), restarts_style),
            ));
            let blank = || TableCell::new("", Style::Text);
            for run in container.runs.iter().rev().skip(1) {
                let cells = self.run_cells(Some(run));
                rows.push(container_row(blank(), blank(), run_state(run), cells, blank()));
            }
            if container.runs_not_seen > 0 {
                let state = TableCell::new(runs_not_seen(container.runs_not_seen), Style::Dim);
                let run = [blank(), blank(), blank()];
                rows.push(container_row(blank(), blank(), state, run, blank()));
            }
        }
        rows
    }

    /// The current state of a container: the reason for its wait, or the state of its latest run.
    fn container_state(&self, container: &ContainerLife) -> TableCell {
        let latest = container.runs.last();
        match (container.waiting.as_deref(), latest) {
            (Some(reason), _) => {
                let failed_before = latest.is_some_and(|run| run.ended && run.exit_code != Some(0));
                TableCell::new(
                    text::clean(reason),
                    if failed_before { Style::BackOff } else { Style::Warning },
                )
            }
            (None, Some(run)) => run_state(run),
            (None, None) => self.no_value(),
        }
    }

    /// Exit code, start and duration of a run.
    fn run_cells(&self, run: Option<&ContainerRun>) -> [TableCell; 3] {
        let none = self.context.glyphs.none;
        let Some(run) = run else {
            return [TableCell::new(none, Style::Text), TableCell::new(none, Style::Text), self.no_value()];
        };
        let code_style =
            if run.exit_code.is_some_and(|code| code != 0) { Style::Failure } else { Style::Text };
        let code = run.exit_code.map_or(none.to_owned(), |code| code.to_string());
        let start = self
            .zero()
            .zip(run.start)
            .map(|(zero, start)| offset(start.at.as_millisecond().saturating_sub(zero), start.error()));
        let duration = match (run.start, run.end) {
            (Some(start), Some(end)) => {
                TableCell::new(format_ranged(RangedDuration::between(&start, &end)), Style::Text)
            }
            (Some(start), None) if !run.ended => {
                TableCell::new(format_elapsed(self.context.now.duration_since(start.at)), Style::Now)
            }
            (Some(_), None) | (None, _) => unknown_value(),
        };
        [
            TableCell::new(code, code_style),
            TableCell::new(start.unwrap_or_else(|| "?".into()), Style::Text),
            duration,
        ]
    }

    /// A row for each container: the image, the name of the container, and the pull of the image.
    fn image_rows(&self, containers: &[ContainerLife]) -> Vec<Vec<TableCell>> {
        let images = containers.iter().map(|container| {
            let mut cells = vec![
                TableCell::new(text::clean(&container.image), Style::Text),
                TableCell::new(text::clean(&container.name), Style::Dim),
            ];
            cells.extend(match container.pull {
                Some(pull) => self.pull_cells(pull),
                None => [self.no_value(), self.no_value(), self.no_value(), self.no_value()],
            });
            cells
        });
        images.collect()
    }

    /// The duration of the pull, the time in the node's queue, the size, and the bytes per second. Tenths of a second
    /// are shown, because the Pulled event reports both times to the millisecond.
    fn pull_cells(&self, pull: Pull) -> [TableCell; 4] {
        if pull.cached {
            let cached = TableCell::new("cached", Style::Success);
            return [cached, self.no_value(), self.no_value(), self.no_value()];
        }
        let value = |text: String| TableCell::new(text, Style::Text);
        let time = pull.start.map(|start| pull.end.unwrap_or(self.context.now).duration_since(start));
        let rate = pull.bytes.zip(time).filter(|(_, time)| pull.end.is_some() && time.as_millis() > 0);
        [
            match time {
                Some(time) if pull.end.is_some() => value(format_exact(time)),
                Some(time) => TableCell::new(format_elapsed(time), Style::Now),
                None => unknown_value(),
            },
            pull.wait.map_or_else(|| self.no_value(), |wait| value(format_exact(wait))),
            pull.bytes.map_or_else(|| self.no_value(), |bytes| value(format_bytes(bytes))),
            rate.map_or_else(
                || self.no_value(),
                |(bytes, time)| value(format!("{}/s", format_bytes(bytes_per_second(bytes, time)))),
            ),
        ]
    }

    /// A row for each instant: name, time and evidence. The evidence includes the precision.
    fn instant_rows(&self) -> Vec<Vec<TableCell>> {
        let life = &self.pod.life;
        let named = life.instants.named().into_iter();
        // Only a Pod with probes has a first Ready.
        let shown = named.filter(|(name, _)| *name != "ready" || life.readiness != Readiness::NotProbed);
        let instants = shown.map(|(name, instant)| {
            let (time, evidence) = match instant {
                Some(instant) => {
                    (explain::format_instant(self.context, instant), explain::describe_evidence(instant))
                }
                None if name == "ready" && life.readiness == Readiness::Lost => {
                    (self.context.glyphs.none.to_owned(), explain::LOST_READY.to_owned())
                }
                None => (self.context.glyphs.none.to_owned(), String::new()),
            };
            vec![
                TableCell::new(name, Style::Text),
                TableCell::new(time, Style::Text),
                TableCell::new(evidence, Style::Dim),
            ]
        });
        instants.collect()
    }

    /// A row for each condition, in the order of the status.
    fn condition_rows(&self, conditions: &[ConditionRow]) -> Vec<Vec<TableCell>> {
        let rows = conditions.iter().map(|condition| {
            let since = condition.since.map(|since| explain::format_clock_time(self.context, since, false));
            vec![
                TableCell::new(text::clean(&condition.name), Style::Text),
                TableCell::new(text::clean(&condition.status), Style::Text),
                TableCell::new(since.unwrap_or_else(|| self.context.glyphs.none.to_owned()), Style::Text),
                TableCell::new(text::clean(&condition.reason), Style::Dim),
            ]
        });
        rows.collect()
    }

    /// Messages are shown in full, because no other column shows their content. On a narrow screen, the messages keep
    /// almost half of the width.
    fn event_columns(&self) -> Vec<Column> {
        vec![
            Column::right("EVENT"),
            Column::left("REASON").shrinking(Shrink::End(12)),
            Column::right("COUNT").droppable(1),
            Column::left("MESSAGE").shrinking(Shrink::Wrap((self.columns / 2).saturating_sub(3))),
        ]
    }

    fn event_rows(&self, events: &[PodEvent]) -> Vec<Vec<TableCell>> {
        let rows = events.iter().map(|event| {
            let at = self.zero().zip(event.at);
            let since = at.map_or("?".into(), |(zero, at)| {
                offset(at.as_millisecond().saturating_sub(zero), InstantError::in_middle_of(EVENT_WIDTH))
            });
            let style = if event.warning { Style::Warning } else { Style::Text };
            vec![
                TableCell::new(since, Style::Dim),
                TableCell::new(text::clean(&event.reason), style),
                TableCell::new(event.count.max(1).to_string(), Style::Dim),
                TableCell::new(text::clean(&event.message), style),
            ]
        });
        rows.collect()
    }
}

fn phase_columns() -> Vec<Column> {
    vec![
        Column::left("PHASE"),
        Column::right("START"),
        Column::right("TIME"),
        Column::left("EVIDENCE").droppable(1),
        Column::left("CONTAINER").shrinking(Shrink::Middle(9)).droppable(2),
        Column::left("REASON").shrinking(Shrink::End(9)),
    ]
}

fn container_columns() -> Vec<Column> {
    vec![
        Column::left("CONTAINER").shrinking(Shrink::Middle(9)),
        Column::left("ROLE").droppable(2),
        Column::left("STATE").shrinking(Shrink::End(9)),
        Column::right("EXIT"),
        Column::right("STARTED").droppable(1),
        Column::right("RUN"),
        Column::right("RESTARTS").droppable(3),
    ]
}

fn container_row(
    name: TableCell,
    role: TableCell,
    state: TableCell,
    [exit_code, started, duration]: [TableCell; 3],
    restarts: TableCell,
) -> Vec<TableCell> {
    vec![name, role, state, exit_code, started, duration, restarts]
}

fn image_columns() -> Vec<Column> {
    vec![
        Column::left("IMAGE").shrinking(Shrink::Middle(12)),
        Column::left("CONTAINER").shrinking(Shrink::Middle(9)).droppable(4),
        Column::right("PULL"),
        Column::right("WAITED").droppable(2),
        Column::right("SIZE").droppable(1),
        Column::right("RATE").droppable(3),
    ]
}

fn instant_columns() -> Vec<Column> {
    vec![Column::left("INSTANT"), Column::left("TIME"), Column::left("EVIDENCE").shrinking(Shrink::End(6))]
}

fn condition_columns() -> Vec<Column> {
    vec![
        Column::left("CONDITION"),
        Column::left("STATUS"),
        Column::left("SINCE"),
        Column::left("REASON").shrinking(Shrink::End(6)),
    ]
}

/// The cell of a value that exists but is not known.
fn unknown_value() -> TableCell {
    TableCell::new("?", Style::Warning)
}

fn optional_text(text: Option<&str>, style: Style) -> TableCell {
    TableCell::new(text.map(text::clean).unwrap_or_default(), style)
}

/// The state of a run: `running`, or the reason why the run ended.
fn run_state(run: &ContainerRun) -> TableCell {
    if !run.ended {
        return TableCell::new("running", Style::Work);
    }
    let reason = run.reason.as_deref().map_or("ended".into(), text::clean);
    let signal = run.signal().map(|signal| format!(" (signal {signal})")).unwrap_or_default();
    let style = if run.exit_code == Some(0) { Style::Success } else { Style::Failure };
    TableCell::new(format!("{reason}{signal}"), style)
}

/// Writes the number of runs that the program did not see: `3 runs not seen`.
fn runs_not_seen(runs: u32) -> String {
    format!("{runs} run{} not seen", if runs == 1 { "" } else { "s" })
}

/// Writes a time relative to the start of the Pod's axis: `+5.9s`.
fn offset(millis: i64, error: InstantError) -> String {
    let mut uncertainty = Uncertainty::default();
    if millis < 0 {
        uncertainty.add_start(error);
    } else {
        uncertainty.add_end(error);
    }
    let distance = format_ranged(RangedDuration::new(millis.saturating_abs(), uncertainty));
    match millis {
        0 => "0s".into(),
        1.. => format!("+{distance}"),
        _ => format!("-{distance}"),
    }
}

/// Writes a size in decimal units, as registries do: `35 MB`.
fn format_bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..10_000_000_000 => format!("{} MB", (bytes + 500_000) / 1_000_000),
        _ => format!("{} GB", (bytes + 500_000_000) / 1_000_000_000),
    }
}

fn bytes_per_second(bytes: u64, time: SignedDuration) -> u64 {
    let millis = u128::try_from(time.as_millis()).unwrap_or(1).max(1);
    u64::try_from(u128::from(bytes) * 1000 / millis).unwrap_or(u64::MAX)
}
