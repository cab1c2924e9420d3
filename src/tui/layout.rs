//! Composes the whole screen: the picture or a page, the lines about the selection, and the status line.

use crate::timeline::{PodKey, Timeline};
use crate::tui::input_context::InputContext;
use crate::tui::layout_input::{LayoutInput, MIN_ROWS_FOR_DETAILS};
use crate::tui::page::Page;
use crate::tui::state::TuiState;
use crate::tui::status_line::{compose_page_status, compose_status_line};
use crate::tui::{pages, playback, search};
use crate::view;
use crate::view::primitives::text;
use crate::view::{Frame, Line, Picture, Size, Style, View};

/// A composed screen, with the positions that are needed to interpret the next input.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScreenLayout {
    /// The lines of the screen.
    pub frame: Frame,
    /// The picture of the Pods on the screen; empty on a page of text.
    pub picture: Picture,
    /// Whether the screen needs the alternate screen of the terminal.
    pub full: bool,
    page_rows: usize,
    lines: usize,
    /// The number of columns by which the lines of the page are longer than the screen.
    max_shift: usize,
    /// The number of lines above the picture.
    above: usize,
    /// The lines of the page as plain text; empty on the picture.
    text: Vec<String>,
    first_line: usize,
    path_ends: Vec<usize>,
}

impl ScreenLayout {
    /// Returns the context in which the next input is interpreted.
    pub(crate) fn input_context<'a>(
        &'a self,
        timeline: &'a Timeline,
        top: Option<usize>,
        show_pod_command: &'a str,
        is_playback: bool,
    ) -> InputContext<'a> {
        InputContext {
            timeline,
            picture: &self.picture,
            top,
            above: self.above,
            page_rows: self.page_rows,
            lines: self.lines,
            max_shift: self.max_shift,
            is_playback,
            text: &self.text,
            first_line: self.first_line,
            path_ends: &self.path_ends,
            show_pod_command,
        }
    }
}

/// A screen with fewer lines describes the selection on one line.
const MIN_ROWS_FOR_TWO_DETAIL_LINES: usize = 20;
/// After the end, the screen lists one kind of failures for each of this many lines.
const LINES_PER_FAILURE: usize = 6;
/// A screen with at least this many columns describes the selection on one line.
const SINGLE_LINE_COLUMNS: usize = 150;

/// Composes the screen, with at most `input.rows` lines.
pub(crate) fn compose_screen(state: &TuiState, input: &LayoutInput<'_>) -> ScreenLayout {
    let mut screen = match state.page {
        Page::Pods => compose_pods(state, input),
        Page::Pod(..) | Page::Help => compose_page(state, input),
    };
    screen.frame.lines.truncate(input.rows);
    screen
}

