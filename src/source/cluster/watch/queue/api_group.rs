//! Finds the version of an API group that the server prefers.

use serde::Deserialize;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;

/// Maximum number of bytes of the description of a group.
const MAX_GROUP_BYTES: usize = 1 << 20;

/// `metav1.APIGroup`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ApiGroup {
    preferred_version: GroupVersion,
    versions: Vec<GroupVersion>,
}

/// `metav1.GroupVersionForDiscovery`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupVersion {
    version: String,
}

/// Requests the version of the group that the server prefers, for example `v1beta2`. `None` if the server has none.
///
/// # Errors
/// The group does not exist, or the request fails.
pub(crate) async fn fetch_preferred_version(
    cluster: &Cluster,
    group: &str,
) -> Result<Option<String>, RequestError> {
    let fetch = || {
        let request = http::Request::get(format!("/apis/{group}")).body(Vec::new());
        async { cluster.fetch_json::<ApiGroup>(request.unwrap_or_default(), MAX_GROUP_BYTES).await }
    };
    let ApiGroup { preferred_version, versions } = cluster.repeat_at_first(fetch).await?;
    let known = [preferred_version].into_iter().chain(versions).map(|version| version.version);
    Ok(known.into_iter().find(|version| !version.is_empty()))
}
