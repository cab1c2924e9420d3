//! The parts of a Pod's setup.

use crate::lifecycle::waits::WaitTopic;

/// A part of the setup, in the order of the steps. The document shows it as the reason of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetupPart {
    /// The attach/detach controller attaches the volumes to the node.
    Attach,
    /// The kubelet mounts the volumes.
    Mount,
    /// The network plugin adds the network interfaces of the Pod.
    Network,
    /// The container runtime starts the sandbox.
    Sandbox,
}

impl SetupPart {
    const ALL: [Self; 4] = [Self::Attach, Self::Mount, Self::Network, Self::Sandbox];

    /// The name in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Attach => "attach",
            Self::Mount => "mount",
            Self::Network => "network",
            Self::Sandbox => "sandbox",
        }
    }

    /// The part that the reason of a phase names. The reason is the name of a part, or the reason of an event about a
    /// failure.
    pub(crate) fn from_reason(reason: &str) -> Option<Self> {
        Self::from_failure(reason).or_else(|| Self::ALL.into_iter().find(|part| part.name() == reason))
    }

    /// The part that failed, according to an event with this reason.
    pub(crate) fn from_failure(reason: &str) -> Option<Self> {
        match reason {
            "FailedAttachVolume" => Some(Self::Attach),
            "FailedMount" | "FailedMapVolume" => Some(Self::Mount),
            "FailedCreatePodSandBox" | "SandboxChanged" => Some(Self::Sandbox),
            _ => None,
        }
    }

    /// The topic of reports about a failure of the part.
    pub(crate) fn wait_topic(self) -> WaitTopic {
        match self {
            Self::Attach => WaitTopic::Attach,
            Self::Mount | Self::Network | Self::Sandbox => WaitTopic::Setup,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_each_part_is_read_as_this_part() {
        for part in SetupPart::ALL {
            assert_eq!(SetupPart::from_reason(part.name()), Some(part));
        }
        assert_eq!(SetupPart::from_reason("FailedMount"), Some(SetupPart::Mount));
        assert_eq!(SetupPart::from_reason("ImagePullBackOff"), None);
    }
}
