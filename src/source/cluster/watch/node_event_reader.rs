//! Requests the Events in which kubelets report that they started, when a followed Pod shows a container that its node
//! lost.
//!
//! These Events lie in the namespace `default`, so no other collection contains them. Almost no run needs them, so they
//! are requested only after such a loss.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::observation::{Object, Observation, Seen};
use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::watch::collection_watcher::{Signal, wait_until_listed};
use crate::source::cluster::watch::container_loss::ContainerLoss;

/// The namespace of the Events about nodes, because a node has no namespace.
const NODE_EVENT_NAMESPACE: &str = "default";

/// The reasons of the Events in which a kubelet reports that it started, or that its node was rebooted.
const START_REASONS: [&str; 2] = ["Starting", "Rebooted"];

/// The kubelet sends its Events while it already reports the Pods, so the Events may arrive after the Pods.
const EVENT_DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Maximum number of losses that are remembered. When it is reached, all are forgotten, and the Events about an older
/// loss may be requested once more.
const MAX_REMEMBERED_LOSSES: usize = 4096;

/// Requests the Events about the nodes of lost containers, for all namespaces of a feed.
pub(crate) struct NodeEventReader {
    pub(crate) cluster: Cluster,
    /// The losses that the watchers find.
    pub(crate) losses: mpsc::UnboundedReceiver<ContainerLoss>,
    /// One receiver for each list of the feed. The receiver becomes `true` when that list has been sent.
    pub(crate) wait_for: Vec<watch::Receiver<bool>>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

impl NodeEventReader {
    /// Requests the Events about the losses in the first lists, and signals the end of this list. Then requests the
    /// Events about each further loss, until all watchers have ended.
    pub(crate) async fn run(mut self) {
        wait_until_listed(&mut self.wait_for).await;
        let mut known: HashSet<ContainerLoss> = HashSet::new();
        let mut sent: HashSet<String> = HashSet::new();
        let mut may_read = true;
        let nodes = self.take_nodes(None, &mut known);
        if !nodes.is_empty() {
            may_read = self.read(&nodes, &mut sent).await.is_ok();
        }
        let _ = self.signals.send(Signal::Listed);
        while let Some(loss) = self.losses.recv().await {
            let nodes = self.take_nodes(Some(loss), &mut known);
            if nodes.is_empty() || !may_read {
                continue;
            }
            for delay in [Duration::ZERO].into_iter().chain(EVENT_DELAYS) {
                sleep(delay).await;
                match self.read(&nodes, &mut sent).await {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(Refused) => may_read = false,
                }
                if !may_read {
                    break;
                }
            }
        }
    }

    /// Returns the nodes of the losses that have arrived and are new.
    fn take_nodes(
        &mut self,
        first: Option<ContainerLoss>,
        known: &mut HashSet<ContainerLoss>,
    ) -> HashSet<String> {
        if known.len() >= MAX_REMEMBERED_LOSSES {
            known.clear();
        }
        let further = std::iter::from_fn(|| self.losses.try_recv().ok());
        let losses: Vec<ContainerLoss> = first.into_iter().chain(further).collect();
        losses.into_iter().filter(|loss| known.insert(loss.clone())).map(|loss| loss.node).collect()
    }

    /// Requests the Events and sends those about these nodes that were not `sent` yet. Returns whether there were any.
    ///
    /// # Errors
    /// The user may not read the Events. A notice says so. Other errors count as no Events, because Events are optional.
    async fn read(&self, nodes: &HashSet<String>, sent: &mut HashSet<String>) -> Result<bool, Refused> {
        let mut batch = Vec::new();
        for reason in START_REASONS {
            let fields = Some(format!("involvedObject.kind=Node,reason={reason}"));
            let namespace = Some(NODE_EVENT_NAMESPACE.to_owned());
            let query = Query { kind: Kind::EVENT, namespace, labels: None, fields };
            let list = async || {
                let mut received = Vec::new();
                let mut list = self.cluster.list(&query).await?;
                while list.receive(|object| received.push(object)).await? {}
                Ok(received)
            };
            match self.cluster.repeat_at_first(list).await {
                Ok(objects) => batch.extend(objects),
                Err(RequestError::Refused(_)) => {
                    let notice = format!(
                        "cannot read the Events of nodes in the namespace {NODE_EVENT_NAMESPACE}, so a restart of a \
                         node is not named as the reason of a failure"
                    );
                    let _ = self.updates.send(Update::Notice(notice)).await;
                    return Err(Refused);
                }
                Err(_) => {}
            }
        }
        let received = self.cluster.clock.now();
        let is_wanted = |object: &Object| {
            let Object::Event(event) = object else { return false };
            event.restarted_node().is_some_and(|node| nodes.contains(node))
        };
        batch.retain(|object| is_wanted(object) && sent.insert(object.metadata().name.clone()));
        let observe = |object| Observation { received, seen: Seen::Listed, object };
        let batch: Vec<Observation> = batch.into_iter().map(observe).collect();
        let is_found = !batch.is_empty();
        if is_found {
            let _ = self.updates.send(Update::Observed(batch)).await;
        }
        Ok(is_found)
    }
}

/// The user may not read the Events about nodes.
struct Refused;

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::observation::{ContainerStatus, Event, Pod, Terminated};
    use crate::source::Feed;
    use crate::source::cluster::api::fake::{self, FakeServer};
    use crate::source::cluster::api::resource::Resource;
    use crate::source::cluster::watch::follow::open_feed;
    use crate::source::cluster::watch::target::{Name, NamespaceScope, Need, Objects, Selection, Target};

