//! One Pod's life as cells of the axis.

use std::ops::Range;

use jiff::Timestamp;

use crate::lifecycle::{Phase, PhaseKind, PodOutcome};
use crate::timeline::{Retry, TimelinePod};
use crate::view::chart::axis::Axis;
use crate::view::chart::legend::LegendEntries;
pub(crate) use crate::view::chart::mark::CellMark;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

/// How many cells of `?` follow a time that nobody knows.
const UNKNOWN_CELLS: usize = 3;

/// The phases that are one to the eye: none of them may vanish because its cells are shared.
fn family(kind: PhaseKind) -> usize {
    match kind {
        PhaseKind::Queued => 0,
        PhaseKind::Setup
        | PhaseKind::Pulling
        | PhaseKind::Initializing
        | PhaseKind::Starting
        | PhaseKind::Startup => 1,
        PhaseKind::Running => 2,
        PhaseKind::BackOff => 3,
        PhaseKind::Terminating => 4,
    }
}

/// A word in the free cells of a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    column: usize,
    text: String,
    role: Style,
}

/// What stands in a Pod's row before its own life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Before<'a> {
    /// Earlier tries at the same piece of work, in order.
    pub(crate) tries: Vec<TimelinePod<'a>>,
    /// The waits between them and before this one.
    pub(crate) waits: Vec<Retry>,
    /// Since when it waits for the next try.
    pub(crate) again: Option<Timestamp>,
}

/// One Pod's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) cells: Vec<CellMark>,
    labels: Vec<Label>,
}

/// A stretch of one mark, in columns.
struct Stretch {
    start: f64,
    end: f64,
    mark: CellMark,
}

impl Bar {
    /// The cells of a Pod, whose times are taken from `zero` (milliseconds since 1970) on.
    pub(crate) fn of(pod: &TimelinePod, axis: &Axis, zero: i64, now: Timestamp) -> Self {
        Self::of_row(pod, &Before::default(), axis, zero, now)
    }

