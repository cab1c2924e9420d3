//! The whole screen: picture or page, what is told about the selection, and the line of hints.

use jiff::Timestamp;

use crate::timeline::{PodKey, Timeline};
use crate::tui::details::Details;
use crate::tui::keys;
use crate::tui::pages;
use crate::tui::state::{Context, Page, Tab, TuiState};
use crate::view;
use crate::view::primitives::text;
use crate::view::{Align, Frame, FrameCache, Glyphs, GroupBy, Line, Picture, Size, Sort, Style, View};

/// What a screen is made from, beside the state.
#[derive(Clone, Copy)]
pub(crate) struct LayoutInput<'a> {
    /// What is known.
    pub timeline: &'a Timeline,
    /// What is known of the Pod that is open.
    pub details: &'a Details,
    /// Characters.
    pub glyphs: &'a Glyphs,
    /// What need not be reckoned anew.
    pub memo: &'a FrameCache,
    /// The server's time.
    pub now: Timestamp,
    /// Columns of the screen.
    pub columns: usize,
    /// Lines that may be drawn.
    pub rows: usize,
    /// What is waited for, what is lost: below the picture.
    pub notices: &'a [Line],
    /// The one Pod that was asked for; all of them if `None`.
    pub only: Option<PodKey>,
    /// Whether keys do something.
    pub interactive: bool,
    /// How everything ended, if it has.
    pub ended: Option<&'a str>,
}

/// A frame, and where on it is what.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScreenLayout {
    /// What is drawn.
    pub frame: Frame,
    /// The picture of the Pods that is part of it; empty on a page of text.
    pub picture: Picture,
    /// Whether it takes the whole screen.
    pub full: bool,
    page: usize,
    lines: usize,
    path: Vec<usize>,
}

impl ScreenLayout {
    /// What the next step is made from.
    pub(crate) fn context<'a>(
        &'a self,
        timeline: &'a Timeline,
        top: Option<usize>,
        command: &'a str,
    ) -> Context<'a> {
        Context {
            timeline,
            picture: &self.picture,
            top,
            above: 0,
            page: self.page,
            lines: self.lines,
            path: &self.path,
            command,
        }
    }
}

/// Fewer lines have none to spare for what is told about the selection.
const LEAST_FOR_INFO: usize = 8;
/// From here on two lines are told about the selection where it takes two.
const LEAST_FOR_MORE: usize = 20;
/// A line of so many columns tells it all.
const WIDE: usize = 150;

/// The screen.
pub(crate) fn compose(state: &TuiState, scenery: &LayoutInput<'_>) -> ScreenLayout {
    let mut screen = match state.page {
        Page::Pods => pods(state, scenery),
        _ => page(state, scenery),
    };
    screen.frame.lines.truncate(scenery.rows);
    screen
}

fn pods(state: &TuiState, scenery: &LayoutInput<'_>) -> ScreenLayout {
    let LayoutInput { timeline, glyphs, rows, .. } = *scenery;
    if !scenery.interactive {
        return plain(state, scenery);
    }
    // The first column belongs to the selection.
    let columns = scenery.columns.saturating_sub(1).max(1);
    let info = info(state, scenery, columns);
    let mut below: Vec<Line> = scenery.notices.to_vec();
    if rows >= LEAST_FOR_INFO {
        below.extend(info);
    }
    let room = rows.saturating_sub(below.len() + 1).max(1);
    let size = Size { columns, rows: Some(room) };
    let picture = picture(state, scenery, size);
    let selected = state.window.selected;
    let mut frame = Frame::default();
    for (place, line) in picture.frame.lines.iter().enumerate() {
        let is_selected = scenery.only.is_none() && line.pod.is_some() && line.pod == selected;
        let marker = if is_selected { glyphs.selected } else { " " };
        let mut drawn = Line::of(marker, if is_selected { Style::Strong } else { Style::Text });
        for span in &line.spans {
            drawn.push(span.text.as_str(), span.role);
        }
        drawn.pod = line.pod;
        if is_selected {
            let end = picture.bars.as_ref().map_or(scenery.columns, |bars| bars.column);
            drawn.restyle(1..end, Style::Selected);
            if let (Some(bars), Some(pod), Some(phase)) = (&picture.bars, selected, state.phase)
                && let Some(cells) = bars.columns_of(&timeline.pod(pod), phase)
            {
                drawn.restyle(cells.start + 1..cells.end + 1, Style::Selected);
            }
        }
        for cell in picture.cells.iter().filter(|cell| cell.line == place && Some(cell.pod) == selected) {
            drawn.restyle(cell.column + 1..cell.column + 2, Style::Selected);
        }
        frame.lines.push(drawn);
    }
    let page = picture.frame.lines.iter().filter(|line| line.pod.is_some()).count();
    let indented = |line: Line| {
        let mut indented = Line::of(" ", Style::Text);
        for span in line.spans {
            indented.push(span.text, span.role);
        }
        indented
    };
    frame.lines.truncate(room);
    frame.lines.extend(below.into_iter().map(indented));
    frame.lines.push(indented(status(state, scenery, &picture, columns)));
    ScreenLayout { frame, page, lines: picture.pods.len(), picture, full: false, path: Vec::new() }
}

