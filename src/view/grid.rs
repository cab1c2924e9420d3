//! One cell a Pod: thousands at a glance.

use crate::lifecycle::PhaseKind;
use crate::timeline::{PodKey, PodOverview};
use crate::view::chart::mark::phase_style;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::picture::{Picture, PodCell};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, Heading, pod_groups};
use crate::view::rows::headings;
use crate::view::state::{Size, Sort};
use crate::view::view_context::ViewContext;

/// Cells stand in groups of so many, to be counted.
const GROUP: usize = 10;

/// What a cell shows, worst first: where a cell stands for several Pods, it shows the worst of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shade {
    Failed,
    Unknown,
    BackOff,
    Queued,
    Cold(PhaseKind),
    Running,
    Deleted,
    Done,
}

impl Shade {
    fn of(pod: &PodOverview) -> Self {
        match DisplayState::from_overview(pod) {
            DisplayState::Done => Self::Done,
            DisplayState::Running => Self::Running,
            DisplayState::Starting => {
                // Setup and start have one glyph.
                let open = pod.open_phase.filter(|kind| kind.is_cold_start());
                let split = matches!(open, Some(PhaseKind::Pulling | PhaseKind::Initializing));
                Self::Cold(open.filter(|_| split).unwrap_or(PhaseKind::Starting))
            }
            DisplayState::Queued => Self::Queued,
            DisplayState::BackOff => Self::BackOff,
            DisplayState::Failed => Self::Failed,
            DisplayState::Deleted => Self::Deleted,
            DisplayState::Unknown => Self::Unknown,
        }
    }

    fn drawn(self, context: &ViewContext<'_>) -> (char, Style, &'static str) {
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
                    _ => "starting",
                };
                (glyphs.phase(kind), phase_style(kind), name)
            }
            Self::Running => (glyphs.now, Style::Now, "running"),
            Self::Deleted => (glyphs.deleted, Style::Terminating, "deleted"),
            Self::Done => (glyphs.phase(PhaseKind::Running), Style::Work, "done"),
        }
    }
}

/// How the cells are put on lines.
#[derive(Clone, Copy)]
struct Packing {
    /// Pods to a cell.
    each: usize,
    /// Cells to a line.
    per_line: usize,
    grouped: bool,
}

impl Packing {
    fn lines(self, pods: usize) -> usize {
        pods.div_ceil(self.each).div_ceil(self.per_line)
    }
}

/// The picture.
pub(crate) fn draw(context: &ViewContext<'_>, size: Size) -> Picture {
    let columns = size.columns.max(1);
    let mut counted: Vec<(Group<'_>, Counts)> = pod_groups(context)
        .into_iter()
        .map(|block| {
            let counts = Counts::get_or_compute(context, &block);
            (block, counts)
        })
        .collect();
    for (block, _) in &mut counted {
        block.apply_filter(context);
        let indexed = block.pods.iter().any(|&key| context.timeline.identity(key).index.is_some());
        if indexed && context.state.sort == Sort::Start {
            // A cell of an Indexed Job has its place.
            block.pods.to_mut().sort_by_key(|&key| {
                let pod = context.timeline.identity(key);
                (pod.index.is_none(), pod.index, pod.attempt)
            });
        }
    }
    if !context.window.filter.is_empty() && counted.len() > 1 {
        counted.retain(|(block, _)| !block.pods.is_empty());
    }
    let (blocks, counts): (Vec<Group<'_>>, Vec<Counts>) = counted.into_iter().unzip();
    let legend = legend(context, &blocks, columns);
    let packing =
        pack(&blocks, columns, size.rows.map(|rows| rows.saturating_sub(legend.len() + blocks.len())));
    let mut frame = Frame::default();
    let mut picture = Picture { per_line: packing.per_line, ..Picture::default() };
    for (block, counts) in blocks.iter().zip(&counts) {
        let workload = if let Heading::Workload(workload) = block.heading { Some(workload) } else { None };
        let summary = workload.map(|workload| context.summary(workload));
        frame.lines.push(headings::heading(context, block, counts, summary.as_ref(), columns));
        cells(context, &block.pods, packing, &mut frame.lines, &mut picture.cells);
        picture.found += block.pods.len();
    }
    if packing.each > 1 {
        let line =
            Line::new(format!("a cell is {} Pods and shows the worst of them", packing.each), Style::Dim);
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

/// As loose as the room allows: in groups, then without gaps, then several Pods to a cell.
fn pack(blocks: &[Group<'_>], columns: usize, room: Option<usize>) -> Packing {
    let groups = (columns + 1) / (GROUP + 1);
    let grouped = Packing { each: 1, per_line: (groups * GROUP).max(1), grouped: groups > 0 };
    let Some(room) = room else { return grouped };
    let fits = |packing: Packing, room: usize| {
        blocks.iter().map(|block| packing.lines(block.pods.len())).sum::<usize>() <= room
    };
    let tight = Packing { each: 1, per_line: columns, grouped: false };
    if fits(grouped, room) {
        return grouped;
    }
    if fits(tight, room) {
        return tight;
    }
    let most = blocks.iter().map(|block| block.pods.len()).max().unwrap_or(1);
    let mut each = 2;
    // One line says what a cell is then.
    while each < most && !fits(Packing { each, ..tight }, room.saturating_sub(1)) {
        each += each.div_ceil(8);
    }
    Packing { each, ..tight }
}

fn cells(
    context: &ViewContext<'_>,
    pods: &[PodKey],
    packing: Packing,
    lines: &mut Vec<Line>,
    places: &mut Vec<PodCell>,
) {
    for row in pods.chunks(packing.per_line * packing.each) {
        let mut line = Line::default();
        for (index, cell) in row.chunks(packing.each).enumerate() {
            if packing.grouped && index > 0 && index % GROUP == 0 {
                line.push(" ", Style::Text);
            }
            let shaded = cell.iter().map(|&key| (Shade::of(context.timeline.overview(key)), key));
            let Some((worst, pod)) = shaded.min_by_key(|&(shade, _)| shade) else { continue };
            places.push(PodCell {
                line: lines.len(),
                column: index + if packing.grouped { index / GROUP } else { 0 },
                pod,
            });
            let (glyph, role, _) = worst.drawn(context);
            line.push(glyph, role);
        }
        lines.push(line);
    }
}

/// How many Pods each glyph stands for.
fn legend(context: &ViewContext<'_>, blocks: &[Group<'_>], columns: usize) -> Vec<Line> {
    let mut counts: std::collections::BTreeMap<Shade, usize> = std::collections::BTreeMap::new();
    for key in blocks.iter().flat_map(|block| block.pods.iter()) {
        *counts.entry(Shade::of(context.timeline.overview(*key))).or_default() += 1;
    }
    let mut lines: Vec<Line> = Vec::new();
    // Done first: the worst stand out by themselves.
    for (shade, count) in counts.into_iter().rev() {
        let (glyph, role, name) = shade.drawn(context);
        let meaning = format!(" {count} {name}");
        match lines.last_mut() {
            Some(line) if line.width() + 3 + text::width(&meaning) <= columns => line.push("  ", Style::Dim),
            _ => lines.push(Line::default()),
        }
        if let Some(line) = lines.last_mut() {
            line.push(glyph, role);
            line.push(meaning, Style::Dim);
        }
    }
    lines
}
