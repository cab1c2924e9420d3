//! Selects the lines that are no rows of Pods but name an object: failures, and headings of nodes and workloads.

use crate::timeline::PodKey;
use crate::tui::input_context::InputContext;
use crate::tui::state::TuiState;
use crate::view::{Line, Link};

impl TuiState {
    /// The selected Pod, or the Pod of the selected failure.
    pub(crate) fn selected_pod(&self) -> Option<PodKey> {
        match self.window.selected_link {
            Some(Link::Failure(pod) | Link::ListedFailure(pod)) => Some(pod),
            Some(Link::Node(_) | Link::Workload(_)) | None => self.window.selected,
        }
    }

    /// Selects the nearest line above or below the selection if it has a link. If a link is selected and the nearest
    /// line is a row of Pods, selects a Pod of the row. Returns `false` if the selection moves from Pod to Pod.
    pub(crate) fn move_to_link(&mut self, down: bool, context: &InputContext<'_>) -> bool {
        let picture = context.picture;
        let lines = &picture.frame.lines;
        let Some(from) = self.selected_line(context) else { return false };
        let mut candidates: Vec<usize> =
            if down { (from + 1..lines.len()).collect() } else { (0..from).rev().collect() };
        if let Some(pod) = self.window.selected {
            // A Pod with bars of its containers has several lines.
            candidates.retain(|&index| lines[index].pod != Some(pod));
        }
        for index in candidates {
            if let Some(link) = &lines[index].link {
                if self.is_next_pod_hidden(down, context) {
                    return false;
                }
                self.select_link(link.clone());
                return true;
            }
            let cell = picture.cells.iter().find(|cell| cell.line == index).map(|cell| cell.pod);
            if let Some(pod) = lines[index].pod.or(cell) {
                let is_link_selected = self.window.selected_link.is_some();
                if is_link_selected {
                    self.select(pod);
                }
                return is_link_selected;
            }
        }
        // There is nothing above the first line or below the last one.
        self.window.selected_link.is_some()
    }

    /// Whether the Pod before or after the selected Pod has no line, because the rows scroll or are folded.
    fn is_next_pod_hidden(&self, down: bool, context: &InputContext<'_>) -> bool {
        let picture = context.picture;
        if !picture.cells.is_empty() {
            return false;
        }
        let Some(current) = picture.pods.iter().position(|&pod| Some(pod) == self.window.selected) else {
            return false;
        };
        let next = if down {
            picture.pods.get(current + 1)
        } else {
            current.checked_sub(1).map(|index| &picture.pods[index])
        };
        match next {
            Some(&next) => !picture.frame.lines.iter().any(|line| line.pod == Some(next)),
            None => down && picture.folded > 0,
        }
    }

    /// Selects the next line with a link. After the last one, continues with the first one.
    pub(crate) fn select_next_link(&mut self, context: &InputContext<'_>) {
        let lines = &context.picture.frame.lines;
        let from = self.selected_line(context).map_or(0, |line| line + 1);
        let has_link = |line: &&Line| line.link.is_some();
        let next = lines.iter().skip(from).find(has_link).or_else(|| lines.iter().find(has_link));
        match next.and_then(|line| line.link.clone()) {
            Some(link) => self.select_link(link),
            None => self.message = Some("no failure, node or workload is listed here".into()),
        }
    }

    pub(crate) fn select_link(&mut self, link: Link) {
        self.deselect();
        self.window.selected_link = Some(link);
    }

    /// Opens the object of a link.
    pub(crate) fn open_link(&mut self, link: &Link) {
        match link {
            Link::Failure(pod) | Link::ListedFailure(pod) => self.open_pod_page(*pod),
            Link::Node(node) => self.show_node(node),
            Link::Workload(uid) => self.open_workload(uid),
        }
    }

    /// Returns the index of the picture's line that is selected.
    fn selected_line(&self, context: &InputContext<'_>) -> Option<usize> {
        let picture = context.picture;
        let lines = &picture.frame.lines;
        if self.window.selected_link.is_some() {
            return lines.iter().position(|line| line.link == self.window.selected_link);
        }
        let pod = self.window.selected?;
        let cell = picture.cells.iter().find(|cell| cell.pod == pod).map(|cell| cell.line);
        cell.or_else(|| lines.iter().position(|line| line.pod == Some(pod)))
    }
}
