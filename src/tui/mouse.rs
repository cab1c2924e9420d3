//! What the mouse does.

use crate::timeline::PodKey;
use crate::tui::action::Effect;
use crate::tui::input::{Mouse, MouseKind};
use crate::tui::state::{Context, Page, Tab, TuiState};
use crate::view::Zoom;

/// Lines that a notch of the wheel moves a text.
const NOTCH: isize = 3;

/// Takes in what was done with the mouse.
pub(crate) fn point(state: &mut TuiState, mouse: Mouse, context: &Context<'_>) -> Effect {
    match mouse.kind {
        MouseKind::WheelUp => state.step(if state.page == Page::Pods { -1 } else { -NOTCH }, context),
        MouseKind::WheelDown => state.step(if state.page == Page::Pods { 1 } else { NOTCH }, context),
        MouseKind::Move => return hover(state, mouse, context),
        MouseKind::Press => {
            state.said = None;
            state.pressed = Some((mouse.column, mouse.row));
            return Effect::Nothing;
        }
        MouseKind::Drag => return Effect::Nothing,
        MouseKind::Release => {
            let Some((column, row)) = state.pressed.take() else { return Effect::Nothing };
            if state.page == Page::Pods && row == mouse.row && column.abs_diff(mouse.column) > 1 {
                return drag(state, column, mouse.column, context);
            }
            return click(state, column, row, context);
        }
    }
    Effect::Draw
}

/// The line of the picture at a row of the screen.
fn line(row: usize, context: &Context<'_>) -> Option<usize> {
    row.checked_sub(context.top?)?.checked_sub(context.above)
}

/// The Pod at a place of the screen. The first column of the screen is the selection's own.
fn pod(column: usize, row: usize, context: &Context<'_>) -> Option<PodKey> {
    let line = line(row, context)?;
    let cells = &context.picture.cells;
    let column = column.checked_sub(1)?;
    let cell = cells.iter().find(|cell| cell.line == line && cell.column == column);
    cell.map(|cell| cell.pod).or_else(|| context.picture.frame.lines.get(line)?.pod)
}

fn phase(pod: PodKey, column: usize, context: &Context<'_>) -> Option<usize> {
    let bars = context.picture.bars.as_ref()?;
    bars.phase_at(&context.timeline.pod(pod), column.checked_sub(1)?)
}

fn hover(state: &mut TuiState, mouse: Mouse, context: &Context<'_>) -> Effect {
    let hover = (state.page == Page::Pods)
        .then(|| pod(mouse.column, mouse.row, context))
        .flatten()
        .map(|pod| (pod, phase(pod, mouse.column, context)));
    if state.hover == hover {
        return Effect::Nothing;
    }
    state.hover = hover;
    Effect::Draw
}

fn click(state: &mut TuiState, column: usize, row: usize, context: &Context<'_>) -> Effect {
    match state.page {
        Page::Pods => {
            if let Some(pod) = pod(column, row, context) {
                state.select(pod);
                state.phase = phase(pod, column, context);
                state.open(pod);
            } else {
                // The line that tells what is folded.
                let line = line(row, context).and_then(|line| context.picture.frame.lines.get(line));
                if !line.is_some_and(|line| line.plain().starts_with("+ ")) {
                    return Effect::Nothing;
                }
                state.window.unfolded = !state.window.unfolded;
            }
        }
        Page::Help => state.back(),
        Page::Pod(pod, _) => {
            let on_path = context.top == Some(row);
            match context.path.iter().position(|&end| on_path && column < end) {
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

/// A drag over the bars chooses the stretch of time.
fn drag(state: &mut TuiState, from: usize, to: usize, context: &Context<'_>) -> Effect {
    let Some(bars) = &context.picture.bars else { return Effect::Nothing };
    let (from, to) = (from.min(to).saturating_sub(1), from.max(to).saturating_sub(1));
    if to < bars.column || from >= bars.column + bars.columns {
        return Effect::Nothing;
    }
    let (start, end) = (bars.time(from.max(bars.column)), bars.time(to.min(bars.column + bars.columns - 1)));
    state.window.zoom = Some(Zoom { span: end.saturating_sub(start).max(100), end: Some(end) });
    Effect::Draw
}
