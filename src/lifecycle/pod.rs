//! Evidence of one Pod, gathered observation by observation.
//!
//! The states of a Pod come in order, its Events in any: everything here is kept so that the order between the two
//! does not matter.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::container::{ContainerEvidence, EventTime, Restarts, keep_earliest};
use super::message;
use super::names::Names;
use super::status;
use super::{Lifecycle, Role, derive};
use crate::observation::{self, Event, Seen, known};

/// Reasons of events that say the sandbox is there and images are dealt with.
const IMAGE_EVENTS: [&str; 4] = ["Pulling", "Pulled", "InspectFailed", "ErrImageNeverPull"];

/// What is known of one Pod.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each true or not yet")]
pub struct PodEvidence {
    /// Whether any state of the Pod itself was seen, not only Events about it.
    pub(super) seen: bool,
    pub(super) created_event: Option<Timestamp>,
    pub(super) created_received: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    pub(super) gated: bool,
    pub(super) scheduled_event: Option<EventTime>,
    pub(super) pod_scheduled: Option<Timestamp>,
    pub(super) has_node: bool,
    pub(super) created_with_node: bool,
    pub(super) start_time: Option<Timestamp>,
    /// Condition `PodReadyToStartContainers`: first True; whether it was ever there; when it last became False.
    pub(super) sandbox_ready: Option<Timestamp>,
    pub(super) sandbox_condition: bool,
    pub(super) sandbox_gone: Option<Timestamp>,
    pub(super) image_event: Option<EventTime>,
    pub(super) initialized: Option<Timestamp>,
    pub(super) disruption: Option<(Timestamp, Arc<str>)>,
    pub(super) not_ready: Option<Timestamp>,
    pub(super) kubelet_wrote: Option<Timestamp>,
    pub(super) phase: PodPhase,
    pub(super) phase_received: Option<Timestamp>,
    pub(super) reason: Option<Arc<str>>,
    pub(super) unschedulable: Option<Arc<str>>,
    pub(super) holdup: Option<Arc<str>>,
    pub(super) node_lost: bool,
    pub(super) deletion: Option<Deletion>,
    pub(super) killing: Option<EventTime>,
    pub(super) gone: Option<(Timestamp, Seen)>,
    pub(super) containers: Vec<ContainerEvidence>,
    /// Events about containers that are not known yet.
    early: Vec<Event>,
    pub(super) status: Option<Arc<str>>,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PodPhase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl PodPhase {
    pub(super) fn terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// The first that was seen of a deletion.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deletion {
    /// Receipt of the first object with a `deletionTimestamp`.
    pub(super) received: Option<Timestamp>,
    /// Its `deletionTimestamp - deletionGracePeriodSeconds`.
    pub(super) computed: Option<Timestamp>,
}

impl PodEvidence {
    /// Whether any state of the Pod itself was seen.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// Takes in the name of the owner's `SuccessfulCreate` event: when the Pod was created, to some 30 ms.
    pub fn created_at(&mut self, at: Timestamp) {
        self.created_event = Some(at);
    }

    /// Takes in a state of the Pod.
    pub fn observe(&mut self, pod: &observation::Pod, received: Timestamp, seen: Seen, names: &mut Names) {
        let live = seen.live().then_some(received);
        if seen.gone() {
            self.gone.get_or_insert((received, seen));
        }
        if seen == Seen::Missing && self.seen {
            return; // the object is only what was known before
        }
        let first = !self.seen;
        self.seen = true;
        let metadata = &pod.metadata;
        self.created = metadata.created();
        if first && seen == Seen::Added {
            self.created_received = live;
        }
        self.observe_containers(pod, live, names);
        self.observe_spec(pod, first);
        self.observe_conditions(pod, names);
        self.observe_phase(&pod.status, live);
        self.start_time = known(pod.status.start_time).or(self.start_time);
        self.kubelet_wrote = metadata.kubelet_wrote().or(self.kubelet_wrote);
        self.reason = names.share_some(&pod.status.reason).or_else(|| self.reason.clone());
        if metadata.deletion_timestamp.is_some() && self.deletion.is_none() {
            self.deletion = Some(Deletion::first_seen(metadata, live));
        }
        self.status = Some(names.share(&status::column(pod)));
        for event in std::mem::take(&mut self.early) {
            self.observe_event(&event, None, names);
        }
    }

    fn observe_spec(&mut self, pod: &observation::Pod, first: bool) {
        let has_node = !pod.spec.node_name.is_empty();
        // Only a Pod that was created with a node has one before any condition tells of the scheduler.
        if first && has_node && pod.status.condition("PodScheduled").is_none() {
            self.created_with_node = true;
        }
        self.has_node |= has_node;
        self.gated = !pod.spec.scheduling_gates.is_empty();
    }

    fn observe_phase(&mut self, status: &observation::PodStatus, live: Option<Timestamp>) {
        let phase = match status.phase.as_str() {
            "Running" => PodPhase::Running,
            "Succeeded" => PodPhase::Succeeded,
            "Failed" => PodPhase::Failed,
            "Unknown" => PodPhase::Unknown,
            _ => PodPhase::Pending,
        };
        if phase != self.phase {
            self.phase = phase;
            self.phase_received = live;
        }
    }

