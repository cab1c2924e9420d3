//! The part of a picture that somebody looks at.

use crate::timeline::PodKey;

/// Which part of a picture is shown. The default is all of it, folded where there is no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Only Pods in which each of these words is found: in the name, node, status or reason, in any case.
    pub filter: String,
    /// This Pod is never folded away.
    pub selected: Option<PodKey>,
    /// Every Pod has its row, and the rows scroll; else what has no room is folded.
    pub unfolded: bool,
    /// The first row that is shown, if they scroll; the selected one is shown in any case.
    pub first: usize,
    /// The stretch of time on the axis; all of it if `None`.
    pub zoom: Option<Zoom>,
}

/// A stretch of the time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoom {
    /// Its length in milliseconds.
    pub span: i64,
    /// Its end in milliseconds since the axis' zero; it ends a little after now if `None`.
    pub end: Option<i64>,
}

impl Window {
    /// The words of the filter, as [`finds`] wants them.
    pub(crate) fn words(&self) -> Vec<String> {
        self.filter.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }
}
