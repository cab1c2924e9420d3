//! The facts behind stragglers: their nodes and their tries.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::timeline::reports::findings::facts::FactFinder;
use crate::timeline::reports::findings::finding::Finding;
use crate::timeline::reports::findings::number_text::format_ordinal;

impl FactFinder<'_> {
    /// Writes `3 of 200 Pods ended after all others and took 41 % of the wall time (2 on node-7, index 113 on its 2nd
    /// try)`.
    pub(crate) fn describe_stragglers(&self, share: &str, finding: &mut Finding) {
        let Some(stragglers) = self.timeline.stragglers(self.workload) else { return };
        let keys = self.timeline.last_pods(self.workload, stragglers.pods);
        let pods = format!("{} of {} Pods", stragglers.pods, stragglers.ended);
        finding.text = format!("{pods} ended after all others and took {share} of the wall time");
        let mut by_node: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        let nodes = keys.iter().filter_map(|key| self.timeline.identity(*key).node.as_ref());
        nodes.for_each(|node| *by_node.entry(node).or_default() += 1);
        let busiest = by_node.iter().max_by_key(|(_, pods)| **pods);
        let mut details: Vec<String> = Vec::new();
        if let [only] = keys[..] {
            details.push(self.name_pod(only));
            finding.node.clone_from(&self.timeline.identity(only).node);
        } else if let Some((node, pods)) = busiest.filter(|(_, pods)| **pods > 1) {
            details.push(format!("{pods} on {node}"));
            finding.node = Some(Arc::clone(node));
        }
        let retried: Vec<_> = keys
            .iter()
            .map(|key| self.timeline.identity(*key))
            .filter(|identity| identity.attempt > 1)
            .collect();
        if let Some(identity) = retried.iter().max_by_key(|identity| identity.attempt) {
            let attempt = format_ordinal(identity.attempt);
            let name = match identity.index {
                Some(index) => format!("index {index}"),
                None => identity.name.to_string(),
            };
            details.push(match retried.len() {
                1 => format!("{name} on its {attempt} try"),
                count => format!("{count} are retries, {name} on its {attempt} try"),
            });
        }
        if !details.is_empty() {
            let _ = write!(finding.text, " ({})", details.join(", "));
        }
        self.add_pods(keys.into_iter(), finding);
    }
}
