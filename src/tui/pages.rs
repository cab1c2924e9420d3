//! The pages of text: a Pod, its events, its log, its YAML, and the keys.

use crate::timeline::PodKey;
use crate::tui::details::LogView;
use crate::tui::help;
use crate::tui::layout_input::LayoutInput;
use crate::tui::page::{Page, Tab};
use crate::tui::state::TuiState;
use crate::tui::yaml;
use crate::view;
use crate::view::primitives::text;
use crate::view::{Glyphs, Line, PodEvent, Size, Style};

/// Composes all lines of the page, including the lines that do not fit on the screen.
pub(crate) fn compose_lines(state: &TuiState, input: &LayoutInput<'_>) -> Vec<Line> {
    match state.page {
        Page::Help => {
            let room = input.rows.saturating_sub(2).max(1);
            let lines = help::compose_help(input.columns, room, input.glyphs);
            lines.into_iter().map(|line| name_arrow_keys(line, input.glyphs)).collect()
        }
        Page::Pod(pod, Tab::Overview) => {
            let LayoutInput { timeline, details, glyphs, now, .. } = input;
            let size = Size::unbounded(input.columns);
            view::draw_pod(timeline, pod, &details.extras, &state.view, size, glyphs, *now).lines
        }
        Page::Pod(_, Tab::Events) => {
            compose_events(&input.details.extras.events.iter().collect::<Vec<_>>(), input)
        }
        Page::Pod(_, Tab::Log) => compose_log(input),
        Page::Pod(_, Tab::Yaml) => match &input.details.yaml {
            None => vec![Line::new("reading …", Style::Dim)],
            Some(Ok(text)) => yaml::highlight(text),
            Some(Err(error)) => vec![Line::new(view::clean(error), Style::Warning)],
        },
        Page::Pods => Vec::new(),
    }
}

/// Composes the path at the top of a page. Returns the path and the end column of each of its parts.
pub(crate) fn compose_path(state: &TuiState, input: &LayoutInput<'_>) -> (Line, Vec<usize>) {
    let mut path = Line::default();
    let mut ends = Vec::new();
    let mut add = |words: String, style: Style| {
        if !path.spans.is_empty() {
            path.push(input.glyphs.within, Style::Dim);
        }
        path.push(words, style);
        ends.push(path.width());
    };
    let workloads = input.timeline.workloads();
    add(
        match workloads {
            [only] => format!("{}/{}", only.kind.to_lowercase(), view::clean(&only.name)),
            _ => format!("{} workloads", workloads.len()),
        },
        Style::Key,
    );
    match state.page {
        Page::Pods => {}
        Page::Help => add("help".into(), Style::Strong),
        Page::Pod(pod, tab) => {
            let pod = input.timeline.pod(pod);
            let style = if tab == Tab::Overview { Style::Strong } else { Style::Key };
            add(format!("pod/{}", view::clean(&pod.name)), style);
            match tab {
                Tab::Overview => {}
                Tab::Events => add("events".into(), Style::Strong),
                Tab::Yaml => add("YAML".into(), Style::Strong),
                Tab::Log => {
                    let container = input.details.log.as_ref().map(|log| view::clean(&log.container));
                    add(format!("log of {}", container.as_deref().unwrap_or("…")), Style::Strong);
                }
            }
        }
    }
    (path, ends)
}

/// Composes the events with their ages, oldest first. Messages are wrapped and never cut, because an event's details
/// are only in its message.
fn compose_events(events: &[&PodEvent], input: &LayoutInput<'_>) -> Vec<Line> {
    if events.is_empty() {
        return vec![Line::new("no events; a cluster keeps events for one hour by default", Style::Dim)];
    }
    let reason_width =
        events.iter().map(|event| text::width(&view::clean(&event.reason))).max().unwrap_or(0).min(24);
    let mut lines = Vec::new();
    for event in events {
        let age = event.at.map_or_else(|| "?".into(), |at| view::format_age(at, input.now));
        let mut line = Line::new(format!("{age:>6}  "), Style::Dim);
        let style = if event.warning { Style::Warning } else { Style::Text };
        line.push(if event.warning { "! " } else { "  " }, style);
        let reason = text::shorten_end(&view::clean(&event.reason), reason_width, input.glyphs.ellipsis);
        line.push(text::pad_right(&reason, reason_width), Style::Strong);
        let count =
            if event.count > 1 { format!("{}{}", input.glyphs.times, event.count) } else { String::new() };
        line.push(format!(" {count:<4} "), Style::Dim);
        let indent = line.width();
        let message = view::clean(&event.message);
        // On a narrow screen the message begins on a line of its own.
        let is_narrow = input.columns < indent + 30;
        let (indent, mut head) = if is_narrow { (4, None) } else { (indent, Some(line.clone())) };
        lines.extend(is_narrow.then_some(line));
        for part in text::wrap(&message, input.columns.saturating_sub(indent)) {
            let mut line = head.take().unwrap_or_else(|| Line::new(" ".repeat(indent), Style::Text));
            line.push(part, style);
            lines.push(line);
        }
    }
    lines
}

