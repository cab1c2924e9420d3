//! The life of one Pod as cells of the axis.

use jiff::Timestamp;

use crate::lifecycle::{Phase, PhaseKind, PodOutcome};
use crate::timeline::{Retry, TimelinePod};
use crate::view::chart::axis::Axis;
use crate::view::chart::failures::{mark_failed_run, mark_failures};
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::{CellMark, end_mark};
use crate::view::chart::stretch::{Stretch, cells_between, position, show_stretches, to_stretches};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

/// Words are not shortened to fewer columns than this.
const MIN_LABEL_COLUMNS: usize = 8;

/// The maximum number of `?` cells at an unknown time.
const UNKNOWN_CELLS: usize = 3;

/// Words in empty cells of a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    column: usize,
    text: String,
    style: Style,
}

/// The other attempts in the row of a Pod, and the waits between attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtherAttempts<'a> {
    /// The earlier Pods of the row, oldest first.
    pub(crate) earlier: Vec<TimelinePod<'a>>,
    /// The waits before the attempts of the row.
    pub(crate) waits: Vec<Retry>,
    /// The back-off after the latest Pod of the row: its start, and its end or now. `None` if the row does not wait.
    pub(crate) open_wait: Option<(Timestamp, Timestamp)>,
}

/// The cells of one Pod, container or workload, with words in some of the empty cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) cells: Vec<CellMark>,
    labels: Vec<Label>,
}

impl Bar {
    /// The bar of a Pod. `zero` is the zero of the axis, in milliseconds since 1970.
    pub(crate) fn from_pod(pod: &TimelinePod, axis: &Axis, zero: i64, now: Timestamp) -> Self {
        Self::from_attempts(pod, &OtherAttempts::default(), axis, zero, now)
    }