    /// The cells of phases alone; `open` if the last of them goes on.
    pub(crate) fn of_phases(phases: &[Phase], axis: &Axis, zero: i64, now: Timestamp, open: bool) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let stretches: Vec<Stretch> = phases
            .iter()
            .map(|phase| {
                let start = axis.position(millis(phase.start));
                let end = axis.position(millis(phase.end.unwrap_or(now))).max(start);
                Stretch { start, end, mark: CellMark::Phase(phase.kind) }
            })
            .collect();
        bar.fill(&stretches);
        bar.rescue(&stretches);
        if open {
            bar.close(CellMark::Now);
        }
        bar
    }

    /// The cells of stretches of one mark (in milliseconds since the axis' zero); `open` if the last of them goes on.
    pub(crate) fn of_stretches(
        stretches: impl Iterator<Item = (i64, i64)>,
        mark: CellMark,
        axis: &Axis,
        open: bool,
    ) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        for (start, end) in stretches {
            bar.cells[axis.cells(start, end)].fill(mark);
        }
        if open {
            bar.close(CellMark::Now);
        }
        bar
    }

    /// The cells of a Pod and of what stands before it in its row.
    pub(crate) fn of_row(
        pod: &TimelinePod,
        before: &Before<'_>,
        axis: &Axis,
        zero: i64,
        now: Timestamp,
    ) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        let life = &pod.life;
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let Some(last) = life.phases.last() else {
            bar.mark_unknown(life.instants.created.map_or(0, |created| axis.cell(millis(created.at))));
            return bar;
        };
        let mut all = Vec::new();
        for earlier in &before.tries {
            all.extend(stretches(&earlier.life.phases, axis, &millis, now, earlier.life.end_unknown));
        }
        let waits = before.waits.iter().map(|wait| (millis(wait.since), millis(wait.until), wait.estimated));
        all.extend(waits.filter(|&(since, until, _)| axis.shows(since, until)).map(
            |(since, until, estimated)| Stretch {
                start: axis.position(since),
                end: axis.position(until),
                mark: if estimated { CellMark::Estimated } else { CellMark::Phase(PhaseKind::BackOff) },
            },
        ));
        let own = stretches(&life.phases, axis, &millis, now, life.end_unknown);
        let in_sight = !own.is_empty();
        all.extend(own);
        if let Some((since, until)) = before.again.map(|since| (millis(since), millis(now.max(since)))) {
            let mark = CellMark::Phase(PhaseKind::BackOff);
            all.extend(axis.shows(since, until).then(|| Stretch {
                start: axis.position(since),
                end: axis.position(until),
                mark,
            }));
        }
        bar.fill(&all);
        bar.rescue(&all);
        for earlier in &before.tries {
            let end = earlier.life.end().map(millis);
            if let Some(end) = end.filter(|&end| axis.shows(end, end)) {
                bar.end_earlier(earlier.life.outcome, axis.position(end));
            }
        }

        if before.again.is_some() {
            let end = life.end().map(millis).filter(|&end| axis.shows(end, end));
            if axis.shows(millis(now), millis(now)) {
                bar.close(CellMark::Now);
            }
            if let Some(end) = end {
                bar.end_earlier(life.outcome, axis.position(end));
            }
            return bar;
        }
        // On a part of the axis: what ends out of sight has no mark here.
        let end = millis(last.end.unwrap_or(if life.end_unknown { last.start } else { now.max(last.start) }));
        if !axis.shows(end, end) {
            if !in_sight && before.tries.is_empty() {
                bar.point_at(millis(last.start) < axis.time(0));
            }
            return bar;
        }
        match last.end {
            Some(end) if life.outcome.has_ended() => match life.outcome {
                outcome if outcome.has_failed() => _ = bar.close(CellMark::Failed),
                PodOutcome::Deleted => _ = bar.close(CellMark::Deleted),
                _ if last.kind == PhaseKind::Running => bar.shave(axis.position(millis(end))),
                _ => {}
            },
            None if life.end_unknown || life.outcome.has_ended() => {
                let begin = CellMark::Phase(last.kind);
                let behind = bar.cells.iter().rposition(|&cell| cell != CellMark::Empty);
                let behind =
                    behind.filter(|&behind| bar.cells[behind] == begin).unwrap_or_else(|| bar.close(begin));
                bar.mark_unknown(behind + 1);
            }
            _ if life.outcome == PodOutcome::Unknown => _ = bar.close(CellMark::Unknown),
            // Between two phases that are known, or in one that goes on.
            _ => _ = bar.close(CellMark::Now),
        }
        bar
    }

    /// Marks where the axis is broken.
    pub(crate) fn mark_breaks(&mut self, axis: &Axis) {
        for cut in axis.breaks() {
            // Never over what is there.
            let place = cut.column..cut.column + 2;
            if self.cells.get(place).is_some_and(|cells| cells.iter().all(|&cell| cell == CellMark::Empty)) {
                self.labels.push(Label { column: cut.column, text: "//".into(), role: Style::Dim });
            }
        }
    }

    /// Points to where the life is that is out of sight.
    fn point_at(&mut self, earlier: bool) {
        let (column, text) = if earlier { (0, "<") } else { (self.cells.len() - 1, ">") };
        self.labels.push(Label { column, text: text.into(), role: Style::Dim });
    }

    /// Each cell shows what covers most of it, if half of it is covered at all.
    fn fill(&mut self, stretches: &[Stretch]) {
        let mut best = vec![0.0_f64; self.cells.len()];
        let mut covered = vec![0.0_f64; self.cells.len()];
        for stretch in stretches {
            for cell in cells_between(stretch.start, stretch.end, self.cells.len()) {
                let left = position(cell).max(stretch.start);
                let share = (position(cell + 1).min(stretch.end) - left).max(0.0);
                covered[cell] += share;
                if share > best[cell] {
                    best[cell] = share;
                    self.cells[cell] = stretch.mark;
                }
            }
        }
        for (cell, covered) in self.cells.iter_mut().zip(covered) {
            if covered < 0.5 {
                *cell = CellMark::Empty;
            }
        }
        // A life shorter than half a cell has one all the same.
        if self.cells.iter().all(|&cell| cell == CellMark::Empty)
            && let Some(longest) =
                stretches.iter().max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start)))
        {
            let cell = cells_between(longest.start, longest.start, self.cells.len()).start;
            self.cells[cell] = longest.mark;
        }
    }

    /// Gives a cell to each family of phases that lost all of its cells to longer neighbours, if that takes nobody's
    /// last one.
    fn rescue(&mut self, stretches: &[Stretch]) {
        const FAMILIES: [usize; 5] = [2, 1, 3, 4, 0];
        for wanted in FAMILIES {
            let of_family = |mark: CellMark| matches!(mark, CellMark::Phase(kind) if family(kind) == wanted);
            if self.cells.iter().any(|&cell| of_family(cell)) {
                continue;
            }
            let longest = stretches
                .iter()
                .filter(|stretch| of_family(stretch.mark))
                .max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start)));
            // Every Pod waits some milliseconds for its node: no reason to show a wait.
            // That it worked is the point, however short.
            let least = match wanted {
                0 => 0.25,
                2 => -1.0,
                _ => 0.0,
            };
            let Some(longest) = longest.filter(|longest| longest.end - longest.start > least) else {
                continue;
            };
            let cell = cells_between(longest.start, longest.start, self.cells.len()).start;
            let taken = self.cells[cell];
            let others = self.cells.iter().filter(|&&other| other == taken).count();
            if taken == CellMark::Empty || others > 1 {
                self.cells[cell] = longest.mark;
            } else if wanted == 2 && self.cells.get(cell + 1) == Some(&CellMark::Empty) {
                // The only cell of the cold start stays; the work, however short, has the next one.
                self.cells[cell + 1] = longest.mark;
            }
        }
    }

    /// Marks where an earlier try ended: in the wait that follows, if that has a cell to spare.
    fn end_earlier(&mut self, outcome: PodOutcome, end: f64) {
        let mark = match outcome {
            PodOutcome::Deleted => CellMark::Deleted,
            outcome if outcome.has_failed() => CellMark::Failed,
            _ => return,
        };
        let cell = cells_between(end, end, self.cells.len()).start;
        let free = |cell: &usize| {
            let mark = self.cells.get(*cell);
            mark.is_some_and(|mark| matches!(mark, CellMark::Empty | CellMark::Phase(PhaseKind::BackOff)))
        };
        let place = (cell..cell + 2).find(free).unwrap_or(cell);
        self.cells[place] = mark;
    }

    /// Makes the last cell of work as long as the work.
    fn shave(&mut self, end: f64) {
        let cell = cells_between(end, end, self.cells.len()).start;
        let eighths = ((end - position(cell)) * 8.0).round();
        let before = cell.checked_sub(1).map(|before| self.cells[before]);
        let is_work = |mark: CellMark| mark == CellMark::Phase(PhaseKind::Running);
        // Only work before it makes the rest of a cell a bar that goes on.
        if !(before.is_some_and(is_work)
            && (is_work(self.cells[cell]) || self.cells[cell] == CellMark::Empty))
        {
            return;
        }
        for eighth in 0..8_u8 {
            if (f64::from(eighth) - eighths).abs() < 0.5 {
                self.cells[cell] = if eighth == 0 { CellMark::Empty } else { CellMark::Eighths(eighth) };
            }
        }
    }

    /// Puts a mark behind the bar: it stands for the bar's end, and hides none of its cells unless the axis ends there.
    /// The cell of the mark.
    fn close(&mut self, mark: CellMark) -> usize {
        let behind = self.cells.iter().rposition(|&cell| cell != CellMark::Empty).map_or(0, |last| last + 1);
        let behind = behind.min(self.cells.len() - 1);
        self.cells[behind] = mark;
        behind
    }

    fn mark_unknown(&mut self, from: usize) {
        let from = from.min(self.cells.len() - 1);
        for cell in self.cells.iter_mut().skip(from).take(UNKNOWN_CELLS) {
            *cell = CellMark::Unknown;
        }
    }

    /// Puts a word where it hides nothing: into the stretch that it explains, else behind the bar, else before it.
    /// Whether there was room.
    pub(crate) fn label(&mut self, words: &str, role: Style, inside: Option<Range<usize>>) -> bool {
        if inside.is_some_and(|inside| self.label_inside(words, role, inside)) {
            return true;
        }
        let wanted = text::width(words);
        let first = self.cells.iter().position(|&cell| cell != CellMark::Empty).unwrap_or(0);
        let behind = self.cells.iter().rposition(|&cell| cell != CellMark::Empty).map_or(0, |last| last + 1);
        let column = if self.cells.len() >= behind + 1 + wanted {
            behind + 1
        } else if first > wanted {
            first - 1 - wanted
        } else {
            return false;
        };
        self.labels.push(Label { column, text: words.to_owned(), role });
        true
    }

    /// Puts a word into the stretch that it explains, with enough of the stretch left on both sides to see what it is.
    /// Whether there was room.
    pub(crate) fn label_inside(&mut self, words: &str, role: Style, inside: Range<usize>) -> bool {
        let fits = inside.len() >= text::width(words) + 6;
        if fits {
            self.labels.push(Label { column: inside.start + 2, text: format!(" {words} "), role });
        }
        fits
    }

    /// The cells that a phase has to itself.
    pub(crate) fn cells_of(&self, phase: &Phase, axis: &Axis, zero: i64, now: Timestamp) -> Range<usize> {
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let cells = axis.cells(millis(phase.start), millis(phase.end.unwrap_or(now)));
        let own = |&cell: &usize| self.cells[cell] == CellMark::Phase(phase.kind);
        let first = cells.clone().find(own).unwrap_or(cells.start);
        let last = cells.clone().rfind(own).map_or(first, |last| last + 1);
        first..last
    }

    /// Adds the cells to a line, and their glyphs to those that the legend explains.
    pub(crate) fn draw(&self, line: &mut Line, glyphs: &Glyphs, seen: &mut LegendEntries) {
        // One string for each stretch of a role: this runs for every row of every frame.
        let mut stretch = String::with_capacity(3 * self.cells.len());
        let mut stretch_role = Style::Text;
        let mut gap = false;
        let mut cell = 0;
        while cell < self.cells.len() {
            if let Some(label) = self.labels.iter().find(|label| label.column == cell) {
                line.push(std::mem::take(&mut stretch), stretch_role);
                line.push(label.text.as_str(), label.role);
                cell += text::width(&label.text).max(1);
                continue;
            }
            let mark = self.cells[cell];
            seen.add(mark);
            if mark.role() != stretch_role {
                line.push(std::mem::take(&mut stretch), stretch_role);
                stretch_role = mark.role();
            }
            // What is only estimated is not drawn through.
            gap = mark == CellMark::Estimated && !gap && cell > 0 && self.cells[cell - 1] == mark;
            stretch.push(if gap { ' ' } else { mark.glyph(glyphs) });
            cell += 1;
        }
        line.push(stretch, stretch_role);
    }
}

