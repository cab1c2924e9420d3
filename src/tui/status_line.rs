//! The status line at the bottom of the screen: messages, the choices of the user, and the keys that work.

use crate::tui::keys;
use crate::tui::layout_input::{LayoutInput, MIN_ROWS_FOR_DETAILS};
use crate::tui::page::{Page, Tab};
use crate::tui::pages;
use crate::tui::search;
use crate::tui::seek_time::SEEK_FORMS;
use crate::tui::state::TuiState;
use crate::view;
use crate::view::primitives::text;
use crate::view::{Align, GroupBy, Line, Picture, Sort, Style, View};

/// Composes the status line: messages, the choices that differ from the default, and the keys that fit. While the user
/// types a filter, composes the filter and the number of Pods that match. While the user types a time, composes the time.
pub(crate) fn compose_status_line(
    state: &TuiState,
    input: &LayoutInput<'_>,
    picture: &Picture,
    columns: usize,
) -> Line {
    let glyphs = input.glyphs;
    if state.editing_filter {
        let mut line = Line::new(format!("/{}", view::clean(&state.window.filter)), Style::Strong);
        line.push(" ", Style::Selected);
        line.push(format!("  {} Pods", picture.found), Style::Dim);
        push_keys(&mut line, &[("Enter", "apply"), ("Esc", "cancel")], columns);
        return line.shorten_end(columns, glyphs.ellipsis);
    }
    if let Some(text) = &state.seek_text {
        let mut line = Line::new(format!(":{}", view::clean(text)), Style::Strong);
        line.push(" ", Style::Selected);
        line.push(format!("  for example {SEEK_FORMS}"), Style::Dim);
        push_keys(&mut line, &[("Enter", "go"), ("Esc", "cancel")], columns);
        return line.shorten_end(columns, glyphs.ellipsis);
    }
    let mut line = Line::default();
    let mut add = |words: String, style: Style| {
        if !line.spans.is_empty() {
            line.push(glyphs.separator, Style::Dim);
        }
        line.push(words, style);
    };
    if let Some(message) = &state.message {
        add(view::clean(message).into_owned(), Style::Strong);
    }
    if let Some(outcome) = input.outcome {
        add(format!("ended: {outcome}"), Style::Strong);
        if state.page == Page::Pods {
            add(if state.is_nested { "q goes back" } else { "q quits" }.into(), Style::Strong);
        }
    }
    if state.paused {
        add("paused".into(), Style::Warning);
    }
    if state.page == Page::Pods {
        for (words, style) in changed_choices(state, input) {
            add(words, style);
        }
    }
    push_keys(&mut line, &shown_keys(state, input), columns);
    pages::name_arrow_keys(line, glyphs).shorten_end(columns, glyphs.ellipsis)
}

/// Composes the status line of a page: the position, the search, and the line of [`compose_status_line`].
pub(crate) fn compose_page_status(
    state: &TuiState,
    input: &LayoutInput<'_>,
    text: &[String],
    first_line: usize,
    rows: usize,
) -> Line {
    let columns = input.columns;
    let query = view::clean(&state.search.query);
    let found = search::matching_lines(text, &state.search.query);
    if state.search.is_typing {
        let mut line = Line::new(format!("/{query}"), Style::Strong);
        line.push(" ", Style::Selected);
        let count = if found.len() == 1 { "1 line".to_owned() } else { format!("{} lines", found.len()) };
        line.push(format!("  {count}"), Style::Dim);
        push_keys(&mut line, &[("Enter", "find"), ("Esc", "cancel")], columns);
        return line.shorten_end(columns, input.glyphs.ellipsis);
    }
    let (position, style) = describe_position(state, input, text.len(), first_line, rows);
    let mut status = Line::new(position, style);
    // A message takes the place of the search for a moment.
    if !query.is_empty() && state.message.is_none() {
        let separator = if status.spans.is_empty() { "" } else { input.glyphs.separator };
        status.push(separator, Style::Dim);
        let current = state.search.line.and_then(|line| found.iter().position(|&found| found == line));
        let (matches, style) = match current {
            _ if found.is_empty() => ("not found".to_owned(), Style::Warning),
            Some(current) => (format!("{} of {}, n next", current + 1, found.len()), Style::Text),
            None => (format!("{} lines, n next", found.len()), Style::Text),
        };
        status.push(format!("/{query}: {matches}"), style);
    }
    let gap = if status.spans.is_empty() { "" } else { "  " };
    let room = columns.saturating_sub(status.width() + gap.len());
    status.push(gap, Style::Text);
    for span in compose_status_line(state, input, &Picture::default(), room).spans {
        status.push(span.text, span.style);
    }
    status.shorten_end(columns, input.glyphs.ellipsis)
}

/// Describes the part of a page that is shown: whether it follows the end, or which lines or which page it shows.
fn describe_position(
    state: &TuiState,
    input: &LayoutInput<'_>,
    count: usize,
    first_line: usize,
    rows: usize,
) -> (String, Style) {
    let separator = input.glyphs.separator;
    let has_ended = match state.page {
        Page::Pod(_, Tab::Log) => input.details.log.as_ref().is_some_and(|log| log.ended.is_some()),
        Page::Pod(..) | Page::Pods | Page::Help => false,
    };
    if state.page == Page::Help && count > rows {
        return (format!("page {} of {}", first_line.div_ceil(rows) + 1, count.div_ceil(rows)), Style::Dim);
    }
    if state.page.is_followed() {
        return match (state.follows_end, has_ended) {
            (true, true) => ("end of the log".to_owned(), Style::Dim),
            (true, false) => ("following".to_owned(), Style::Now),
            (false, _) => (format!("held at line {}{separator}f follows", first_line + 1), Style::Warning),
        };
    }
    if count > rows {
        return (format!("{}-{} of {count}", first_line + 1, (first_line + rows).min(count)), Style::Dim);
    }
    (String::new(), Style::Dim)
}

