//! The characters of a picture. Phases and marks differ in shape, so that a picture without colours stays readable.

use crate::lifecycle::PhaseKind;

/// A set of characters. Each `char` is one column wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    queued: char,
    /// The parts of a cold start that have no character of their own: setup, starting and startup.
    cold_start: char,
    pulling: char,
    pull_failing: char,
    initializing: char,
    unready: char,
    work: char,
    /// Work of a run or of a Pod that failed.
    pub failed_work: char,
    /// The wait of a pull for the other pulls of its node.
    pub pull_queue: char,
    back_off: char,
    terminating: char,
    /// The end of a failed Pod.
    pub failed: char,
    /// The end of a deleted Pod.
    pub deleted: char,
    /// An unknown time or state.
    pub unknown: char,
    /// The end of an open bar: now.
    pub now: char,
    /// A time in which a workload creates no Pods, because it is suspended or its Pods are refused.
    pub held: char,
    /// A time in which members of a gang wait for the last one.
    pub gang_wait: char,
    /// The moment from which on all members of a gang work.
    pub gang_complete: char,
    /// A slot without a Pod, in a bar of slot time.
    pub idle: char,
    /// One to seven eighths of a cell of work; `None` if the set has no such characters.
    pub eighths: Option<[char; Self::PARTIAL_EIGHTHS]>,
    /// The work of a Pod in a cell of the grid: up to half of the median, up to the median, up to twice the median, and
    /// more.
    pub work_shades: [char; 4],
    /// A Pod in the grid that works much longer than the median.
    pub running_slowly: char,
    /// A Pod in the grid that waits for a node.
    pub queued_cell: char,
    /// A completion without a Pod in the grid.
    pub to_come: char,
    /// The selected cell of the grid.
    pub selected_cell: char,
    /// The number of Pods in a cell, from few to all.
    pub density: [char; Self::DENSITY_LEVELS],
    /// A Pod that succeeded, in the status column.
    pub succeeded: &'static str,
    /// A Pod that runs, in the status column.
    pub running: &'static str,
    /// A Pod that waits or starts, in the status column.
    pub waiting: &'static str,
    /// Marks a cut.
    pub ellipsis: &'static str,
    /// Separates the parts of a line.
    pub separator: &'static str,
    /// Stands for an absent value.
    pub none: &'static str,
    /// Multiplication sign after or before a number, as in `3×`.
    pub times: &'static str,
    /// Stands before the number of restarts, as in `↻3`.
    pub restarts: &'static str,
    /// Stands before the uncertainty of a number, as in `57 % ± 3`.
    pub plus_minus: &'static str,
    /// Separates the two ends of a time range.
    pub to: &'static str,
    /// Stands between the time before a change and the time after it.
    pub becomes: &'static str,
    /// Marks the selected row.
    pub selected: &'static str,
    /// Separates the parts of a path.
    pub within: &'static str,
}

impl Glyphs {
    /// The number of cells that are filled in part, if a cell is divided into eighths.
    const PARTIAL_EIGHTHS: usize = 7;
    /// The number of characters that stand for a number of Pods.
    const DENSITY_LEVELS: usize = 8;

    /// For terminals that show Unicode.
    pub const UNICODE: Self = Self {
        queued: '·',
        cold_start: '╱',
        pulling: '▒',
        pull_failing: '≈',
        initializing: '╲',
        unready: '═',
        work: '█',
        failed_work: '▓',
        pull_queue: '░',
        back_off: '~',
        terminating: '▚',
        failed: '✗',
        deleted: '⊘',
        unknown: '?',
        now: '▶',
        held: '‖',
        gang_wait: '─',
        gang_complete: '●',
        idle: '┄',
        eighths: Some(['▏', '▎', '▍', '▌', '▋', '▊', '▉']),
        work_shades: ['▂', '▄', '▆', '█'],
        running_slowly: '»',
        queued_cell: '○',
        to_come: '·',
        selected_cell: '◆',
        density: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        succeeded: "✓",
        running: "▸",
        waiting: "…",
        ellipsis: "…",
        separator: " · ",
        none: "–",
        times: "×",
        restarts: "↻",
        plus_minus: "±",
        to: "→",
        becomes: "→",
        selected: "▌",
        within: " › ",
    };