/// The picture alone, where no key does anything.
fn plain(state: &TuiState, scenery: &LayoutInput<'_>) -> ScreenLayout {
    let room = scenery.rows.saturating_sub(scenery.notices.len()).max(1);
    let picture = picture(state, scenery, Size { columns: scenery.columns, rows: Some(room) });
    let mut frame = picture.frame.clone();
    frame.lines.extend_from_slice(scenery.notices);
    ScreenLayout { frame, picture, ..ScreenLayout::default() }
}

/// The timeline, or the one Pod that was asked for.
fn picture(state: &TuiState, scenery: &LayoutInput<'_>, size: Size) -> Picture {
    let LayoutInput { timeline, details, glyphs, now, .. } = *scenery;
    match scenery.only {
        _ if timeline.workloads().is_empty() => Picture::default(),
        Some(pod) if state.view.view == View::Sequence => {
            let frame = view::draw_pod(timeline, pod, &details.extras, &state.view, size, glyphs, now);
            Picture { frame, pods: vec![pod], per_line: 1, found: 1, ..Picture::default() }
        }
        _ => view::paint(timeline, &state.view, &state.window, size, glyphs, now, scenery.memo),
    }
}

/// Exact times and evidence of what is under the mouse, else of what is selected, else who takes longest.
fn info(state: &TuiState, scenery: &LayoutInput<'_>, columns: usize) -> Vec<Line> {
    let LayoutInput { timeline, glyphs, now, rows, .. } = *scenery;
    let two = rows >= LEAST_FOR_MORE && columns < WIDE;
    let told = match (state.hover, state.window.selected) {
        (Some((pod, phase)), _) => Some((pod, phase)),
        (None, Some(pod)) => Some((pod, state.phase)),
        (None, None) => None,
    };
    let [mut what, why] = match told {
        Some((pod, phase)) => view::describe_phase(timeline, pod, phase, &state.view, columns, glyphs, now),
        None => [view::longest(timeline, columns, glyphs, now, scenery.memo), Line::default()],
    };
    if two {
        return vec![what, why];
    }
    if !why.spans.is_empty() && what.width() + 2 < columns {
        what.push("  ", Style::Text);
        for span in why.spans {
            let room = columns.saturating_sub(what.width());
            what.push(text::shorten_end(&span.text, room, glyphs.ellipsis), span.role);
        }
    }
    vec![what]
}

fn page(state: &TuiState, scenery: &LayoutInput<'_>) -> ScreenLayout {
    let columns = scenery.columns;
    let room = scenery.rows.saturating_sub(2).max(1);
    let (path, ends) = pages::path(state, scenery);
    let mut lines: Vec<Line> = pages::lines(state, scenery);
    if state.wrap {
        lines = lines.iter().flat_map(|line| pages::wrapped(line, columns)).collect();
    } else {
        let shift = state.shift;
        lines = lines.into_iter().map(|line| pages::shifted(line, shift)).collect();
    }
    let most = lines.len().saturating_sub(room);
    let follows = state.tail && matches!(state.page, Page::Pod(_, Tab::Log));
    let first = if follows { most } else { state.scroll.min(most) };
    let mut frame = Frame { lines: vec![fit(path, columns, scenery.glyphs)] };
    let count = lines.len();
    frame
        .lines
        .extend(lines.into_iter().skip(first).take(room).map(|line| fit(line, columns, scenery.glyphs)));
    frame.lines.resize(room + 1, Line::default());
    let mut status = status(state, scenery, &Picture::default(), columns);
    if count > room {
        let place = format!("{}-{} of {count}  ", first + 1, (first + room).min(count));
        let mut with_place = Line::of(place, Style::Dim);
        for span in status.spans {
            with_place.push(span.text, span.role);
        }
        status = fit(with_place, columns, scenery.glyphs);
    }
    frame.lines.push(status);
    ScreenLayout { frame, picture: Picture::default(), full: true, page: room, lines: count, path: ends }
}

