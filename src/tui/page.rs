//! The pages of the interactive screen.

use crate::timeline::PodKey;
use crate::view::{View, Window};

/// The page that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The picture of all Pods.
    Pods,
    /// A page about one Pod.
    Pod(PodKey, Tab),
    /// The list of keys.
    Help,
}

impl Page {
    /// Whether the page grows at its end, so that the user can follow the end.
    pub(crate) fn is_followed(self) -> bool {
        matches!(self, Self::Pod(_, Tab::Log | Tab::Events))
    }
}

/// The part of a Pod's page that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Phases, containers, conditions, events and the ends of the logs.
    Overview,
    /// The Pod's events.
    Events,
    /// The log of one container.
    Log,
    /// The Pod object as YAML.
    Yaml,
}

/// The picture in which the user opened a workload.
#[derive(Clone, Debug)]
pub(crate) struct OpenedFrom {
    pub(crate) view: View,
    pub(crate) window: Window,
}

impl Default for OpenedFrom {
    fn default() -> Self {
        Self { view: View::Runs, window: Window::default() }
    }
}
