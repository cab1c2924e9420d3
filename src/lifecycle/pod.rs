//! Evidence of one Pod, gathered observation by observation.
//!
//! The states of a Pod come in order, its Events in any: everything here is kept so that the order between the two
//! does not matter.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::container::ContainerEvidence;
use super::evidence::Source;
use super::fact::{EventFact, EventTime, FactKind, keep_earliest};
use super::message;
use super::names::Names;
use super::packed::{packed_enum, packed_struct};
use super::restarts::Restarts;
use super::status;
use super::waits::{Topic, Waits};
use super::{ContainerRole, Explanation, Lifecycle, derive, gates};
use crate::observation::{self, Seen, known};

/// What is known of one Pod.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each true or not yet")]
pub(crate) struct PodEvidence {
    /// Whether any state of the Pod itself was seen, not only Events about it.
    seen: bool,
    /// Receipt of its latest state.
    pub(crate) seen_last: Option<Timestamp>,
    pub(crate) created_event: Option<Timestamp>,
    pub(crate) created_received: Option<Timestamp>,
    pub(crate) created: Option<Timestamp>,
    /// Which scheduling gates held it from when on: since its creation, then since each change.
    pub(crate) gates: Vec<Gates>,
    pub(crate) scheduled_event: Option<EventTime>,
    pub(crate) pod_scheduled: Option<Timestamp>,
    pub(crate) has_node: bool,
    pub(crate) created_with_node: bool,
    pub(crate) start_time: Option<Timestamp>,
    /// Condition `PodReadyToStartContainers`: first True; whether it was ever there; when it last became False.
    pub(crate) sandbox_ready: Option<Timestamp>,
    pub(crate) sandbox_condition: bool,
    pub(crate) sandbox_gone: Option<Timestamp>,
    pub(crate) initialized: Option<Timestamp>,
    pub(crate) disruption: Option<(Timestamp, Arc<str>)>,
    pub(crate) not_ready: Option<Timestamp>,
    pub(crate) kubelet_wrote: Option<Timestamp>,
    pub(crate) phase: PodPhase,
    pub(crate) phase_received: Option<Timestamp>,
    pub(crate) reason: Option<Arc<str>>,
    /// Why no node would do, as the condition said last.
    unschedulable: Option<Arc<str>>,
    /// Why it waited, as events and changes of the condition told.
    pub(crate) waits: Waits,
    pub(crate) node_lost: bool,
    pub(crate) deletion: Option<Deletion>,
    pub(crate) killing: Option<EventTime>,
    pub(crate) gone: Option<(Timestamp, Seen)>,
    /// It left the selector of the watch: nothing more will be heard of it.
    pub(crate) out_of_sight: Option<Timestamp>,
    pub(crate) containers: Vec<ContainerEvidence>,
    /// Events about containers that are not known yet.
    early: Vec<EventFact>,
    pub(crate) status: Option<Arc<str>>,
}

/// The scheduling gates from a time on.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    /// `None` is its creation: gates are never added later.
    pub(crate) since: Option<Timestamp>,
    /// Whether that is when the change was received; else when the gates before were seen last.
    pub(crate) received: bool,
    /// `SchedulingGated: kueue.x-k8s.io/admission`; `None` when all are gone.
    pub(crate) reason: Option<Arc<str>>,
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PodPhase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl PodPhase {
    pub(crate) fn terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// The first that was seen of a deletion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion {
    /// Receipt of the first object with a `deletionTimestamp`.
    pub(crate) received: Option<Timestamp>,
    /// Its `deletionTimestamp - deletionGracePeriodSeconds`.
    pub(crate) computed: Option<Timestamp>,
    /// The Pod had been seen without one before, so that the receipt dates the request.
    pub(crate) witnessed: bool,
    /// The Pod was over before that.
    pub(crate) after_the_end: bool,
}

impl PodEvidence {
    /// Whether little more will come of it: its phase is terminal, or it is gone.
    pub(crate) fn is_over(&self) -> bool {
        self.phase.terminal() || self.gone.is_some()
    }

