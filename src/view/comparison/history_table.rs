//! The tables of `history`: one row for each run of a work, with bars of slot time on a common scale.

use crate::timeline::comparison::{WorkHistory, WorkloadRun};
use crate::timeline::{SlotTime, WorkloadState};
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::{format_duration, format_elapsed_millis};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text::{CONTINUATION_INDENT, clean, wrap};
use crate::view::rows::headings::state_style;
use crate::view::rows::slot_time::bar_column::{bar_cell, fill_bars};
use crate::view::rows::slot_time::losses::{LargestLoss, largest_loss};
use crate::view::rows::slot_time::slot_bar::{SlotBarLegend, slot_time_bar};
use crate::view::rows::state_mark::state_mark;
use crate::view::runs::start_text::{START_COLUMN, format_start as format_created};

/// The minimum and the maximum width of the bar, in columns of the terminal.
const BAR_COLUMNS: (usize, usize) = (9, 40);

/// The mark of the run that stands out.
const STANDS_OUT: &str = "!";

/// The tables, with the lines that show runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct HistoryPicture {
    pub(crate) lines: Vec<Line>,
    /// The index of the line of each run, in the order of the works and their runs.
    pub(crate) run_lines: Vec<usize>,
}

/// Draws a block for each work, in at most `columns` columns.
pub(crate) fn draw_history(works: &[WorkHistory], glyphs: &Glyphs, columns: usize) -> Frame {
    Frame { lines: draw_history_picture(works, glyphs, columns).lines }
}

/// Draws the tables like [`draw_history`].
pub(crate) fn draw_history_picture(works: &[WorkHistory], glyphs: &Glyphs, columns: usize) -> HistoryPicture {
    let (mut lines, mut run_lines): (Vec<Line>, Vec<usize>) = (Vec::new(), Vec::new());
    // One scale for all blocks, so that works can be compared too.
    let longest = works.iter().flat_map(|work| &work.runs).map(|run| run.summary.slots.total).max();
    let mut legend = SlotBarLegend::default();
    for work in works {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(draw_heading(work));
        // The names of the columns come before the runs.
        let first = lines.len() + 1;
        run_lines.extend(first..first + work.runs.len());
        lines.extend(draw_runs(work, longest.unwrap_or(0), glyphs, columns, &mut legend));
        lines.extend(draw_conclusions(work, columns));
    }
    lines.push(legend.write(glyphs, columns));
    let lines = lines.into_iter().map(|line| line.shorten_end(columns, glyphs.ellipsis)).collect();
    HistoryPicture { lines, run_lines }
}

/// `job/pi in default: 12 runs`.
fn draw_heading(work: &WorkHistory) -> Line {
    let mut line = Line::new(clean(&work.work.describe()).into_owned(), Style::Strong);
    let noun = if work.runs.len() == 1 { "run" } else { "runs" };
    let namespace = clean(&work.work.namespace);
    line.push(format!(" in {namespace}: {} {noun}", work.runs.len()), Style::Dim);
    line
}

fn draw_runs(
    work: &WorkHistory,
    longest: i64,
    glyphs: &Glyphs,
    columns: usize,
    legend: &mut SlotBarLegend,
) -> Vec<Line> {
    let (min_bar, max_bar) = BAR_COLUMNS;
    // The runs of a CronJob have names of their own.
    let has_names = work.runs.iter().any(|run| run.name != work.work.name);
    let table = Columns::new(vec![
        Column::left(START_COLUMN).droppable(3),
        Column::left(if has_names { "RUN" } else { "" }).shrinking(Shrink::Middle(8)).droppable(6),
        Column::left("OUTCOME"),
        Column::right("WALL"),
        Column::left("TRIES").droppable(4),
        Column::left("SLOT TIME").shrinking(Shrink::End(min_bar)).droppable(2),
        Column::right("COLD P50").droppable(5),
        Column::right("P95").droppable(5),
        Column::left("LARGEST LOSS").droppable(7),
        Column::left(""),
    ]);
    let rows = work.runs.iter().enumerate().map(|(index, run)| {
        let name = if has_names { clean(&run.name).into_owned() } else { String::new() };
        let cells = vec![
            TableCell::new(format_start(run, glyphs), Style::Text),
            TableCell::new(name, Style::Text),
            TableCell::new(describe_outcome(run, glyphs), state_style(run.state)),
            TableCell::new(format_wall(run, glyphs), Style::Text),
            TableCell::new(describe_tries(run), if run.failed > 0 { Style::Failure } else { Style::Text }),
            bar_cell(max_bar),
            TableCell::new(percentile(run, 50, glyphs), Style::Text),
            TableCell::new(percentile(run, 95, glyphs), Style::Text),
            TableCell::new(describe_loss(run, glyphs), Style::Text),
            TableCell::new(if work.stands_out == Some(index) { STANDS_OUT } else { "" }, Style::Warning),
        ];
        TableRow { pod: None, cells }
    });
    let mut lines = table.draw(rows.collect(), columns, glyphs.ellipsis);
    fill_bars(&mut lines[1..], |index, width| {
        work.runs.get(index).map_or_else(Line::default, |run| {
            draw_scaled_bar(&run.summary.slots, run.summary.lost_work.total(), longest, glyphs, width, legend)
        })
    });
    lines
}

