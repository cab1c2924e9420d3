//! What is shown of one Pod beside its life: its Events and the end of its logs.

use std::collections::BTreeMap;

use crate::lifecycle::Role;
use crate::observation::{Event, Object, Observation};
use crate::source::cluster::Cluster;
use crate::timeline::Pod;
use crate::view::{ContainerLog, PodEvent, PodExtras};

/// Events of one Pod, and the end of its logs.
#[derive(Clone, Debug, Default)]
pub(super) struct Closeup {
    /// By name: a repeated Event replaces its former state.
    events: BTreeMap<String, Event>,
    logs: Vec<ContainerLog>,
}

impl Closeup {
    /// Keeps what is an Event; the source tells only of what was asked for.
    pub(super) fn observe(&mut self, observation: &Observation) {
        if let Object::Event(event) = &observation.object
            && !observation.seen.gone()
        {
            self.events.insert(event.metadata.name.clone(), (**event).clone());
        }
    }

    /// Reads the end of the log of every container that has run; of its last run, if it is between two.
    pub(super) async fn read_logs(&mut self, cluster: &Cluster, pod: &Pod, lines: u32) {
        let mut logs = Vec::new();
        for container in pod.life.containers.iter().filter(|container| !container.runs.is_empty()) {
            let crashed = container.runs.last().is_some_and(|run| run.ended) && !pod.life.outcome.ended();
            let previous = crashed && container.role == Role::Main && container.restarts > 0;
            let tail = cluster.log_tail(&pod.namespace, &pod.name, &container.name, previous, lines).await;
            logs.extend(tail.map(|lines| ContainerLog { container: container.name.to_string(), lines }));
        }
        if !logs.is_empty() {
            self.logs = logs;
        }
    }

    /// As the view takes it.
    pub(super) fn extras(&self) -> PodExtras {
        let mut events: Vec<PodEvent> = self.events.values().map(shown).collect();
        events.sort_by_key(|event| event.at);
        PodExtras { events, log: self.logs.clone() }
    }
}

fn shown(event: &Event) -> PodEvent {
    PodEvent {
        at: event.last(),
        warning: event.r#type == "Warning",
        reason: event.reason.clone(),
        message: event.message.clone(),
        count: event.occurrences(),
    }
}
