//! The scheduler: gives each Pod a node that has room, and tries again when something ended.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::events::{Record, Reporter};
use super::kubelet::Step;
use super::world::{PodKey, START, Task, World, ms, second};
use crate::observation::{PodCondition, Seen};
use crate::source::simulation::kubelet::node::{Node, node_name};

/// How often Pods that fit nowhere are tried again without a cause.
const FLUSH: SignedDuration = SignedDuration::from_mins(5);
/// What a container without a request counts when nodes are compared, in thousandths of a CPU.
const ASSUMED_CPU: u64 = 100;

/// What the scheduler remembers.
#[derive(Debug)]
pub(crate) struct Scheduler {
    /// Until when it deals with the Pods before: one at a time.
    busy: Timestamp,
    /// Pods that fit nowhere, by what they request, oldest first.
    parked: BTreeMap<u64, VecDeque<PodKey>>,
    /// When the parked ones are tried without a cause.
    flush: Timestamp,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self { busy: START, parked: BTreeMap::new(), flush: START }
    }
}

impl World {
    /// A new Pod is put into the scheduler's queue.
    pub(crate) fn enqueue_scheduling(&mut self, pod: PodKey) {
        let delay = self.latency(4, 12);
        let at = (self.now + delay).max(self.scheduler.busy);
        self.scheduler.busy = at + SignedDuration::from_micros(900);
        self.at(at, Task::Schedule(pod));
    }

    /// Looks for a node.
    pub(crate) fn schedule(&mut self, pod: PodKey) {
        let state = &self.pods[pod];
        if !state.exists || state.node.is_some() || state.deleting() {
            return;
        }
        let cpu = self.jobs[state.job].manifest.cpu;
        match self.choose(cpu) {
            Some(node) => self.bind(pod, node, cpu),
            None => self.park(pod, cpu),
        }
    }

    /// The node with the least requests among those with room.
    fn choose(&self, cpu: u64) -> Option<usize> {
        let load = |node: &Node| (node.requested + u64::from(node.pods) * ASSUMED_CPU, node.pods);
        let fitting = self.nodes.iter().enumerate().filter(|(_, node)| node.refuses(cpu).is_none());
        fitting.min_by_key(|(_, node)| load(node)).map(|(at, _)| at)
    }

    fn bind(&mut self, pod: PodKey, node: usize, cpu: u64) {
        self.nodes[node].take(cpu);
        let now = second(self.now);
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
        self.tell_pod(pod, Seen::Changed);
        self.record_scheduling(pod, false, "Scheduled", message);
        self.advance();
        let delay = self.latency(8, 20);
        self.after(delay, Task::Kubelet(pod, Step::Admit));
    }

    /// Nothing fits: says why, and waits for something to end.
    fn park(&mut self, pod: PodKey, cpu: u64) {
        self.scheduler.parked.entry(cpu).or_default().push_back(pod);
        let message = self.refusal(cpu);
        self.record_scheduling(pod, true, "FailedScheduling", message.clone());
        let state = &mut self.pods[pod];
        let known = state.object.status.condition("PodScheduled");
        if known.is_none_or(|condition| condition.message != message) {
            // The time of the first refusal stays.
            let since = known.and_then(|condition| condition.last_transition_time);
            state.object.status.conditions = vec![PodCondition {
                r#type: "PodScheduled".to_owned(),
                status: "False".to_owned(),
                last_transition_time: since.or(Some(second(self.now))),
                reason: "Unschedulable".to_owned(),
                message,
            }];
            self.tell_pod(pod, Seen::Changed);
        }
        if self.scheduler.flush <= self.now {
            self.scheduler.flush = self.now + FLUSH;
            self.after(FLUSH, Task::RetrySchedule);
        }
    }

    /// Why no node takes the Pod, in the scheduler's words.
    fn refusal(&self, cpu: u64) -> String {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.nodes.iter().filter_map(|node| node.refuses(cpu)) {
            *reasons.entry(reason).or_default() += 1;
        }
        let reasons: Vec<String> =
            reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let count = self.nodes.len();
        let preemption = if Node::never_fits(cpu) {
            "Preemption is not helpful for scheduling"
        } else {
            "No preemption victims found for incoming pod"
        };
        format!(
            "0/{count} nodes are available: {}. preemption: 0/{count} nodes are available: {count} {preemption}.",
            reasons.join(", ")
        )
    }

    /// Tries the parked Pods again, oldest first, until one of each size does not fit; from time to time all.
    pub(crate) fn retry_schedule(&mut self) {
        let flush = self.scheduler.flush == self.now;
        let sizes: Vec<(u64, usize)> =
            self.scheduler.parked.iter().map(|(&cpu, pods)| (cpu, pods.len())).collect();
        for (cpu, count) in sizes {
            for _ in 0..count {
                if !flush && self.choose(cpu).is_none() {
                    break;
                }
                let Some(pod) = self.scheduler.parked.get_mut(&cpu).and_then(VecDeque::pop_front) else {
                    break;
                };
                self.schedule(pod);
            }
        }
    }

    fn record_scheduling(&mut self, pod: PodKey, warning: bool, reason: &str, message: String) {
        let about = self.pod_reference(pod);
        self.record(&Record { reporter: Reporter::Scheduler, about, warning, reason, message });
    }

    /// A Pod that never had a node is deleted.
    pub(crate) fn unpark(&mut self, pod: PodKey) {
        for pods in self.scheduler.parked.values_mut() {
            pods.retain(|&parked| parked != pod);
        }
    }

    /// A node's Pod is deleted: its kubelet stops it.
    pub(crate) fn stop_on_node(&mut self, pod: PodKey) {
        self.after(ms(2), Task::Kubelet(pod, Step::Stop));
    }
}