    /// A Pod of the Job `pi` on `node-1` whose container was lost.
    fn lost_pod() -> Vec<u8> {
        let mut pod = Pod::decode(fake::pod_of("pi", "pi-aaaaa", 3).as_slice()).unwrap();
        "node-1".clone_into(&mut pod.spec.node_name);
        let terminated =
            Terminated { reason: "ContainerStatusUnknown".into(), exit_code: 137, ..Terminated::default() };
        let mut status = ContainerStatus::default();
        status.state.terminated = Some(terminated);
        pod.status.container_statuses.push(status);
        pod.encode_to_vec()
    }

    /// An Event in which the kubelet of a node reports that it started.
    fn kubelet_start(node: &str) -> Vec<u8> {
        let mut event = Event::decode(fake::event_about(node, 5).as_slice()).unwrap();
        "Node".clone_into(&mut event.involved_object.kind);
        "Starting".clone_into(&mut event.reason);
        "kubelet".clone_into(&mut event.source.component);
        event.encode_to_vec()
    }

    /// Opens a feed of the Job `pi`, whose Pod was lost with its node, until the Events about nodes are requested.
    async fn open() -> (FakeServer, Feed, fake::Call) {
        let (mut fake, cluster) = fake::start();
        let targets = vec![Target {
            resource: Resource::job(),
            scope: NamespaceScope::Namespace("ns".to_owned()),
            objects: Objects::Named(vec![Name { name: "pi".to_owned(), uid: None }]),
            need: Need::Required,
        }];
        let feed = open_feed(&cluster, Selection { targets, ..Selection::default() }, false);
        let [jobs, pods, events] = fake.calls(["/jobs?", "/pods?", "/events?"]).await;
        jobs.answer_list("9", &[fake::job("pi", 2)]).await;
        pods.answer_list("9", &[lost_pod()]).await;
        events.answer_list("9", &[]).await;
        let call = fake.next_call().await;
        assert!(call.uri.contains("/namespaces/default/events?"), "{}", call.uri);
        assert!(call.uri.contains("involvedObject.kind%3DNode%2Creason%3DStarting"), "{}", call.uri);
        (fake, feed, call)
    }

    /// Receives updates until the feed is synced. Returns the names of the objects, and the notices.
    async fn receive_all(feed: &mut Feed) -> (Vec<String>, Vec<String>) {
        let (mut names, mut notices) = (Vec::new(), Vec::new());
        loop {
            match feed.updates.recv().await {
                Some(Update::Observed(batch)) => {
                    names.extend(batch.iter().map(|seen| seen.object.metadata().name.clone()));
                }
                Some(Update::Notice(notice)) => notices.push(notice),
                Some(Update::Progress(_)) => {}
                Some(Update::Synced) => return (names, notices),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_starts_of_the_node_of_a_lost_container_are_read_before_the_end_of_the_lists() {
        let (mut fake, mut feed, starting) = open().await;
        starting.answer_list("9", &[kubelet_start("node-1"), kubelet_start("node-2")]).await;
        let rebooted = fake.next_call().await;
        assert!(rebooted.uri.contains("reason%3DRebooted"), "{}", rebooted.uri);
        rebooted.answer_list("9", &[]).await;
        let (names, notices) = receive_all(&mut feed).await;
        assert_eq!(names, ["pi", "pi-aaaaa", "node-1.1"]);
        assert!(notices.is_empty(), "{notices:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_right_to_read_events_of_nodes_costs_one_line() {
        let (_fake, mut feed, starting) = open().await;
        starting.answer_error(403, "Forbidden", "events is forbidden").await;
        let (names, notices) = receive_all(&mut feed).await;
        assert_eq!(names, ["pi", "pi-aaaaa"]);
        let [notice] = &notices[..] else { panic!("{notices:?}") };
        assert!(notice.contains("namespace default") && !notice.contains('\n'), "{notice}");
    }
}
