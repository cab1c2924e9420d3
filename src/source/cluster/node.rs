//! A node that the user named: the selection of the Pods that ran on the node, and the check that the node exists.

use kube::api::GetParams;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::api::similar::is_missing;
use crate::source::cluster::watch::target::{NamespaceScope, Need, Objects, Target};
use crate::source::error::{ErrorKind, SourceError};

/// Returns the field selector of the Pods that the scheduler has bound to a node.
fn field_selector(node: &str) -> String {
    format!("spec.nodeName={node}")
}

/// Returns the Pods of a node as a target.
pub(crate) fn target_pods_of_node(node: &str, scope: NamespaceScope) -> Target {
    let objects = Objects::Matching { labels: None, fields: Some(field_selector(node)) };
    Target { resource: Resource::pod(), scope, objects, need: Need::Required }
}

/// Checks that a node exists or has Pods. A node that no longer exists may still have Pods.
///
/// # Errors
///
/// The node does not exist and has no Pods. If the node or its Pods cannot be requested, this function returns no
/// error, because the feed then reports the reason.
pub(crate) async fn require_node(
    cluster: &Cluster,
    node: &str,
    scope: &NamespaceScope,
) -> Result<(), SourceError> {
    let Ok(request) = kube::core::Request::new("/api/v1/nodes").get_metadata(node, &GetParams::default())
    else {
        return Ok(());
    };
    if !is_missing(cluster, request).await {
        return Ok(());
    }
    let namespace = match scope {
        NamespaceScope::Namespace(namespace) => Some(namespace.clone()),
        NamespaceScope::All => None,
    };
    let query = Query { kind: Kind::POD, namespace, labels: None, fields: Some(field_selector(node)) };
    if !matches!(cluster.repeat_at_first(|| cluster.fetch_count(&query)).await, Ok(Some(0))) {
        return Ok(());
    }
    let error = SourceError::new(ErrorKind::NotFound, format!("nodes \"{node}\" not found"));
    Err(error.hint("List the nodes with `kubectl get nodes`."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::Seen;
    use crate::source::Update;
    use crate::source::cluster::api::fake;
    use crate::source::cluster::watch::follow::open_feed;
    use crate::source::cluster::watch::target::Selection;

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_is_bound_to_the_node_during_a_watch_was_not_created_just_then() {
        let (mut fake, cluster) = fake::start();
        let targets = vec![target_pods_of_node("node-1", NamespaceScope::All)];
        let mut feed = open_feed(&cluster, Selection { targets, since: None, forgets_gone: false }, true);
        let [pods, events, creations] =
            fake.calls(["/pods?", "involvedObject.kind%3DPod", "reason%3DSuccessfulCreate"]).await;
        assert!(pods.uri.starts_with("/api/v1/pods?"), "{}", pods.uri);
        assert!(pods.uri.contains("fieldSelector=spec.nodeName%3Dnode-1"), "{}", pods.uri);
        pods.answer_list("5", &[]).await;
        events.answer_list("5", &[]).await;
        creations.answer_list("5", &[]).await;
        let [pods, _events, _creations] =
            fake.calls(["/pods?", "involvedObject.kind%3DPod", "reason%3DSuccessfulCreate"]).await;
        let mut watch = pods.answer_head(200, "application/json");
        let pod = json!({"metadata": {"name": "p", "namespace": "ns", "uid": "u", "resourceVersion": "6",
            "creationTimestamp": cluster.clock.now()}});
        let added = format!("{}\n", json!({"type": "ADDED", "object": pod}));
        watch.send_data(added.into()).await.unwrap();
        loop {
            match feed.updates.recv().await {
                Some(Update::Observed(batch)) => {
                    assert_eq!(batch[0].seen, Seen::Changed);
                    break;
                }
                Some(Update::Progress(_) | Update::Synced) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_does_not_exist_is_an_error_only_if_it_has_no_pods() {
        for (pods, is_found) in [(vec![], false), (vec![fake::pod("p", 1)], true)] {
            let (mut fake, cluster) = fake::start();
            let answers = async {
                let node = fake.next_call().await;
                assert!(node.uri.starts_with("/api/v1/nodes/node-9"), "{}", node.uri);
                node.answer_error(404, "NotFound", "nodes \"node-9\" not found").await;
                fake.next_call().await.answer_list("5", &pods).await;
            };
            let (result, ()) = tokio::join!(require_node(&cluster, "node-9", &NamespaceScope::All), answers);
            assert_eq!(result.err().map(|error| error.kind), (!is_found).then_some(ErrorKind::NotFound));
        }
        // The user may not read nodes, but may read Pods.
        let (mut fake, cluster) = fake::start();
        let answers = async {
            fake.next_call().await.answer_error(403, "Forbidden", "nodes is forbidden").await;
        };
        let (result, ()) = tokio::join!(require_node(&cluster, "node-1", &NamespaceScope::All), answers);
        assert!(result.is_ok());
    }
}
