//! The overview in the interactive screen: its rows are workloads, and Enter opens a workload.

use std::sync::Arc;

use crate::tui::input_context::InputContext;
use crate::tui::page::{OpenedFrom, Page};
use crate::tui::state::TuiState;
use crate::view::View;

impl TuiState {
    /// Whether the picture is the overview.
    pub(crate) fn shows_overview(&self) -> bool {
        self.page == Page::Pods && self.view.view == View::Runs
    }

    /// Shows the timeline in this view. The overview shows all workloads again.
    pub(crate) fn show_view(&mut self, view: View) {
        if view == View::Runs {
            self.close_workload();
        }
        self.view.view = view;
    }

    /// Moves the selection of the overview by rows.
    pub(crate) fn move_by_workloads(&mut self, by: isize, context: &InputContext<'_>) {
        let rows = &context.picture.workloads;
        let selected = self.window.selected_workload.as_ref();
        let current = rows.iter().position(|row| Some(&row.uid) == selected);
        let last = rows.len().saturating_sub(1);
        let next = match current {
            None if by > 0 => 0,
            None => last,
            // The hidden workloads come after the last row, so a move down shows their rows.
            Some(current) if by > 0 && current == last && context.picture.folded > 0 => {
                self.window.unfolded = true;
                current
            }
            Some(current) => current.saturating_add_signed(by).min(last),
        };
        if let Some(row) = rows.get(next) {
            self.window.selected_workload = Some(Arc::clone(&row.uid));
        }
    }

    /// Selects the first or the last row of the overview.
    pub(crate) fn select_end_workload(&mut self, last: bool, context: &InputContext<'_>) {
        let rows = &context.picture.workloads;
        if let Some(row) = if last { rows.last() } else { rows.first() } {
            self.window.selected_workload = Some(Arc::clone(&row.uid));
        }
    }

    /// Opens the selected row of the overview.
    pub(crate) fn open_selected_workload(&mut self) {
        match self.window.selected_workload.clone() {
            Some(uid) => self.open_workload(&uid),
            None => self.message = Some("select a workload first, with the arrow keys or a click".into()),
        }
    }

    /// Shows only this workload and the workloads below it. The overview becomes a sequence with the bars of its Pods.
    pub(crate) fn open_workload(&mut self, uid: &Arc<str>) {
        let view = self.view.view;
        if view == View::Runs {
            self.view.view = View::Sequence;
        }
        self.view.workload = Some(Arc::clone(uid));
        let opened_from = OpenedFrom { view, window: std::mem::take(&mut self.window) };
        // A workload inside an open workload leads back to the picture of all workloads.
        self.opened_from.get_or_insert(opened_from);
        self.selected_phase = None;
    }

    /// Goes back to the picture in which the user opened a workload, with its selection and its filter.
    pub(crate) fn close_workload(&mut self) {
        if self.view.workload.take().is_some() {
            let OpenedFrom { view, window } = self.opened_from.take().unwrap_or_default();
            (self.view.view, self.window) = (view, window);
            self.selected_phase = None;
        }
    }
}