/// A bar whose length is in proportion to the slot time. The longest slot time fills the `width`.
fn draw_scaled_bar(
    slots: &SlotTime,
    lost_work: i64,
    longest: i64,
    glyphs: &Glyphs,
    width: usize,
    legend: &mut SlotBarLegend,
) -> Line {
    let full = i64::try_from(width).unwrap_or(0);
    let scaled = (slots.total.saturating_mul(full) + longest / 2).checked_div(longest).unwrap_or(0);
    let has_time = usize::from(slots.total > 0);
    let cells = usize::try_from(scaled).unwrap_or(0).clamp(has_time, width.max(has_time));
    legend.add(slots, lost_work, cells);
    let mut bar = slot_time_bar(slots, lost_work, glyphs, cells);
    bar.push(" ".repeat(width.saturating_sub(cells)), Style::Text);
    bar
}

fn format_start(run: &WorkloadRun, glyphs: &Glyphs) -> String {
    run.created.map_or_else(|| glyphs.none.to_owned(), format_created)
}

/// `✓ Succeeded`. A run of which only a part is known has a tilde: `✓ ~Succeeded`.
fn describe_outcome(run: &WorkloadRun, glyphs: &Glyphs) -> String {
    let tilde = if run.is_partial() { "~" } else { "" };
    format!("{} {tilde}{}", state_mark(run.state, glyphs), run.state.name())
}

fn format_wall(run: &WorkloadRun, glyphs: &Glyphs) -> String {
    run.created.map_or_else(|| glyphs.none.to_owned(), |_| format_elapsed_millis(run.wall_millis()))
}

/// `21`, `21 (1 failed)`.
pub(crate) fn describe_tries(run: &WorkloadRun) -> String {
    match run.failed {
        0 => run.summary.pods.to_string(),
        failed => format!("{} ({failed} failed)", run.summary.pods),
    }
}

fn percentile(run: &WorkloadRun, percent: u8, glyphs: &Glyphs) -> String {
    let percentiles = &run.summary.cold_start_percentiles;
    let value = if percent == 50 { percentiles.p50 } else { percentiles.p95 };
    value.map_or_else(|| glyphs.none.to_owned(), |value| format_duration(value.estimate_millis))
}

fn describe_loss(run: &WorkloadRun, glyphs: &Glyphs) -> String {
    let loss = largest_loss(&run.summary.slots, run.summary.lost_work.total());
    loss.and_then(LargestLoss::describe).unwrap_or_else(|| glyphs.none.to_owned())
}

/// The trend, and what the marks of the rows mean.
fn draw_conclusions(work: &WorkHistory, columns: usize) -> Vec<Line> {
    let mut texts: Vec<(String, Style)> = Vec::new();
    if let Some(trend) = &work.trend {
        texts.push((trend.text.clone(), Style::Text));
    }
    if let Some(run) = work.stands_out.and_then(|index| work.runs.get(index)) {
        let text = format!(
            "{STANDS_OUT} stands out: its Pods differ from those of every other run ({})",
            clean(run.source.name())
        );
        texts.push((text, Style::Warning));
    }
    let mut partial = work.runs.iter().filter(|run| run.is_partial()).peekable();
    if let Some(first) = partial.peek() {
        let why = first.partial.clone().unwrap_or_default();
        let count = partial.count();
        let text = if count == 1 {
            format!("~ known only in part: {why}")
        } else {
            format!("~ {count} runs are known only in part; of the first, {why}")
        };
        texts.push((text, Style::Dim));
    }
    let failed = work.runs.iter().filter(|run| run.state == WorkloadState::Failed).count();
    if failed > 0 && work.trend.is_some() {
        texts.push(("failed runs are not part of the trend".to_owned(), Style::Dim));
    }
    let room = columns.saturating_sub(CONTINUATION_INDENT.len());
    let mut lines = Vec::new();
    for (text, style) in texts {
        for (index, part) in wrap(&text, room).into_iter().enumerate() {
            lines.push(Line::new(
                format!("{}{part}", if index == 0 { "" } else { CONTINUATION_INDENT }),
                style,
            ));
        }
    }
    lines
}
