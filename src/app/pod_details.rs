//! What is shown of one Pod beside its life: its Events and the end of its logs.

use std::collections::BTreeMap;

use crate::lifecycle::ContainerRole;
use crate::observation;
use crate::observation::{Event, Object, Observation, Seen};
use crate::source::cluster::Cluster;
use crate::timeline::TimelinePod;
use crate::view::{ConditionRow, ContainerLog, PodEvent, PodExtras, ResourceRequest};

/// Events of one Pod, and the end of its logs.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodDetails {
    /// By name: a repeated Event replaces its former state.
    events: BTreeMap<String, Event>,
    logs: Vec<ContainerLog>,
    conditions: Vec<ConditionRow>,
    requests: Vec<ResourceRequest>,
}

impl PodDetails {
    /// Keeps Events, and what the timeline does not of the Pod itself; the source tells only of what was asked for.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        match &observation.object {
            Object::Event(event) if !observation.seen.is_gone() => {
                self.events.insert(event.metadata.name.clone(), (**event).clone());
            }
            Object::Pod(pod) if observation.seen != Seen::Missing => {
                self.conditions = pod.status.conditions.iter().map(condition).collect();
                self.requests = requests(pod);
            }
            _ => {}
        }
    }

    /// Reads the end of the log of every container that has run; of its last run, if it is between two.
    pub(crate) async fn read_logs(&mut self, cluster: &Cluster, pod: &TimelinePod<'_>, lines: u32) {
        let mut logs = Vec::new();
        for container in pod.life.containers.iter().filter(|container| !container.runs.is_empty()) {
            let crashed = container.runs.last().is_some_and(|run| run.ended) && !pod.life.outcome.has_ended();
            let previous = crashed && container.role == ContainerRole::Main && container.restarts > 0;
            let tail = cluster.log_tail(&pod.namespace, &pod.name, &container.name, previous, lines).await;
            logs.extend(tail.map(|lines| ContainerLog { container: container.name.to_string(), lines }));
        }
        if !logs.is_empty() {
            self.logs = logs;
        }
    }

    /// As the view takes it.
    pub(crate) fn extras(&self) -> PodExtras {
        let mut events: Vec<PodEvent> = self.events.values().map(shown).collect();
        events.sort_by_key(|event| event.at);
        PodExtras {
            events,
            log: self.logs.clone(),
            conditions: self.conditions.clone(),
            requests: self.requests.clone(),
        }
    }
}

fn condition(condition: &observation::PodCondition) -> ConditionRow {
    ConditionRow {
        name: condition.r#type.clone(),
        status: condition.status.clone(),
        since: observation::known(condition.last_transition_time),
        reason: condition.reason.clone(),
    }
}

/// What the containers request that hold it as long as the Pod is there: main ones and sidecars.
fn requests(pod: &observation::Pod) -> Vec<ResourceRequest> {
    let sidecars = pod.spec.init_containers.iter().filter(|init| init.restart_policy == "Always");
    let containers = pod.spec.containers.iter().chain(sidecars);
    let of_one = |container: &observation::Container| {
        let requests = container.resources.iter().flat_map(|resources| &resources.requests);
        let of = container.name.clone();
        let request = |(resource, quantity): (&String, &observation::Quantity)| ResourceRequest {
            container: of.clone(),
            resource: resource.clone(),
            quantity: quantity.string.clone(),
        };
        requests.map(request).collect::<Vec<_>>()
    };
    containers.flat_map(of_one).collect()
}

fn shown(event: &Event) -> PodEvent {
    PodEvent {
        at: event.last_occurrence(),
        warning: event.r#type == "Warning",
        reason: event.reason.clone(),
        message: event.message.clone(),
        count: event.occurrences(),
    }
}
