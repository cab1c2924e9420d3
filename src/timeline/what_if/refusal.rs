//! The reasons for which the what-if refuses to predict a run.

use std::fmt::{self, Display, Formatter};

/// The reason for which the what-if refuses to predict a run.
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
    /// The workload created no Pods for a part of the run, because it was suspended or waited in a queue.
    Suspended,
    /// The run has not ended well, or only a part of it was observed.
    Partial,
    /// An autoscaler added nodes, or the parallelism or the number of completions changed during the run.
    Autoscaling,
    /// The API server refused Pods, for example because of a quota.
    Quota,
    /// Other workloads delayed the run, or the model does not reproduce it.
    OtherLoad,
    /// The predicted runs are so short that the times of the run, which are known to about a second, are not exact
    /// enough.
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
