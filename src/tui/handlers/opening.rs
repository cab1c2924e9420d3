//! Opens the object that the selection or a line names: a Pod, a failure or a node.

use crate::timeline::{PodKey, Timeline};
use crate::tui::input_context::InputContext;
use crate::tui::page::{Page, Tab};
use crate::tui::state::TuiState;
use crate::view;
use crate::view::GroupBy;

impl TuiState {
    /// Opens the object that the selection names, or the Pod that failed first if nothing is selected. On the page of a
    /// Pod, shows the Pods of its node.
    pub(crate) fn open(&mut self, context: &InputContext<'_>) {
        match self.page {
            Page::Pod(pod, Tab::Overview) => match context.timeline.pod(pod).node.as_deref() {
                Some(node) => self.show_node(node),
                None => self.message = Some("the Pod is on no node".into()),
            },
            Page::Pods => {
                let failed = || first_failed_pod(context.timeline);
                match (self.window.selected_link.clone(), self.window.selected.or_else(failed)) {
                    (Some(link), _) => self.open_link(&link),
                    (None, Some(pod)) => self.open_pod(pod),
                    (None, None) => self.show_tab(Tab::Overview),
                }
            }
            Page::Pod(..) | Page::Help => self.show_tab(Tab::Overview),
        }
    }

    /// Shows the Pods of a node, as `get node NAME` does.
    pub(crate) fn show_node(&mut self, node: &str) {
        self.page = Page::Pods;
        self.window.filter = format!("{}{node}", view::NODE_PREFIX);
        self.window.first = 0;
        self.window.selected_link = None;
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
