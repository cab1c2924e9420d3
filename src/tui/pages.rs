//! The pages of text: one Pod, its events, its log, its YAML, the keys.

use crate::timeline::PodKey;
use crate::tui::details::LogView;
use crate::tui::keys;
use crate::tui::layout::LayoutInput;
use crate::tui::state::{Page, Tab, TuiState};
use crate::tui::yaml;
use crate::view;
use crate::view::primitives::text;
use crate::view::{Glyphs, Line, Size, Style};

/// All lines of the page, as long as they are.
pub(crate) fn lines(state: &TuiState, scenery: &LayoutInput<'_>) -> Vec<Line> {
    match state.page {
        Page::Help => keys::help_lines().into_iter().map(|line| typeable(line, scenery.glyphs)).collect(),
        Page::Pod(pod, Tab::Overview) => {
            let LayoutInput { timeline, details, glyphs, now, .. } = scenery;
            let size = Size::unbounded(scenery.columns);
            view::draw_pod(timeline, pod, &details.extras, &state.view, size, glyphs, *now).lines
        }
        Page::Pod(_, Tab::Events) => events(scenery),
        Page::Pod(_, Tab::Log) => log(scenery),
        Page::Pod(_, Tab::Yaml) => match &scenery.details.yaml {
            None => vec![Line::of("reading …", Style::Dim)],
            Some(Ok(text)) => yaml::highlight(text),
            Some(Err(why)) => vec![Line::of(view::clean(why), Style::Warning)],
        },
        Page::Pods => Vec::new(),
    }
}

/// The path at the top of a page, and where each of its parts ends.
pub(crate) fn path(state: &TuiState, scenery: &LayoutInput<'_>) -> (Line, Vec<usize>) {
    let mut path = Line::default();
    let mut ends = Vec::new();
    let mut add = |words: String, role: Style| {
        if !path.spans.is_empty() {
            path.push(scenery.glyphs.within, Style::Dim);
        }
        path.push(words, role);
        ends.push(path.width());
    };
    let workloads = scenery.timeline.workloads();
    add(
        match workloads {
            [only] => format!("{}/{}", only.kind.to_lowercase(), view::clean(&only.name)),
            _ => format!("{} workloads", workloads.len()),
        },
        Style::Key,
    );
    match state.page {
        Page::Pods => {}
        Page::Help => add("keys".into(), Style::Strong),
        Page::Pod(pod, tab) => {
            let pod = scenery.timeline.pod(pod);
            let role = if tab == Tab::Overview { Style::Strong } else { Style::Key };
            add(format!("pod/{}", view::clean(&pod.name)), role);
            match tab {
                Tab::Overview => {}
                Tab::Events => add("events".into(), Style::Strong),
                Tab::Yaml => add("YAML".into(), Style::Strong),
                Tab::Log => {
                    let container = scenery.details.log.as_ref().map(|log| view::clean(&log.container));
                    add(format!("log of {}", container.as_deref().unwrap_or("…")), Style::Strong);
                }
            }
        }
    }
    (path, ends)
}

/// Events, the latest last, each with its age; warnings are marked. Messages are never cut: they say what no column has.
fn events(scenery: &LayoutInput<'_>) -> Vec<Line> {
    let events = &scenery.details.extras.events;
    if events.is_empty() {
        return vec![Line::of("no events: clusters keep them for an hour", Style::Dim)];
    }
    let reasons =
        events.iter().map(|event| text::width(&view::clean(&event.reason))).max().unwrap_or(0).min(24);
    let mut lines = Vec::new();
    for event in events {
        let age = event.at.map_or_else(|| "?".into(), |at| view::age(at, scenery.now));
        let mut line = Line::of(format!("{age:>6}  "), Style::Dim);
        let role = if event.warning { Style::Warning } else { Style::Text };
        line.push(if event.warning { "! " } else { "  " }, role);
        let reason = text::shorten_end(&view::clean(&event.reason), reasons, scenery.glyphs.ellipsis);
        line.push(text::pad_right(&reason, reasons), Style::Strong);
        let count =
            if event.count > 1 { format!("{}{}", scenery.glyphs.times, event.count) } else { String::new() };
        line.push(format!(" {count:<4} "), Style::Dim);
        let indent = line.width();
        let message = view::clean(&event.message);
        let narrow = scenery.columns < indent + 30;
        let (indent, mut head) = if narrow { (4, None) } else { (indent, Some(line.clone())) };
        lines.extend(narrow.then_some(line));
        for part in text::wrap(&message, scenery.columns.saturating_sub(indent)) {
            let mut line = head.take().unwrap_or_else(|| Line::of(" ".repeat(indent), Style::Text));
            line.push(part, role);
            lines.push(line);
        }
    }
    lines
}

