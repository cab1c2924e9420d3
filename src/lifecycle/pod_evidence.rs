//! The evidence about one Pod, collected observation by observation.
//!
//! The states of a Pod arrive in order, and its Events in any order. The result does not depend on the order of the
//! states relative to the Events.

mod clock;
mod deletion;
pub(crate) mod gates;
pub(crate) mod gone;
mod phase;
pub(crate) mod readiness;
mod unreported_start;

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::ContainerRole;
use crate::lifecycle::event_fact::{EventFact, EventTime, FactKind, keep_earliest};
use crate::lifecycle::evidence::Source;
use crate::lifecycle::message;
use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::{pack_foreign_enum, packed_struct};
use crate::lifecycle::pod_evidence::deletion::Deletion;
use crate::lifecycle::pod_evidence::gates::{Gates, describe_gates};
use crate::lifecycle::pod_evidence::gone::GoneEvidence;
pub(crate) use crate::lifecycle::pod_evidence::phase::PodPhase;
use crate::lifecycle::pod_evidence::readiness::ReadyEvidence;
use crate::lifecycle::pod_evidence::unreported_start::seen_running_without_start;
use crate::lifecycle::restart_policy::RestartPolicy;
use crate::lifecycle::status_column::format_status_column;
use crate::lifecycle::waits::{WaitTopic, Waits};
use crate::observation::{self, Seen, known_time};

/// The evidence about one Pod.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each true or not yet")]
pub(crate) struct PodEvidence {
    /// Whether a state of the Pod was seen. If not, only Events about the Pod were seen.
    seen: bool,
    /// Receipt of the latest state.
    pub(crate) last_seen: Option<Timestamp>,
    /// Time of the owner's `SuccessfulCreate` event.
    pub(crate) created_event: Option<Timestamp>,
    /// Receipt of the watch event ADDED, if it was the first observation of the Pod.
    pub(crate) created_received: Option<Timestamp>,
    /// `metadata.creationTimestamp`.
    pub(crate) creation_timestamp: Option<Timestamp>,
    /// The scheduling gates at the creation and after each change. Empty if the Pod was never seen with gates.
    pub(crate) gates: Vec<Gates>,
    /// Time of the `Scheduled` event.
    pub(crate) scheduled_event: Option<EventTime>,
    /// Transition time of the condition `PodScheduled`.
    pub(crate) pod_scheduled: Option<Timestamp>,
    /// `spec.nodeName` is set.
    pub(crate) has_node: bool,
    /// `spec.nodeName` was already set when the Pod was created.
    pub(crate) created_with_node: bool,
    /// `status.startTime`.
    pub(crate) start_time: Option<Timestamp>,
    /// First transition of the condition `PodReadyToStartContainers` to True.
    pub(crate) sandbox_ready: Option<Timestamp>,
    /// The earliest time at which a main container is known to run although its status has no `startedAt`.
    pub(crate) seen_running: Option<Timestamp>,
    /// Whether the condition `PodReadyToStartContainers` was ever present.
    pub(crate) has_sandbox_condition: bool,
    /// Latest transition of the condition `PodReadyToStartContainers` to False after it was True, or on a failed Pod.
    pub(crate) sandbox_gone: Option<Timestamp>,
    /// First transition of the condition `Initialized` to True.
    pub(crate) initialized: Option<Timestamp>,
    /// Transition time and reason of the condition `DisruptionTarget`.
    pub(crate) disruption: Option<(Timestamp, Arc<str>)>,
    /// Latest transition of the condition `Ready` to False.
    pub(crate) not_ready: Option<Timestamp>,
    /// The first transitions of the condition `Ready`. `None` unless a main container has a startup or readiness probe.
    pub(crate) ready: Option<ReadyEvidence>,
    /// Time of the kubelet's last write in `metadata.managedFields`.
    pub(crate) kubelet_wrote: Option<Timestamp>,
    /// `status.phase`.
    pub(crate) phase: PodPhase,
    /// Receipt of the latest change of `status.phase`, if a watch received it.
    pub(crate) phase_received: Option<Timestamp>,
    /// `status.reason`.
    pub(crate) reason: Option<Arc<str>>,
    /// Reason in the condition `PodScheduled=False` of the latest state.
    unschedulable: Option<Arc<str>>,
    /// Transition time of the condition `PodScheduled` to False because the scheduler found no node.
    pub(crate) unschedulable_since: Option<Timestamp>,
    /// Reasons why the Pod waited, from Events and from changes of the condition `PodScheduled`.
    pub(crate) waits: Waits,
    /// The node does not respond: the node controller has set the condition `Ready` to False.
    pub(crate) node_lost: bool,
    /// The deletion, as the first state with a `deletionTimestamp` shows it.
    pub(crate) deletion: Option<Deletion>,
    /// First `Killing` event of a main container.
    pub(crate) killing: Option<EventTime>,
    /// Receipt and kind of the observation that the Pod was removed from the API server.
    pub(crate) gone: Option<(Timestamp, Seen)>,
    /// Time at which the Pod left the selector of the watch. No states arrive until the Pod matches the selector again.
    pub(crate) left_selector: Option<Timestamp>,
    /// The containers in the order of [`Lifecycle::containers`](crate::lifecycle::Lifecycle::containers).
    pub(crate) containers: Vec<ContainerEvidence>,
    /// Facts about containers that no state of the Pod has declared yet.
    facts_of_unknown_containers: Vec<EventFact>,
    /// Text of kubectl's STATUS column.
    pub(crate) status: Option<Arc<str>>,
    /// Set if the Pod no longer exists and no state of it was seen, so that Events are the only evidence.
    pub(crate) from_events: Option<GoneEvidence>,
}

