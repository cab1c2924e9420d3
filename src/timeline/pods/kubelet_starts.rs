//! The starts of the kubelet of each node, from Events about the nodes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::observation::{Event, truncate_to_millis};
use crate::timeline::fast_map::FastMap;

/// Maximum number of starts that are kept for one node. The latest starts are kept.
const MAX_STARTS: usize = 32;

/// The starts of the kubelets, by node, on the clock of each node. In chronological order.
#[derive(Clone, Debug, Default)]
pub(crate) struct KubeletStartsByNode(FastMap<Arc<str>, Vec<Timestamp>>);

impl KubeletStartsByNode {
    /// The starts of the kubelet of a node.
    pub(crate) fn of_node(&self, node: Option<&str>) -> &[Timestamp] {
        node.and_then(|node| self.0.get(node)).map_or(&[], Vec::as_slice)
    }

    /// Stores the start that an Event reports. Returns the name of the node if the start is new.
    pub(crate) fn learn(&mut self, event: &Event) -> Option<Arc<str>> {
        let node = event.restarted_node()?;
        let at = truncate_to_millis(event.first_occurrence()?.0);
        let node: Arc<str> = node.into();
        let starts = self.0.entry(Arc::clone(&node)).or_default();
        let index = starts.binary_search(&at).err()?;
        starts.insert(index, at);
        if starts.len() > MAX_STARTS {
            starts.remove(0);
        }
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn start_event(at: &str, reason: &str, component: &str) -> Event {
        let about = json!({"kind": "Node", "name": "node-1", "uid": "node-1"});
        let event = json!({"involvedObject": about, "reason": reason, "source": {"component": component},
            "firstTimestamp": at});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn only_the_kubelet_reports_starts_of_a_node() {
        let mut starts = KubeletStartsByNode::default();
        let at = "2026-01-01T00:00:00Z";
        assert_eq!(starts.learn(&start_event(at, "Starting", "kube-proxy")), None);
        assert_eq!(starts.learn(&start_event(at, "NodeReady", "kubelet")), None);
        assert_eq!(starts.learn(&start_event(at, "Starting", "kubelet")).as_deref(), Some("node-1"));
        assert_eq!(starts.learn(&start_event(at, "Rebooted", "kubelet")), None, "the same second");
        assert_eq!(starts.of_node(Some("node-1")), [at.parse::<Timestamp>().unwrap()]);
        assert!(starts.of_node(Some("node-2")).is_empty() && starts.of_node(None).is_empty());
    }
}