fn log(scenery: &LayoutInput<'_>) -> Vec<Line> {
    let Some(LogView { lines, over, .. }) = &scenery.details.log else {
        return vec![Line::of("reading …", Style::Dim)];
    };
    let mut shown: Vec<Line> =
        lines.iter().map(|line| Line::of(view::clean(&without_codes(line)), Style::Text)).collect();
    match over {
        Some(why) => shown.push(Line::of(view::clean(why), Style::Dim)),
        None if shown.is_empty() => shown.push(Line::of("nothing written yet", Style::Dim)),
        None => {}
    }
    shown
}

/// A log's line without the codes that colour it: what else is in it is escaped.
fn without_codes(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::with_capacity(line.len());
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let code = &rest[start + 2..];
        let Some(end) = code.find(|char: char| ('@'..='~').contains(&char)) else {
            return plain;
        };
        rest = &code[end + 1..];
    }
    plain.push_str(rest);
    plain
}

/// The names of keys without arrows, where the terminal has none.
pub(crate) fn typeable(mut line: Line, glyphs: &Glyphs) -> Line {
    if *glyphs == Glyphs::ASCII {
        for span in &mut line.spans {
            for (arrow, name) in [("↑↓", "j k"), ("↑", "Up"), ("↓", "Down"), ("←", "Left"), ("→", "Right")]
            {
                span.text = span.text.replace(arrow, name);
            }
            span.text = span.text.replace('…', "..");
        }
    }
    line
}

/// The line from a column on.
pub(crate) fn shifted(line: Line, columns: usize) -> Line {
    if columns == 0 {
        return line;
    }
    let mut shifted = Line { spans: Vec::new(), pod: line.pod };
    let mut left = columns;
    for span in line.spans {
        let mut kept = span.text.as_str();
        while left > 0 && !kept.is_empty() {
            let first = kept.chars().next().map_or(0, char::len_utf8);
            left = left.saturating_sub(text::width(&kept[..first]));
            kept = &kept[first..];
        }
        shifted.push(kept, span.role);
    }
    shifted
}

/// The line on as many lines as it takes.
pub(crate) fn wrapped(line: &Line, columns: usize) -> Vec<Line> {
    let columns = columns.max(2);
    let mut lines = vec![Line { spans: Vec::new(), pod: line.pod }];
    let mut used = 0;
    for span in &line.spans {
        let mut piece = String::new();
        for char in span.text.chars() {
            let width = text::width(char.encode_utf8(&mut [0; 4]));
            if used + width > columns {
                if let Some(last) = lines.last_mut() {
                    last.push(std::mem::take(&mut piece), span.role);
                }
                lines.push(Line { spans: Vec::new(), pod: line.pod });
                used = 0;
            }
            piece.push(char);
            used += width;
        }
        if let Some(last) = lines.last_mut() {
            last.push(piece, span.role);
        }
    }
    lines
}

/// Which container's log is shown: the one that was chosen, at first the first main one.
pub(crate) fn container_of(
    timeline: &crate::timeline::Timeline,
    pod: PodKey,
    chosen: usize,
) -> Option<String> {
    let containers = &timeline.pod(pod).life.containers;
    let main = containers
        .iter()
        .position(|container| container.role == crate::lifecycle::ContainerRole::Main)
        .unwrap_or(0);
    let place = (main + chosen) % containers.len().max(1);
    containers.get(place).map(|container| container.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shifted_and_wrapped_by_columns() {
        let mut line = Line::of("ab漢", Style::Dim);
        line.push("字cd", Style::Text);
        assert_eq!(shifted(line.clone(), 3).plain(), "字cd");
        assert_eq!(shifted(line.clone(), 20).plain(), "");
        let plain: Vec<String> = wrapped(&line, 3).iter().map(Line::plain).collect();
        assert_eq!(plain, ["ab", "漢", "字c", "d"]);
    }

    #[test]
    fn colours_of_a_log_are_left_out() {
        assert_eq!(without_codes("\u{1b}[1;31merror\u{1b}[0m: x"), "error: x");
        assert_eq!(without_codes("cut \u{1b}[12"), "cut ");
    }
}
