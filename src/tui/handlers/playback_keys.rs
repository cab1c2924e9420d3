//! Applies keys to the playback of a recording.

use crate::tui::action::Action;
use crate::tui::input_context::InputContext;
use crate::tui::page::Page;
use crate::tui::playback::PlaybackKey;
use crate::tui::state::TuiState;

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
