//! Details of one Pod besides its phases: its Events, the ends of its logs, its conditions and its resource requests.

pub(crate) mod loader;

use std::collections::BTreeMap;

use crate::lifecycle::ContainerRole;
use crate::observation;
use crate::observation::{Event, Object, Observation, Seen};
use crate::source::cluster::Cluster;
use crate::source::cluster::api::logs::LogTail;
use crate::timeline::TimelinePod;
use crate::view::{ConditionRow, ContainerLog, PodEvent, PodExtras, ResourceRequest};

/// Details of one Pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodDetails {
    /// The name of the Pod, from its latest state.
    name: Option<String>,
    /// Events by name. A new state of an Event replaces the earlier state.
    events: BTreeMap<String, Event>,
    logs: Vec<ContainerLog>,
    conditions: Vec<ConditionRow>,
    requests: Vec<ResourceRequest>,
}

impl PodDetails {
    /// Stores an Event, or the conditions and requests of the Pod. The source must deliver no state of another Pod.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        if let Object::Event(event) = &observation.object
            && !observation.seen.is_gone()
        {
            self.events.insert(event.metadata.name.clone(), (**event).clone());
        }
        if let Object::Pod(pod) = &observation.object
            && observation.seen != Seen::Missing
        {
            self.name = Some(pod.metadata.name.clone());
            self.conditions = pod.status.conditions.iter().map(condition_row).collect();
            self.requests = resource_requests(pod);
        }
    }

    /// Reads the last `lines` lines of the log of every container that has run. Between two runs of a main container,
    /// reads the log of the earlier run. If the user may not read logs, returns the reason of the server.
    pub(crate) async fn read_logs(
        &mut self,
        cluster: &Cluster,
        pod: &TimelinePod<'_>,
        lines: u32,
    ) -> Option<String> {
        let mut logs = Vec::new();
        let mut refusal = None;
        for container in pod.life.containers.iter().filter(|container| !container.runs.is_empty()) {
            let is_between_runs =
                container.runs.last().is_some_and(|run| run.ended) && !pod.life.outcome.has_ended();
            let previous = is_between_runs && container.role == ContainerRole::Main && container.restarts > 0;
            match cluster.log_tail(&pod.namespace, &pod.name, &container.name, previous, lines).await {
                LogTail::Lines(lines) => {
                    logs.push(ContainerLog { container: container.name.to_string(), lines });
                }
                LogTail::Unavailable => {}
                LogTail::Forbidden(reason) => refusal = Some(reason),
            }
        }
        if !logs.is_empty() {
            self.logs = logs;
        }
        refusal
    }

    /// Returns the details in the form that the view needs. Events are sorted by time.
    pub(crate) fn extras(&self) -> PodExtras {
        // The Events about other Pods are not shown: the owner's reports, and the scheduling of siblings.
        let is_about_pod = |event: &&Event| {
            let about = &event.involved_object;
            let last_word = event.message.rsplit(' ').next();
            match (about.kind.as_str(), self.name.as_deref()) {
                ("Pod", own) => own.is_none_or(|own| own == about.name),
                (_, own) => last_word == own,
            }
        };
        let mut events: Vec<PodEvent> = self.events.values().filter(is_about_pod).map(pod_event).collect();
        events.sort_by_key(|event| event.at);
        PodExtras {
            events,
            log: self.logs.clone(),
            conditions: self.conditions.clone(),
            requests: self.requests.clone(),
        }
    }
}

fn condition_row(condition: &observation::PodCondition) -> ConditionRow {
    ConditionRow {
        name: condition.r#type.clone(),
        status: condition.status.clone(),
        since: observation::known_time(condition.last_transition_time),
        reason: condition.reason.clone(),
    }
}

/// Returns the requests of the main containers and the sidecars, which hold their resources as long as the Pod runs.
fn resource_requests(pod: &observation::Pod) -> Vec<ResourceRequest> {
    let sidecars = pod.spec.init_containers.iter().filter(|init| init.restart_policy == "Always");
    let containers = pod.spec.containers.iter().chain(sidecars);
    let requests_of_container = |container: &observation::Container| {
        let requests = container.resources.iter().flat_map(|resources| &resources.requests);
        let name = container.name.clone();
        let request = |(resource, quantity): (&String, &observation::Quantity)| ResourceRequest {
            container: name.clone(),
            resource: resource.clone(),
            quantity: quantity.string.clone(),
        };
        requests.map(request).collect::<Vec<_>>()
    };
    containers.flat_map(requests_of_container).collect()
}

fn pod_event(event: &Event) -> PodEvent {
    PodEvent {
        at: event.last_occurrence(),
        warning: event.r#type == "Warning",
        reason: event.reason.clone(),
        message: event.message.clone(),
        container: event.container().map(str::to_owned),
        count: event.occurrences(),
    }
}
