//! The outputs that a run can produce.

use crate::view::View;

/// The output that a run writes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A picture for people.
    Picture(View),
    /// The timeline document, written once at the end.
    Document(DocumentFormat),
    /// One JSON object for each change, written as it happens.
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
    /// Whether programs read the output. Pictures and messages then go to standard error.
    pub(crate) fn is_for_programs(self) -> bool {
        match self {
            Self::Picture(_) => false,
            Self::Document(_) | Self::Changes | Self::Names => true,
        }
    }

    /// Returns the view in which pictures start. If programs read the output, pictures start as a sequence.
    pub(crate) fn view(self) -> View {
        match self {
            Self::Picture(view) => view,
            Self::Document(_) | Self::Changes | Self::Names => View::Sequence,
        }
    }
}
