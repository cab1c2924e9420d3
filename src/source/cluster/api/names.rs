//! Reads the names of objects. A single request fetches only the metadata of the objects.

use std::time::Duration;

use kube::api::ListParams;
use serde::Deserialize;
use tokio::time::timeout;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::resource::Resource;

/// Maximum number of names for completion. A shell cannot usefully show more.
const MAX_NAMES: u32 = 500;

/// Maximum number of bytes of the answer. The metadata of an object can contain large annotations.
const MAX_BYTES: usize = 16 << 20;

/// Maximum time to wait for the names for completion. While the shell waits, the user cannot type.
const NAMES_TIMEOUT: Duration = Duration::from_secs(2);

/// The fields of a `PartialObjectMetadataList` that are read.
#[derive(Deserialize)]
struct MetadataList {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

/// Returns the names of at most `limit` objects in the collection at `path`.
///
/// # Errors
///
/// The server refuses the request or cannot be reached, or its answer is no list of metadata.
pub(crate) async fn list_names(
    cluster: &Cluster,
    path: &str,
    limit: u32,
) -> Result<Vec<String>, RequestError> {
    let parameters = ListParams { limit: Some(limit), ..ListParams::default() };
    let request = kube::core::Request::new(path).list_metadata(&parameters);
    let request = request.map_err(|error| RequestError::Unreachable(kube::Error::BuildRequest(error)))?;
    let list: MetadataList = cluster.fetch_json(request, MAX_BYTES).await?;
    Ok(list.items.into_iter().map(|item| item.metadata.name).collect())
}

/// Returns the names of the objects of a type, in the cluster's namespace if the type has namespaces. Returns no names
/// if the server refuses the request or does not answer within two seconds.
pub(crate) async fn fetch_names(cluster: &Cluster, resource: &Resource) -> Vec<String> {
    let base = if resource.group.is_empty() { "/api" } else { "/apis" };
    let namespace =
        if resource.namespaced { format!("namespaces/{}/", cluster.namespace) } else { String::new() };
    let path = format!("{base}/{}/{namespace}{}", resource.api_version(), resource.plural);
    match timeout(NAMES_TIMEOUT, list_names(cluster, &path, MAX_NAMES)).await {
        Ok(Ok(names)) => names,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cluster::api::fake;

    #[tokio::test]
    async fn one_request_asks_for_the_metadata_of_a_limited_number_of_objects() {
        let (mut server, cluster) = fake::start();
        let names = tokio::spawn(async move { fetch_names(&cluster, &Resource::job()).await });
        let call = server.next_call().await;
        let is_expected = |part: &str| call.uri.contains(part);
        assert!(is_expected("/apis/batch/v1/namespaces/") && is_expected("/jobs?"), "{}", call.uri);
        assert!(is_expected("limit=500"), "{}", call.uri);
        assert!(call.accept.contains("as=PartialObjectMetadataList"), "{}", call.accept);
        let body = r#"{"items":[{"metadata":{"name":"alpha","uid":"1"}},{"metadata":{"name":"beta"}}]}"#;
        call.answer(200, "application/json", body).await;
        assert_eq!(names.await.unwrap(), ["alpha", "beta"]);
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_user_without_names() {
        let (mut server, cluster) = fake::start();
        let names = tokio::spawn(async move { fetch_names(&cluster, &Resource::node()).await });
        let call = server.next_call().await;
        assert!(call.uri.starts_with("/api/v1/nodes?"), "{}", call.uri);
        call.answer_error(403, "Forbidden", "nodes is forbidden").await;
        assert!(names.await.unwrap().is_empty());
    }
}