/// Returns the keys that the status line shows, each with the word for its action.
fn shown_keys(state: &TuiState, input: &LayoutInput<'_>) -> Vec<(&'static str, &'static str)> {
    let page_keys = [("e", "events"), ("l", "log"), ("y", "YAML")].into_iter();
    let last_keys = [("?", "help"), ("q", "back")];
    match state.page {
        Page::Pods => {
            let mut shown: Vec<_> = keys::status_line_keys().collect();
            if let Some(word) = word_for_esc(state) {
                shown.insert(0, ("Esc", word));
            }
            if let Some(playback) = input.playback
                && !state.has_selection()
            {
                let space = match (input.outcome, playback.is_paused) {
                    (Some(_), _) => "play again",
                    (None, true) => "continue",
                    (None, false) => "pause",
                };
                shown.splice(0..0, [("Space", space), ("←→", "seek"), ("< >", "speed")]);
            }
            // The message about the end already names the key.
            shown.retain(|(key, _)| *key != "q" || input.outcome.is_none());
            for (key, word) in &mut shown {
                if *key == "q" && state.is_nested {
                    *word = "back";
                } else if *key == "q" && input.leaves_work {
                    *word = "detach";
                }
            }
            shown
        }
        Page::Help => vec![("PageDown", "next page"), ("/", "search"), ("q", "back")],
        Page::Pod(_, Tab::Log) => {
            let more = [("/", "search"), ("w", "wrap"), ("Tab", "container")];
            page_keys.chain(more).chain(last_keys).collect()
        }
        Page::Pod(_, Tab::Yaml) => {
            page_keys.chain([("/", "search"), ("w", "wrap"), ("c", "copy name")]).chain(last_keys).collect()
        }
        Page::Pod(..) => page_keys.chain([("/", "search"), ("c", "copy name")]).chain(last_keys).collect(),
    }
}

/// Returns the choice that Esc undoes on the picture. `None` if there is no such choice.
fn word_for_esc(state: &TuiState) -> Option<&'static str> {
    let window = &state.window;
    if !window.filter.is_empty() {
        Some("no filter")
    } else if window.zoom.is_some() {
        Some("no zoom")
    } else if window.unfolded {
        Some("fold")
    } else if state.has_selection() {
        Some("deselect")
    } else {
        state.view.workload.as_ref().map(|_| "overview")
    }
}

/// Adds the keys that fit. If there is little room, the last two keys, which show the help and lead back, have
/// priority.
pub(crate) fn push_keys(line: &mut Line, keys: &[(&str, &str)], columns: usize) {
    let width_of = |(key, word): &(&str, &str)| text::width(key) + 1 + text::width(word);
    let mut room = columns.saturating_sub(line.width());
    let mut is_shown = vec![false; keys.len()];
    let (first, last) = (0..keys.len().saturating_sub(2), keys.len().saturating_sub(2)..keys.len());
    for index in last.rev().chain(first) {
        let gap = if line.spans.is_empty() && !is_shown.contains(&true) { 0 } else { 2 };
        if width_of(&keys[index]) + gap > room {
            break;
        }
        room -= width_of(&keys[index]) + gap;
        is_shown[index] = true;
    }
    for ((key, word), _) in keys.iter().zip(&is_shown).filter(|(_, is_shown)| **is_shown) {
        line.push(if line.spans.is_empty() { "" } else { "  " }, Style::Text);
        line.push(*key, Style::Strong);
        line.push(format!(" {word}"), Style::Dim);
    }
}

/// Describes the choices that differ from the default.
fn changed_choices(state: &TuiState, input: &LayoutInput<'_>) -> Vec<(String, Style)> {
    let mut choices = Vec::new();
    // A screen with enough rows shows the filter above the picture.
    if !state.window.filter.is_empty() && input.rows < MIN_ROWS_FOR_DETAILS {
        choices.push((format!("filter: {}", view::clean(&state.window.filter)), Style::Warning));
    }
    let order = match state.view.sort {
        Sort::Usual => "",
        Sort::Start => "sorted by start",
        Sort::End => "sorted by end",
        Sort::Work => "sorted by work",
        Sort::Cold => "sorted by cold start",
        Sort::Index => "sorted by index",
        Sort::Name => "sorted by name",
        Sort::Trouble => "sorted by trouble",
        Sort::Wasted => "sorted by time without work",
    };
    let group = match state.view.group_by {
        GroupBy::Workload => "",
        GroupBy::Node => "grouped by node",
        GroupBy::Role => "grouped by role",
        GroupBy::Outcome => "grouped by outcome",
        GroupBy::None => "not grouped",
    };
    let align = match state.view.align {
        _ if state.view.view != View::Sequence => "",
        Align::Wall => "",
        Align::Created => "aligned at creation",
        Align::Started => "aligned at start of work",
    };
    let zoom = match state.window.zoom {
        Some(zoom) if zoom.end.is_none() => "zoomed on now",
        Some(_) => "zoomed",
        None => "",
    };
    let rows = if state.window.unfolded { "all rows" } else { "" };
    let mouse = if state.mouse { "" } else { "no mouse" };
    let words = [group, order, align, zoom, rows, mouse].into_iter().filter(|words| !words.is_empty());
    choices.extend(words.map(|words| (words.to_owned(), Style::Text)));
    choices
}