impl PodEvidence {
    /// Whether the phase is terminal or the Pod is gone. Few changes are expected after that.
    pub(crate) fn has_ended(&self) -> bool {
        self.phase.is_terminal() || self.gone.is_some()
    }

    /// Creates the evidence about a Pod that only Events prove. `concluded` is the time at which the Pod was missing
    /// from a complete list.
    pub(crate) fn new_gone(concluded: Timestamp) -> Self {
        let (gone, from_events) = (Some((concluded, Seen::Missing)), Some(GoneEvidence::default()));
        Self { gone, from_events, ..Self::default() }
    }

    /// Whether the waits of siblings help to estimate the creation: it is known only to the second, and the scheduling
    /// is known better.
    pub(crate) fn needs_siblings(&self) -> bool {
        self.created_event.is_none() && self.created_received.is_none() && self.scheduled_event.is_some()
    }

    /// Sets the time of the owner's `SuccessfulCreate` event, which dates the creation more precisely than
    /// `creationTimestamp`.
    pub(crate) fn set_created_event(&mut self, at: Timestamp) {
        self.created_event = Some(at);
    }

    /// Adds a state of the Pod that was received at `received`.
    pub(crate) fn observe(
        &mut self,
        pod: &observation::Pod,
        received: Timestamp,
        seen: Seen,
        interner: &mut Interner,
    ) {
        // The time at which a watch received the state. `None` if the state came from a list.
        let watch_receipt = seen.is_live().then_some(received);
        let metadata = &pod.metadata;
        if seen == Seen::Missing && self.seen {
            self.gone.get_or_insert((received, seen));
            return; // The object repeats the state that was seen last.
        }
        // A Pod that no longer matches the selector is reported as DELETED too. Only a deleted Pod has a
        // deletionTimestamp.
        let deleted = seen.is_gone() && (metadata.deletion_timestamp.is_some() || seen == Seen::Missing);
        self.left_selector = watch_receipt.filter(|_| seen.is_gone() && !deleted);
        if deleted {
            self.gone.get_or_insert((received, seen));
        } else {
            self.gone = None; // A Pod that was missing from a list can come back.
        }
        let first = !self.seen;
        self.seen = true;
        if self.from_events.take().is_some() {
            self.replace_containers(&pod.spec, interner);
        }
        let last_seen = self.last_seen.replace(received);
        self.creation_timestamp = metadata.created();
        if first && seen == Seen::Added {
            self.created_received = watch_receipt;
        }
        if metadata.deletion_timestamp.is_some() && self.deletion.is_none() {
            self.deletion =
                Some(Deletion::first_seen(metadata, watch_receipt, !first, self.phase.is_terminal()));
        }
        self.observe_containers(pod, watch_receipt, interner);
        self.seen_running = self.seen_running.or_else(|| seen_running_without_start(&pod.status, received));
        self.observe_spec(pod, first, watch_receipt, last_seen, interner);
        self.observe_conditions(pod, watch_receipt, interner);
        if pod.spec.containers.iter().any(observation::Container::has_ready_probe) {
            self.ready.get_or_insert_default().observe(&pod.status, watch_receipt);
        }
        self.observe_phase(&pod.status, watch_receipt);
        self.start_time = known_time(pod.status.start_time).or(self.start_time);
        self.kubelet_wrote = metadata.last_kubelet_write().or(self.kubelet_wrote);
        self.reason = interner.share_non_empty(&pod.status.reason).or_else(|| self.reason.clone());
        self.status = interner.share_non_empty(&format_status_column(pod));
        for fact in std::mem::take(&mut self.facts_of_unknown_containers) {
            self.add_fact(&fact);
        }
    }