/// The phases as stretches of the axis, with what nobody knows between them.
fn stretches(
    phases: &[Phase],
    axis: &Axis,
    millis: &impl Fn(Timestamp) -> i64,
    now: Timestamp,
    end_unknown: bool,
) -> Vec<Stretch> {
    let mut stretches = Vec::with_capacity(phases.len() + 1);
    let mut known_until: Option<i64> = None;
    for phase in phases {
        let start = millis(phase.start);
        if let Some(until) = known_until.filter(|&until| until < start && axis.shows(until, start)) {
            stretches.push(Stretch {
                start: axis.position(until),
                end: axis.position(start),
                mark: CellMark::Unknown,
            });
        }
        let end = match phase.end {
            Some(end) => millis(end),
            // What has an end that nobody knows is shown by its begin.
            None if end_unknown => start,
            None => millis(now),
        };
        let end = end.max(start);
        let from = known_until.replace(end);
        if !axis.shows(start, end) {
            continue;
        }
        let mark = CellMark::Phase(phase.kind);
        match stretches.last_mut() {
            // What only differs in its reason is one to the eye.
            Some(last) if last.mark == mark && from == Some(start) => last.end = axis.position(end),
            _ => stretches.push(Stretch { start: axis.position(start), end: axis.position(end), mark }),
        }
    }
    stretches
}

/// The cells that a stretch touches, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions lie in [0, columns]")]
fn cells_between(start: f64, end: f64, columns: usize) -> Range<usize> {
    let first = (start as usize).min(columns - 1);
    let end = (end.ceil() as usize).min(columns);
    first..end.max(first + 1)
}

#[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
fn position(cell: usize) -> f64 {
    cell as f64
}
