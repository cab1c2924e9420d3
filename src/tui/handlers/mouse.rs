//! Applies clicks, drags and the wheel to the state.

use std::sync::Arc;

use crate::timeline::PodKey;
use crate::tui::action::Effect;
use crate::tui::input::{Mouse, MouseKind};
use crate::tui::input_context::InputContext;
use crate::tui::page::{Page, Tab};
use crate::tui::state::{MIN_ZOOM_MILLIS, TuiState};
use crate::view::Zoom;

/// The number of lines that one notch of the wheel scrolls a text.
const WHEEL_LINES: isize = 3;

/// Applies a mouse event to `state`. Returns the effect that the caller must carry out.
pub(crate) fn handle_mouse(state: &mut TuiState, mouse: Mouse, context: &InputContext<'_>) -> Effect {
    state.has_interacted |= mouse.kind != MouseKind::Move;
    match mouse.kind {
        MouseKind::WheelUp => {
            state.move_by(if state.page == Page::Pods { -1 } else { -WHEEL_LINES }, context);
        }
        MouseKind::WheelDown => {
            state.move_by(if state.page == Page::Pods { 1 } else { WHEEL_LINES }, context);
        }
        MouseKind::Move => return handle_hover(state, mouse, context),
        MouseKind::Press => {
            state.message = None;
            state.pressed_at = Some((mouse.column, mouse.row));
            return Effect::Nothing;
        }
        MouseKind::Drag => return Effect::Nothing,
        MouseKind::Release => {
            let Some((column, row)) = state.pressed_at.take() else { return Effect::Nothing };
            if state.page == Page::Pods && row == mouse.row && column.abs_diff(mouse.column) > 1 {
                return handle_drag(state, column, mouse.column, context);
            }
            return handle_click(state, column, row, context);
        }
    }
    Effect::Draw
}

/// Returns the index of the picture's line at a row of the terminal.
fn line_at(row: usize, context: &InputContext<'_>) -> Option<usize> {
    row.checked_sub(context.top?)?.checked_sub(context.above)
}

/// Returns the Pod at a column and row of the terminal. The first column of the screen marks the selection.
fn pod_at(column: usize, row: usize, context: &InputContext<'_>) -> Option<PodKey> {
    let line = line_at(row, context)?;
    let cells = &context.picture.cells;
    let column = column.checked_sub(1)?;
    let cell = cells
        .iter()
        .find(|cell| cell.line == line && (cell.column..cell.column + cell.columns).contains(&column));
    cell.map(|cell| cell.pod).or_else(|| context.picture.frame.lines.get(line)?.pod)
}

/// Returns the index of the Pod's phase that is drawn at a column of the terminal.
fn phase_at(pod: PodKey, column: usize, context: &InputContext<'_>) -> Option<usize> {
    let bars = context.picture.bars.as_ref()?;
    bars.phase_at(&context.timeline.pod(pod), column.checked_sub(1)?)
}

fn handle_hover(state: &mut TuiState, mouse: Mouse, context: &InputContext<'_>) -> Effect {
    let hovered = (state.page == Page::Pods)
        .then(|| pod_at(mouse.column, mouse.row, context))
        .flatten()
        .map(|pod| (pod, phase_at(pod, mouse.column, context)));
    if state.hovered == hovered {
        return Effect::Nothing;
    }
    state.hovered = hovered;
    Effect::Draw
}

fn handle_click(state: &mut TuiState, column: usize, row: usize, context: &InputContext<'_>) -> Effect {
    match state.page {
        Page::Pods => {
            let row_of_workload = line_at(row, context)
                .and_then(|line| context.picture.workloads.iter().find(|shown| shown.line == line));
            if let Some(shown) = row_of_workload {
                state.window.selected_workload = Some(Arc::clone(&shown.uid));
                state.open_workload(&shown.uid);
            } else if let Some(pod) = pod_at(column, row, context) {
                state.select(pod);
                state.selected_phase = phase_at(pod, column, context);
                state.open_pod(pod);
            } else {
                let line = line_at(row, context).and_then(|line| context.picture.frame.lines.get(line));
                if let Some(link) = line.and_then(|line| line.link.clone()) {
                    state.select_link(link.clone());
                    state.open_link(&link);
                    return Effect::Draw;
                }
                // A click on the line that counts the hidden Pods shows all rows, or hides rows again.
                if !line.is_some_and(|line| line.plain().starts_with("+ ")) {
                    return Effect::Nothing;
                }
                state.window.unfolded = !state.window.unfolded;
            }
        }
        Page::Help => state.go_back(),
        Page::Pod(pod, _) => {
            let on_path = context.top == Some(row);
            match context.path_ends.iter().position(|&end| on_path && column < end) {
                Some(0) => {
                    state.page = Page::Pods;
                    state.scroll = 0;
                }
                Some(1) => {
                    state.page = Page::Pod(pod, Tab::Overview);
                    state.scroll = 0;
                }
                _ => return Effect::Nothing,
            }
        }
    }
    Effect::Draw
}

/// Zooms to the time between the start and the end of a drag over the bars.
fn handle_drag(state: &mut TuiState, from: usize, to: usize, context: &InputContext<'_>) -> Effect {
    let Some(bars) = &context.picture.bars else { return Effect::Nothing };
    let (from, to) = (from.min(to).saturating_sub(1), from.max(to).saturating_sub(1));
    if to < bars.column || from >= bars.column + bars.columns {
        return Effect::Nothing;
    }
    let (start, end) =
        (bars.time_at(from.max(bars.column)), bars.time_at(to.min(bars.column + bars.columns - 1)));
    state.window.zoom = Some(Zoom { span: end.saturating_sub(start).max(MIN_ZOOM_MILLIS), end: Some(end) });
    Effect::Draw
}
