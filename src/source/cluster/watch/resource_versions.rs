//! Resource versions from before a change. A watch that begins at them misses no consequence of the change.

use std::collections::HashMap;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::explain_request_error;
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::error::SourceError;

/// The resource versions of collections at the same moment, by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceVersions(pub(crate) HashMap<Kind, String>);

/// Requests the current resource versions of Jobs, Pods and Events, so that a feed opened later reports every change since.
///
/// # Errors
///
/// Jobs or Pods cannot be listed. If Events cannot be listed, their version is left out.
pub(crate) async fn fetch_resource_versions(
    cluster: &Cluster,
    namespace: &str,
) -> Result<ResourceVersions, SourceError> {
    let fetch = async |kind: Kind| {
        let query =
            Query { kind: kind.clone(), namespace: Some(namespace.to_owned()), labels: None, fields: None };
        let version = cluster.collection_version(&query).await;
        version.map_err(|error| explain_request_error(error, &query.request_context(), &cluster.endpoint()))
    };
    let (jobs, pods, events) = tokio::join!(fetch(Kind::JOB), fetch(Kind::POD), fetch(Kind::EVENT));
    let mut versions = HashMap::from([(Kind::JOB, jobs?), (Kind::POD, pods?)]);
    versions.extend(events.ok().map(|version| (Kind::EVENT, version)));
    Ok(ResourceVersions(versions))
}
