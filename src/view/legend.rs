//! The legend: what the glyphs of a picture mean.

use super::bar::Mark;
use super::{Glyphs, Line, Role, text};
use crate::lifecycle::PhaseKind;

/// Which marks a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    phases: [bool; 9],
    /// Failed, deleted, unknown, now, estimated, held.
    marks: [bool; 6],
}

impl Seen {
    pub(super) fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Empty => {}
            Mark::Phase(kind) => self.phases[kind as usize] = true,
            Mark::Eighths(_) => self.phases[PhaseKind::Running as usize] = true,
            Mark::Failed => self.marks[0] = true,
            Mark::Deleted => self.marks[1] = true,
            Mark::Unknown => self.marks[2] = true,
            Mark::Now => self.marks[3] = true,
            Mark::Estimated => self.marks[4] = true,
            Mark::Held => self.marks[5] = true,
        }
    }

    /// The legend: each glyph that the picture shows, with its meaning, on as many lines as it takes.
    pub(super) fn legend(&self, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
        let [failed, deleted, unknown, now, estimated, held] = self.marks;
        let seen = |kind: PhaseKind| self.phases[kind as usize];
        let split = seen(PhaseKind::Setup) || seen(PhaseKind::Starting);
        let entries = [
            (held, Mark::Held, "held back"),
            (seen(PhaseKind::Queued), Mark::Phase(PhaseKind::Queued), "queued"),
            (split, Mark::Phase(PhaseKind::Setup), "setup, start"),
            (seen(PhaseKind::Startup) && !split, Mark::Phase(PhaseKind::Startup), "cold start"),
            (seen(PhaseKind::Pulling), Mark::Phase(PhaseKind::Pulling), "pull"),
            (seen(PhaseKind::Initializing), Mark::Phase(PhaseKind::Initializing), "init"),
            (seen(PhaseKind::Running), Mark::Phase(PhaseKind::Running), "work"),
            (seen(PhaseKind::BackOff), Mark::Phase(PhaseKind::BackOff), "back-off"),
            (estimated, Mark::Estimated, "back-off, estimated"),
            (seen(PhaseKind::Terminating), Mark::Phase(PhaseKind::Terminating), "terminating"),
            (failed, Mark::Failed, "failed"),
            (deleted, Mark::Deleted, "deleted"),
            (unknown, Mark::Unknown, "unknown"),
            (now, Mark::Now, "now"),
        ];
        let mut lines: Vec<Line> = Vec::new();
        for (_, mark, meaning) in entries.into_iter().filter(|&(seen, ..)| seen) {
            let wanted = text::width(meaning) + 4;
            match lines.last_mut() {
                Some(line) if line.width() + wanted <= columns => line.push("  ", Role::Dim),
                _ => lines.push(Line::default()),
            }
            let Some(line) = lines.last_mut() else { break };
            line.push(mark.glyph(glyphs), mark.role());
            if mark == Mark::Estimated {
                line.push(format!(" {}", mark.glyph(glyphs)), mark.role());
            }
            line.push(format!(" {meaning}"), Role::Dim);
        }
        lines
    }
}
