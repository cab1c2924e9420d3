//! The scheduling gates of a Pod, in words.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::packed::packed_struct;
use crate::observation::Pod;

/// The label that names the Kueue queue of an object.
const KUEUE_QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// The scheduling gates of a Pod from a time on.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    /// Time of the change. `None` means the creation of the Pod, because gates cannot be added later.
    pub(crate) since: Option<Timestamp>,
    /// Whether `since` is the receipt of the change. Otherwise the previous gates were last seen at that time.
    pub(crate) received: bool,
    /// For example `SchedulingGated: example.com/gate`, or `None` if no gate is left.
    pub(crate) reason: Option<Arc<str>>,
}

/// Describes why the scheduler ignores a gated Pod, or returns `None` if the Pod has no gates. Kueue's gates are
/// described by their purpose, all other gates by their names.
pub(crate) fn describe_gates(pod: &Pod) -> Option<String> {
    let gates = &pod.spec.scheduling_gates;
    if gates.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut other_names = Vec::new();
    for gate in gates {
        match gate.name.as_str() {
            "kueue.x-k8s.io/admission" => parts.push(match pod.metadata.labels.get(KUEUE_QUEUE) {
                Some(queue) => format!("admission by Kueue queue {queue}"),
                None => "admission by Kueue".to_owned(),
            }),
            "kueue.x-k8s.io/topology" => parts.push("topology by Kueue".to_owned()),
            other => other_names.push(other),
        }
    }
    if !other_names.is_empty() {
        parts.push(format!("SchedulingGated: {}", other_names.join(", ")));
    }
    Some(parts.join(", "))
}

/// Whether [`describe_gates`] returned this reason.
pub(crate) fn is_gate_reason(reason: &str) -> bool {
    ["admission by Kueue", "topology by Kueue", "SchedulingGated: "]
        .iter()
        .any(|start| reason.starts_with(start))
}

packed_struct!(Gates { since, received, reason });