    fn observe_spec(
        &mut self,
        pod: &observation::Pod,
        first: bool,
        watch_receipt: Option<Timestamp>,
        last_seen: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        let has_node = !pod.spec.node_name.is_empty();
        // The scheduler sets the condition together with the node. Only a Pod that was created with a node has no
        // condition.
        if first && has_node && pod.status.condition("PodScheduled").is_none() {
            self.created_with_node = true;
        }
        self.has_node |= has_node;
        let gates = &pod.spec.scheduling_gates;
        if gates.is_empty() && self.gates.is_empty() {
            return;
        }
        let reason = describe_gates(pod).map(|reason| interner.share(&reason));
        match self.gates.last() {
            None => self.gates.push(Gates { since: None, received: false, reason }),
            Some(previous) if previous.reason != reason => {
                self.gates.push(Gates {
                    since: watch_receipt.or(last_seen),
                    received: watch_receipt.is_some(),
                    reason,
                });
            }
            Some(_) => {}
        }
    }

    fn observe_phase(&mut self, status: &observation::PodStatus, watch_receipt: Option<Timestamp>) {
        let phase = match status.phase.as_str() {
            "Running" => PodPhase::Running,
            "Succeeded" => PodPhase::Succeeded,
            "Failed" => PodPhase::Failed,
            "Unknown" => PodPhase::Unknown,
            _ => PodPhase::Pending,
        };
        if phase != self.phase {
            self.phase = phase;
            self.phase_received = watch_receipt;
        }
    }

    fn observe_conditions(
        &mut self,
        pod: &observation::Pod,
        watch_receipt: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        let mut not_ready_without_reason = false;
        let mut containers_ready = false;
        for condition in &pod.status.conditions {
            let at = known_time(condition.last_transition_time);
            let is_true = condition.status == "True";
            match (condition.r#type.as_str(), is_true) {
                ("PodScheduled", true) => self.pod_scheduled = self.pod_scheduled.or(at),
                ("PodScheduled", false) => self.observe_unschedulable(condition, watch_receipt, interner),
                ("PodReadyToStartContainers", true) => {
                    self.has_sandbox_condition = true;
                    self.sandbox_ready = self.sandbox_ready.or(at);
                }
                ("PodReadyToStartContainers", false) => {
                    self.has_sandbox_condition = true;
                    if self.sandbox_ready.is_some() || pod.status.phase == "Failed" {
                        self.sandbox_gone = at;
                    }
                }
                ("Initialized", true) => self.initialized = self.initialized.or(at),
                ("DisruptionTarget", true) => {
                    if let Some(at) = at {
                        self.disruption.get_or_insert((at, interner.share(&condition.reason)));
                    }
                }
                ("Ready", false) => {
                    self.not_ready = at;
                    // The kubelet always sets a reason, and the node controller never does.
                    not_ready_without_reason = condition.reason.is_empty();
                }
                ("ContainersReady", ready) => containers_ready = ready,
                _ => {}
            }
        }
        // Only the node controller sets Ready to False while the containers are ready.
        self.node_lost = not_ready_without_reason && containers_ready && pod.status.phase == "Running";
    }