    /// The bar of these phases with their marks, without a mark of their end. `is_open` is set if the last phase goes
    /// on.
    pub(crate) fn from_phases(
        phases: &[(Phase, CellMark)],
        axis: &Axis,
        zero: i64,
        now: Timestamp,
        is_open: bool,
    ) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let stretches: Vec<Stretch> = phases
            .iter()
            .map(|(phase, mark)| {
                let start = axis.position(millis(phase.start));
                let end = axis.position(millis(phase.end.unwrap_or(now))).max(start);
                Stretch { start, end, mark: *mark }
            })
            .collect();
        show_stretches(&mut bar.cells, &stretches);
        for pair in phases.windows(2) {
            let [(_, CellMark::FailedWork), (wait, _)] = pair else { continue };
            let until = axis.cell_at(millis(wait.end.unwrap_or(now)));
            mark_failed_run(&mut bar.cells, axis.cell_at(millis(wait.start)), until);
        }
        if is_open {
            bar.append_mark(CellMark::Now);
        }
        bar
    }

    /// The bar of stretches that all have the same mark. A stretch is a start and an end in milliseconds since the
    /// axis' zero. `is_open` is set if the last stretch goes on.
    pub(crate) fn from_stretches(
        stretches: impl Iterator<Item = (i64, i64)>,
        mark: CellMark,
        axis: &Axis,
        is_open: bool,
    ) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        for (start, end) in stretches {
            bar.cells[axis.cells_of(start, end)].fill(mark);
        }
        if is_open {
            bar.append_mark(CellMark::Now);
        }
        bar
    }

    /// The bar of a Pod and of the other attempts in its row.
    pub(crate) fn from_attempts(
        pod: &TimelinePod,
        others: &OtherAttempts<'_>,
        axis: &Axis,
        zero: i64,
        now: Timestamp,
    ) -> Self {
        let mut bar = Self { cells: vec![CellMark::Empty; axis.columns()], labels: Vec::new() };
        let life = &pod.life;
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let Some(last) = life.phases.last() else {
            bar.mark_unknown(life.instants.created.map_or(0, |created| axis.cell_at(millis(created.at))));
            return bar;
        };
        let mut stretches = Vec::new();
        for earlier in &others.earlier {
            stretches.extend(to_stretches(&earlier.life, axis, &millis, now));
        }
        let waits = others.waits.iter().map(|wait| (millis(wait.since), millis(wait.until), wait.estimated));
        stretches.extend(waits.filter(|&(since, until, _)| axis.shows(since, until)).map(
            |(since, until, estimated)| Stretch {
                start: axis.position(since),
                end: axis.position(until),
                mark: if estimated { CellMark::Estimated } else { CellMark::Phase(PhaseKind::BackOff) },
            },
        ));
        let own = to_stretches(life, axis, &millis, now);
        let is_visible = !own.is_empty();
        stretches.extend(own);
        if let Some((since, until)) = others.open_wait.map(|(since, until)| (millis(since), millis(until))) {
            let mark = CellMark::Phase(PhaseKind::BackOff);
            stretches.extend(axis.shows(since, until).then(|| Stretch {
                start: axis.position(since),
                end: axis.position(until),
                mark,
            }));
        }
        show_stretches(&mut bar.cells, &stretches);
        let first = others.earlier.first().and_then(|earlier| earlier.life.phases.first());
        let first = first.or(life.phases.first()).map_or(0, |phase| millis(phase.start));
        let is_before_axis = first < axis.time_at(0) && !axis.shows(first, first);
        if is_before_axis && bar.cells.first().is_some_and(|cell| *cell != CellMark::Empty) {
            bar.cells[0] = CellMark::Earlier;
        }
        for life in others.earlier.iter().map(|earlier| &earlier.life).chain([life]) {
            mark_failures(&mut bar.cells, life, axis, &millis, now);
        }
        for earlier in &others.earlier {
            let end = earlier.life.end().map(millis);
            if let Some(end) = end.filter(|&end| axis.shows(end, end)) {
                bar.mark_earlier_end(earlier.life.outcome, axis.position(end));
            }
        }
        if let Some((_, until)) = others.open_wait {
            let end = life.end().map(millis).filter(|&end| axis.shows(end, end));
            if axis.shows(millis(now), millis(now)) {
                // An overdue Pod leaves a gap between the end of the back-off and now.
                let cell =
                    if until < now { axis.cell_at(millis(now)) } else { bar.append_mark(CellMark::Now) };
                bar.cells[cell] = CellMark::Now;
            }
            if let Some(end) = end {
                bar.mark_earlier_end(life.outcome, axis.position(end));
            }
            return bar;
        }
        // A zoomed axis shows only a part of the time. A bar that ends outside this part has no mark of its end.
        let end = millis(last.end.unwrap_or(if life.end_unknown { last.start } else { now.max(last.start) }));
        if !axis.shows(end, end) {
            if !is_visible && others.earlier.is_empty() {
                bar.point_outside(millis(last.start) < axis.time_at(0));
            }
            return bar;
        }
        let is_unknown = life.outcome == PodOutcome::Unknown || life.lost_since.is_some();
        match last.end {
            _ if is_unknown && last.end.is_some() => _ = bar.append_mark(CellMark::Unknown),
            Some(end) if life.outcome.has_ended() => match end_mark(life.outcome) {
                Some(mark) => _ = bar.append_mark(mark),
                None if last.kind == PhaseKind::Running => bar.shorten_work(axis.position(millis(end))),
                None => {}
            },
            None if life.end_unknown || life.outcome.has_ended() => {
                let mark = CellMark::from_phase(life, life.phases.len() - 1);
                let last_cell = bar.cells.iter().rposition(|&cell| cell != CellMark::Empty);
                let last_cell = last_cell
                    .filter(|&cell| bar.cells[cell] == mark)
                    .unwrap_or_else(|| bar.append_mark(mark));
                bar.mark_unknown(last_cell + 1);
            }
            _ if is_unknown => _ = bar.append_mark(CellMark::Unknown),
            // The Pod is in a phase that goes on, or between two known phases.
            _ => _ = bar.append_mark(CellMark::Now),
        }
        bar
    }

    /// Marks the gaps that are cut out of the axis.
    pub(crate) fn mark_gaps(&mut self, axis: &Axis) {
        for cut in axis.breaks() {
            // The mark of a gap only takes empty cells.
            let columns = cut.column..cut.column + 2;
            if self.cells.get(columns).is_some_and(|cells| cells.iter().all(|&cell| cell == CellMark::Empty))
            {
                self.labels.push(Label { column: cut.column, text: "//".into(), style: Style::Dim });
            }
        }
    }

    /// Adds a mark at the side where the bar would be, because the axis does not show the time of the bar.
    fn point_outside(&mut self, earlier: bool) {
        let (column, text) = if earlier { (0, "<") } else { (self.cells.len() - 1, ">") };
        self.labels.push(Label { column, text: text.into(), style: Style::Dim });
    }

    /// Marks the end of an earlier attempt. If possible, the mark takes an empty cell or a cell of the wait that
    /// follows.
    fn mark_earlier_end(&mut self, outcome: PodOutcome, end: f64) {
        let Some(mark) = end_mark(outcome) else { return };
        let cell = cells_between(end, end, self.cells.len()).start;
        let free = |cell: &usize| {
            let mark = self.cells.get(*cell);
            mark.is_some_and(|mark| matches!(mark, CellMark::Empty | CellMark::Phase(PhaseKind::BackOff)))
        };
        let cell = (cell..cell + 2).find(free).unwrap_or(cell);
        self.cells[cell] = mark;
    }

    /// Fills the last cell of the work only up to the end of the work, in eighths of the cell.
    fn shorten_work(&mut self, end: f64) {
        let cell = cells_between(end, end, self.cells.len()).start;
        let eighths = ((end - position(cell)) * 8.0).round();
        let before = cell.checked_sub(1).map(|before| self.cells[before]);
        let is_work = |mark: CellMark| mark == CellMark::Phase(PhaseKind::Running);
        // A partial cell is hard to recognize without a full cell of work before it.
        if !(before.is_some_and(is_work)
            && (is_work(self.cells[cell]) || self.cells[cell] == CellMark::Empty))
        {
            return;
        }
        for eighth in 0..8_u8 {
            if (f64::from(eighth) - eighths).abs() < 0.5 {
                self.cells[cell] = if eighth == 0 { CellMark::Empty } else { CellMark::WorkEighths(eighth) };
            }
        }
    }

    /// Puts a mark behind the last cell of the bar and returns the cell of the mark. The mark replaces the last cell
    /// only if the axis ends there.
    fn append_mark(&mut self, mark: CellMark) -> usize {
        let behind = self.cells.iter().rposition(|&cell| cell != CellMark::Empty).map_or(0, |last| last + 1);
        let behind = behind.min(self.cells.len() - 1);
        self.cells[behind] = mark;
        behind
    }

    /// Marks up to three cells as unknown, starting at `from`.
    fn mark_unknown(&mut self, from: usize) {
        let from = from.min(self.cells.len() - 1);
        for cell in self.cells.iter_mut().skip(from).take(UNKNOWN_CELLS) {
            *cell = CellMark::Unknown;
        }
    }

    /// Adds empty cells to the right of the axis, in which words may continue.
    pub(crate) fn add_columns_for_words(&mut self, columns: usize) {
        self.cells.resize(self.cells.len() + columns, CellMark::Empty);
    }

    /// Writes words to the right of the bar. Returns whether there was room.
    pub(crate) fn add_label(&mut self, words: &str, style: Style) -> bool {
        self.add_label_behind(words, style, self.end())
    }

    /// Writes the first of these texts that has room to the right of the bar. If none of them has room, the
    /// shortest text is shortened, unless the room is shorter than [`MIN_LABEL_COLUMNS`].
    pub(crate) fn add_label_or_shorten(&mut self, texts: &[String], style: Style, ellipsis: &str) {
        if texts.iter().any(|words| self.add_label(words, style)) {
            return;
        }
        let start = self.end() + 1;
        let before_next =
            self.labels.iter().map(|label| label.column).filter(|&column| column >= start).min();
        let end = before_next.map_or(self.cells.len(), |next| next.saturating_sub(1));
        let room = end.saturating_sub(start);
        let shortest = texts.iter().min_by_key(|words| text::width(words));
        if let Some(words) = shortest.filter(|_| room >= MIN_LABEL_COLUMNS) {
            self.add_label(&text::shorten_end(words, room, ellipsis), style);
        }
    }

    /// The first cell behind the bar.
    fn end(&self) -> usize {
        self.cells.iter().rposition(|&cell| cell != CellMark::Empty).map_or(0, |last| last + 1)
    }

    /// Writes words into the free cells behind `cell`. Words never cover a bar. Returns whether there was room.
    pub(crate) fn add_label_behind(&mut self, words: &str, style: Style, cell: usize) -> bool {
        let is_empty = |&cell: &usize| self.cells[cell] == CellMark::Empty;
        let Some(free) = (cell..self.cells.len()).find(is_empty) else { return false };
        self.add_label_at(words, style, free + 1)
    }

    /// Writes words at a column if the cells there and one cell on each side are free.
    fn add_label_at(&mut self, words: &str, style: Style, column: usize) -> bool {
        let end = column + text::width(words);
        let around = column.saturating_sub(1)..(end + 1).min(self.cells.len());
        let is_covered = |label: &Label| {
            label.column < around.end && around.start < label.column + text::width(&label.text)
        };
        let has_room = end <= self.cells.len()
            && self.cells[around.clone()].iter().all(|&cell| cell == CellMark::Empty)
            && !self.labels.iter().any(is_covered);
        if has_room {
            self.labels.push(Label { column, text: words.to_owned(), style });
        }
        has_room
    }

    /// Adds the bar to a line, and the marks of the bar to the legend.
    pub(crate) fn push_to(&self, line: &mut Line, glyphs: &Glyphs, legend: &mut LegendEntries) {
        // Builds one string for neighbouring cells of the same style, because this code runs for every row of every
        // frame.
        let mut stretch = String::with_capacity(3 * self.cells.len());
        let mut stretch_style = Style::Text;
        let mut is_gap = false;
        let mut cell = 0;
        while cell < self.cells.len() {
            if let Some(label) = self.labels.iter().find(|label| label.column == cell) {
                line.push(std::mem::take(&mut stretch), stretch_style);
                line.push(label.text.as_str(), label.style);
                cell += text::width(&label.text).max(1);
                continue;
            }
            let mark = self.cells[cell];
            legend.add(mark);
            if mark.style() != stretch_style {
                line.push(std::mem::take(&mut stretch), stretch_style);
                stretch_style = mark.style();
            }
            // Estimated stretches are drawn with gaps.
            is_gap = mark == CellMark::Estimated && !is_gap && cell > 0 && self.cells[cell - 1] == mark;
            stretch.push(if is_gap { ' ' } else { mark.glyph(glyphs) });
            cell += 1;
        }
        line.push(stretch, stretch_style);
    }
}

#[cfg(test)]
mod tests;
