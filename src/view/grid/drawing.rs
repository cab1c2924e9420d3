//! Draws the grid: a heading and cells for each group, the selected cell, and a legend.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::timeline::{OpenRetry, PodKey};
use crate::view::frame_cache::results::{CellState, Counts, GridCells, PodPace, WorkShare};
use crate::view::grid::packing::Packing;
use crate::view::grid::selected::describe_selected;
use crate::view::picture::{Picture, PodCell};
use crate::view::primitives::duration::format_elapsed;
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, pod_groups};
use crate::view::rows::headings;
use crate::view::rows::retries::open_retries;
use crate::view::rows::slot_time::conclusions::conclusions_below;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// A narrower grid has no labels.
const MIN_COLUMNS_OF_LABELS: usize = 24;

/// In a narrower legend, the shades of the work are not explained.
const MIN_COLUMNS_OF_SHADES: usize = 60;

/// On a lower screen, the description of the selected cell replaces a line of the legend.
const MIN_ROWS_OF_WHOLE_LEGEND: usize = 14;

/// A group with everything that its lines need.
struct GridSection<'a> {
    group: Group<'a>,
    counts: Counts,
    pace: PodPace,
    cells: Rc<GridCells>,
}

impl<'a> GridSection<'a> {
    /// Prepares a group. The heading and the median include all Pods of the group, the cells only those that match the
    /// filter.
    fn prepare(
        context: &ViewContext<'a>,
        mut group: Group<'a>,
        open_retries: &HashMap<PodKey, OpenRetry>,
    ) -> Self {
        let counts = Counts::get_or_compute(context, &group);
        let pace = group.pace(context);
        group.apply_filter(context);
        let key = (group.key(), context.window.filter.clone());
        let compute = || GridCells::from_group(context, &group, &pace, open_retries);
        let cells = context.cache.grid_cells.get_or_compute(context.version(), key, compute);
        Self { group, counts, pace, cells }
    }

    /// Adds the lines of the cells, and the positions of the Pods to `positions`.
    fn push_cells(
        &self,
        context: &ViewContext<'_>,
        packing: Packing,
        label_width: usize,
        lines: &mut Vec<Line>,
        positions: &mut Vec<PodCell>,
    ) {
        let spacing = packing.spacing;
        for (row, pods) in self.cells.pods.chunks(packing.pods_per_line()).enumerate() {
            let first = row * packing.pods_per_line();
            let mut line = Line::default();
            if label_width > 0 {
                let label = if self.cells.has_positions { first.to_string() } else { String::new() };
                line.push(format!("{} ", text::pad_left(&label, label_width)), Style::Dim);
            }
            let left = line.width();
            let mut end = left;
            for (index, pods) in pods.chunks(packing.pods_per_cell).enumerate() {
                let first = first + index * packing.pods_per_cell;
                let states = &self.cells.states[first..first + pods.len()];
                let Some((worst, &state)) = states.iter().enumerate().min_by_key(|&(_, state)| state) else {
                    continue;
                };
                let selected =
                    pods.iter().copied().flatten().find(|&key| context.window.selected == Some(key));
                let column = left + spacing.column(index);
                line.push(" ".repeat(column - end), Style::Text);
                push_cell(context, &mut line, state, spacing.cell_columns(), selected.is_some());
                end = column + spacing.cell_columns();
                positions.extend(selected.or(pods[worst]).map(|pod| PodCell {
                    line: lines.len(),
                    column,
                    columns: spacing.cell_columns(),
                    pod,
                }));
            }
            lines.push(line);
        }
    }
}

/// Adds the glyph of a cell. The selected cell shows a marker in reverse video, and the line below the cells describes
/// its state.
fn push_cell(
    context: &ViewContext<'_>,
    line: &mut Line,
    state: CellState,
    cell_columns: usize,
    is_selected: bool,
) {
    let (glyph, style, _) = state.appearance(context);
    let shown = if is_selected { context.glyphs.selected_cell } else { glyph };
    let style = if is_selected { Style::Selected } else { style };
    for _ in 0..cell_columns {
        line.push(shown, style);
    }
}

