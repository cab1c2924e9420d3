//! Draws the overview: a row for each workload.

use crate::timeline::{Workload, WorkloadState};
use crate::view::picture::{Picture, WorkloadRow};
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::{format_duration, format_elapsed_millis};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::headings::{describe_state, state_style};
use crate::view::rows::scrolling::visible_rows;
use crate::view::rows::slot_time::bar_column::{bar_cell, bar_start, fill_bars};
use crate::view::rows::slot_time::losses::{LargestLoss, largest_loss};
use crate::view::rows::slot_time::slot_bar::{SlotBarLegend, slot_time_bar};
use crate::view::rows::state_mark::state_mark;
use crate::view::rows::time_left_text::format_about;
use crate::view::runs::conclusions::RunConclusions;
use crate::view::runs::fold::{FoldedRows, fold_rows};
use crate::view::runs::rows::{RunFacts, RunRow, list_rows, needs_namespaces};
use crate::view::runs::start_text::{START_COLUMN, format_start};
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// The minimum and the maximum width of the bar, in columns of the terminal.
const BAR_COLUMNS: (usize, usize) = (9, 60);

/// A name is never shortened below this width, except on a screen that is too narrow for all columns.
const MIN_NAME_COLUMNS: usize = 20;

/// With fewer lines, the overview has no legend.
const MIN_ROWS_FOR_LEGEND: usize = 8;

/// With fewer lines, the overview has no verdict.
const MIN_ROWS_FOR_VERDICT: usize = 4;

/// Draws a row for each workload: its state, how much is done, the bar of its slot time, the largest loss, and the
/// wall time. The verdict about all workloads follows, and findings if lines are left. Rows without room are summed
/// up by state, or scroll if the user unfolded the rows.
pub(crate) fn draw_runs(context: &ViewContext<'_>, size: Size) -> Picture {
    let rows = list_rows(context, context.state.recent_only);
    let mut picture = Picture { cells_per_line: 1, found: rows.len(), ..Picture::default() };
    let older = older_workloads_line(context, rows.len());
    let has_legend = size.rows.is_none_or(|lines| lines >= MIN_ROWS_FOR_LEGEND);
    let conclusions = RunConclusions::new(context, &rows, size.columns);
    let has_verdict = size.rows.is_none_or(|lines| lines >= MIN_ROWS_FOR_VERDICT);
    let verdict = if has_verdict { conclusions.verdict(size.rows) } else { Vec::new() };
    // The heading, the legend, the verdict and the count of older workloads need lines of their own.
    let around_rows = 1 + usize::from(has_legend) + verdict.len() + usize::from(older.is_some());
    let room = size.rows.map(|lines| lines.saturating_sub(around_rows));
    let selected =
        rows.iter().position(|row| context.window.selected_workload.as_ref() == Some(&row.workload.uid));
    let mut around = None;
    let folded = match room {
        None => FoldedRows { shown: rows.clone(), hidden: Vec::new() },
        Some(room) if context.window.unfolded && rows.len() > room => {
            let shown = visible_rows(context.window.first, selected, rows.len(), room.saturating_sub(1));
            picture.first_row = shown.start;
            around = Some((shown.start, rows.len() - shown.end));
            FoldedRows { shown: rows[shown].to_vec(), hidden: Vec::new() }
        }
        Some(room) => fold_rows(&rows, room, selected),
    };
    picture.folded = rows.len() - folded.shown.len();
    let mut table = RunTable::new(context, &rows, size.columns);
    for row in &folded.shown {
        table.add_workload(*row);
    }
    for (state, rows) in &folded.hidden {
        table.add_folded(*state, rows);
    }
    let DrawnTable { mut lines, legend, bar_column } = table.draw(size.columns);
    let uids = folded.shown.iter().map(|row| row.workload.uid.clone()).enumerate();
    // The first line holds the names of the columns.
    let headings = usize::from(!context.state.omits_headings);
    // Without columns the table has no lines.
    lines.drain(..usize::from(context.state.omits_headings).min(lines.len()));
    picture.workloads = uids
        .map(|(index, uid)| WorkloadRow { line: index.saturating_add(headings), uid, bar_column })
        .collect();
    if let Some((above, below)) = around {
        lines.push(Line::new(format!("+ {above} above, {below} below"), Style::Dim));
    }
    lines.extend(Some(legend).filter(|_| has_legend));
    lines.extend(verdict);
    if has_legend {
        let free = size
            .rows
            .map_or(usize::MAX, |rows| rows.saturating_sub(lines.len() + usize::from(older.is_some())));
        lines.extend(conclusions.findings(free));
    }
    lines.extend(older);
    if let Some(rows) = size.rows {
        lines.truncate(rows);
    }
    picture.frame.lines = lines;
    picture
}

