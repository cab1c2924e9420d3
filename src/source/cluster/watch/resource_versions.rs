//! Resource versions of collections from before a change, so that a later watch misses nothing of it.

use std::collections::HashMap;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::explain_request_error;
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::error::SourceError;

/// How far each collection was at some moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceVersions(pub(crate) HashMap<Kind, String>);

/// Asks how far Jobs, Pods and Events are, so that a later [`open`] can tell what has happened since.
///
/// # Errors
///
/// As a first list of Jobs or Pods; Events are left out if they may not be listed.
pub(crate) async fn fetch_resource_versions(
    cluster: &Cluster,
    namespace: &str,
) -> Result<ResourceVersions, SourceError> {
    let ask = async |kind: Kind| {
        let query =
            Query { kind: kind.clone(), namespace: Some(namespace.to_owned()), labels: None, fields: None };
        let version = cluster.collection_version(&query).await;
        version
            .map_err(|failure| explain_request_error(failure, &query.request_context(), &cluster.endpoint()))
    };
    let (jobs, pods, events) = tokio::join!(ask(Kind::JOB), ask(Kind::POD), ask(Kind::EVENT));
    let mut versions = HashMap::from([(Kind::JOB, jobs?), (Kind::POD, pods?)]);
    versions.extend(events.ok().map(|version| (Kind::EVENT, version)));
    Ok(ResourceVersions(versions))
}
