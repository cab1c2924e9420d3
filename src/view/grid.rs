//! The grid: one cell for each Pod, so that a screen shows thousands of Pods.

use std::collections::BTreeMap;

use crate::lifecycle::PhaseKind;
use crate::timeline::{PodKey, PodOverview};
use crate::view::chart::mark::phase_style;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::picture::{Picture, PodCell};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, pod_groups};
use crate::view::rows::headings;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// A gap follows each group of this many cells, so that people can count the cells.
const CELLS_PER_GROUP: usize = 10;

/// The states that a cell can show, worst first. A cell for several Pods shows the worst of their states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CellState {
    Failed,
    Unknown,
    BackOff,
    Queued,
    Cold(PhaseKind),
    Unready,
    Running,
    Deleted,
    Done,
}

impl CellState {
    fn from_overview(pod: &PodOverview) -> Self {
        match DisplayState::from_overview(pod) {
            DisplayState::Done => Self::Done,
            DisplayState::Running => Self::Running,
            DisplayState::Unready => Self::Unready,
            DisplayState::Starting => {
                // Setup and start have the same glyph.
                let open = pod.open_phase.filter(|kind| kind.is_cold_start());
                let split = matches!(open, Some(PhaseKind::Pulling | PhaseKind::Initializing));
                Self::Cold(open.filter(|_| split).unwrap_or(PhaseKind::Starting))
            }
            DisplayState::Queued => Self::Queued,
            DisplayState::BackOff => Self::BackOff,
            DisplayState::Failed => Self::Failed,
            DisplayState::Deleted => Self::Deleted,
            DisplayState::Unknown | DisplayState::Gone => Self::Unknown,
        }
    }

    /// The glyph, style and name of the state.
    fn appearance(self, context: &ViewContext<'_>) -> (char, Style, &'static str) {
        let glyphs = context.glyphs;
        match self {
            Self::Failed => (glyphs.failed, Style::Failure, "failed"),
            Self::Unknown => (glyphs.unknown, Style::Warning, "unknown"),
            Self::BackOff => (glyphs.phase(PhaseKind::BackOff), Style::BackOff, "in back-off"),
            Self::Queued => (glyphs.phase(PhaseKind::Queued), Style::Queued, "queued"),
            Self::Cold(kind) => {
                let name = match kind {
                    PhaseKind::Pulling => "pulling",
                    PhaseKind::Initializing => "initializing",
                    PhaseKind::Queued
                    | PhaseKind::Setup
                    | PhaseKind::Starting
                    | PhaseKind::Startup
                    | PhaseKind::Unready
                    | PhaseKind::Running
                    | PhaseKind::BackOff
                    | PhaseKind::Terminating
                    | PhaseKind::Unknown => "starting",
                };
                (glyphs.phase(kind), phase_style(kind), name)
            }
            Self::Unready => (glyphs.phase(PhaseKind::Unready), Style::Unready, "not ready"),
            Self::Running => (glyphs.now, Style::Now, "running"),
            Self::Deleted => (glyphs.deleted, Style::Terminating, "deleted"),
            Self::Done => (glyphs.phase(PhaseKind::Running), Style::Work, "done"),
        }
    }
}

/// How cells are arranged in lines.
#[derive(Clone, Copy)]
struct Packing {
    /// The number of Pods in a cell.
    pods_per_cell: usize,
    /// The number of cells in a line.
    cells_per_line: usize,
    /// Whether there are gaps between groups of cells.
    has_gaps: bool,
}

impl Packing {
    /// The number of lines for the Pods of one group.
    fn line_count(self, pods: usize) -> usize {
        pods.div_ceil(self.pods_per_cell).div_ceil(self.cells_per_line)
    }
}

