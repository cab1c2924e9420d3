//! A finding about a workload, and the kinds of loss that findings are about.

use std::sync::Arc;

use crate::lifecycle::PhaseKind;

/// The kind of loss that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Image pulls, and the waits for other pulls on the same node.
    Pulls,
    /// Images that cannot be pulled.
    PullFailing,
    /// Setup and start.
    Setup,
    /// Init containers.
    Init,
    /// Work before the Pod was Ready.
    Unready,
    /// The wait for a node.
    Queued,
    /// The waits of the controller and of the kubelet after a failure.
    BackOff,
    /// The time that Pods take to stop.
    Terminating,
    /// Work that did not count.
    LostWork,
    /// Slots without a Pod.
    Idle,
    /// The last few Pods, for which the workload waited.
    Stragglers,
    /// Requested resources that were reserved before the work began.
    Reserved,
}

impl FindingKind {
    /// The name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pulls => "pulls",
            Self::PullFailing => "pullFailing",
            Self::Setup => "setup",
            Self::Init => "init",
            Self::Unready => "unready",
            Self::Queued => "queued",
            Self::BackOff => "backOff",
            Self::Terminating => "terminating",
            Self::LostWork => "lostWork",
            Self::Idle => "idle",
            Self::Stragglers => "stragglers",
            Self::Reserved => "reserved",
        }
    }

    /// The kinds of loss that are measured as the slot time in certain phases.
    pub(crate) const OF_PHASES: &[Self] = &[
        Self::Pulls,
        Self::PullFailing,
        Self::Setup,
        Self::Init,
        Self::Unready,
        Self::Queued,
        Self::BackOff,
        Self::Terminating,
    ];

    /// The phases whose slot time is the loss. Empty for a loss that is not measured by phase.
    pub(crate) fn phases(self) -> &'static [PhaseKind] {
        match self {
            Self::Pulls => &[PhaseKind::Pulling],
            Self::PullFailing => &[PhaseKind::PullFailing],
            Self::Setup => &[PhaseKind::Setup, PhaseKind::Starting, PhaseKind::Startup],
            Self::Init => &[PhaseKind::Initializing],
            Self::Unready => &[PhaseKind::Unready],
            Self::Queued => &[PhaseKind::Queued],
            Self::BackOff => &[PhaseKind::BackOff],
            Self::Terminating => &[PhaseKind::Terminating],
            Self::LostWork | Self::Idle | Self::Stragglers | Self::Reserved => &[],
        }
    }
}

/// A sentence about an expensive loss of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The kind of the loss.
    pub kind: FindingKind,
    /// The loss as a part of the slot time, between 0 and 1. For stragglers, a part of the wall time. For reserved
    /// resources, a part of the whole reservation.
    pub share: f64,
    /// The sentence. Names from the cluster are not escaped for a terminal.
    pub text: String,
    /// The node on which most of the loss happened, if the sentence names this node.
    pub node: Option<Arc<str>>,
    /// The image that the sentence names.
    pub image: Option<Arc<str>>,
    /// The names of the Pods that the sentence is about, at most [`Finding::MAX_PODS`].
    pub pods: Vec<Arc<str>>,
    /// The reasons for waits that the sentence names.
    pub(crate) reasons: Vec<Arc<str>>,
}

impl Finding {
    /// The maximum number of Pods that a finding names.
    pub const MAX_PODS: usize = 10;
}

/// A loss that may become a finding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) kind: FindingKind,
    /// As in [`Finding::share`].
    pub(crate) share: f64,
    /// The share in whole percent.
    pub(crate) percent: i64,
    /// The loss in milliseconds.
    pub(crate) millis: i64,
    /// The larger distance from the share to an end of the share's range, in percentage points. `None` if the range is
    /// not wider than one point.
    pub(crate) uncertainty: Option<i64>,
}