fn fit(line: Line, columns: usize, glyphs: &Glyphs) -> Line {
    if line.width() <= columns {
        return line;
    }
    let mut fitting = Line { spans: Vec::new(), pod: line.pod };
    for span in line.spans {
        let room = columns - fitting.width();
        if text::width(&span.text) > room {
            fitting.push(text::shorten_end(&span.text, room, glyphs.ellipsis), span.role);
            break;
        }
        fitting.push(span.text, span.role);
    }
    fitting
}

/// What was chosen, and the keys that one has to know.
fn status(state: &TuiState, scenery: &LayoutInput<'_>, picture: &Picture, columns: usize) -> Line {
    let glyphs = scenery.glyphs;
    if state.typing {
        let mut line = Line::of(format!("/{}", view::clean(&state.window.filter)), Style::Strong);
        line.push(" ", Style::Selected);
        line.push(format!("  {} Pods", picture.found), Style::Dim);
        return fit(line, columns, glyphs);
    }
    let mut line = Line::default();
    let mut say = |words: String, role: Style| {
        if !line.spans.is_empty() {
            line.push(glyphs.separator, Style::Dim);
        }
        line.push(words, role);
    };
    if let Some(said) = &state.said {
        say(view::clean(said).into_owned(), Style::Strong);
    }
    if let Some(ended) = scenery.ended {
        say(format!("ended: {ended}"), Style::Strong);
    }
    if state.paused {
        say("paused".into(), Style::Warning);
    }
    if state.page == Page::Pods {
        for (words, role) in chosen(state, picture) {
            say(words, role);
        }
    }
    let pages = [("Esc", "back"), ("?", "help"), ("e", "events"), ("l", "log"), ("y", "YAML")];
    let hints: Vec<(&str, &str)> = match state.page {
        Page::Pods => keys::hints().collect(),
        Page::Help => vec![("Esc", "back")],
        Page::Pod(_, Tab::Log) => {
            let more = [("f", "follow"), ("w", "wrap"), ("Tab", "container")];
            pages.into_iter().chain(more).collect()
        }
        Page::Pod(_, Tab::Yaml) => pages.into_iter().chain([("w", "wrap"), ("c", "copy name")]).collect(),
        Page::Pod(..) => pages.into_iter().chain([("c", "copy name")]).collect(),
    };
    for (key, word) in hints {
        let gap = if line.spans.is_empty() { "" } else { "  " };
        if line.width() + gap.len() + text::width(key) + 1 + word.len() > columns {
            break;
        }
        line.push(gap, Style::Text);
        line.push(key, Style::Strong);
        line.push(format!(" {word}"), Style::Dim);
    }
    fit(pages::typeable(line, glyphs), columns, glyphs)
}

/// The choices that differ from the usual ones.
fn chosen(state: &TuiState, picture: &Picture) -> Vec<(String, Style)> {
    let mut chosen = Vec::new();
    if !state.window.filter.is_empty() {
        let count = if picture.found == 1 { "1 Pod".to_owned() } else { format!("{} Pods", picture.found) };
        chosen.push((format!("/{}: {count}", view::clean(&state.window.filter)), Style::Warning));
    }
    let order = match state.view.sort {
        Sort::Start => "",
        Sort::End => "by end",
        Sort::Work => "by work",
        Sort::Cold => "by cold start",
        Sort::Index => "by index",
        Sort::Name => "by name",
    };
    let group = match state.view.group_by {
        GroupBy::Workload => "",
        GroupBy::Node => "nodes",
        GroupBy::Outcome => "outcomes",
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
    chosen.extend(words.map(|words| (words.to_owned(), Style::Text)));
    chosen
}
