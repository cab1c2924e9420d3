//! The table of `history --interactive`: the selected run, and the part of the table that is shown.

use crate::tui::action::Action;
use crate::tui::input::{Input, Key, MouseKind};
use crate::tui::keys::{find_history_action, history_line_keys, key_name};
use crate::tui::{pages, status_line};
use crate::view;
use crate::view::{Frame, Glyphs, HistoryPicture, Line, Style};

/// The number of lines by which a turn of the mouse wheel moves the selection.
const WHEEL_ROWS: isize = 3;

/// The choices of the user.
#[derive(Clone, Debug)]
pub(crate) struct HistoryTableState {
    /// The index of the selected run. The newest run of the last work is selected first.
    pub(crate) selected: usize,
    /// The index of the first line that is shown.
    first: usize,
    /// The message about the last action, for example why a run cannot be opened. The next key removes it.
    pub(crate) message: Option<String>,
}

/// The effect that the caller must carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistoryEffect {
    Draw,
    /// Open the selected run.
    Open,
    Quit,
    Interrupt,
    Suspend,
}

impl HistoryTableState {
    /// The state of a new table with this number of runs.
    pub(crate) fn new(runs: usize) -> Self {
        Self { selected: runs.saturating_sub(1), first: 0, message: None }
    }

    /// Applies an input. `rows` is the number of lines of the table on the screen.
    pub(crate) fn handle_input(
        &mut self,
        input: Input,
        picture: &HistoryPicture,
        rows: usize,
    ) -> HistoryEffect {
        match input {
            Input::Resized => HistoryEffect::Draw,
            Input::Mouse(mouse) => {
                match mouse.kind {
                    MouseKind::WheelUp => self.move_by(-WHEEL_ROWS, picture),
                    MouseKind::WheelDown => self.move_by(WHEEL_ROWS, picture),
                    MouseKind::Press | MouseKind::Drag | MouseKind::Release | MouseKind::Move => {}
                }
                HistoryEffect::Draw
            }
            Input::Key(key) => self.handle_key(key, picture, rows),
        }
    }