    /// For terminals and files that cannot show Unicode.
    pub const ASCII: Self = Self {
        queued: '.',
        cold_start: '/',
        pulling: '=',
        pull_failing: '&',
        initializing: '\\',
        unready: '%',
        work: '#',
        failed_work: 'x',
        pull_queue: ':',
        back_off: '~',
        terminating: '-',
        failed: 'X',
        deleted: 'D',
        unknown: '?',
        now: '>',
        held: '|',
        gang_wait: ';',
        gang_complete: 'O',
        idle: '_',
        eighths: None,
        work_shades: [',', '+', '*', '#'],
        running_slowly: '!',
        queued_cell: 'o',
        to_come: '.',
        selected_cell: '@',
        density: ['_', '.', ':', '-', '=', '+', '*', '#'],
        succeeded: "ok",
        running: ">",
        waiting: "..",
        ellipsis: "..",
        separator: ", ",
        none: "-",
        times: "x",
        restarts: "r",
        plus_minus: "+-",
        to: "-",
        becomes: "->",
        selected: ">",
        within: " > ",
    };

    /// The glyph of a phase.
    pub fn phase(&self, kind: PhaseKind) -> char {
        match kind {
            PhaseKind::Queued => self.queued,
            PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => self.cold_start,
            PhaseKind::Pulling => self.pulling,
            PhaseKind::PullFailing => self.pull_failing,
            PhaseKind::Initializing => self.initializing,
            PhaseKind::Unready => self.unready,
            PhaseKind::Running => self.work,
            PhaseKind::BackOff => self.back_off,
            PhaseKind::Terminating => self.terminating,
            PhaseKind::Unknown => self.unknown,
        }
    }
}

impl Default for Glyphs {
    fn default() -> Self {
        Self::UNICODE
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn the_documentation_explains_the_glyph_of_every_phase() {
        let page = include_str!("../../../docs/picture.md");
        for kind in PhaseKind::ALL {
            let [unicode, ascii] = [Glyphs::UNICODE, Glyphs::ASCII].map(|glyphs| glyphs.phase(kind));
            let row = format!("| `{unicode}` | `{ascii}` |");
            assert!(page.contains(&row), "docs/picture.md has no row {row} for {}", kind.name());
        }
    }

    #[test]
    fn shapes_are_one_column_wide_and_distinct() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let marks = [glyphs.failed, glyphs.deleted, glyphs.unknown, glyphs.now, glyphs.held, glyphs.idle];
            let marks = marks.into_iter().chain([
                glyphs.failed_work,
                glyphs.pull_queue,
                glyphs.gang_wait,
                glyphs.gang_complete,
            ]);
            // Starting and Startup share the character of Setup. An unknown phase has the character of an unknown
            // state.
            let shapes: Vec<char> = PhaseKind::ALL
                .into_iter()
                .filter(|kind| !matches!(kind, PhaseKind::Starting | PhaseKind::Startup | PhaseKind::Unknown))
                .map(|kind| glyphs.phase(kind))
                .chain(marks)
                .collect();
            for (index, shape) in shapes.iter().enumerate() {
                assert_eq!(shape.width(), Some(1), "{shape}");
                assert!(!shapes[..index].contains(shape), "{shape} twice");
            }
            // In the grid, these glyphs stand beside those of the phases and the marks. A queued Pod has a glyph of
            // its own.
            let cells = [glyphs.running_slowly, glyphs.queued_cell, glyphs.to_come, glyphs.selected_cell];
            let cells: Vec<char> = cells.into_iter().chain(glyphs.work_shades).collect();
            for (index, cell) in cells.iter().enumerate() {
                assert_eq!(cell.width(), Some(1), "{cell}");
                let twice = cells[..index].contains(cell) || shapes.contains(cell);
                assert!(!twice || [glyphs.queued, glyphs.work].contains(cell), "{cell} twice");
            }
            for glyph in glyphs.density.into_iter().chain(glyphs.eighths.into_iter().flatten()) {
                assert_eq!(glyph.width(), Some(1), "{glyph}");
            }
        }
    }

    #[test]
    fn the_ascii_set_contains_only_ascii() {
        let glyphs = Glyphs::ASCII;
        let texts = [
            glyphs.succeeded,
            glyphs.running,
            glyphs.waiting,
            glyphs.ellipsis,
            glyphs.separator,
            glyphs.none,
            glyphs.becomes,
        ];
        assert!(texts.iter().all(|text| text.is_ascii()));
        let phases = PhaseKind::ALL.map(|kind| glyphs.phase(kind));
        let cells = [glyphs.running_slowly, glyphs.queued_cell, glyphs.to_come, glyphs.selected_cell];
        let chars = phases.iter().chain(&glyphs.density).chain(&glyphs.work_shades).chain(&cells);
        assert!(chars.copied().all(|char| char.is_ascii()));
    }
}