/// Composes the picture of the Pods with the lines below it.
fn compose_pods(state: &TuiState, input: &LayoutInput<'_>) -> ScreenLayout {
    let LayoutInput { timeline, glyphs, rows, .. } = *input;
    if !input.interactive {
        return compose_without_keys(state, input);
    }
    // The first column marks the selection.
    let columns = input.columns.saturating_sub(1).max(1);
    // The overview shows no Pods. In the grid, the line below the cells describes the selected Pod.
    let has_description =
        state.shows_overview() || (state.view.view == View::Grid && rows < MIN_ROWS_FOR_TWO_DETAIL_LINES);
    let selected = state.selected_pod().filter(|_| !has_description).map(|pod| (pod, state.selected_phase));
    // The lines for the selection are part of the layout. The lines for the mouse cover the last lines of the picture,
    // so that no row moves while the mouse does.
    let (mut details, mut covering) = (Vec::new(), Vec::new());
    if rows >= MIN_ROWS_FOR_DETAILS {
        details = selection_details(selected, state, input, columns);
        if let Some(hovered) = state.hovered.filter(|_| !state.shows_overview()) {
            covering = selection_details(Some(hovered), state, input, columns);
        }
    }
    let reserved = details.len();
    let progress_bar = input.playback.map(|status| playback::compose_progress_bar(status, columns, glyphs));
    let has_heading = !state.window.filter.is_empty() && rows >= MIN_ROWS_FOR_DETAILS;
    let above = usize::from(has_heading);
    let room = rows
        .saturating_sub(above + input.notices.len() + reserved + usize::from(progress_bar.is_some()) + 1)
        .max(1);
    let failures = fit_failures(input, columns);
    let size = Size { columns, rows: Some(room.saturating_sub(failures.len()).max(1)) };
    let mut picture = draw_picture(state, input, size);
    picture.frame.lines.extend(failures);
    picture.frame.lines.truncate(room);
    let selected = state.window.selected;
    let selected_cell_line =
        picture.cells.iter().find(|cell| Some(cell.pod) == selected).map(|cell| cell.line);
    let mut frame = Frame::default();
    for (index, line) in picture.frame.lines.iter().enumerate() {
        let is_selected = input.only_pod.is_none() && line.pod.is_some() && line.pod == selected;
        let selected_workload = picture
            .workloads
            .iter()
            .find(|shown| shown.line == index && state.window.selected_workload.as_ref() == Some(&shown.uid));
        let is_link_selected = line.link.is_some() && line.link == state.window.selected_link;
        let is_marked = is_selected
            || is_link_selected
            || selected_workload.is_some()
            || selected_cell_line == Some(index);
        let selection_mark = if is_marked { glyphs.selected } else { " " };
        let mut row = Line::new(selection_mark, if is_marked { Style::Strong } else { Style::Text });
        for span in &line.spans {
            row.push(span.text.as_str(), span.style);
        }
        row.pod = line.pod;
        if is_selected {
            let end = picture.bars.as_ref().map_or(input.columns, |bars| bars.column);
            row.restyle(1..end, Style::Selected);
            if let (Some(bars), Some(pod), Some(phase)) = (&picture.bars, selected, state.selected_phase)
                && let Some(cells) = bars.columns_of_phase(&timeline.pod(pod), phase)
            {
                row.restyle(cells.start + 1..cells.end + 1, Style::Selected);
            }
        }
        if is_link_selected {
            row.restyle(1..input.columns, Style::Selected);
        }
        if let Some(shown) = selected_workload {
            row.restyle(1..shown.bar_column + 1, Style::Selected);
        }
        frame.lines.push(row);
    }
    let pod_rows = picture.frame.lines.iter().filter(|line| line.pod.is_some()).count();
    let page_rows = pod_rows.max(picture.workloads.len());
    let shown_details = if covering.is_empty() { details } else { covering };
    frame.lines.truncate(room.saturating_sub(shown_details.len().saturating_sub(reserved)));
    if has_heading {
        let heading = indent(filter_heading(state, &picture, timeline));
        frame.lines.insert(0, heading.shorten_end(input.columns, glyphs.ellipsis));
    }
    let below = input.notices.iter().cloned().chain(shown_details).chain(progress_bar);
    frame.lines.extend(below.map(indent));
    frame.lines.push(indent(compose_status_line(state, input, &picture, columns)));
    ScreenLayout {
        frame,
        page_rows,
        lines: picture.pods.len().max(picture.workloads.len()),
        picture,
        above,
        ..ScreenLayout::default()
    }
}

/// `filter: bulk-1 · 110 of 200 Pods`: the filter, and the number of Pods that match it.
fn filter_heading(state: &TuiState, picture: &Picture, timeline: &Timeline) -> Line {
    let (count, noun) = if state.shows_overview() {
        (timeline.workloads().len(), "workloads")
    } else {
        (timeline.pod_count(), "Pods")
    };
    let mut heading = Line::new(format!("filter: {}", view::clean(&state.window.filter)), Style::Warning);
    heading.push(format!(" · {} of {} {noun}", picture.found, count), Style::Strong);
    heading
}

/// The failures of the closing report, in at most a sixth of the screen.
fn fit_failures(input: &LayoutInput<'_>, columns: usize) -> Vec<Line> {
    let max = (input.rows / LINES_PER_FAILURE).max(1);
    let ellipsis = input.glyphs.ellipsis;
    let count = input.failures.len();
    let shown = if count > max { max - 1 } else { count };
    let mut lines: Vec<Line> =
        input.failures.iter().take(shown).map(|line| line.clone().shorten_end(columns, ellipsis)).collect();
    if count > shown && shown > 0 {
        let words = format!("{} more kinds of failures", count - shown);
        lines.push(Line::new(words, Style::Dim).shorten_end(columns, ellipsis));
    }
    lines
}

/// Adds a blank before a line, because the first column marks the selection.
fn indent(line: Line) -> Line {
    let mut indented = Line::new(" ", Style::Text);
    indented.pod = line.pod;
    for span in line.spans {
        indented.push(span.text, span.style);
    }
    indented
}

