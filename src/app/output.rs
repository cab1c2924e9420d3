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
    /// The run in the format of another program, written once at the end.
    Export(ExportFormat),
}

/// The format of the timeline document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentFormat {
    Json,
    Yaml,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    /// A table with a row for each Pod.
    Csv,
    /// A trace for Perfetto and Chrome.
    Trace,
    /// Traces of OpenTelemetry.
    Otlp,
    /// A report with a diagram and a table.
    Markdown,
    /// A picture.
    Svg,
    /// An interactive page.
    Html,
    /// Manifests for a kwok cluster.
    Kwok,
}

impl Output {
    /// Whether programs read the output. Live pictures and lines then go to standard error.
    pub(crate) fn is_for_programs(self) -> bool {
        match self {
            Self::Picture(_) => false,
            Self::Document(_) | Self::Changes | Self::Names | Self::Export(_) => true,
        }
    }

    /// Returns the first view of a picture. The first view is the sequence if programs read the output.
    pub(crate) fn view(self) -> View {
        match self {
            Self::Picture(view) => view,
            Self::Document(_) | Self::Changes | Self::Names | Self::Export(_) => View::Sequence,
        }
    }
}
