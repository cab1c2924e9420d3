//! Finds the object that a user may have meant by a name that does not exist: one with a similar name, or of another
//! type.
//!
//! All requests here run after a failure, so failures of these requests are ignored.

use kube::api::GetParams;
use serde::de::IgnoredAny;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::message::MAX_OBJECT_BYTES;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::names::list_names;
use crate::source::cluster::api::pod_types::types_with_pods;
use crate::source::cluster::api::resource::Resource;
use crate::source::error::{ErrorKind, SourceError};
use crate::source::nearest::find_nearest;

/// The path of the collection of namespaces.
const NAMESPACES: &str = "/api/v1/namespaces";

/// Maximum number of names that are compared.
const MAX_NAMES: u32 = 2000;

/// Returns the name in the collection at `path` that has the fewest differences from `name`. `None` if no name is
/// similar or the request fails.
pub(crate) async fn find_similar_name(cluster: &Cluster, path: &str, name: &str) -> Option<String> {
    find_nearest(name, list_names(cluster, path, MAX_NAMES).await.ok()?)
}

/// Adds hints to an error about named objects that do not exist: a similar name, or an object of another type with the
/// same name. If their namespace does not exist, returns an error about the namespace. Returns other errors unchanged.
pub(crate) async fn explain_missing(cluster: &Cluster, error: SourceError) -> SourceError {
    let Some(missing) = error.missing.clone() else { return error };
    if let Some(namespace) = &missing.namespace
        && let Err(error) = require_namespace(cluster, namespace).await
    {
        return error;
    }
    let Some(name) = missing.names.first() else { return error };
    if let Some(namespace) = &missing.namespace
        && let Some(resource) = find_other_type(cluster, namespace, name, &missing.plural).await
    {
        return error.first_hint(hint_about_other_type(&resource, name));
    }
    match find_similar_name(cluster, &missing.path, name).await {
        Some(similar) => error.first_hint(format!("Did you mean {similar}?")),
        None => error,
    }
}

/// Returns the hint that an object with this name exists, and the command that shows this object.
pub(crate) fn hint_about_other_type(resource: &Resource, name: &str) -> String {
    let kind = &resource.kind;
    format!("{name} is the name of a {kind}: `kubectl seq get {}/{name}` shows it.", kind.to_lowercase())
}

/// Checks that a namespace exists. If it does not, the error names a similar namespace.
///
/// # Errors
///
/// The namespace does not exist. If the namespace cannot be requested, for example because the user may not read it,
/// this function returns no error.
pub(crate) async fn require_namespace(cluster: &Cluster, namespace: &str) -> Result<(), SourceError> {
    let Ok(request) = kube::core::Request::new(NAMESPACES).get_metadata(namespace, &GetParams::default())
    else {
        return Ok(());
    };
    if !is_missing(cluster, request).await {
        return Ok(());
    }
    let error = SourceError::new(ErrorKind::NotFound, format!("namespaces \"{namespace}\" not found"));
    let error = error.hint("List the namespaces with `kubectl get namespaces`.");
    Err(match find_similar_name(cluster, NAMESPACES, namespace).await {
        Some(similar) => error.first_hint(format!("Did you mean {similar}?")),
        None => error,
    })
}

/// Whether the server answers that the requested object does not exist.
pub(crate) async fn is_missing(cluster: &Cluster, request: http::Request<Vec<u8>>) -> bool {
    let fetch = || cluster.fetch_json::<IgnoredAny>(request.clone(), MAX_OBJECT_BYTES);
    let answer = cluster.repeat_at_first(fetch).await;
    matches!(answer, Err(RequestError::Refused(status)) if status.code == 404)
}

/// Returns the type of Kubernetes, other than `except`, that has an object with this name and runs Pods.
pub(crate) async fn find_other_type(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    except: &str,
) -> Option<Resource> {
    for (resource, _) in types_with_pods().filter(|(resource, _)| resource.plural != except) {
        let path = resource.path(Some(namespace));
        let Ok(request) = kube::core::Request::new(path).get_metadata(name, &GetParams::default()) else {
            continue;
        };
        if cluster.fetch_json::<IgnoredAny>(request, MAX_OBJECT_BYTES).await.is_ok() {
            return Some(resource);
        }
    }
    None
}