    /// Takes in the name of the owner's `SuccessfulCreate` event: when the Pod was created, to some 30 ms.
    pub(crate) fn created_at(&mut self, at: Timestamp) {
        self.created_event = Some(at);
    }

    /// Takes in a state of the Pod.
    pub(crate) fn observe(
        &mut self,
        pod: &observation::Pod,
        received: Timestamp,
        seen: Seen,
        names: &mut Names,
    ) {
        let live = seen.is_live().then_some(received);
        let metadata = &pod.metadata;
        if seen == Seen::Missing && self.seen {
            self.gone.get_or_insert((received, seen));
            return; // the object is only what was known before
        }
        // A Pod that no longer matches the selector is told as DELETED too; only a real deletion has its time.
        let deleted = seen.is_gone() && (metadata.deletion_timestamp.is_some() || seen == Seen::Missing);
        self.out_of_sight = live.filter(|_| seen.is_gone() && !deleted);
        if deleted {
            self.gone.get_or_insert((received, seen));
        } else {
            self.gone = None; // it was only missed
        }
        let first = !self.seen;
        self.seen = true;
        let seen_before = self.seen_last.replace(received);
        self.created = metadata.created();
        if first && seen == Seen::Added {
            self.created_received = live;
        }
        if metadata.deletion_timestamp.is_some() && self.deletion.is_none() {
            self.deletion = Some(Deletion::first_seen(metadata, live, !first, self.phase.terminal()));
        }
        self.observe_containers(pod, live, names);
        self.observe_spec(pod, first, live, seen_before, names);
        self.observe_conditions(pod, live, names);
        self.observe_phase(&pod.status, live);
        self.start_time = known(pod.status.start_time).or(self.start_time);
        self.kubelet_wrote = metadata.kubelet_wrote().or(self.kubelet_wrote);
        self.reason = names.share_some(&pod.status.reason).or_else(|| self.reason.clone());
        self.status = Some(names.share(&status::column(pod)));
        for fact in std::mem::take(&mut self.early) {
            self.take(&fact);
        }
    }

