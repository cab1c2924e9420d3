//! Collects the evidence about a Pod that no longer exists and whose state was never seen: the Events about the Pod and
//! the reports of its owner.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::ContainerRole;
use crate::lifecycle::event_fact::{EventFact, FactKind, keep_earliest};
use crate::lifecycle::message;
use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_evidence::gone::StopBounds;
use crate::lifecycle::restart_policy::RestartPolicy;
use crate::observation::{self, Event};

/// The Events about a Pod whose state has not been seen yet.
#[derive(Clone, Debug)]
pub(crate) struct UnseenPod {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    /// The node that the Events name.
    pub(crate) node: Option<Arc<str>>,
    facts: Vec<UnseenFact>,
}

/// A fact about an unseen Pod, with the values that the state of a seen Pod would contain.
#[derive(Clone, Debug)]
struct UnseenFact {
    fact: EventFact,
    role: ContainerRole,
    image: Option<Arc<str>>,
}

impl UnseenPod {
    /// Creates a Pod without Events.
    pub(crate) fn new(namespace: Arc<str>, name: Arc<str>) -> Self {
        Self { namespace, name, node: None, facts: Vec::new() }
    }

    /// Adds the fact of an Event. `event` must be the Event from which `fact` was read.
    pub(crate) fn add(&mut self, event: &Event, fact: EventFact, interner: &mut Interner) {
        if self.node.is_none() {
            self.node = node_of_event(event).map(|node| interner.share(node));
        }
        self.facts.push(UnseenFact::new(event, fact, interner));
    }

    /// The facts of all Events.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &EventFact> {
        self.facts.iter().map(|fact| &fact.fact)
    }

    /// The time of the first Event; `None` without Events.
    pub(crate) fn first_event(&self) -> Option<Timestamp> {
        self.facts().map(|fact| fact.first.at).min()
    }

    /// Whether an Event of the scheduler is known. Such an Event precedes all Events of the kubelet, so no earlier
    /// Event of the Pod is missing.
    pub(crate) fn has_scheduler_event(&self) -> bool {
        self.facts().any(|fact| matches!(fact.kind, FactKind::Scheduled | FactKind::Unschedulable(_)))
    }

    /// Converts the Events to the evidence about a Pod that no longer exists. `concluded` is the time at which the Pod
    /// was missing from a complete list.
    pub(crate) fn into_gone_evidence(mut self, concluded: Timestamp) -> PodEvidence {
        self.facts.sort_by_key(|fact| (fact.fact.first.at, fact.fact.last));
        let mut evidence = PodEvidence::new_gone(concluded);
        for fact in &self.facts {
            evidence.add_unseen_fact(fact);
        }
        evidence
    }
}

impl UnseenFact {
    fn new(event: &Event, fact: EventFact, interner: &mut Interner) -> Self {
        let role = match event.container_list() {
            // The Events of a sidecar do not differ from those of any other init container.
            Some("spec.initContainers") => ContainerRole::Init,
            Some("spec.ephemeralContainers") => ContainerRole::Ephemeral,
            Some(_) | None => ContainerRole::Main,
        };
        let names_image = matches!(
            fact.kind,
            FactKind::Pulling | FactKind::Pulled(_) | FactKind::ImageRefused(_) | FactKind::PullFailed(_)
        );
        let image = message::parse_image(event.plain_message()).filter(|_| names_image);
        Self { fact, role, image: image.map(|image| interner.share(image)) }
    }
}

/// Returns the node that an Event about a Pod names.
fn node_of_event(event: &Event) -> Option<&str> {
    let assigned =
        || message::parse_assigned_node(event.plain_message()).filter(|_| event.reason == "Scheduled");
    let host = Some(event.source.host.as_str()).filter(|host| !host.is_empty() && event.is_from_kubelet());
    host.or_else(assigned)
}

impl PodEvidence {
    /// Whether Events about the Pod itself are known, not only the reports of its owner.
    pub(crate) fn has_events(&self) -> bool {
        self.from_events.as_ref().is_some_and(|gone| gone.latest_event.is_some())
    }

    /// The reason of the disruption that deleted the Pod, from the condition `DisruptionTarget` or from Events.
    pub(crate) fn disruption_reason(&self) -> Option<Arc<str>> {
        let from_events = || self.from_events.as_ref()?.disruption.as_ref();
        let reason = self.disruption.as_ref().map(|(_, reason)| reason);
        reason.or_else(|| from_events().map(|(_, reason)| reason)).map(Arc::clone)
    }

