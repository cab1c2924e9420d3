//! The scheduler, which binds each Pod to a node on which the Pod fits. After a Pod has ended, the scheduler again
//! tries the Pods that fit on no node.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::observation::{PodCondition, Seen, saturating_add};
use crate::source::simulation::events::{EventRecord, EventReporter};
use crate::source::simulation::kubelet_step::KubeletStep;
use crate::source::simulation::node::{SimulatedNode, node_name};
use crate::source::simulation::task::{PodKey, SimulationTask};
use crate::source::simulation::virtual_time::{START, ms, truncate_to_second};
use crate::source::simulation::world::World;

/// How often all parked Pods are tried again, even if no Pod has ended.
const FLUSH_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
/// The CPU that is added for each Pod when the loads of nodes are compared, in thousandths of a CPU.
const ASSUMED_CPU: u64 = 100;

/// The state of the scheduler.
#[derive(Debug)]
pub(crate) struct Scheduler {
    /// When the work on earlier Pods ends. The scheduler handles one Pod at a time.
    busy_until: Timestamp,
    /// Pods that fit on no node, grouped by the CPU that they request, oldest first.
    parked: BTreeMap<u64, VecDeque<PodKey>>,
    /// When all parked Pods are next tried again.
    next_flush: Timestamp,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self { busy_until: START, parked: BTreeMap::new(), next_flush: START }
    }
}

impl World {
    /// Puts a new Pod into the queue of the scheduler.
    pub(crate) fn enqueue_scheduling(&mut self, pod: PodKey) {
        let delay = self.random_latency(4, 12);
        let at = saturating_add(self.now, delay).max(self.scheduler.busy_until);
        self.scheduler.busy_until = saturating_add(at, SignedDuration::from_micros(900));
        self.schedule_at(at, SimulationTask::SchedulePod(pod));
    }

    /// Looks for a node for a Pod.
    pub(crate) fn schedule_pod(&mut self, pod: PodKey) {
        let state = &self.pods[pod];
        if !state.exists || state.node.is_some() || state.is_deleting() {
            return;
        }
        let cpu = self.jobs[state.job].manifest.cpu;
        match self.choose_node(cpu) {
            Some(node) => self.bind_pod(pod, node, cpu),
            None => self.park_pod(pod, cpu),
        }
    }

    /// The node with the smallest load among the nodes on which the Pod fits.
    fn choose_node(&self, cpu: u64) -> Option<usize> {
        let load =
            |node: &SimulatedNode| (node.requested_cpu + u64::from(node.pods) * ASSUMED_CPU, node.pods);
        let fitting = self.nodes.iter().enumerate().filter(|(_, node)| node.refusal_reason(cpu).is_none());
        fitting.min_by_key(|(_, node)| load(node)).map(|(index, _)| index)
    }

    fn bind_pod(&mut self, pod: PodKey, node: usize, cpu: u64) {
        self.nodes[node].reserve(cpu);
        let now = truncate_to_second(self.now);
        let state = &mut self.pods[pod];
        state.node = Some(node);
        state.object.spec.node_name = node_name(node);
        state.object.status.conditions = vec![PodCondition {
            r#type: "PodScheduled".to_owned(),
            status: "True".to_owned(),
            last_transition_time: Some(now),
            ..PodCondition::default()
        }];
        let metadata = &state.object.metadata;
        let message =
            format!("Successfully assigned {}/{} to {}", metadata.namespace, metadata.name, node_name(node));
        self.emit_pod(pod, Seen::Changed);
        self.record_scheduling_event(pod, false, "Scheduled", message);
        self.note_progress();
        let delay = self.random_latency(8, 20);
        self.schedule_after(delay, SimulationTask::Kubelet(pod, KubeletStep::Admit));
    }

    /// Parks a Pod that fits on no node, and reports why.
    fn park_pod(&mut self, pod: PodKey, cpu: u64) {
        self.scheduler.parked.entry(cpu).or_default().push_back(pod);
        let message = self.refusal_message(cpu);
        self.record_scheduling_event(pod, true, "FailedScheduling", message.clone());
        let state = &mut self.pods[pod];
        let before = state.object.status.condition("PodScheduled");
        if before.is_none_or(|condition| condition.message != message) {
            // The condition keeps the time of the first refusal.
            let since = before.and_then(|condition| condition.last_transition_time);
            state.object.status.conditions = vec![PodCondition {
                r#type: "PodScheduled".to_owned(),
                status: "False".to_owned(),
                last_transition_time: since.or(Some(truncate_to_second(self.now))),
                reason: "Unschedulable".to_owned(),
                message,
            }];
            self.emit_pod(pod, Seen::Changed);
        }
        if self.scheduler.next_flush <= self.now {
            self.scheduler.next_flush = saturating_add(self.now, FLUSH_INTERVAL);
            self.schedule_after(FLUSH_INTERVAL, SimulationTask::RetryParkedPods);
        }
    }

    /// Why a Pod that requests `cpu` fits on no node, in the wording of the scheduler.
    fn refusal_message(&self, cpu: u64) -> String {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.nodes.iter().filter_map(|node| node.refusal_reason(cpu)) {
            *reasons.entry(reason).or_default() += 1;
        }
        let reasons: Vec<String> =
            reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let count = self.nodes.len();
        let preemption = if SimulatedNode::never_fits(cpu) {
            "Preemption is not helpful for scheduling"
        } else {
            "No preemption victims found for incoming pod"
        };
        format!(
            "0/{count} nodes are available: {}. preemption: 0/{count} nodes are available: {count} {preemption}.",
            reasons.join(", ")
        )
    }

    /// For each amount of requested CPU, tries the parked Pods again, oldest first, until a Pod does not fit. Once in
    /// each [`FLUSH_INTERVAL`], tries all parked Pods.
    pub(crate) fn retry_parked_pods(&mut self) {
        let is_flush = self.scheduler.next_flush == self.now;
        let groups: Vec<(u64, usize)> =
            self.scheduler.parked.iter().map(|(&cpu, pods)| (cpu, pods.len())).collect();
        for (cpu, count) in groups {
            for _ in 0..count {
                if !is_flush && self.choose_node(cpu).is_none() {
                    break;
                }
                let Some(pod) = self.scheduler.parked.get_mut(&cpu).and_then(VecDeque::pop_front) else {
                    break;
                };
                self.schedule_pod(pod);
            }
        }
    }

    fn record_scheduling_event(&mut self, pod: PodKey, warning: bool, reason: &str, message: String) {
        let about = self.pod_reference(pod);
        self.record_event(&EventRecord {
            reporter: EventReporter::Scheduler,
            about,
            warning,
            reason,
            message,
        });
    }

    /// Removes a deleted Pod from the parked Pods.
    pub(crate) fn remove_parked_pod(&mut self, pod: PodKey) {
        for pods in self.scheduler.parked.values_mut() {
            pods.retain(|&parked| parked != pod);
        }
    }

    /// Makes the kubelet stop a deleted Pod.
    pub(crate) fn stop_on_node(&mut self, pod: PodKey) {
        self.schedule_after(ms(2), SimulationTask::Kubelet(pod, KubeletStep::Stop));
    }
}
