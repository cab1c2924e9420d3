//! Applies observations to the timeline.

use std::sync::Arc;

use crate::observation::{Event, Object, Observation, Seen, truncate_to_millis};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::pod_store::OwnerReport;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::owner_records::Affected;
use crate::timeline::workloads::workload::Workload;

impl Timeline {
    /// Applies one observation. [`Timeline::recompute`] then updates the workloads and Pods.
    pub fn apply(&mut self, observation: &Observation) {
        let (received, seen) = (truncate_to_millis(observation.received), observation.seen);
        self.first_received = Some(self.first_received.map_or(received, |first| first.min(received)));
        self.last_received = self.last_received.max(Some(received));
        let interner = &mut self.store.interner;
        let affected = match &observation.object {
            Object::Job(job) => self.owners.apply_job(job, received, seen, interner),
            Object::Pod(pod) => {
                self.image_digests.observe(pod);
                self.store.apply_pod(pod, received, seen);
                Affected::Nothing
            }
            Object::Event(event) => {
                let live = seen.is_live().then_some(received);
                self.store.learn_clock_from_event(event, live);
                match event.involved_object.kind.as_str() {
                    "Pod" => {
                        self.store.apply_event(event, live);
                        Affected::Nothing
                    }
                    "Node" => {
                        self.store.apply_node_event(event);
                        Affected::Nothing
                    }
                    "Workload" => {
                        let waiting = self.queues.apply_event(event);
                        self.mark_stale(&waiting)
                    }
                    _ => self.apply_owner_event(event, seen),
                }
            }
            Object::Owner(owner) => self.owners.apply_link(owner, interner),
            Object::QueuedWorkload(object) => {
                let waiting = self.queues.apply(object, received, seen);
                self.mark_stale(&waiting)
            }
            controller @ (Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Custom(_)) => self.owners.apply_controller(controller, received, seen, interner),
        };
        match affected {
            Affected::Nothing => {}
            Affected::Workload(index) => self.stale_workloads.push(index),
            Affected::Grouping => self.must_regroup = true,
        }
    }

    /// Marks the workloads with these uids, because their places in a queue have changed.
    fn mark_stale(&mut self, uids: &[Arc<str>]) -> Affected {
        let is_marked = |workload: &Workload| uids.contains(&workload.uid);
        let workloads = self.tree.workloads.iter().enumerate();
        let indexes = workloads.filter(|(_, workload)| is_marked(workload)).map(|(index, _)| index);
        self.stale_workloads.extend(indexes);
        Affected::Nothing
    }

    /// Applies an event about an owner of Pods: a refused Pod, a suspension, or a created or deleted Pod. Ignores all
    /// other events.
    fn apply_owner_event(&mut self, event: &Event, seen: Seen) -> Affected {
        if let Some(affected) = self.owners.apply_event(event, &mut self.store.interner) {
            return affected;
        }
        let (prefix, deleted) = match event.reason.as_str() {
            "SuccessfulCreate" => ("Created pod: ", false),
            "SuccessfulDelete" => ("Deleted pod: ", true),
            _ => return Affected::Nothing,
        };
        // A live watch delivers a combined event for each Pod. The event would add nothing to the Pod's own states.
        if event.is_combined() && seen.is_live() {
            return Affected::Nothing;
        }
        let Some(name) = event.plain_message().strip_prefix(prefix) else { return Affected::Nothing };
        // A combined event names only its latest Pod, and stands for several Pods, so its time says nothing about a
        // single Pod.
        let at = event.name_time().filter(|_| !event.is_combined()).map(truncate_to_millis);
        let (created, deleted_at) = if deleted { (None, at) } else { (at, None) };
        let reported = event.last_occurrence().map(truncate_to_millis);
        let report = OwnerReport { created, deleted, deleted_at, reported };
        let owner = &event.involved_object;
        let key = self.find_pod(&owner.uid, name);
        self.store.apply_owner_report(key, owner, name, report);
        Affected::Nothing
    }

    /// Finds the Pod with this owner uid and this name. The search is linear, because events name few Pods: Kubernetes
    /// combines the events of an owner after the ninth event within ten minutes.
    fn find_pod(&self, owner: &str, name: &str) -> Option<PodKey> {
        match self.owners.index_of(owner) {
            Some(index) => {
                let assigned = &self.tree.workloads[index].pods;
                let candidates = assigned.iter().chain(&self.store.unassigned).copied();
                self.store.find_by_owner_and_name(owner, name, candidates)
            }
            None => self.store.find_by_owner_and_name(owner, name, self.store.keys()),
        }
    }
}
