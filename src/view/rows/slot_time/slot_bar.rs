//! The bar of slot time: one line of cells that divides the slot time of a workload by use. The whole bar is 100 %.

use crate::lifecycle::PhaseKind;
use crate::timeline::SlotTime;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::slot_time::segment::Segment;
use crate::view::rows::slot_time::shares::divide_in_proportion;

/// The slot time of each part in milliseconds, in the order of the bar. Parts without time are left out. `lost_work` is
/// the part of the work that did not count, in milliseconds.
fn segments(slots: &SlotTime, lost_work: i64) -> Vec<(Segment, i64)> {
    let lost_work = lost_work.clamp(0, slots.phases[PhaseKind::Running].max(0));
    let millis = |segment: Segment| match segment {
        Segment::Idle => slots.idle,
        Segment::LostWork => lost_work,
        Segment::Work
        | Segment::SetupAndStart
        | Segment::Pull
        | Segment::PullFailing
        | Segment::Init
        | Segment::ColdStart
        | Segment::Unready
        | Segment::Terminating
        | Segment::Queued
        | Segment::BackOff
        | Segment::Unknown => {
            let of_segment =
                slots.phases.iter().filter(|(kind, _)| Segment::from_phase(*kind).in_bar() == segment);
            let sum = of_segment.map(|(_, millis)| *millis).sum::<i64>();
            if segment == Segment::Work { sum - lost_work } else { sum }
        }
    };
    let segments = Segment::ALL.into_iter().map(|segment| (segment, millis(segment)));
    segments.filter(|(_, millis)| *millis > 0).collect()
}

/// The bar of slot time: `columns` cells, divided in proportion to the uses of the slot time. `lost_work` is the part
/// of the work that did not count, in milliseconds. If any work was lost, it has at least one cell. The bar is blank
/// if there is no slot time.
pub(crate) fn slot_time_bar(slots: &SlotTime, lost_work: i64, glyphs: &Glyphs, columns: usize) -> Line {
    let segments = segments(slots, lost_work);
    let mut line = Line::default();
    for ((segment, _), cells) in segments.iter().zip(divide_cells(&segments, columns)) {
        let (glyph, style) = segment.appearance(glyphs);
        line.push(glyph.to_string().repeat(cells), style);
    }
    if segments.is_empty() {
        line.push(" ".repeat(columns), Style::Text);
    }
    line
}

/// Divides the cells of a bar in proportion to the times. Lost work has at least one cell.
fn divide_cells(segments: &[(Segment, i64)], columns: usize) -> Vec<usize> {
    let times: Vec<i64> = segments.iter().map(|(_, millis)| *millis).collect();
    let mut cells = divide_in_proportion(&times, columns);
    let lost = segments.iter().position(|(segment, _)| *segment == Segment::LostWork);
    let largest = (0..cells.len()).max_by_key(|&index| cells[index]);
    if let (Some(lost), Some(largest)) = (lost, largest)
        && cells[lost] == 0
        && cells[largest] > 1
    {
        cells[lost] += 1;
        cells[largest] -= 1;
    }
    cells
}

/// The parts that bars contain, for their legend.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotBarLegend(Vec<Segment>);

impl SlotBarLegend {
    /// Adds the parts that have at least one of the `columns` cells of the bar with this slot time and lost work.
    pub(crate) fn add(&mut self, slots: &SlotTime, lost_work: i64, columns: usize) {
        let segments = segments(slots, lost_work);
        let cells = divide_cells(&segments, columns);
        for ((segment, _), _) in segments.into_iter().zip(cells).filter(|(_, cells)| *cells > 0) {
            if let Err(at) = self.0.binary_search(&segment) {
                self.0.insert(at, segment);
            }
        }
    }

    /// Writes the meaning of each glyph, in the order of the bars, in as much of the line as fits.
    pub(crate) fn write(&self, glyphs: &Glyphs, columns: usize) -> Line {
        let mut line = Line::default();
        for segment in &self.0 {
            let (glyph, style) = segment.appearance(glyphs);
            let name = segment.name();
            let gap = if line.spans.is_empty() { "" } else { "  " };
            if line.width() + gap.len() + 2 + name.len() > columns {
                break;
            }
            line.push(gap, Style::Dim);
            line.push(glyph, style);
            line.push(format!(" {name}"), Style::Dim);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::slot_time as slots;

    fn bar(slots: &SlotTime, lost_work: i64, columns: usize) -> String {
        slot_time_bar(slots, lost_work, &Glyphs::UNICODE, columns).plain()
    }

    #[test]
    fn the_cells_of_a_bar_are_in_proportion_to_the_uses_of_slot_time() {
        let run =
            slots(&[(PhaseKind::Running, 500), (PhaseKind::Pulling, 200), (PhaseKind::Queued, 100)], 200);
        assert_eq!(bar(&run, 0, 10), "█████▒▒·┄┄");
        assert_eq!(bar(&run, 200, 10), "███✗✗▒▒·┄┄");
        assert_eq!(bar(&SlotTime::default(), 0, 3), "   ");
    }

    #[test]
    fn a_bar_fills_every_width_and_always_shows_lost_work() {
        let run =
            slots(&PhaseKind::ALL.map(|kind| (kind, 37 + i64::try_from(kind.name().len()).unwrap())), 11);
        for columns in 0..200 {
            assert_eq!(crate::view::primitives::text::width(&bar(&run, 1, columns)), columns);
        }
        let run = slots(&[(PhaseKind::Running, 100_000)], 0);
        assert_eq!(bar(&run, 1, 5), "████✗");
    }

    #[test]
    fn the_legend_explains_each_glyph_once() {
        let mut legend = SlotBarLegend::default();
        for kind in PhaseKind::ALL {
            legend.add(&slots(&[(kind, 5)], 1), i64::from(kind == PhaseKind::Running), 12);
        }
        let complete = legend.0.clone();
        // A part without a cell needs no explanation.
        let mut narrow = SlotBarLegend::default();
        narrow.add(&slots(&[(PhaseKind::Queued, 1_000), (PhaseKind::Setup, 1)], 0), 0, 10);
        let in_bar = Segment::ALL.into_iter().filter(|segment| segment.in_bar() == *segment).count();
        assert_eq!((narrow.0, complete.len()), (vec![Segment::Queued], in_bar));
        let line = legend.write(&Glyphs::UNICODE, 200).plain();
        let glyphs: Vec<&str> = line.split("  ").map(|entry| entry.split(' ').next().unwrap()).collect();
        let mut distinct = glyphs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), glyphs.len(), "{line}");
        assert_eq!(glyphs.len(), in_bar, "{line}");
    }
}
