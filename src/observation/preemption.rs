//! The Pod for which the scheduler preempted another Pod, as the scheduler's events name it.

use crate::observation::Event;

impl Event {
    /// The preemptor that an event `Preempted` about a Pod names: its uid, or in older releases its namespace and name,
    /// joined by a slash. `None` for other events, and if the message names no Pod.
    pub(crate) fn preemptor(&self) -> Option<&str> {
        parse_preemptor(&self.message).filter(|_| self.reason == "Preempted")
    }
}

/// The preemptor in the message of an event `Preempted`: its uid in `Preempted by pod UID on node NODE`, or in older
/// releases its namespace and name in `Preempted by NAMESPACE/NAME on node NODE`. `None` if the message names no Pod.
fn parse_preemptor(message: &str) -> Option<&str> {
    let (by, _) = message.strip_prefix("Preempted by ")?.split_once(" on node ")?;
    let by = by.strip_prefix("pod ").unwrap_or(by);
    (by != "a pod" && !by.is_empty()).then_some(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preemptor_is_read_from_each_wording() {
        let uid = "3f0e5d1a-4a53-44a1-9b5a-1d8e6f0c2b7d";
        assert_eq!(parse_preemptor(&format!("Preempted by pod {uid} on node node-1")), Some(uid));
        assert_eq!(parse_preemptor("Preempted by default/urgent on node node-1"), Some("default/urgent"));
        for message in ["Preempted by a pod on node node-1", "Preempted by  on node n", "Preempted", ""] {
            assert_eq!(parse_preemptor(message), None, "{message}");
        }
    }
}
