//! The phase of a Pod, as the API server reports it.

use crate::lifecycle::packed::packed_enum;

packed_enum! {
    /// `status.phase`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) enum PodPhase {
        #[default]
        Pending,
        Running,
        Succeeded,
        Failed,
        Unknown,
    }
}

impl PodPhase {
    /// Whether the phase is `Succeeded` or `Failed`.
    pub(crate) fn is_terminal(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed => true,
            Self::Pending | Self::Running | Self::Unknown => false,
        }
    }
}
