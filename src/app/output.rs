//! The outputs that a run can produce.

use crate::view::View;

/// The output that a run writes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A picture for people.
    Picture(View),
    /// The timeline document, written once at the end.
    Document(DocumentFormat),
    /// One JSON object for each change, written when the change is observed.
    Changes,
    /// The names of the workloads.
    Names,
}

/// The format of the timeline document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentFormat {
    Json,
    Yaml,
}

impl Output {
    /// Whether programs read the output. Live pictures and lines then go to standard error.
    pub(crate) fn is_for_programs(self) -> bool {
        match self {
            Self::Picture(_) => false,
            Self::Document(_) | Self::Changes | Self::Names => true,
        }
    }

    /// Returns the first view of a picture. The first view is the sequence if programs read the output.
    pub(crate) fn view(self) -> View {
        match self {
            Self::Picture(view) => view,
            Self::Document(_) | Self::Changes | Self::Names => View::Sequence,
        }
    }
}