/// Draws a heading and cells for each group, and a legend that counts the Pods in each state.
pub(crate) fn draw_grid(context: &ViewContext<'_>, size: Size) -> Picture {
    let columns = size.columns.max(1);
    let mut counted: Vec<(Group<'_>, Counts)> = pod_groups(context)
        .into_iter()
        .map(|group| {
            let counts = Counts::get_or_compute(context, &group);
            (group, counts)
        })
        .collect();
    for (group, _) in &mut counted {
        group.apply_filter(context);
    }
    if !context.window.filter.is_empty() && counted.len() > 1 {
        counted.retain(|(group, _)| !group.pods.is_empty());
    }
    let (groups, counts): (Vec<Group<'_>>, Vec<Counts>) = counted.into_iter().unzip();
    let legend = legend_lines(context, &groups, columns);
    let packing = choose_packing(
        &groups,
        columns,
        size.rows.map(|rows| rows.saturating_sub(legend.len() + groups.len())),
    );
    let mut frame = Frame::default();
    let mut picture = Picture { cells_per_line: packing.cells_per_line, ..Picture::default() };
    for (group, counts) in groups.iter().zip(&counts) {
        let summary = group.workload().map(|workload| context.summary(workload));
        frame.lines.push(headings::group_heading(context, group, counts, summary.as_ref(), columns));
        push_cells(context, &group.pods, packing, &mut frame.lines, &mut picture.cells);
        picture.found += group.pods.len();
    }
    if packing.pods_per_cell > 1 {
        let line = Line::new(
            format!("each cell stands for {} Pods and shows the worst of them", packing.pods_per_cell),
            Style::Dim,
        );
        frame.lines.push(line.shorten_end(columns, context.glyphs.ellipsis));
    }
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows.saturating_sub(legend.len()));
    }
    frame.lines.extend(legend);
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.pods = picture.cells.iter().map(|cell| cell.pod).collect();
    picture.folded = picture.found - picture.pods.len();
    picture.frame = frame;
    picture
}

/// Chooses the first arrangement that fits: with gaps, then without gaps, then with several Pods in a cell.
fn choose_packing(groups: &[Group<'_>], columns: usize, room: Option<usize>) -> Packing {
    let cell_groups = (columns + 1) / (CELLS_PER_GROUP + 1);
    let spacious = Packing {
        pods_per_cell: 1,
        cells_per_line: (cell_groups * CELLS_PER_GROUP).max(1),
        has_gaps: cell_groups > 0,
    };
    let Some(room) = room else { return spacious };
    let fits = |packing: Packing, room: usize| {
        groups.iter().map(|group| packing.line_count(group.pods.len())).sum::<usize>() <= room
    };
    let tight = Packing { pods_per_cell: 1, cells_per_line: columns, has_gaps: false };
    if fits(spacious, room) {
        return spacious;
    }
    if fits(tight, room) {
        return tight;
    }
    let largest_group = groups.iter().map(|group| group.pods.len()).max().unwrap_or(1);
    let mut pods_per_cell = 2;
    // One line says how many Pods a cell stands for.
    while pods_per_cell < largest_group && !fits(Packing { pods_per_cell, ..tight }, room.saturating_sub(1)) {
        pods_per_cell += pods_per_cell.div_ceil(8);
    }
    Packing { pods_per_cell, ..tight }
}

/// Adds the cells of a group to the lines, and their positions to `positions`.
fn push_cells(
    context: &ViewContext<'_>,
    pods: &[PodKey],
    packing: Packing,
    lines: &mut Vec<Line>,
    positions: &mut Vec<PodCell>,
) {
    for row in pods.chunks(packing.cells_per_line * packing.pods_per_cell) {
        let mut line = Line::default();
        for (index, cell) in row.chunks(packing.pods_per_cell).enumerate() {
            if packing.has_gaps && index > 0 && index % CELLS_PER_GROUP == 0 {
                line.push(" ", Style::Text);
            }
            let states =
                cell.iter().map(|&key| (CellState::from_overview(context.timeline.overview(key)), key));
            let Some((worst, pod)) = states.min_by_key(|&(state, _)| state) else { continue };
            positions.push(PodCell {
                line: lines.len(),
                column: index + if packing.has_gaps { index / CELLS_PER_GROUP } else { 0 },
                pod,
            });
            let (glyph, style, _) = worst.appearance(context);
            line.push(glyph, style);
        }
        lines.push(line);
    }
}

/// The legend: each state with its glyph, the number of Pods in the state, and its name.
fn legend_lines(context: &ViewContext<'_>, groups: &[Group<'_>], columns: usize) -> Vec<Line> {
    let mut counts: BTreeMap<CellState, usize> = BTreeMap::new();
    for key in groups.iter().flat_map(|group| group.pods.iter()) {
        *counts.entry(CellState::from_overview(context.timeline.overview(*key))).or_default() += 1;
    }
    let mut lines: Vec<Line> = Vec::new();
    // The best state comes first. Bad states need no prominent position, because their glyphs and colours stand out.
    for (state, count) in counts.into_iter().rev() {
        let (glyph, style, name) = state.appearance(context);
        let meaning = format!(" {count} {name}");
        match lines.last_mut() {
            Some(line) if line.width() + 3 + text::width(&meaning) <= columns => line.push("  ", Style::Dim),
            _ => lines.push(Line::default()),
        }
        if let Some(line) = lines.last_mut() {
            line.push(glyph, style);
            line.push(meaning, Style::Dim);
        }
    }
    lines
}
