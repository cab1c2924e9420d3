//! The legend: the meaning of each glyph in a picture.

use crate::lifecycle::{ByPhase, PhaseKind};
use crate::view::chart::mark::CellMark;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

/// The marks that a picture shows and the legend explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each mark is shown or not")]
pub(crate) struct LegendEntries {
    phases: ByPhase<bool>,
    failed_work: bool,
    pull_queue: bool,
    earlier: bool,
    failed: bool,
    deleted: bool,
    unknown: bool,
    now: bool,
    estimated: bool,
    held: bool,
    gang_wait: bool,
    gang_complete: bool,
    restarts: bool,
    folded: bool,
}

impl LegendEntries {
    /// Adds a mark that the picture shows.
    pub(crate) fn add(&mut self, mark: CellMark) {
        match mark {
            CellMark::Empty => {}
            CellMark::Earlier => self.earlier = true,
            CellMark::Phase(kind) => self.phases[kind] = true,
            CellMark::WorkEighths(_) => self.phases[PhaseKind::Running] = true,
            CellMark::PullAttempt => self.phases[PhaseKind::PullFailing] = true,
            CellMark::PullQueue => self.pull_queue = true,
            CellMark::FailedWork => self.failed_work = true,
            CellMark::Failed => self.failed = true,
            CellMark::Deleted => self.deleted = true,
            CellMark::Unknown => self.unknown = true,
            CellMark::Now => self.now = true,
            CellMark::Estimated => self.estimated = true,
            CellMark::Held => self.held = true,
            CellMark::GangWait => self.gang_wait = true,
            CellMark::GangComplete => self.gang_complete = true,
        }
    }

    /// Adds the mark of restarts, which stands beside a bar.
    pub(crate) fn add_restarts(&mut self) {
        self.restarts = true;
    }

    /// Adds the line that shows how many Pods without a row there were at each time.
    pub(crate) fn add_folded(&mut self) {
        self.folded = true;
    }

    /// Writes the legend on as many lines as it needs.
    pub(crate) fn write_legend(&self, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
        let mut entries: Vec<(CellMark, &str)> = Vec::new();
        let mut add_if = |is_shown: bool, mark: CellMark, meaning: &'static str| {
            entries.extend(is_shown.then_some((mark, meaning)));
        };
        add_if(self.earlier, CellMark::Earlier, "began earlier");
        add_if(self.held, CellMark::Held, "held back");
        add_if(self.gang_wait, CellMark::GangWait, "gang waits");
        add_if(self.gang_complete, CellMark::GangComplete, "all work");
        for kind in PhaseKind::ALL {
            add_if(self.pull_queue && kind == PhaseKind::Pulling, CellMark::PullQueue, "pull queue");
            if let Some(meaning) = self.phase_meaning(kind) {
                add_if(true, CellMark::Phase(kind), meaning);
            }
            add_if(self.failed_work && kind == PhaseKind::Running, CellMark::FailedWork, "failed work");
            add_if(self.estimated && kind == PhaseKind::BackOff, CellMark::Estimated, "estimated back-off");
        }
        add_if(self.failed, CellMark::Failed, "failed");
        add_if(self.deleted, CellMark::Deleted, "deleted");
        add_if(self.unknown, CellMark::Unknown, "unknown");
        add_if(self.now, CellMark::Now, "now");

        let mut lines: Vec<Line> = Vec::new();
        for (mark, meaning) in entries {
            let width =
                text::width(meaning) + if mark == CellMark::Phase(PhaseKind::PullFailing) { 6 } else { 4 };
            match lines.last_mut() {
                Some(line) if line.width() + width <= columns => line.push("  ", Style::Dim),
                _ => lines.push(Line::default()),
            }
            let Some(line) = lines.last_mut() else { break };
            if mark == CellMark::Phase(PhaseKind::PullFailing) {
                line.push(CellMark::PullAttempt.glyph(glyphs), mark.style());
                line.push(CellMark::Failed.glyph(glyphs), CellMark::Failed.style());
            }
            line.push(mark.glyph(glyphs), mark.style());
            if mark == CellMark::Estimated {
                // Estimated stretches are drawn with gaps.
                line.push(format!(" {}", mark.glyph(glyphs)), mark.style());
            }
            line.push(format!(" {meaning}"), Style::Dim);
        }
        let [few, .., all] = glyphs.density;
        let folded = self.folded.then(|| format!("{few}{all} folded Pods"));
        let restarts = self.restarts.then(|| format!("{} restarts", glyphs.restarts));
        for entry in folded.into_iter().chain(restarts) {
            match lines.last_mut() {
                Some(line) if line.width() + text::width(&entry) + 2 <= columns => {
                    line.push(format!("  {entry}"), Style::Dim);
                }
                _ => lines.push(Line::new(entry, Style::Dim)),
            }
        }
        lines
    }

    /// The meaning of a phase's glyph, if the picture shows it. The phases that share a glyph have one entry, at Setup.
    fn phase_meaning(&self, kind: PhaseKind) -> Option<&'static str> {
        let is_shown = self.phases[kind];
        match kind {
            PhaseKind::Queued => is_shown.then_some("queued"),
            PhaseKind::Setup if is_shown || self.phases[PhaseKind::Starting] => Some("setup, start"),
            PhaseKind::Setup => self.phases[PhaseKind::Startup].then_some("cold start"),
            PhaseKind::Starting | PhaseKind::Startup => None,
            PhaseKind::Pulling => is_shown.then_some("pull"),
            PhaseKind::PullFailing => is_shown.then_some("cannot pull"),
            PhaseKind::Initializing => is_shown.then_some("init"),
            PhaseKind::Unready => is_shown.then_some("not ready"),
            PhaseKind::Running => is_shown.then_some("work"),
            PhaseKind::BackOff => is_shown.then_some("back-off"),
            PhaseKind::Terminating => is_shown.then_some("terminating"),
            PhaseKind::Unknown => is_shown.then_some("unknown"),
        }
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
            assert_eq!(entries.write_legend(&Glyphs::UNICODE, 80).len(), 1, "{kind:?}");
        }
    }
}