    fn observe_unschedulable(
        &mut self,
        condition: &observation::PodCondition,
        watch_receipt: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        let reason = match condition.reason.as_str() {
            "Unschedulable" => {
                let since = known_time(condition.last_transition_time);
                self.unschedulable_since = self.unschedulable_since.or(since);
                Some(interner.share(&message::parse_unschedulable_reasons(&condition.message)))
            }
            // The gates themselves give a better reason.
            "SchedulingGated" => None,
            other => interner.share_non_empty(other),
        };
        if let (Some(at), Some(reason)) = (watch_receipt, &reason)
            && self.unschedulable.as_ref() != Some(reason)
        {
            self.waits.add_report(WaitTopic::Scheduler, (reason, None), at, at, Source::Observed);
        }
        self.unschedulable = reason;
    }

    fn observe_containers(
        &mut self,
        pod: &observation::Pod,
        watch_receipt: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        if self.containers.is_empty() {
            self.add_containers(&pod.spec, interner);
        }
        for debug in pod.spec.ephemeral_containers.iter().filter_map(|container| container.common.as_ref()) {
            if self.container_mut(&debug.name).is_none() {
                let (name, image) = (interner.share(&debug.name), interner.share(&debug.image));
                let (role, restart_policy) = (ContainerRole::Ephemeral, RestartPolicy::NEVER);
                self.containers.push(ContainerEvidence::new(name, role, image, restart_policy));
            }
        }
        let status = &pod.status;
        let lists = [
            &status.init_container_statuses,
            &status.container_statuses,
            &status.ephemeral_container_statuses,
        ];
        for status in lists.into_iter().flatten() {
            if let Some(container) = self.container_mut(&status.name) {
                container.observe(status, watch_receipt, interner);
            }
        }
    }

    pub(crate) fn add_containers(&mut self, spec: &observation::PodSpec, interner: &mut Interner) {
        let pod_policy = spec.restart_policy.as_str();
        let inits = spec.init_containers.iter().map(|init| {
            if init.restart_policy == "Always" {
                (init, ContainerRole::Sidecar, RestartPolicy::for_main_or_sidecar(init, pod_policy))
            } else {
                (init, ContainerRole::Init, RestartPolicy::for_init(init, pod_policy))
            }
        });
        let mains = spec
            .containers
            .iter()
            .map(|main| (main, ContainerRole::Main, RestartPolicy::for_main_or_sidecar(main, pod_policy)));
        self.containers = inits
            .chain(mains)
            .map(|(container, role, restart_policy)| {
                let (name, image) = (interner.share(&container.name), interner.share(&container.image));
                ContainerEvidence::new(name, role, image, restart_policy)
            })
            .collect();
    }

    pub(crate) fn container_mut(&mut self, name: &str) -> Option<&mut ContainerEvidence> {
        self.containers.iter_mut().find(|container| &*container.name == name)
    }

    /// Adds a fact that an Event reports about the Pod.
    pub(crate) fn add_fact(&mut self, fact: &EventFact) {
        match &fact.kind {
            FactKind::Scheduled => keep_earliest(&mut self.scheduled_event, fact.first),
            FactKind::Unschedulable(reasons) => self.add_wait(WaitTopic::Scheduler, reasons, None, fact),
            FactKind::Autoscaler(reaction) => self.add_wait(WaitTopic::Autoscaler, reaction, None, fact),
            FactKind::Setup(topic, reason, cause) => self.add_wait(*topic, reason, cause.as_ref(), fact),
            FactKind::Pulling
            | FactKind::Pulled(_)
            | FactKind::ImageRefused(_)
            | FactKind::PullFailed(_)
            | FactKind::StartFailed(..)
            | FactKind::Started
            | FactKind::BackOff
            | FactKind::ProbeFailed(_)
            | FactKind::KilledByProbe
            | FactKind::Killing => self.add_container_fact(fact),
            FactKind::Disrupted(_) | FactKind::EndedByKubelet(_) => self.add_fact_of_gone_pod(fact),
        }
    }

