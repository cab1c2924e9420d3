//! The help: the keys in groups, the glyphs of the bars, and the marks beside the bars.

use crate::lifecycle::PhaseKind;
use crate::tui::keys::KeyGroup;
use crate::view::primitives::text;
use crate::view::{Glyphs, Line, Style};

/// A group of rows under a title.
struct HelpSection {
    title: &'static str,
    /// Each row has the text of its first column with its style, and a description.
    rows: Vec<(String, Style, String)>,
}

/// Composes the help for a screen with this many columns and this many lines for text. Every section begins on a page
/// that has room for all of its lines. If a section has more lines than a page, it continues on the next page. All
/// pages have `rows` lines, so that scrolling by one screen shows the next page.
pub(crate) fn compose_help(columns: usize, rows: usize, glyphs: &Glyphs) -> Vec<Line> {
    let rows = rows.max(1);
    let mut lines: Vec<Line> = Vec::new();
    for section in sections(glyphs) {
        let section_lines = section.lines(columns, glyphs);
        let used = lines.len() % rows;
        let gap = usize::from(used > 0);
        if used + gap + section_lines.len() > rows && used > 0 {
            lines.resize(lines.len() + rows - used, Line::default());
        } else if used > 0 {
            lines.push(Line::default());
        }
        lines.extend(section_lines);
    }
    let pages = lines.len().div_ceil(rows);
    lines.resize(pages * rows, Line::default());
    lines
}

fn sections(glyphs: &Glyphs) -> Vec<HelpSection> {
    let keys = KeyGroup::IN_HELP.iter().map(|group| HelpSection {
        title: group.title(),
        rows: group
            .bindings()
            .map(|binding| (binding.label.to_owned(), Style::Strong, binding.help.to_owned()))
            .collect(),
    });
    keys.chain([bar_glyphs(glyphs), marks(glyphs)]).collect()
}

/// The glyphs of the bars, in the order of a Pod's life.
fn bar_glyphs(glyphs: &Glyphs) -> HelpSection {
    let phase = |kind: PhaseKind| {
        let meaning = match kind {
            PhaseKind::Queued => "queued: the Pod waits for a node",
            PhaseKind::Setup => "setup and start: volumes, sandbox, network, containers",
            // These phases share the glyph of the setup.
            PhaseKind::Starting | PhaseKind::Startup => return None,
            PhaseKind::Pulling => "image pull",
            PhaseKind::PullFailing => "an image cannot be pulled; in a bar: attempt, failure, wait",
            PhaseKind::Initializing => "init containers run",
            PhaseKind::Unready => "works, but was never Ready",
            PhaseKind::Running => "work",
            PhaseKind::BackOff => "back-off: waits for the next try",
            PhaseKind::Terminating => "terminating: deleted, and still works",
            PhaseKind::Unknown => "unknown",
        };
        Some((glyphs.phase(kind), meaning))
    };
    let others = [
        (glyphs.pull_queue, "a pull waits for the other pulls of its node"),
        (glyphs.failed_work, "work of a run or of a Pod that failed"),
        (glyphs.failed, "failed"),
        (glyphs.deleted, "deleted before its end"),
        (glyphs.held, "held: the workload creates no Pods"),
        (glyphs.idle, "idle: a slot without a Pod, in a bar of slot time"),
        (glyphs.now, "now"),
    ];
    let all = PhaseKind::ALL.into_iter().filter_map(phase).chain(others);
    let rows = all.map(|(glyph, meaning)| (glyph.to_string(), Style::Text, meaning.to_owned())).collect();
    HelpSection { title: "Bars", rows }
}

/// The marks beside the bars.
fn marks(glyphs: &Glyphs) -> HelpSection {
    let Glyphs { succeeded, running, waiting, times, restarts, failed, .. } = glyphs;
    let rows = [
        ((*succeeded).to_owned(), "succeeded"),
        ((*running).to_owned(), "runs"),
        ((*waiting).to_owned(), "waits or starts"),
        (format!("{failed} 3"), "failed with exit code 3"),
        (format!("({succeeded})"), "ended well, but does not count, because it was deleted"),
        (format!("{succeeded} {restarts}3"), "its containers were restarted three times"),
        (format!("{succeeded} 3{times}"), "took three times the median"),
    ];
    let rows = rows.into_iter().map(|(mark, meaning)| (mark, Style::Text, meaning.to_owned())).collect();
    HelpSection { title: "Marks", rows }
}

impl HelpSection {
    /// The lines of the section: its title and its rows. Descriptions are wrapped.
    fn lines(&self, columns: usize, glyphs: &Glyphs) -> Vec<Line> {
        let width = self.rows.iter().map(|(first, ..)| text::width(first)).max().unwrap_or(0);
        let indent = width + 4;
        let mut lines = vec![Line::new(self.title, Style::Strong)];
        for (first, style, description) in &self.rows {
            let mut line = Line::new("  ", Style::Text);
            line.push(text::pad_right(first, width), *style);
            line.push("  ", Style::Text);
            let mut head = Some(line);
            for part in text::wrap(description, columns.saturating_sub(indent).max(8)) {
                let mut line = head.take().unwrap_or_else(|| Line::new(" ".repeat(indent), Style::Text));
                line.push(part, Style::Text);
                lines.push(line);
            }
        }
        lines.into_iter().map(|line| line.shorten_end(columns, glyphs.ellipsis)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_begins_on_a_page_that_has_room_for_it() {
        for (columns, rows) in [(80, 21), (120, 37), (40, 7), (20, 1)] {
            let lines = compose_help(columns, rows, &Glyphs::UNICODE);
            assert_eq!(lines.len() % rows, 0, "{columns}x{rows}");
            assert!(lines.iter().all(|line| line.width() <= columns), "{columns}x{rows}");
        }
        let pages = compose_help(80, 21, &Glyphs::UNICODE);
        for title in KeyGroup::IN_HELP.map(KeyGroup::title).into_iter().chain(["Bars", "Marks"]) {
            let start = pages.iter().position(|line| line.plain() == title).unwrap();
            let length = pages[start..].iter().take_while(|line| !line.spans.is_empty()).count();
            assert_eq!(start / 21, (start + length - 1) / 21, "{title} is on one page");
        }
    }
}