/// The line that counts the workloads that are not recent. `None` if all workloads are recent.
fn older_workloads_line(context: &ViewContext<'_>, recent: usize) -> Option<Line> {
    if !context.state.recent_only {
        return None;
    }
    let older = list_rows(context, false).len().saturating_sub(recent);
    let noun = if older == 1 { "workload" } else { "workloads" };
    let verb = if older == 1 { "has" } else { "have" };
    let separator = context.glyphs.separator;
    let text =
        format!("+ {older} {noun} that {verb} not run within the last hour{separator}kubectl seq get all");
    (older > 0).then(|| Line::new(text, Style::Dim))
}

/// The drawn table.
struct DrawnTable {
    /// The names of the columns, then the rows.
    lines: Vec<Line>,
    /// The legend of the bars.
    legend: Line,
    /// The column at which the bars begin.
    bar_column: usize,
}

/// The table of the overview.
struct RunTable<'a> {
    context: ViewContext<'a>,
    has_namespaces: bool,
    /// The maximum width of the first column, in columns of the terminal.
    max_name: usize,
    rows: Vec<(Vec<TableCell>, RunFacts)>,
}

impl<'a> RunTable<'a> {
    fn new(context: &ViewContext<'a>, rows: &[RunRow<'_>], columns: usize) -> Self {
        let has_namespaces = needs_namespaces(context, rows);
        // A long name must leave room for the bar.
        let max_name = (columns / 4).max(MIN_NAME_COLUMNS);
        Self { context: *context, has_namespaces, max_name, rows: Vec::new() }
    }

    /// Adds the row of a workload.
    fn add_workload(&mut self, row: RunRow<'_>) {
        let facts = RunFacts::collect(&self.context, row.workload);
        let Workload { kind, name, .. } = row.workload;
        let name = format!("{}{}/{}", "  ".repeat(row.depth), kind.to_lowercase(), text::clean(name));
        let name = text::shorten_middle(&name, self.max_name, self.context.glyphs.ellipsis);
        let namespace = text::clean(&row.workload.namespace).into_owned();
        let words = describe_state(self.context.timeline, row.workload);
        self.add_row(&name, namespace, row.workload.state, words, &facts);
    }

    /// Adds the row that sums up workloads of one state: `+ 412 more`.
    fn add_folded(&mut self, state: WorkloadState, rows: &[RunRow<'_>]) {
        let mut sum = RunFacts::default();
        for row in rows {
            sum.add(&RunFacts::collect(&self.context, row.workload));
        }
        let words = (state.name(), state_style(state));
        self.add_row(&format!("+ {} more", rows.len()), String::new(), state, words, &sum);
    }

    fn add_row(
        &mut self,
        name: &str,
        namespace: String,
        state: WorkloadState,
        (state_words, state_words_style): (&'static str, Style),
        facts: &RunFacts,
    ) {
        let glyphs = self.context.glyphs;
        let (_, max_bar_columns) = BAR_COLUMNS;
        let is_in_trouble = state == WorkloadState::Failed || facts.is_stuck;
        let mark = state_mark(if facts.is_stuck { WorkloadState::Failed } else { state }, glyphs);
        let name_style = if is_in_trouble { Style::Failure } else { Style::Text };
        let done = match facts.wanted {
            Some(wanted) => format!("{}/{wanted}", facts.done.unwrap_or(0)),
            None => facts.done.map_or_else(|| glyphs.none.to_owned(), |done| done.to_string()),
        };
        let failed = if facts.failed > 0 { facts.failed.to_string() } else { String::new() };
        let loss = largest_loss(&facts.slots, facts.lost_work).and_then(LargestLoss::describe);
        let duration = |millis: Option<i64>| millis.map_or_else(|| glyphs.none.to_owned(), format_duration);
        let wall = facts.wall_millis.map_or_else(|| glyphs.none.to_owned(), format_elapsed_millis);
        let cells = vec![
            TableCell::new(namespace, Style::Text),
            TableCell::new(format!("{mark} {name}"), name_style),
            TableCell::new(state_words, state_words_style),
            TableCell::new(done, Style::Text),
            TableCell::new(failed, Style::Failure),
            bar_cell(max_bar_columns),
            TableCell::new(loss.unwrap_or_else(|| glyphs.none.to_owned()), Style::Text),
            TableCell::new(wall, Style::Text),
            TableCell::new(facts.millis_left.map(format_about).unwrap_or_default(), Style::Text),
            TableCell::new(facts.created.map(format_start).unwrap_or_default(), Style::Text),
            TableCell::new(facts.pods.to_string(), Style::Text),
            TableCell::new(duration(facts.cold_p50), Style::Text),
            TableCell::new(duration(facts.cold_p95), Style::Text),
            TableCell::new(duration(Some(facts.wasted()).filter(|_| facts.slots.total > 0)), Style::Text),
        ];
        self.rows.push((cells, *facts));
    }

    fn draw(self, columns: usize) -> DrawnTable {
        let glyphs = self.context.glyphs;
        let has_failed = self.rows.iter().any(|(_, facts)| facts.failed > 0);
        let has_time_left = self.rows.iter().any(|(_, facts)| facts.millis_left.is_some());
        let has_slots = self.rows.iter().any(|(_, facts)| facts.slots.total > 0);
        // On a wide screen, further columns must leave room for the bar.
        let (min_bar, max_bar) = BAR_COLUMNS;
        let min_bar = if columns < 100 { min_bar } else { (columns / 4).clamp(min_bar, max_bar) };
        // On a narrow screen the bar says more than the whole name.
        let min_name = if columns < 60 { 12 } else { 16 };
        let described = [
            (self.has_namespaces, Column::left("NAMESPACE").shrinking(Shrink::Middle(8)).droppable(2)),
            (true, Column::left("WORKLOAD").shrinking(Shrink::Middle(min_name))),
            (true, Column::left("STATE").droppable(5)),
            (true, Column::right("DONE")),
            (has_failed, Column::right("FAILED").droppable(3)),
            (has_slots, Column::left("SLOT TIME").shrinking(Shrink::End(min_bar)).droppable(1)),
            (true, Column::left("LARGEST LOSS").droppable(4)),
            (true, Column::right("WALL").droppable(1)),
            (has_time_left, Column::right("LEFT").droppable(2)),
            (true, Column::left(START_COLUMN).droppable(9)),
            (true, Column::right("TRIES").droppable(7)),
            (has_slots, Column::right("COLD P50").droppable(8)),
            (has_slots, Column::right("P95").droppable(8)),
            (has_slots, Column::right("WASTED").droppable(6)),
        ];
        let shown: Vec<bool> = described.iter().map(|(is_shown, _)| *is_shown).collect();
        let table = Columns::new(
            described.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, column)| column).collect(),
        );
        let (cells, facts): (Vec<Vec<TableCell>>, Vec<RunFacts>) = self.rows.into_iter().unzip();
        let rows = cells.into_iter().map(|cells| {
            let cells = cells.into_iter().zip(&shown).filter(|(_, is_shown)| **is_shown);
            TableRow { pod: None, cells: cells.map(|(cell, _)| cell).collect() }
        });
        let mut lines = table.draw(rows.collect(), columns, glyphs.ellipsis);
        let bar_column = lines.get(1).map_or(0, bar_start);
        let mut legend = SlotBarLegend::default();
        let rows = lines.get_mut(1..).unwrap_or_default();
        fill_bars(rows, |index, columns| {
            let facts = facts.get(index).copied().unwrap_or_default();
            legend.add(&facts.slots, facts.lost_work, columns);
            slot_time_bar(&facts.slots, facts.lost_work, glyphs, columns)
        });
        DrawnTable { lines, legend: legend.write(glyphs, columns), bar_column }
    }
}
