//! The part of a picture that the user looks at.

use std::sync::Arc;

use crate::timeline::PodKey;
use crate::view::primitives::frame::Link;

/// The part of a picture that is shown. By default the whole time axis is shown, and Pods that do not fit are summed
/// up in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Shows only Pods that contain each of these words in their name, node, outcome, status or reason. Case does not
    /// matter.
    pub filter: String,
    /// The selected Pod, which always keeps its row.
    pub selected: Option<PodKey>,
    /// The selected line that is no row of a Pod. `None` if a Pod is selected.
    pub selected_link: Option<Link>,
    /// The uid of the selected workload in [`crate::view::View::Runs`]. The workload always keeps its row.
    pub selected_workload: Option<Arc<str>>,
    /// Whether every Pod has a row and the rows scroll. Otherwise Pods without room for a row are folded.
    pub unfolded: bool,
    /// The scroll position: the first visible row, before it is moved to keep the selected row visible. Used only if
    /// `unfolded`.
    pub first: usize,
    /// The part of the time axis that is shown; `None` shows all of it.
    pub zoom: Option<Zoom>,
}

/// A part of the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoom {
    /// The length in milliseconds.
    pub span: i64,
    /// The end, in milliseconds since the axis' zero. If `None`, the part ends a little after now.
    pub end: Option<i64>,
}

impl Window {
    /// The words of the filter, in lower case.
    pub(crate) fn filter_words(&self) -> Vec<String> {
        self.filter.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }
}