    /// Adds an Event about a Pod that is known to be gone and whose state was never seen.
    pub(crate) fn add_late_event(&mut self, event: &Event, fact: EventFact, interner: &mut Interner) {
        let fact = UnseenFact::new(event, fact, interner);
        self.add_unseen_fact(&fact);
    }

    /// Adds the owner's report that it deleted the Pod.
    pub(crate) fn add_deletion_by_owner(&mut self, at: Option<Timestamp>) {
        if let Some(gone) = &mut self.from_events {
            gone.is_deleted_by_owner = true;
            gone.deleted_by_owner = gone.deleted_by_owner.or(at);
        }
    }

    /// Sets the bounds that the owner of a gone Pod proves for the end of the Pod.
    pub(crate) fn set_stop_bounds(&mut self, bounds: StopBounds) {
        if let Some(gone) = &mut self.from_events {
            gone.stop_bounds = bounds;
        }
    }

    fn add_unseen_fact(&mut self, unseen: &UnseenFact) {
        let UnseenFact { fact, role, image } = unseen;
        if let Some(gone) = &mut self.from_events {
            gone.latest_event = gone.latest_event.max(Some(fact.last.max(fact.first.at)));
        }
        // Every component except the scheduler and the autoscalers acts only on a Pod with a node.
        self.has_node |=
            fact.container.is_some() || matches!(fact.kind, FactKind::Scheduled | FactKind::Setup(..));
        if let Some(name) = &fact.container {
            self.declare_container(name, *role, image.as_ref());
        }
        self.add_fact(fact);
        let is_named = |container: &&mut ContainerEvidence| Some(&container.name) == fact.container.as_ref();
        if fact.kind == FactKind::BackOff
            && let Some(container) = self.containers.iter_mut().find(is_named)
        {
            container.waiting = Some("CrashLoopBackOff".into());
        }
    }

    /// Adds a container that an Event names. The kubelet starts the containers in the order of the spec, so the order
    /// of the first Events is the order of the spec.
    fn declare_container(&mut self, name: &Arc<str>, role: ContainerRole, image: Option<&Arc<str>>) {
        let known = self.containers.iter().position(|container| container.name == *name);
        let index = known.unwrap_or_else(|| {
            let order = |role| match role {
                ContainerRole::Init | ContainerRole::Sidecar => 0,
                ContainerRole::Main => 1,
                ContainerRole::Ephemeral => 2,
            };
            let is_later = |other: &ContainerEvidence| order(other.role) > order(role);
            let index = self.containers.iter().position(is_later).unwrap_or(self.containers.len());
            let new = ContainerEvidence::new(Arc::clone(name), role, "".into(), RestartPolicy::NEVER);
            self.containers.insert(index, new);
            index
        });
        let container = &mut self.containers[index];
        if let Some(image) = image.filter(|_| container.image.is_empty()) {
            container.image = Arc::clone(image);
        }
    }

    /// Adds a fact that only a gone Pod needs.
    pub(crate) fn add_fact_of_gone_pod(&mut self, fact: &EventFact) {
        let Some(gone) = &mut self.from_events else { return };
        match &fact.kind {
            FactKind::Disrupted(reason) => {
                let known = gone.disruption.take();
                let mut first = known.as_ref().map(|(time, _)| *time);
                keep_earliest(&mut first, fact.first);
                gone.disruption = match (first, known) {
                    (Some(first), Some((time, reason))) if first == time => Some((time, reason)),
                    _ => Some((fact.first, Arc::clone(reason))),
                };
            }
            FactKind::EndedByKubelet(reason) => gone.ended_by_kubelet = Some(Arc::clone(reason)),
            FactKind::Scheduled
            | FactKind::Unschedulable(_)
            | FactKind::Autoscaler(_)
            | FactKind::Setup(..)
            | FactKind::Pulling
            | FactKind::Pulled(_)
            | FactKind::ImageRefused(_)
            | FactKind::PullFailed(_)
            | FactKind::StartFailed(..)
            | FactKind::Started
            | FactKind::BackOff
            | FactKind::ProbeFailed(_)
            | FactKind::KilledByProbe
            | FactKind::Killing => {}
        }
    }

    /// Replaces the containers by those of the spec, because a state of the Pod arrived after the Pod was taken for
    /// gone. The containers keep their Events.
    pub(crate) fn replace_containers(&mut self, spec: &observation::PodSpec, interner: &mut Interner) {
        let declared = std::mem::take(&mut self.containers);
        self.add_containers(spec, interner);
        for old in declared {
            if let Some(container) = self.container_mut(&old.name) {
                container.events = old.events;
            }
        }
    }
}
