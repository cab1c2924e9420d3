//! Disruptions: Pods that were ended from outside, the work that was lost with them, and the Pods that replace them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{Instant, NODE_RESTARTED, PhaseKind};
use crate::observation::BuiltInKind;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::lost_work::LossCause;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// How a Pod ended that was preempted, evicted, deleted or lost with its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disruption {
    /// The reason in one word. It comes from the condition `DisruptionTarget`, from the Pod, or from the owner that
    /// stopped the Pod. Otherwise it is `NodeRestarted`, `NodeLost` or `Deleted`.
    pub(crate) reason: Arc<str>,
    /// The object that caused the disruption, for example `pod/urgent` or `job/pi`; `None` if it is unknown.
    pub(crate) by: Option<String>,
    /// The work that was lost, in milliseconds.
    pub(crate) lost_millis: i64,
    /// The time from the request to delete the Pod until its replacement was created, in milliseconds. `None` if no
    /// Pod replaces it, or if one of the two times is unknown.
    pub(crate) until_replaced_millis: Option<i64>,
}

/// The creation of the Pod that replaces each disrupted Pod of a workload.
pub(crate) type Replacements = HashMap<PodKey, Timestamp>;

/// Only Pods with the same key replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ReplacementKey<'a> {
    /// The completion index.
    Index(u32),
    /// The name. A `StatefulSet` gives a replacement the name of the old Pod.
    Name(&'a str),
    /// The node. A `DaemonSet` has one Pod on each node.
    Node(Option<&'a str>),
    /// Any Pod of the workload replaces any other Pod.
    Any,
}

impl Timeline {
    /// The disruption of a Pod; `None` if the Pod has not ended, or if it ended by itself. `replacements` are those of
    /// the Pod's workload.
    pub(crate) fn disruption(&self, key: PodKey, replacements: &Replacements) -> Option<Disruption> {
        let cause = self.disruption_cause(key)?;
        let pod = self.pod(key);
        let stop = self.deliberate_stop(key);
        let life = &pod.life;
        let status_reason = || {
            life.reason
                .as_ref()
                .filter(|reason| matches!(&***reason, "Evicted" | "Preempting" | NODE_RESTARTED))
        };
        let stop_reason = || stop.as_ref()?.reason.clone();
        let other_reason = || if cause == LossCause::NodeLost { "NodeLost" } else { "Deleted" }.into();
        let reason = life.disruption.as_ref().filter(|reason| !reason.is_empty()).or_else(status_reason);
        let preemptor = || self.store.preemptor(key).filter(|_| cause == LossCause::Preempted);
        let by = preemptor().or_else(|| stop.as_ref().map(|stop| stop.by.clone()));
        let until_replaced = || {
            let requested = self.disrupted_at(key)?;
            let replaced = replacements.get(&key)?;
            Some((replaced.as_millisecond() - requested.at.as_millisecond()).max(0))
        };
        Some(Disruption {
            reason: reason
                .cloned()
                .or_else(stop_reason)
                .filter(|reason| !reason.is_empty())
                .unwrap_or_else(other_reason),
            by,
            lost_millis: self.lost_millis(key),
            until_replaced_millis: until_replaced(),
        })
    }

    /// The Pod that preempted all preempted Pods among `pods`; `None` if there are several, or if one of them is
    /// unknown.
    pub(crate) fn common_preemptor(&self, pods: &[PodKey]) -> Option<String> {
        let preempted = pods.iter().filter(|key| self.disruption_cause(**key) == Some(LossCause::Preempted));
        let mut preemptors = preempted.map(|key| self.store.preemptor(*key));
        let first = preemptors.next()??;
        preemptors.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// The Pods that replace the disrupted Pods of a workload.
    ///
    /// A Pod with a completion index is replaced by the next Pod with this index. Without an index, the first Pod that
    /// is created after the disruption and replaces no other Pod counts as the replacement.
    pub(crate) fn replacements(&self, workload: &Workload) -> Replacements {
        let mut disrupted: Vec<(Timestamp, PodKey)> = Vec::new();
        for &key in &workload.pods {
            if self.disruption_cause(key).is_some() {
                disrupted.extend(self.disrupted_at(key).map(|at| (at.earliest(), key)));
            }
        }
        let mut replacements = Replacements::new();
        if disrupted.is_empty() {
            return replacements;
        }
        disrupted.sort_unstable();
        let mut created: HashMap<ReplacementKey<'_>, Vec<(Timestamp, PodKey)>> = HashMap::new();
        for &key in &workload.pods {
            if let Some(at) = self.overview(key).created() {
                created.entry(self.replacement_key(workload, key)).or_default().push((at, key));
            }
        }
        // For each key, the number of creations that precede the next disruption or already replace a Pod.
        let mut used: HashMap<ReplacementKey<'_>, usize> = HashMap::new();
        for (since, key) in disrupted {
            let group = self.replacement_key(workload, key);
            let Some(later) = created.get(&group) else { continue };
            let next = used.entry(group).or_default();
            while let Some((at, other)) = later.get(*next) {
                *next += 1;
                if *at >= since && *other != key {
                    replacements.insert(key, *at);
                    break;
                }
            }
        }
        replacements
    }

    fn replacement_key<'a>(&'a self, workload: &Workload, key: PodKey) -> ReplacementKey<'a> {
        let identity = self.identity(key);
        match identity.index {
            Some(index) => ReplacementKey::Index(index),
            None if *workload.kind == *BuiltInKind::StatefulSet.info().name => {
                ReplacementKey::Name(&identity.name)
            }
            None if *workload.kind == *BuiltInKind::DaemonSet.info().name => {
                ReplacementKey::Node(identity.node.as_deref())
            }
            None => ReplacementKey::Any,
        }
    }

    /// When a disrupted Pod was asked to stop. For a Pod without such a request, its end.
    fn disrupted_at(&self, key: PodKey) -> Option<Instant> {
        let pod = self.pod(key);
        pod.life.instants.delete_requested.or(pod.life.instants.work_ended)
    }

    /// The lost work of a Pod, in milliseconds. If the end of the work is unknown, the work counts until the last
    /// time at which the Pod is known to have worked.
    fn lost_millis(&self, key: PodKey) -> i64 {
        let Some(loss) = self.pod_loss(key) else { return 0 };
        let mut sum = 0;
        self.for_each_span(key, |span| {
            let Some(end) = span.end.filter(|_| span.kind == PhaseKind::Running) else { return };
            let mut parts: Vec<(i64, Option<LossCause>)> = Vec::new();
            loss.for_each_part(span, |start, cause| parts.push((start, cause)));
            let ends = parts.iter().skip(1).map(|(start, _)| *start).chain([end]);
            sum += parts
                .iter()
                .zip(ends)
                .filter(|((_, cause), _)| cause.is_some())
                .map(|((start, _), end)| end - start)
                .sum::<i64>();
        });
        sum
    }
}
