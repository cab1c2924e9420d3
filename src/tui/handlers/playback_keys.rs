//! Applies keys to the playback of a recording.

use crate::tui::action::{Action, Effect};
use crate::tui::input::Key;
use crate::tui::input_context::InputContext;
use crate::tui::page::Page;
use crate::tui::playback::PlaybackKey;
use crate::tui::seek_time::{SEEK_FORMS, parse_seek_target};
use crate::tui::state::TuiState;
use crate::tui::text_input::{TextEdit, edit_text};

impl TuiState {
    /// Returns the key of the playback, if this action controls it: the arrows seek while nothing is selected.
    pub(crate) fn playback_key(&self, action: Action, context: &InputContext<'_>) -> Option<PlaybackKey> {
        let seeks = self.page == Page::Pods && !self.has_selection();
        let key = if action == Action::Left && seeks {
            PlaybackKey::SeekBack
        } else if action == Action::Right && seeks {
            PlaybackKey::SeekForward
        } else if action == Action::Pause {
            PlaybackKey::TogglePause
        } else if action == Action::Slower {
            PlaybackKey::Slower
        } else if action == Action::Faster {
            PlaybackKey::Faster
        } else {
            return None;
        };
        context.is_playback.then_some(key)
    }

    /// Applies a key to the time that the user types. Returns `None` if the user types no time, or if the key has its usual
    /// meaning.
    pub(crate) fn edit_seek_time(&mut self, key: Key) -> Option<Effect> {
        let text = self.seek_text.as_mut()?;
        match edit_text(text, key)? {
            TextEdit::Changed => {}
            TextEdit::Dropped | TextEdit::Cancelled => self.seek_text = None,
            TextEdit::Accepted => {
                let text = self.seek_text.take()?;
                if let Some(target) = parse_seek_target(&text, self.view.clock.is_some()) {
                    return Some(Effect::Playback(PlaybackKey::SeekTo(target)));
                }
                if !text.is_empty() {
                    self.message = Some(format!("{text} is no time of the replay: type {SEEK_FORMS}"));
                }
            }
        }
        Some(Effect::Draw)
    }

    /// Forgets everything that refers to Pods, because a playback starts again with an empty timeline.
    pub(crate) fn forget_pods(&mut self) {
        self.deselect();
        self.hovered = None;
        self.page_before_help = None;
        match self.page {
            Page::Pod(..) => self.page = Page::Pods,
            Page::Pods | Page::Help => {}
        }
    }
}
