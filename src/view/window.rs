//! The part of a picture that somebody looks at, and what a surface has to know to move in it.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::memory::Memory;
use super::sequence::Span;
use super::{Frame, text};
use crate::lifecycle::Phase;
use crate::timeline::{Pod, PodKey, Summary, Timeline, Workload, WorkloadOutcome};

/// Which part of a picture is shown. The default is all of it, folded where there is no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Only Pods in which each of these words is found: in the name, node, status or reason, in any case.
    pub filter: String,
    /// This Pod is never folded away.
    pub selected: Option<PodKey>,
    /// Every Pod has its row, and the rows scroll; else what has no room is folded.
    pub unfolded: bool,
    /// The first row that is shown, if they scroll; the selected one is shown in any case.
    pub first: usize,
    /// The stretch of time on the axis; all of it if `None`.
    pub zoom: Option<Zoom>,
}

/// A stretch of the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoom {
    /// Its length in milliseconds.
    pub span: i64,
    /// Its end in milliseconds since the axis' zero; it ends a little after now if `None`.
    pub end: Option<i64>,
}

impl Window {
    /// The words of the filter, as [`finds`] wants them.
    pub(super) fn words(&self) -> Vec<String> {
        self.filter.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }
}

/// Whether each of the words is found in the name, node, outcome, status or reason of a Pod.
pub(super) fn finds(timeline: &Timeline, key: PodKey, words: &[String]) -> bool {
    let has = |text: &str, word: &str| text.to_lowercase().contains(word);
    let identity = timeline.identity(key);
    let outcome = timeline.digest(key).outcome.name();
    // The life of a Pod that is over has a price.
    let pod = OnceCell::new();
    let life = || &pod.get_or_init(|| timeline.pod(key)).life;
    words.iter().all(|word| {
        has(&identity.name, word)
            || identity.node.as_deref().is_some_and(|node| has(node, word))
            || has(outcome, word)
            || has(&life().status, word)
            || life().reason.as_deref().is_some_and(|reason| has(reason, word))
    })
}

/// A frame, and where on it is what.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What is drawn. A line that is about one Pod says so itself.
    pub frame: Frame,
    /// The Pods that can be selected, in the order of the picture.
    pub pods: Vec<PodKey>,
    /// Where the bars are.
    pub bars: Option<Bars>,
    /// Cells that stand for a Pod each; of several Pods the first.
    pub cells: Vec<PodCell>,
    /// Pods to a line of cells; 1 where each Pod has a line.
    pub per_line: usize,
    /// The first row that is shown, where they scroll.
    pub first: usize,
    /// Pods without a row of their own.
    pub folded: usize,
    /// Pods that the filter lets through.
    pub found: usize,
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodCell {
    /// Line of the frame.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// The Pod.
    pub pod: PodKey,
}

/// Where the bars are on the lines, and which time is where on them.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Their first column.
    pub column: usize,
    /// How many columns they have.
    pub columns: usize,
    pub(super) span: Span,
}

impl Bars {
    /// Begin and end of the axis, in milliseconds since its zero.
    pub fn stretch(&self) -> (i64, i64) {
        self.span.stretch()
    }

    /// Milliseconds since the axis' zero at a column of the line.
    pub fn time(&self, column: usize) -> i64 {
        self.span.axis(self.columns).time(column.saturating_sub(self.column))
    }

    /// Now, in milliseconds since the axis' zero.
    pub fn now(&self) -> i64 {
        self.span.now()
    }

    /// The columns of the line that a phase of the Pod takes; `None` if it is out of sight.
    pub fn columns_of(&self, pod: &Pod, phase: usize) -> Option<Range<usize>> {
        let phase = pod.life.phases.get(phase)?;
        let (start, end) = self.times(pod, phase);
        let axis = self.span.axis(self.columns);
        if !axis.shows(start, end) {
            return None;
        }
        let cells = axis.cells(start, end);
        Some(cells.start + self.column..cells.end + self.column)
    }