    fn add_container_fact(&mut self, fact: &EventFact) {
        let Some(name) = &fact.container else { return };
        let is_killing = fact.kind == FactKind::Killing;
        match self.containers.iter_mut().find(|container| container.name == *name) {
            Some(container) if is_killing && container.role == ContainerRole::Main => {
                keep_earliest(&mut self.killing, fact.first);
            }
            Some(container) => container.events.add(fact),
            // The events of a debug container can arrive before the state of the Pod that declares it.
            None => self.facts_of_unknown_containers.push(fact.clone()),
        }
    }

    fn add_wait(&mut self, topic: WaitTopic, reason: &Arc<str>, cause: Option<&Arc<str>>, fact: &EventFact) {
        self.waits.add_report(topic, (reason, cause), fact.message_since(), fact.last, Source::Event);
    }

    /// Returns the time of the first image event of all containers except debug containers. The sandbox became ready
    /// just before this event.
    pub(crate) fn first_image_event(&self) -> Option<EventTime> {
        let own = self.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        own.filter_map(|container| container.events.first_image_event()).min_by_key(|event| event.at)
    }

    /// Whether a scheduling gate holds the Pod back.
    pub(crate) fn is_gated(&self) -> bool {
        self.gates.last().is_some_and(|gates| gates.reason.is_some())
    }

    /// Returns the latest reason why the Pod has no node.
    pub(crate) fn queued_reason(&self) -> Option<Arc<str>> {
        let from_gates = || self.gates.last().and_then(|gates| gates.reason.clone());
        let from_report = || self.waits.latest_reason(WaitTopic::Scheduler).cloned();
        from_gates().or_else(|| self.unschedulable.clone()).or_else(from_report)
    }

    /// Whether the deletion was requested before the Pod ended. A Job counts such a Pod as deleted, whatever the Pod's
    /// result is.
    pub(crate) fn was_deleted_before_end(&self) -> bool {
        match &self.from_events {
            // The kubelet stops only running containers, and a Job deletes only Pods that have not ended.
            Some(gone) => gone.ended_by_kubelet.is_none() && gone.is_deleted(self.killing),
            None => self.deletion.is_some_and(|deletion| !deletion.after_end),
        }
    }

    /// Whether all containers of the Pod may have been stopped at once: because of its deletion, a disruption or a
    /// decision of the kubelet.
    pub(crate) fn is_stopped_as_a_whole(&self) -> bool {
        let has_reason = self.disruption.is_some() || self.reason.is_some();
        has_reason || self.killing.is_some() || self.was_deleted_before_end()
    }

    /// Returns the reason why the work of the Pod does not start, as one phrase.
    pub(crate) fn waiting_reason(&self) -> Option<Arc<str>> {
        if !self.has_node {
            return self.queued_reason();
        }
        let mut own = self.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        let waiting = own.find_map(ContainerEvidence::wait_reason);
        // A failed volume or sandbox delays the Pod only until its first image event.
        let setup_reason = || {
            let reason = self.waits.latest_setup_failure().cloned();
            reason.filter(|_| self.first_image_event().is_none())
        };
        waiting.cloned().or_else(setup_reason)
    }
}

packed_struct!(PodEvidence {
    seen,
    last_seen,
    created_event,
    created_received,
    creation_timestamp,
    gates,
    scheduled_event,
    pod_scheduled,
    has_node,
    created_with_node,
    start_time,
    sandbox_ready,
    seen_running,
    has_sandbox_condition,
    sandbox_gone,
    initialized,
    disruption,
    not_ready,
    ready,
    kubelet_wrote,
    phase,
    phase_received,
    reason,
    unschedulable,
    unschedulable_since,
    waits,
    node_lost,
    deletion,
    killing,
    gone,
    left_selector,
    containers,
    facts_of_unknown_containers,
    status,
    from_events,
});
pack_foreign_enum!(Seen { Listed = 0, Added = 1, Changed = 2, Deleted = 3, Missing = 4 });