/// Draws a heading and cells for each group, a line about the selected cell, and a legend that counts the cells in each
/// state.
pub(crate) fn draw_grid(context: &ViewContext<'_>, size: Size) -> Picture {
    let columns = size.columns.max(1);
    let open_retries: Rc<HashMap<PodKey, OpenRetry>> =
        context.cache.open_retries.get_or_compute(context.version(), (), || open_retries(context));
    let groups = pod_groups(context).into_iter();
    let mut sections: Vec<GridSection<'_>> =
        groups.map(|group| GridSection::prepare(context, group, &open_retries)).collect();
    if !context.window.filter.is_empty() && sections.len() > 1 {
        sections.retain(|section| !section.group.pods.is_empty());
    }
    let mut below: Vec<Line> = Vec::new();
    if let Some(key) = context.window.selected
        && let Some(section) = sections.iter().find(|section| section.cells.pods.contains(&Some(key)))
    {
        below.push(describe_selected(context, &section.pace, key, open_retries.get(&key), columns));
    }
    // A selection moves no cell: a line is kept for the description, or the description replaces a line of the legend.
    let is_low = size.rows.is_some_and(|rows| rows < MIN_ROWS_OF_WHOLE_LEGEND);
    let is_described = !below.is_empty();
    let mut legend = legend_lines(context, &sections, columns);
    if is_low && is_described {
        legend.pop();
    }
    below.extend(conclusions_below(context, size));
    below.extend(legend);
    let reserved = usize::from(!is_low && !is_described);

    let label_width = label_width(&sections, columns);
    let cell_columns = columns - if label_width > 0 { label_width + 1 } else { 0 };
    let sizes: Vec<usize> = sections.iter().map(|section| section.cells.pods.len()).collect();
    let room = size.rows.map(|rows| rows.saturating_sub(below.len()));
    let cell_lines = room.map(|room| room.saturating_sub(sections.len() + reserved));
    let packing = Packing::choose(&sizes, cell_columns, cell_lines);
    if packing.pods_per_cell > 1 {
        below.insert(0, folding_line(context, &sections, packing, columns));
    }
    let room = size.rows.map(|rows| rows.saturating_sub(below.len()));

    let mut frame = Frame::default();
    let mut picture = Picture { cells_per_line: packing.cells_per_line, ..Picture::default() };
    for (index, section) in sections.iter().enumerate() {
        let lines = 1 + section.cells.pods.len().div_ceil(packing.pods_per_line());
        let is_last = index + 1 == sections.len();
        // One line is kept for the note about hidden groups.
        let needed = frame.lines.len() + lines + usize::from(!is_last);
        if index > 0 && room.is_some_and(|room| needed > room) {
            frame.lines.push(hidden_groups_line(context, &sections[index..], columns));
            break;
        }
        let summary = section.group.workload().map(|workload| context.summary(workload));
        let heading =
            headings::group_heading(context, &section.group, &section.counts, summary.as_ref(), columns);
        frame.lines.push(heading);
        section.push_cells(context, packing, label_width, &mut frame.lines, &mut picture.cells);
    }
    if let Some(room) = room {
        frame.lines.truncate(room);
        picture.cells.retain(|cell| cell.line < room);
    }
    frame.lines.extend(below);
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.found = sections.iter().map(|section| section.group.pods.len()).sum();
    picture.pods = picture.cells.iter().map(|cell| cell.pod).collect();
    let cells_with_pods = sections.iter().flat_map(|section| &section.cells.pods).flatten().count();
    picture.folded = cells_with_pods.saturating_sub(picture.pods.len());
    picture.frame = frame;
    picture
}

