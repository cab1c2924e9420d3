//! Resource versions that are read before a change. A watch that begins at such a version delivers every consequence of
//! the change.

use std::collections::HashMap;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::errors::explain_request_error;
use crate::source::cluster::api::request::Query;
use crate::source::error::SourceError;

/// The resource versions of collections by kind, all requested at the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResourceVersions(pub(crate) HashMap<Kind, String>);

/// Requests the current resource versions of the Jobs, Pods and Events in a namespace. A feed that is opened later with
/// these versions also reports the changes since this request, if the server still has these changes.
///
/// # Errors
///
/// Jobs or Pods cannot be listed. It is not an error if Events cannot be listed: the result then has no version for
/// Events.
pub(crate) async fn fetch_resource_versions(
    cluster: &Cluster,
    namespace: &str,
) -> Result<ResourceVersions, SourceError> {
    let fetch = async |kind: Kind| {
        let query =
            Query { kind: kind.clone(), namespace: Some(namespace.to_owned()), labels: None, fields: None };
        let version = cluster.repeat_at_first(|| cluster.fetch_collection_version(&query)).await;
        version.map_err(|error| explain_request_error(error, &query.request_context(), &cluster.endpoint()))
    };
    let (jobs, pods, events) = tokio::join!(fetch(Kind::JOB), fetch(Kind::POD), fetch(Kind::EVENT));
    let mut versions = HashMap::from([(Kind::JOB, jobs?), (Kind::POD, pods?)]);
    versions.extend(events.ok().map(|version| (Kind::EVENT, version)));
    Ok(ResourceVersions(versions))
}
