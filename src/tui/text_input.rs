//! The keys that edit a text at the bottom of the screen: the filter, or the text of a search.

use crate::tui::input::{Code, Key};

/// The effect of a key on the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextEdit {
    /// The text has changed, and the user goes on typing.
    Changed,
    /// The user has accepted the text.
    Accepted,
    /// The user has deleted beyond the start of the text, and types no text any longer.
    Dropped,
    /// The user wants the text back that was there before.
    Cancelled,
}

/// Applies a key to the text. Returns `None` if the key has its usual meaning.
pub(crate) fn edit_text(text: &mut String, key: Key) -> Option<TextEdit> {
    match key.code {
        Code::Char('u') if key.ctrl => text.clear(),
        Code::Char(_) if key.ctrl => return None,
        Code::Char(char) => text.push(char),
        Code::Backspace => {
            return Some(if text.pop().is_some() { TextEdit::Changed } else { TextEdit::Dropped });
        }
        Code::Enter => return Some(TextEdit::Accepted),
        Code::Esc => return Some(TextEdit::Cancelled),
        Code::Tab
        | Code::Up
        | Code::Down
        | Code::Left
        | Code::Right
        | Code::PageUp
        | Code::PageDown
        | Code::Home
        | Code::End => return None,
    }
    Some(TextEdit::Changed)
}
