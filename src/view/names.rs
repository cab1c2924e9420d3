//! The names of workloads and Pods in texts. If the workloads are in several namespaces, a name alone is ambiguous, so
//! the texts also contain the namespace.

use crate::timeline::{PodIdentity, Timeline, Workload};
use crate::view::primitives::text;

/// How texts name workloads and Pods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    has_several_namespaces: bool,
}

impl Names {
    /// Returns names with namespaces if the workloads of the timeline are in several namespaces.
    pub(crate) fn from_timeline(timeline: &Timeline) -> Self {
        Self { has_several_namespaces: has_several_namespaces(timeline) }
    }

    /// Names a workload with its kind: `job/pi`, or `job/pi in default`.
    pub(crate) fn workload(self, workload: &Workload) -> String {
        let kind_and_name = format!("{}/{}", workload.kind.to_lowercase(), workload.name);
        self.with_namespace(&kind_and_name, &workload.namespace)
    }

    /// Names a Pod: `pi-x8k2p`, or `pi-x8k2p in default`.
    pub(crate) fn pod(self, pod: &PodIdentity) -> String {
        self.with_namespace(&pod.name, &pod.namespace)
    }

    /// Adds the namespace to the name of an object, if the name alone is ambiguous.
    pub(crate) fn with_namespace(self, name: &str, namespace: &str) -> String {
        let name = text::clean(name);
        if self.has_several_namespaces {
            format!("{name} in {}", text::clean(namespace))
        } else {
            name.into_owned()
        }
    }
}

/// Whether a workload of another namespace has the same kind and name.
pub(crate) fn has_namesake(timeline: &Timeline, workload: &Workload) -> bool {
    let is_namesake = |other: &Workload| {
        (&other.kind, &other.name) == (&workload.kind, &workload.name)
            && other.namespace != workload.namespace
    };
    timeline.workloads().iter().any(is_namesake)
}

/// Whether the workloads are in several namespaces.
pub(crate) fn has_several_namespaces(timeline: &Timeline) -> bool {
    let mut namespaces = timeline.workloads().iter().map(|workload| &workload.namespace);
    let first = namespaces.next();
    namespaces.any(|namespace| Some(namespace) != first)
}
