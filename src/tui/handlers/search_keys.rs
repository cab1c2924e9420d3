//! Applies keys to the search on pages of text.

use crate::tui::action::Effect;
use crate::tui::input::Key;
use crate::tui::input_context::InputContext;
use crate::tui::search::{SearchDirection, matching_lines};
use crate::tui::state::TuiState;
use crate::tui::text_input::{TextEdit, edit_text};

impl TuiState {
    /// Starts to type a new text.
    pub(crate) fn start_search(&mut self) {
        self.search.previous = std::mem::take(&mut self.search.query);
        self.search.is_typing = true;
    }

    /// Applies a key to the text. Returns `None` if the key has its usual meaning.
    pub(crate) fn edit_search(&mut self, key: Key, context: &InputContext<'_>) -> Option<Effect> {
        let search = &mut self.search;
        match edit_text(&mut search.query, key)? {
            TextEdit::Changed => {}
            TextEdit::Dropped => search.is_typing = false,
            TextEdit::Accepted => {
                search.is_typing = false;
                if search.query.is_empty() {
                    search.query = std::mem::take(&mut search.previous);
                }
                search.line = None;
                self.jump(SearchDirection::Next, context);
            }
            TextEdit::Cancelled => {
                search.is_typing = false;
                search.query = std::mem::take(&mut search.previous);
            }
        }
        Some(Effect::Draw)
    }

    /// Moves to the next or previous line that contains the text.
    pub(crate) fn jump(&mut self, direction: SearchDirection, context: &InputContext<'_>) {
        if self.search.query.is_empty() {
            self.message = Some("type / and a text to search for".into());
            return;
        }
        let found = matching_lines(context.text, &self.search.query);
        let next = match (direction, self.search.line) {
            // The first search begins with the lines that the user sees.
            (SearchDirection::Next, None) => found.iter().find(|&&line| line >= context.first_line),
            (SearchDirection::Next, Some(at)) => found.iter().find(|&&line| line > at),
            (SearchDirection::Previous, at) => {
                let at = at.unwrap_or(context.first_line);
                found.iter().rev().find(|&&line| line < at)
            }
        };
        let continued = match direction {
            SearchDirection::Next => (found.first(), "the search continues at the top"),
            SearchDirection::Previous => (found.last(), "the search continues at the end"),
        };
        let line = match (next, continued) {
            (Some(&line), _) => line,
            (None, (Some(&line), notice)) => {
                self.message = Some(notice.to_owned());
                line
            }
            // The status line says that no line contains the text.
            (None, (None, _)) => return,
        };
        self.search.line = Some(line);
        if !(context.first_line..context.first_line + context.page_rows).contains(&line) {
            self.scroll = line.saturating_sub(context.page_rows / 3);
            self.follows_end = false;
        } else if self.follows_end {
            self.scroll = context.first_line;
            self.follows_end = false;
        }
    }
}
