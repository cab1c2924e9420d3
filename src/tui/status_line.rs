//! The status line at the bottom of the screen: messages, the choices of the user, and the keys that work.

use crate::tui::keys;
use crate::tui::layout_input::LayoutInput;
use crate::tui::page::{Page, Tab};
use crate::tui::pages;
use crate::tui::state::TuiState;
use crate::view;
use crate::view::primitives::text;
use crate::view::{Align, GroupBy, Line, Picture, Sort, Style, View};

/// Composes the status line: messages, the choices that differ from the default, and the keys that fit. While the user
/// types a filter, composes the filter and the number of Pods that match.
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
            add("q quits".into(), Style::Strong);
        }
    }
    if state.paused {
        add("paused".into(), Style::Warning);
    }
    if state.page == Page::Pods {
        for (words, style) in changed_choices(state, picture) {
            add(words, style);
        }
    }
    push_keys(&mut line, &shown_keys(state, input), columns);
    pages::name_arrow_keys(line, glyphs).shorten_end(columns, glyphs.ellipsis)
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
            // The message about the end already names the key.
            shown.retain(|(key, _)| *key != "q" || input.outcome.is_none());
            for (key, word) in &mut shown {
                if *key == "q" && input.leaves_work {
                    *word = "detach";
                }
            }
            shown
        }
        Page::Help => vec![("q", "back")],
        Page::Pod(_, Tab::Log) => {
            let more = [("f", "follow"), ("w", "wrap"), ("Tab", "container")];
            page_keys.chain(more).chain(last_keys).collect()
        }
        Page::Pod(_, Tab::Yaml) => {
            page_keys.chain([("w", "wrap"), ("c", "copy name")]).chain(last_keys).collect()
        }
        Page::Pod(..) => page_keys.chain([("c", "copy name")]).chain(last_keys).collect(),
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
    } else {
        window.selected.map(|_| "deselect")
    }
}

/// Adds the keys that fit. The last two keys, which show the help and lead back, go first if there is little room.
fn push_keys(line: &mut Line, keys: &[(&str, &str)], columns: usize) {
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
fn changed_choices(state: &TuiState, picture: &Picture) -> Vec<(String, Style)> {
    let mut choices = Vec::new();
    if !state.window.filter.is_empty() {
        let count = if picture.found == 1 { "1 Pod".to_owned() } else { format!("{} Pods", picture.found) };
        choices.push((format!("/{}: {count}", view::clean(&state.window.filter)), Style::Warning));
    }
    let order = match state.view.sort {
        Sort::Usual => "",
        Sort::Start => "by start",
        Sort::End => "by end",
        Sort::Work => "by work",
        Sort::Cold => "by cold start",
        Sort::Index => "by index",
        Sort::Name => "by name",
        Sort::Trouble => "trouble first",
    };
    let group = match state.view.group_by {
        GroupBy::Workload => "",
        GroupBy::Node => "by node",
        GroupBy::Outcome => "by outcome",
        GroupBy::None => "ungrouped",
    };
    let align = match state.view.align {
        _ if state.view.view != View::Sequence => "",
        Align::Wall => "",
        Align::Created => "from creation",
        Align::Started => "from start of work",
    };
    let zoom = match state.window.zoom {
        Some(zoom) if zoom.end.is_none() => "zoomed on now",
        Some(_) => "zoomed",
        None => "",
    };
    let rows = if state.window.unfolded { "all rows" } else { "" };
    let mouse = if state.mouse { "" } else { "no mouse" };
    let words = [order, group, align, zoom, rows, mouse].into_iter().filter(|words| !words.is_empty());
    choices.extend(words.map(|words| (words.to_owned(), Style::Text)));
    choices
}