/// Composes only the picture and the notices, for a program that does not read keys.
fn compose_without_keys(state: &TuiState, input: &LayoutInput<'_>) -> ScreenLayout {
    let room = input.rows.saturating_sub(input.notices.len()).max(1);
    let columns = if input.has_margin { input.columns.saturating_sub(1).max(1) } else { input.columns };
    let picture = draw_picture(state, input, Size { columns, rows: Some(room) });
    let mut frame = picture.frame.clone();
    frame.lines.extend_from_slice(input.notices);
    if input.has_margin {
        frame.lines = frame.lines.into_iter().map(indent).collect();
    }
    ScreenLayout { frame, picture, ..ScreenLayout::default() }
}

/// Draws the timeline. If the user named one Pod, the sequence view draws the page of this Pod instead.
fn draw_picture(state: &TuiState, input: &LayoutInput<'_>, size: Size) -> Picture {
    let LayoutInput { timeline, details, glyphs, now, .. } = *input;
    match input.only_pod {
        _ if timeline.workloads().is_empty() => Picture::default(),
        Some(pod) if state.view.view == View::Sequence => {
            let frame = view::draw_pod(timeline, pod, &details.extras, &state.view, size, glyphs, now);
            Picture { frame, pods: vec![pod], cells_per_line: 1, found: 1, ..Picture::default() }
        }
        _ => view::render_picture(timeline, &state.view, &state.window, size, glyphs, now, input.frame_cache),
    }
}

/// Describes a phase of a Pod. Without a Pod, names the Pods that have worked and waited longest, if the picture
/// needs this.
fn selection_details(
    shown: Option<(PodKey, Option<usize>)>,
    state: &TuiState,
    input: &LayoutInput<'_>,
    columns: usize,
) -> Vec<Line> {
    let LayoutInput { timeline, glyphs, now, rows, .. } = *input;
    let two_lines = rows >= MIN_ROWS_FOR_TWO_DETAIL_LINES && columns < SINGLE_LINE_COLUMNS;
    let Some((pod, phase)) = shown else {
        let longest = view::longest_pods_line(timeline, &state.view, columns, glyphs, now, input.frame_cache);
        return Some(longest).filter(|line| !line.spans.is_empty()).into_iter().collect();
    };
    let [mut description, evidence] =
        view::describe_phase(timeline, pod, phase, &state.view, columns, glyphs, now);
    if two_lines {
        return vec![description, evidence];
    }
    if !evidence.spans.is_empty() && description.width() + 2 < columns {
        description.push("  ", Style::Text);
        for span in evidence.spans {
            let room = columns.saturating_sub(description.width());
            description.push(text::shorten_end(&span.text, room, glyphs.ellipsis), span.style);
        }
    }
    vec![description]
}

/// Composes a page of text with its path and the status line.
fn compose_page(state: &TuiState, input: &LayoutInput<'_>) -> ScreenLayout {
    let columns = input.columns;
    let room = input.rows.saturating_sub(2).max(1);
    let (path, path_ends) = pages::compose_path(state, input);
    let mut lines: Vec<Line> = pages::compose_lines(state, input);
    let mut max_shift = 0;
    if state.wrap {
        lines = lines.iter().flat_map(|line| pages::wrap_line(line, columns)).collect();
    } else {
        max_shift = lines.iter().map(Line::width).max().unwrap_or(0).saturating_sub(columns);
        let shift = state.shift.min(max_shift);
        lines = lines.into_iter().map(|line| pages::shift_line(line, shift)).collect();
    }
    let text: Vec<String> = lines.iter().map(Line::plain).collect();
    let count = lines.len();
    let max_first = count.saturating_sub(room);
    let follows_end = state.follows_end && state.page.is_followed();
    let first_line = if follows_end { max_first } else { state.scroll.min(max_first) };
    let mut frame = Frame { lines: vec![path.shorten_end(columns, input.glyphs.ellipsis)] };
    frame.lines.extend(lines.into_iter().skip(first_line).take(room).map(|line| {
        search::highlight_matches(line.shorten_end(columns, input.glyphs.ellipsis), &state.search.query)
    }));
    frame.lines.resize(room + 1, Line::default());
    frame.lines.push(compose_page_status(state, input, &text, first_line, room));
    ScreenLayout {
        frame,
        full: true,
        page_rows: room,
        lines: count,
        text,
        first_line,
        path_ends,
        max_shift,
        ..ScreenLayout::default()
    }
}
