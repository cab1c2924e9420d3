//! The legend: what the glyphs of a picture mean.

use crate::lifecycle::{ByPhase, PhaseKind};
use crate::view::chart::mark::CellMark;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

/// Which marks a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LegendEntries {
    phases: ByPhase<bool>,
    /// Failed, deleted, unknown, now, estimated, held.
    marks: [bool; 6],
}

impl LegendEntries {
    pub(crate) fn add(&mut self, mark: CellMark) {
        match mark {
            CellMark::Empty => {}
            CellMark::Phase(kind) => self.phases[kind] = true,
            CellMark::Eighths(_) => self.phases[PhaseKind::Running] = true,
            CellMark::Failed => self.marks[0] = true,
            CellMark::Deleted => self.marks[1] = true,
            CellMark::Unknown => self.marks[2] = true,
            CellMark::Now => self.marks[3] = true,
            CellMark::Estimated => self.marks[4] = true,
            CellMark::Held => self.marks[5] = true,
        }
    }

    /// The legend: each glyph that the picture shows, with its meaning, on as many lines as it takes.
    pub(crate) fn legend(&self, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
        let [failed, deleted, unknown, now, estimated, held] = self.marks;
        let seen = |kind: PhaseKind| self.phases[kind];
        let split = seen(PhaseKind::Setup) || seen(PhaseKind::Starting);
        let entries = [
            (held, CellMark::Held, "held back"),
            (seen(PhaseKind::Queued), CellMark::Phase(PhaseKind::Queued), "queued"),
            (split, CellMark::Phase(PhaseKind::Setup), "setup, start"),
            (seen(PhaseKind::Startup) && !split, CellMark::Phase(PhaseKind::Startup), "cold start"),
            (seen(PhaseKind::Pulling), CellMark::Phase(PhaseKind::Pulling), "pull"),
            (seen(PhaseKind::Initializing), CellMark::Phase(PhaseKind::Initializing), "init"),
            (seen(PhaseKind::Running), CellMark::Phase(PhaseKind::Running), "work"),
            (seen(PhaseKind::BackOff), CellMark::Phase(PhaseKind::BackOff), "back-off"),
            (estimated, CellMark::Estimated, "back-off, estimated"),
            (seen(PhaseKind::Terminating), CellMark::Phase(PhaseKind::Terminating), "terminating"),
            (failed, CellMark::Failed, "failed"),
            (deleted, CellMark::Deleted, "deleted"),
            (unknown, CellMark::Unknown, "unknown"),
            (now, CellMark::Now, "now"),
        ];
        let mut lines: Vec<Line> = Vec::new();
        for (_, mark, meaning) in entries.into_iter().filter(|&(seen, ..)| seen) {
            let wanted = text::width(meaning) + 4;
            match lines.last_mut() {
                Some(line) if line.width() + wanted <= columns => line.push("  ", Style::Dim),
                _ => lines.push(Line::default()),
            }
            let Some(line) = lines.last_mut() else { break };
            line.push(mark.glyph(glyphs), mark.role());
            if mark == CellMark::Estimated {
                line.push(format!(" {}", mark.glyph(glyphs)), mark.role());
            }
            line.push(format!(" {meaning}"), Style::Dim);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legend_explains_every_phase() {
        for kind in PhaseKind::ALL {
            let mut entries = LegendEntries::default();
            entries.add(CellMark::Phase(kind));
            assert_eq!(entries.legend(&Glyphs::UNICODE, 80).len(), 1, "{kind:?}");
        }
    }
}