/// The width of the labels; 0 if there are none.
fn label_width(sections: &[GridSection<'_>], columns: usize) -> usize {
    let positions = sections.iter().filter(|section| section.cells.has_positions);
    let last = positions.map(|section| section.cells.pods.len().saturating_sub(1)).max();
    last.filter(|_| columns >= MIN_COLUMNS_OF_LABELS).map_or(0, |last| last.to_string().len())
}

/// The line that says how many completions or Pods a cell stands for.
fn folding_line(
    context: &ViewContext<'_>,
    sections: &[GridSection<'_>],
    packing: Packing,
    columns: usize,
) -> Line {
    let has_completions = |section: &GridSection<'_>| {
        section.group.workload().is_some_and(|workload| workload.completions.is_some())
    };
    let noun = if sections.iter().all(has_completions) { "completions" } else { "Pods" };
    let words = format!("each cell stands for {} {noun} and shows the worst of them", packing.pods_per_cell);
    Line::new(words, Style::Dim).shorten_end(columns, context.glyphs.ellipsis)
}

/// The line that counts the groups without room.
fn hidden_groups_line(context: &ViewContext<'_>, hidden: &[GridSection<'_>], columns: usize) -> Line {
    let pods: usize = hidden.iter().map(|section| section.group.pods.len()).sum();
    let groups = if hidden.len() == 1 { "group" } else { "groups" };
    let words =
        format!("+ {} more {groups} with {pods} Pods; enlarge the terminal to see more", hidden.len());
    Line::new(words, Style::Dim).shorten_end(columns, context.glyphs.ellipsis)
}

/// The legend: each state with its glyph, the number of cells in the state, and its name.
fn legend_lines(context: &ViewContext<'_>, sections: &[GridSection<'_>], columns: usize) -> Vec<Line> {
    let mut counts: BTreeMap<CellState, usize> = BTreeMap::new();
    for (&state, count) in sections.iter().flat_map(|section| &section.cells.counts) {
        // All Pods that are done have one entry.
        let state = if let CellState::Done(_) = state { CellState::Done(WorkShare::Usual) } else { state };
        *counts.entry(state).or_default() += count;
    }
    // Groups with different medians share the glyphs, so only the median of a single group is a number.
    let medians: Vec<String> =
        sections.iter().filter_map(|section| section.pace.median).map(format_elapsed).collect();
    let median = match medians.as_slice() {
        [] => None,
        [only] if sections.len() == 1 => Some(format!("the median {only}")),
        _ => Some("the median".to_owned()),
    };
    let expects_pods = sections.iter().any(|section| {
        let is_waiting = section.cells.counts.contains_key(&CellState::ToCome);
        is_waiting && section.group.workload().is_some_and(|workload| !workload.has_ended())
    });
    let mut lines: Vec<Line> = Vec::new();
    let mut push_entry = |entry: Line| {
        match lines.last_mut() {
            Some(line) if line.width() + 2 + entry.width() <= columns => line.push("  ", Style::Dim),
            _ => lines.push(Line::default()),
        }
        if let Some(line) = lines.last_mut() {
            entry.spans.into_iter().for_each(|span| line.push(span.text, span.style));
        }
    };
    // The best state comes first. Bad states need no prominent position, because their glyphs and colours stand out.
    for (state, count) in counts.into_iter().rev() {
        let (glyph, style, name) = state.appearance(context);
        let mut entry = Line::default();
        match (state, &median) {
            (CellState::ToCome, _) if !expects_pods => {
                entry.push(glyph, style);
                entry.push(format!(" {count} never started"), Style::Dim);
            }
            (CellState::Done(_), Some(median)) => {
                let [short, usual, long, _] = context.glyphs.work_shades;
                entry.push([short, usual, long].iter().collect::<String>(), style);
                let times = context.glyphs.times;
                entry.push(format!(" {count} {name}"), Style::Dim);
                if columns >= MIN_COLUMNS_OF_SHADES {
                    entry.push(format!(": up to half, 1{times}, 2{times} {median}"), Style::Dim);
                }
            }
            _ => {
                entry.push(glyph, style);
                entry.push(format!(" {count} {name}"), Style::Dim);
            }
        }
        push_entry(entry);
    }
    lines
}
