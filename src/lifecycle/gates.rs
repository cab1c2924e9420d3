//! What holds a Pod back from the scheduler, in words.

use crate::observation::Pod;

/// The label that names the queue of what Kueue is in charge of.
const KUEUE_QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// Why a gated Pod waits; `None` if it has no gates. Those of Kueue say what it waits for, others their name.
pub(crate) fn reason(pod: &Pod) -> Option<String> {
    let gates = &pod.spec.scheduling_gates;
    if gates.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut others = Vec::new();
    for gate in gates {
        match gate.name.as_str() {
            "kueue.x-k8s.io/admission" => parts.push(match pod.metadata.labels.get(KUEUE_QUEUE) {
                Some(queue) => format!("admission by Kueue queue {queue}"),
                None => "admission by Kueue".to_owned(),
            }),
            "kueue.x-k8s.io/topology" => parts.push("topology by Kueue".to_owned()),
            other => others.push(other),
        }
    }
    if !others.is_empty() {
        parts.push(format!("SchedulingGated: {}", others.join(", ")));
    }
    Some(parts.join(", "))
}