    fn observe_spec(
        &mut self,
        pod: &observation::Pod,
        first: bool,
        live: Option<Timestamp>,
        seen_before: Option<Timestamp>,
        names: &mut Names,
    ) {
        let has_node = !pod.spec.node_name.is_empty();
        // Only a Pod that was created with a node has one before any condition tells of the scheduler.
        if first && has_node && pod.status.condition("PodScheduled").is_none() {
            self.created_with_node = true;
        }
        self.has_node |= has_node;
        let gates = &pod.spec.scheduling_gates;
        if gates.is_empty() && self.gates.is_empty() {
            return;
        }
        let reason = gates::reason(pod).map(|reason| names.share(&reason));
        match self.gates.last() {
            None => self.gates.push(Gates { since: None, received: false, reason }),
            Some(kept) if kept.reason != reason => {
                self.gates.push(Gates { since: live.or(seen_before), received: live.is_some(), reason });
            }
            Some(_) => {}
        }
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

    fn observe_conditions(&mut self, pod: &observation::Pod, live: Option<Timestamp>, names: &mut Names) {
        let mut lost_its_node = false;
        let mut containers_ready = false;
        for condition in &pod.status.conditions {
            let at = known(condition.last_transition_time);
            let is_true = condition.status == "True";
            match (condition.r#type.as_str(), is_true) {
                ("PodScheduled", true) => self.pod_scheduled = self.pod_scheduled.or(at),
                ("PodScheduled", false) => {
                    let reason = match condition.reason.as_str() {
                        "Unschedulable" => Some(names.share(&message::unschedulable(&condition.message))),
                        // The gates themselves say which.
                        "SchedulingGated" => None,
                        other => names.share_some(other),
                    };
                    if let (Some(at), Some(reason)) = (live, &reason)
                        && self.unschedulable.as_ref() != Some(reason)
                    {
                        self.waits.tell(Topic::Scheduler, reason, at, at, Source::Observed);
                    }
                    self.unschedulable = reason;
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
                ("Initialized", true) => self.initialized = self.initialized.or(at),
                ("DisruptionTarget", true) => {
                    if let Some(at) = at {
                        self.disruption.get_or_insert((at, names.share(&condition.reason)));
                    }
                }
                ("Ready", false) => {
                    self.not_ready = at;
                    // The node controller gives no reason; the kubelet always does.
                    lost_its_node = condition.reason.is_empty();
                }
                ("ContainersReady", ready) => containers_ready = ready,
                _ => {}
            }
        }
        // Only the node controller says "not ready" of a Pod whose containers are.
        self.node_lost = lost_its_node && containers_ready && pod.status.phase == "Running";
    }

    fn observe_containers(&mut self, pod: &observation::Pod, live: Option<Timestamp>, names: &mut Names) {
        if self.containers.is_empty() {
            let policy = pod.spec.restart_policy.as_str();
            let inits = pod.spec.init_containers.iter().map(|init| {
                let sidecar = init.restart_policy == "Always";
                let role = if sidecar { ContainerRole::Sidecar } else { ContainerRole::Init };
                (
                    init,
                    role,
                    if sidecar { Restarts::of_main(init, policy) } else { Restarts::of_init(init, policy) },
                )
            });
            let mains = pod
                .spec
                .containers
                .iter()
                .map(|main| (main, ContainerRole::Main, Restarts::of_main(main, policy)));
            self.containers = inits
                .chain(mains)
                .map(|(spec, role, restarts)| {
                    ContainerEvidence::new(names.share(&spec.name), role, names.share(&spec.image), restarts)
                })
                .collect();
        }
        for debug in pod.spec.ephemeral_containers.iter().filter_map(|container| container.common.as_ref()) {
            if self.container_mut(&debug.name).is_none() {
                let (name, image) = (names.share(&debug.name), names.share(&debug.image));
                self.containers.push(ContainerEvidence::new(
                    name,
                    ContainerRole::Ephemeral,
                    image,
                    Restarts::NEVER,
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

    /// Takes in what an Event says about the Pod.
    pub(crate) fn take(&mut self, fact: &EventFact) {
        match &fact.kind {
            FactKind::Scheduled => keep_earliest(&mut self.scheduled_event, fact.first),
            FactKind::Unschedulable(why) => self.tell(Topic::Scheduler, why, fact),
            FactKind::Autoscaler(what) => self.tell(Topic::Autoscaler, what, fact),
            FactKind::Holdup(why) => self.tell(Topic::Setup, why, fact),
            _ => {
                let Some(name) = &fact.container else { return };
                let killing = fact.kind == FactKind::Killing;
                match self.containers.iter_mut().find(|container| container.name == *name) {
                    Some(container) if killing && container.role == ContainerRole::Main => {
                        keep_earliest(&mut self.killing, fact.first);
                    }
                    Some(container) => container.take(fact),
                    // A debug container's events may come before the Pod that tells of it.
                    None => self.early.push(fact.clone()),
                }
            }
        }
    }

    fn tell(&mut self, topic: Topic, why: &Arc<str>, fact: &EventFact) {
        self.waits.tell(topic, why, fact.told_first(), fact.last, Source::Event);
    }

    /// First event about an image of the Pod itself: the sandbox was there just before.
    pub(crate) fn image_event(&self) -> Option<EventTime> {
        let own = self.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        own.filter_map(ContainerEvidence::first_image_event).min_by_key(|event| event.at)
    }

    /// Why no node would do, as it was told last.
    pub(crate) fn queued_reason(&self) -> Option<Arc<str>> {
        let gates = || self.gates.last().and_then(|gates| gates.reason.clone());
        let event = || self.waits.latest(Topic::Scheduler).cloned();
        gates().or_else(|| self.unschedulable.clone()).or_else(event)
    }

    /// What failed last before the sandbox was there.
    pub(crate) fn setup_reason(&self) -> Option<Arc<str>> {
        self.waits.latest(Topic::Setup).cloned()
    }

    /// Whether its deletion was asked for before it was over: then a Job counts the deletion, not the result.
    pub(crate) fn deleted_before_its_end(&self) -> bool {
        self.deletion.is_some_and(|deletion| !deletion.after_the_end)
    }

    /// Why the Pod waits for its work to begin, in one phrase.
    pub(crate) fn waiting_reason(&self) -> Option<Arc<str>> {
        if !self.has_node {
            return self.queued_reason();
        }
        let telling = |reason: &&Arc<str>| !matches!(&***reason, "ContainerCreating" | "PodInitializing");
        let mut waiting = self.containers.iter().filter_map(|container| container.waiting.as_ref());
        // A volume or sandbox that failed holds the Pod up only until images are dealt with.
        let holdup = || self.setup_reason().filter(|_| self.image_event().is_none());
        waiting.find(telling).cloned().or_else(holdup)
    }

    /// What the boundaries of that life were read from.
    pub(crate) fn explain(&self, skew: SignedDuration) -> Explanation {
        let mut on_one_clock = self.clone();
        on_one_clock.shift_kubelet(skew);
        derive::explanation(&on_one_clock)
    }

    /// The life that this evidence tells of; `skew` is how far the API server's clock is ahead of the node's.
    pub(crate) fn derive(&self, skew: SignedDuration) -> Lifecycle {
        if skew.is_zero() {
            return derive::lifecycle(self);
        }
        let mut on_one_clock = self.clone();
        on_one_clock.shift_kubelet(skew);
        Lifecycle { skew, ..derive::lifecycle(&on_one_clock) }
    }

    /// How far the API server's clock must at least be ahead of the node's: the kubelet saw the Pod only after it was
    /// scheduled.
    pub(crate) fn least_skew(&self) -> Option<SignedDuration> {
        let scheduled = self.scheduled_event.map(|event| event.at).or(self.pod_scheduled)?;
        // The field is truncated to the second.
        Some(scheduled.duration_since(self.start_time? + SignedDuration::from_secs(1)))
    }

    /// Moves every time that the kubelet's clock gave.
    fn shift_kubelet(&mut self, by: SignedDuration) {
        let kubelets =
            [&mut self.start_time, &mut self.sandbox_ready, &mut self.sandbox_gone, &mut self.initialized];
        for at in kubelets.into_iter().flatten() {
            *at += by;
        }
        // Of a lost node the node controller says it.
        if let Some(at) = self.not_ready.as_mut().filter(|_| !self.node_lost) {
            *at += by;
        }
        if let Some((at, _)) = self.disruption.as_mut().filter(|(_, by)| **by == *"TerminationByKubelet") {
            *at += by;
        }
        if let Some(killing) = &mut self.killing {
            killing.at += by;
        }
        self.waits.shift_kubelet(by);
        for container in &mut self.containers {
            container.shift_kubelet(by);
        }
    }
}

impl Deletion {
    fn first_seen(
        metadata: &observation::ObjectMeta,
        received: Option<Timestamp>,
        witnessed: bool,
        after_the_end: bool,
    ) -> Self {
        let grace = metadata.deletion_grace_period_seconds.unwrap_or(0);
        // The kubelet's last step overwrites both: with a grace of 0 the request can no longer be told.
        let deadline = known(metadata.deletion_timestamp).filter(|_| grace > 0);
        let computed = deadline.map(|at| at - SignedDuration::from_secs(grace));
        Self { received, computed, witnessed, after_the_end }
    }
}

packed_struct!(PodEvidence {
    seen,
    seen_last,
    created_event,
    created_received,
    created,
    gates,
    scheduled_event,
    pod_scheduled,
    has_node,
    created_with_node,
    start_time,
    sandbox_ready,
    sandbox_condition,
    sandbox_gone,
    initialized,
    disruption,
    not_ready,
    kubelet_wrote,
    phase,
    phase_received,
    reason,
    unschedulable,
    waits,
    node_lost,
    deletion,
    killing,
    gone,
    out_of_sight,
    containers,
    early,
    status,
});
packed_struct!(Gates { since, received, reason });
packed_enum!(PodPhase { Pending, Running, Succeeded, Failed, Unknown });
packed_struct!(Deletion { received, computed, witnessed, after_the_end });
packed_enum!(Seen { Listed, Added, Changed, Deleted, Missing });