/// Composes the log of the container that is shown.
fn compose_log(input: &LayoutInput<'_>) -> Vec<Line> {
    let Some(LogView { lines, ended, has_started, container }) = &input.details.log else {
        return vec![Line::new("reading …", Style::Dim)];
    };
    if !has_started {
        let events = &input.details.extras.events;
        let is_shown = |event: &&PodEvent| event.container.as_ref().is_none_or(|name| name == container);
        let events: Vec<&PodEvent> = events.iter().filter(is_shown).collect();
        let heading = "the container has not started; its log appears here when it starts";
        let mut shown = vec![Line::new(heading, Style::Warning), Line::default()];
        shown.extend(compose_events(&events, input));
        return shown;
    }
    let mut shown: Vec<Line> = lines
        .iter()
        .map(|line| Line::new(view::clean(&strip_control_sequences(line)), Style::Text))
        .collect();
    match ended {
        Some(reason) => shown.push(Line::new(view::clean(reason), Style::Dim)),
        None if shown.is_empty() => {
            shown.push(Line::new("the container has written nothing yet", Style::Dim));
        }
        None => {}
    }
    shown
}

/// Removes colour codes and other control sequences of the form `ESC [ …` from a line of a log. The caller escapes all
/// other control characters.
fn strip_control_sequences(line: &str) -> String {
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

/// Replaces arrows by the names of their keys, and ellipses by dots, if only ASCII characters may be drawn.
pub(crate) fn name_arrow_keys(mut line: Line, glyphs: &Glyphs) -> Line {
    if *glyphs == Glyphs::ASCII {
        for span in &mut line.spans {
            for (arrow, name) in [
                ("↑↓", "j k"),
                ("←→", "Left/Right"),
                ("↑", "Up"),
                ("↓", "Down"),
                ("←", "Left"),
                ("→", "Right"),
            ] {
                span.text = span.text.replace(arrow, name);
            }
            span.text = span.text.replace('…', "..");
        }
    }
    line
}

/// Removes the first `columns` columns of the line.
pub(crate) fn shift_line(line: Line, columns: usize) -> Line {
    if columns == 0 {
        return line;
    }
    let mut shifted = line.without_spans();
    let mut columns_to_remove = columns;
    for span in line.spans {
        let mut kept = span.text.as_str();
        while columns_to_remove > 0 && !kept.is_empty() {
            let char_length = kept.chars().next().map_or(0, char::len_utf8);
            columns_to_remove = columns_to_remove.saturating_sub(text::width(&kept[..char_length]));
            kept = &kept[char_length..];
        }
        shifted.push(kept, span.style);
    }
    shifted
}

/// Breaks the line into lines of at most `columns` columns. A maximum below 2 counts as 2, because a wide character has
/// two columns.
pub(crate) fn wrap_line(line: &Line, columns: usize) -> Vec<Line> {
    let columns = columns.max(2);
    let mut lines = vec![line.without_spans()];
    let mut used = 0;
    for span in &line.spans {
        let mut piece = String::new();
        for char in span.text.chars() {
            let width = text::width(char.encode_utf8(&mut [0; 4]));
            if used + width > columns {
                if let Some(last) = lines.last_mut() {
                    last.push(std::mem::take(&mut piece), span.style);
                }
                lines.push(line.without_spans());
                used = 0;
            }
            piece.push(char);
            used += width;
        }
        if let Some(last) = lines.last_mut() {
            last.push(piece, span.style);
        }
    }
    lines
}

/// Returns the name of the container whose log is shown. `chosen` counts from the first main container, and starts over
/// after the last container. `None` if the Pod has no known container.
pub(crate) fn shown_container(
    timeline: &crate::timeline::Timeline,
    pod: PodKey,
    chosen: usize,
) -> Option<String> {
    let containers = &timeline.pod(pod).life.containers;
    let main = containers
        .iter()
        .position(|container| container.role == crate::lifecycle::ContainerRole::Main)
        .unwrap_or(0);
    let index = (main + chosen) % containers.len().max(1);
    containers.get(index).map(|container| container.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shifted_and_wrapped_by_columns() {
        let mut line = Line::new("ab漢", Style::Dim);
        line.push("字cd", Style::Text);
        assert_eq!(shift_line(line.clone(), 3).plain(), "字cd");
        assert_eq!(shift_line(line.clone(), 20).plain(), "");
        let plain: Vec<String> = wrap_line(&line, 3).iter().map(Line::plain).collect();
        assert_eq!(plain, ["ab", "漢", "字c", "d"]);
    }

    #[test]
    fn colour_codes_of_a_log_are_removed() {
        assert_eq!(strip_control_sequences("\u{1b}[1;31merror\u{1b}[0m: x"), "error: x");
        assert_eq!(strip_control_sequences("cut \u{1b}[12"), "cut ");
    }
}
