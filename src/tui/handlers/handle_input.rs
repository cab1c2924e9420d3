//! Applies a key or a click to the state.

use crate::tui::action::{Action, Effect};
use crate::tui::handlers::mouse;
use crate::tui::input::Input;
use crate::tui::input_context::InputContext;
use crate::tui::keys;
use crate::tui::state::TuiState;

/// Applies `input` to `state`. Returns the effect that the caller must carry out.
pub(crate) fn handle_input(state: &mut TuiState, input: Input, context: &InputContext<'_>) -> Effect {
    match input {
        Input::Resized => Effect::Draw,
        Input::Mouse(event) => mouse::handle_mouse(state, event, context),
        Input::Key(key) => {
            state.message = None;
            state.hovered = None;
            if state.editing_filter
                && let Some(effect) = state.edit_filter(key)
            {
                return effect;
            }
            if let Some(effect) = state.edit_seek_time(key) {
                return effect;
            }
            if state.search.is_typing
                && let Some(effect) = state.edit_search(key, context)
            {
                return effect;
            }
            let action = keys::find_action(key, state.page, context.is_playback);
            // A user who stops the program with Ctrl-Z has not begun to explore the picture.
            state.has_interacted |= action != Some(Action::Suspend);
            match action {
                Some(action) => state.apply_action(action, context),
                None if state.reported_keys.contains(&key) => Effect::Draw,
                None => {
                    state.message = Some(format!("{} does nothing here", keys::key_name(key)));
                    state.reported_keys.push(key);
                    Effect::Draw
                }
            }
        }
    }
}