    fn observe_conditions(&mut self, pod: &observation::Pod, names: &mut Names) {
        let mut ready_false = None;
        let mut containers_ready = false;
        for condition in &pod.status.conditions {
            let at = known(condition.last_transition_time);
            let is_true = condition.status == "True";
            match (condition.r#type.as_str(), is_true) {
                ("PodScheduled", true) => {
                    self.pod_scheduled = self.pod_scheduled.or(at);
                    self.unschedulable = None;
                }
                ("PodScheduled", false) => {
                    self.unschedulable = match condition.reason.as_str() {
                        "Unschedulable" => Some(names.share(&message::unschedulable(&condition.message))),
                        other => names.share_some(other),
                    };
                }
                ("PodReadyToStartContainers", true) => {
                    self.sandbox_condition = true;
                    self.sandbox_ready = self.sandbox_ready.or(at);
                }
                ("PodReadyToStartContainers", false) => {
                    self.sandbox_condition = true;
                    if self.sandbox_ready.is_some() || pod.status.phase == "Failed" {
                        self.sandbox_gone = at;
                    }
                }
                ("Initialized", true) => self.initialized = at,
                ("DisruptionTarget", true) => {
                    if let Some(at) = at {
                        self.disruption.get_or_insert((at, names.share(&condition.reason)));
                    }
                }
                ("Ready", false) => {
                    ready_false = at;
                    self.not_ready = at;
                }
                ("ContainersReady", ready) => containers_ready = ready,
                _ => {}
            }
        }
        // Only the node controller says "not ready" of a Pod whose containers are.
        self.node_lost = ready_false.is_some() && containers_ready && pod.status.phase == "Running";
    }

    fn observe_containers(&mut self, pod: &observation::Pod, live: Option<Timestamp>, names: &mut Names) {
        if self.containers.is_empty() {
            let policy = pod.spec.restart_policy.as_str();
            let inits = pod.spec.init_containers.iter().map(|init| match init.restart_policy.as_str() {
                "Always" => (init, Role::Sidecar, Restarts::from_policy("Always")),
                own => (init, Role::Init, Restarts { on_success: false, ..restarts(own, policy) }),
            });
            let mains = pod
                .spec
                .containers
                .iter()
                .map(|main| (main, Role::Main, restarts(&main.restart_policy, policy)));
            self.containers = inits
                .chain(mains)
                .map(|(container, role, restarts)| {
                    ContainerEvidence::new(
                        names.share(&container.name),
                        role,
                        names.share(&container.image),
                        restarts,
                    )
                })
                .collect();
        }
        for debug in pod.spec.ephemeral_containers.iter().filter_map(|container| container.common.as_ref()) {
            if self.container_mut(&debug.name).is_none() {
                let name = names.share(&debug.name);
                let never = Restarts::from_policy("Never");
                self.containers.push(ContainerEvidence::new(
                    name,
                    Role::Ephemeral,
                    names.share(&debug.image),
                    never,
                ));
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
                container.observe(status, live, names);
            }
        }
    }

    fn container_mut(&mut self, name: &str) -> Option<&mut ContainerEvidence> {
        self.containers.iter_mut().find(|container| &*container.name == name)
    }

    /// Takes in an Event about the Pod; `received` if it was received by a watch.
    pub fn observe_event(&mut self, event: &Event, received: Option<Timestamp>, names: &mut Names) {
        let first = EventTime::first(event);
        if IMAGE_EVENTS.contains(&event.reason.as_str()) {
            keep_earliest(&mut self.image_event, first);
        }
        if let Some(name) = event.container() {
            if event.reason == "Killing" {
                if self
                    .containers
                    .iter()
                    .any(|container| &*container.name == name && container.role == Role::Main)
                {
                    keep_earliest(&mut self.killing, first);
                }
            } else if let Some(container) = self.container_mut(name) {
                container.observe_event(event, received);
                // A Pulled whose Pulling was lost tells when it was asked for.
                let asked = container.first_image_event();
                keep_earliest(&mut self.image_event, asked);
            }
            if self.containers.is_empty() {
                self.early.push(event.clone());
            }
            return;
        }
        match event.reason.as_str() {
            "Scheduled" => {
                let at = known(event.event_time).map(|at| EventTime { at, fine: true });
                keep_earliest(&mut self.scheduled_event, at.or(first));
            }
            "FailedScheduling" if self.unschedulable.is_none() && !self.has_node => {
                self.unschedulable = Some(names.share(&message::unschedulable(event.text())));
            }
            "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" => {
                self.holdup = Some(names.share(&event.reason));
            }
            _ => {}
        }
    }

    /// Why the Pod waits for its work to begin, in one phrase.
    pub(super) fn waiting_reason(&self) -> Option<Arc<str>> {
        if !self.has_node {
            return self.unschedulable.clone();
        }
        let telling = |container: &&ContainerEvidence| {
            container
                .waiting
                .as_deref()
                .is_some_and(|reason| !matches!(reason, "ContainerCreating" | "PodInitializing"))
        };
        let container = self.containers.iter().find(telling).and_then(|container| container.waiting.clone());
        // A volume or sandbox that failed holds the Pod up only until images are dealt with.
        container.or_else(|| self.holdup.clone().filter(|_| self.image_event.is_none()))
    }

    /// The life that this evidence tells of.
    pub fn derive(&self) -> Lifecycle {
        derive::lifecycle(self)
    }
}

impl Deletion {
    fn first_seen(metadata: &observation::ObjectMeta, received: Option<Timestamp>) -> Self {
        let grace = metadata.deletion_grace_period_seconds.unwrap_or(0);
        // The kubelet's last step overwrites both: with a grace of 0 the request can no longer be told.
        let deadline = known(metadata.deletion_timestamp).filter(|_| grace > 0);
        Self { received, computed: deadline.map(|at| at - SignedDuration::from_secs(grace)) }
    }
}

fn restarts(own: &str, of_pod: &str) -> Restarts {
    Restarts::from_policy(if own.is_empty() { of_pod } else { own })
}
