//! Opens the object that the selection or a line names: a Pod, a failure or a node.

use crate::timeline::{PodKey, Timeline};
use crate::tui::input_context::InputContext;
use crate::tui::page::{Page, Tab};
use crate::tui::state::TuiState;
use crate::view::GroupBy;

impl TuiState {
    /// Opens the page of the selected Pod, or of the Pod that failed first if none is selected. On the page of a Pod,
    /// shows the Pods of its node.
    pub(crate) fn open(&mut self, context: &InputContext<'_>) {
        match self.page {
            Page::Pod(pod, Tab::Overview) => match context.timeline.pod(pod).node.as_deref() {
                Some(node) => self.show_node(node),
                None => self.message = Some("the Pod is on no node".into()),
            },
            Page::Pods if self.window.selected.is_none() => match first_failed_pod(context.timeline) {
                Some(pod) => self.open_pod(pod),
                None => self.show_tab(Tab::Overview),
            },
            Page::Pod(..) | Page::Pods | Page::Help => self.show_tab(Tab::Overview),
        }
    }

    /// Shows the Pods of a node.
    pub(crate) fn show_node(&mut self, node: &str) {
        self.page = Page::Pods;
        node.clone_into(&mut self.window.filter);
        self.window.first = 0;
        self.view.group_by = GroupBy::Node;
        self.reset_scroll(true);
    }
}

/// Returns the Pod that failed first.
fn first_failed_pod(timeline: &Timeline) -> Option<PodKey> {
    let pods = timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
    let failed = pods.filter(|(_, pod)| pod.has_failed());
    failed.min_by_key(|(_, pod)| (pod.end().is_none(), pod.end())).map(|(key, _)| key)
}