    /// The place of the Pod's phase that is drawn at a column of the line, else of the nearest.
    pub fn phase_at(&self, pod: &Pod, column: usize) -> Option<usize> {
        let at = column.checked_sub(self.column).filter(|&cell| cell < self.columns)?;
        let axis = self.span.axis(self.columns);
        let distance = |(_, phase): &(usize, &Phase)| {
            let (start, end) = self.times(pod, phase);
            let cells = axis.cells(start, end);
            let inside = cells.contains(&at);
            let away = if inside { 0 } else { at.abs_diff(cells.start).min(at.abs_diff(cells.end)) };
            // Of several in one cell the longest is the one that is seen there.
            (away, std::cmp::Reverse(end.saturating_sub(start)))
        };
        pod.life.phases.iter().enumerate().min_by_key(distance).map(|(place, _)| place)
    }

    /// The middle of a phase, in milliseconds since the axis' zero.
    pub fn middle_of(&self, pod: &Pod, phase: usize) -> Option<i64> {
        let (start, end) = self.times(pod, pod.life.phases.get(phase)?);
        Some(start.midpoint(end))
    }

    /// The length of the whole time, in milliseconds.
    pub fn whole(&self) -> i64 {
        self.span.whole()
    }

    /// Begin and end of a phase since the axis' zero.
    fn times(&self, pod: &Pod, phase: &Phase) -> (i64, i64) {
        let zero = self.span.zero(pod.digest());
        let start = phase.start.as_millisecond();
        let end = phase.end.map_or(self.span.clock().max(start), Timestamp::as_millisecond);
        (start.saturating_sub(zero), end.saturating_sub(zero))
    }
}

/// What need not be reckoned anew for each frame.
#[derive(Debug, Default)]
pub struct Memo {
    /// What passes over very many Pods have said.
    pub(super) passes: Memory,
    /// Which workloads show a bar for each container, by uid, once that is decided.
    pub(super) laned: RefCell<HashMap<Arc<str>, bool>>,
    summaries: RefCell<HashMap<Arc<str>, (Timestamp, WorkloadOutcome, Summary)>>,
}

/// Numbers of what goes on are reckoned once in so many milliseconds.
const FRESH: i64 = 1000;

impl Memo {
    /// The numbers of a workload, at most a second old; those of what has just ended are new.
    pub(super) fn summary(&self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Summary {
        let mut summaries = self.summaries.borrow_mut();
        // The walk through slot time is the dearest of all: it never takes more than a few hundredths of the time.
        let fresh = FRESH * i64::try_from(1 + workload.pods.len() / 20_000).unwrap_or(1);
        if let Some((at, outcome, summary)) = summaries.get(&workload.uid)
            && (0..fresh).contains(&now.as_millisecond().saturating_sub(at.as_millisecond()))
            && *outcome == workload.outcome
            && (summary.pods > 0 || workload.pods.is_empty())
        {
            return *summary;
        }
        let summary = timeline.summary(workload, now);
        summaries.insert(Arc::clone(&workload.uid), (now, workload.outcome, summary));
        summary
    }
}

impl super::Line {
    /// Gives these columns of the line another role.
    pub fn restyle(&mut self, columns: Range<usize>, role: super::Role) {
        let mut restyled = Self { spans: Vec::with_capacity(self.spans.len() + 2), pod: self.pod };
        let mut at = 0;
        for span in &self.spans {
            let mut piece = String::new();
            let mut piece_role = span.role;
            for char in span.text.chars() {
                let width = text::width(char.encode_utf8(&mut [0; 4]));
                let inside = columns.contains(&at) || (width == 0 && at > 0 && columns.contains(&(at - 1)));
                let wanted = if inside { role } else { span.role };
                if wanted != piece_role {
                    restyled.push(std::mem::take(&mut piece), piece_role);
                    piece_role = wanted;
                }
                piece.push(char);
                at += width;
            }
            restyled.push(piece, piece_role);
        }
        *self = restyled;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Line, Role};

    #[test]
    fn a_part_of_a_line_can_look_different() {
        let mut line = Line::of("ab漢字e\u{301}f", Role::Dim);
        line.push("gh", Role::Text);
        let plain = line.plain();
        line.restyle(1..7, Role::Selected);
        assert_eq!(line.plain(), plain);
        let spans: Vec<(&str, Role)> =
            line.spans.iter().map(|span| (span.text.as_str(), span.role)).collect();
        assert_eq!(
            spans,
            [("a", Role::Dim), ("b漢字e\u{301}", Role::Selected), ("f", Role::Dim), ("gh", Role::Text)]
        );
    }
}