    fn handle_key(&mut self, key: Key, picture: &HistoryPicture, rows: usize) -> HistoryEffect {
        self.message = None;
        let screen = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1);
        match find_history_action(key) {
            Some(Action::Up) => self.move_by(-1, picture),
            Some(Action::Down) => self.move_by(1, picture),
            Some(Action::PageUp) => self.move_by(screen.saturating_neg(), picture),
            Some(Action::PageDown) => self.move_by(screen, picture),
            Some(Action::Home) => self.move_by(isize::MIN, picture),
            Some(Action::End) => self.move_by(isize::MAX, picture),
            Some(Action::Open) if picture.run_lines.is_empty() => {}
            Some(Action::Open) => return HistoryEffect::Open,
            Some(Action::Quit) => return HistoryEffect::Quit,
            Some(Action::Interrupt) => return HistoryEffect::Interrupt,
            Some(Action::Suspend) => return HistoryEffect::Suspend,
            // The table has no other keys.
            Some(_) | None => self.message = Some(format!("{} does nothing here", key_name(key))),
        }
        HistoryEffect::Draw
    }

    fn move_by(&mut self, runs: isize, picture: &HistoryPicture) {
        let last = picture.run_lines.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(runs).min(last);
    }

    /// Composes the screen with at most `rows` lines: the part of the table with the selected run, and the status line.
    pub(crate) fn compose(
        &mut self,
        picture: &HistoryPicture,
        columns: usize,
        rows: usize,
        glyphs: &Glyphs,
    ) -> Frame {
        let room = rows.saturating_sub(1).max(1);
        self.selected = self.selected.min(picture.run_lines.len().saturating_sub(1));
        let selected_line = picture.run_lines.get(self.selected).copied();
        self.scroll_to(picture, room);
        let mut lines: Vec<Line> = Vec::new();
        for (index, line) in picture.lines.iter().enumerate().skip(self.first).take(room) {
            let is_selected = selected_line == Some(index);
            let mark = if is_selected { glyphs.selected } else { " " };
            let mut row = Line::new(mark, if is_selected { Style::Strong } else { Style::Text });
            line.spans.iter().for_each(|span| row.push(span.text.as_str(), span.style));
            lines.push(row);
        }
        let mut status = Line::default();
        if let Some(message) = &self.message {
            status.push(view::clean(message).into_owned(), Style::Strong);
        } else if !picture.run_lines.is_empty() && picture.lines.len() > room {
            let position = format!("run {} of {}", self.selected + 1, picture.run_lines.len());
            status.push(position, Style::Dim);
        }
        let keys: Vec<(&str, &str)> = history_line_keys().collect();
        status_line::push_keys(&mut status, &keys, columns.saturating_sub(1));
        let mut indented = Line::new(" ", Style::Text);
        status.spans.into_iter().for_each(|span| indented.push(span.text, span.style));
        lines.push(pages::name_arrow_keys(indented, glyphs).shorten_end(columns, glyphs.ellipsis));
        Frame { lines }
    }

    /// Scrolls until the selected run is shown. The heading of its work and the names of the columns are shown if there is
    /// room, and below the last run also the conclusions.
    fn scroll_to(&mut self, picture: &HistoryPicture, room: usize) {
        let max_first = picture.lines.len().saturating_sub(room);
        let Some(&line) = picture.run_lines.get(self.selected) else {
            self.first = 0;
            return;
        };
        let is_run = |line: usize| picture.run_lines.binary_search(&line).is_ok();
        let has_run_above = line.checked_sub(1).is_some_and(is_run);
        let top = if has_run_above { line } else { line.saturating_sub(2) };
        let mut bottom = line;
        if !is_run(line + 1) {
            // The conclusions end before the next heading.
            let next = picture.run_lines.get(self.selected + 1).map_or(picture.lines.len(), |next| next - 3);
            // Earlier runs are more useful than the conclusions about the last one.
            bottom = next.saturating_sub(1).min(line + room / 2).min(top + room - 1).max(line);
        }
        self.first = self.first.min(top).max((bottom + 1).saturating_sub(room)).min(max_first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::input::Code;

    /// A table of two works with 30 runs and one run, each with a heading, the names of the columns and a conclusion.
    fn picture() -> HistoryPicture {
        let mut picture = HistoryPicture::default();
        for (work, runs) in [("one", 30), ("two", 1)] {
            if work == "two" {
                picture.lines.push(Line::default());
            }
            picture.lines.push(Line::new(format!("{work}: {runs} runs"), Style::Strong));
            picture.lines.push(Line::new("START", Style::Dim));
            for run in 0..runs {
                picture.run_lines.push(picture.lines.len());
                picture.lines.push(Line::new(format!("{work} {run}"), Style::Text));
            }
            picture.lines.push(Line::new(format!("trend of {work}"), Style::Text));
        }
        picture
    }

    fn screen(state: &mut HistoryTableState, rows: usize) -> Vec<String> {
        let frame = state.compose(&picture(), 60, rows, &Glyphs::ASCII);
        assert!(frame.lines.len() <= rows);
        frame.lines.iter().map(|line| line.plain().trim_end().to_owned()).collect()
    }

    #[test]
    fn the_selected_run_is_always_on_the_screen_with_the_heading_or_the_conclusion_beside_it() {
        let mut state = HistoryTableState::new(31);
        let press = |state: &mut HistoryTableState, code| {
            state.handle_input(Input::Key(Key::plain(code)), &picture(), 9)
        };
        let first = screen(&mut state, 10);
        assert!(first.iter().any(|line| line.ends_with("two 0")), "{first:?}");
        assert!(first.iter().any(|line| line.ends_with("trend of two")), "{first:?}");
        for expected in (0..30).rev() {
            assert_eq!(press(&mut state, Code::Up), HistoryEffect::Draw);
            let lines = screen(&mut state, 10);
            let marked: Vec<&String> = lines.iter().filter(|line| line.starts_with('>')).collect();
            assert_eq!(marked, [&format!(">one {expected}")], "{lines:?}");
        }
        let top = screen(&mut state, 10);
        assert_eq!((top[0].as_str(), top[1].as_str()), (" one: 30 runs", " START"));
        press(&mut state, Code::End);
        assert_eq!(state.selected, 30);
        press(&mut state, Code::Home);
        press(&mut state, Code::PageDown);
        assert_eq!(state.selected, 8);
        for rows in 2..6 {
            let lines = screen(&mut state, rows);
            assert!(lines.iter().any(|line| line == ">one 8"), "{rows}: {lines:?}");
        }
    }

    #[test]
    fn enter_opens_a_run_and_other_keys_do_nothing() {
        let mut state = HistoryTableState::new(31);
        let mut press = |key| state.handle_input(Input::Key(key), &picture(), 9);
        assert_eq!(press(Key::plain(Code::Enter)), HistoryEffect::Open);
        assert_eq!(press(Key::plain(Code::Esc)), HistoryEffect::Quit);
        assert_eq!(press(Key::char('q')), HistoryEffect::Quit);
        assert_eq!(press(Key::ctrl('c')), HistoryEffect::Interrupt);
        assert_eq!(press(Key::ctrl('z')), HistoryEffect::Suspend);
        assert_eq!(press(Key::char('x')), HistoryEffect::Draw);
        assert_eq!(state.message.as_deref(), Some("x does nothing here"));
    }
}
