//! Why the what-if predicts nothing.

use std::fmt::{self, Display, Formatter};

/// Why the what-if predicts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictionRefusal {
    /// The kind, for programs.
    pub kind: RefusalKind,
    /// The facts behind it, for people.
    pub message: String,
}

/// The kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The workload was suspended for a part of the run.
    Suspended,
    /// The run has not ended well, or only a part of it was observed.
    Partial,
    /// Nodes were added during the run.
    Autoscaling,
    /// The API server refused Pods, for example because of a quota.
    Quota,
    /// Other workloads delayed the run.
    OtherLoad,
    /// The times are not exact enough.
    Inexact,
}

impl RefusalKind {
    /// The value of `refused` in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Partial => "partial",
            Self::Autoscaling => "autoscaling",
            Self::Quota => "quota",
            Self::OtherLoad => "otherLoad",
            Self::Inexact => "inexact",
        }
    }
}

impl PredictionRefusal {
    pub(crate) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl Display for PredictionRefusal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
