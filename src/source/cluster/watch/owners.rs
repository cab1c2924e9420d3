//! What owns an object: asked for by metadata alone, for kinds that nobody watches.

use kube::api::GetParams;
use kube::client::APIGroupDiscovery;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::observation::{Owner, OwnerReference};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::discovery::{fetch_types, known_type, of_kind};
use crate::source::cluster::api::request::RESPONSE_TIMEOUT;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::ownership::Unresolved;

/// Owners of a cluster, and the types that it has, which are asked for at most once.
#[derive(Debug)]
pub(crate) struct Owners {
    cluster: Cluster,
    types: OnceCell<Vec<APIGroupDiscovery>>,
}

impl Owners {
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self { cluster, types: OnceCell::new() }
    }

    /// The owner, unless it is gone, may not be read, or cannot be had at all: then nothing belongs by it.
    pub(crate) async fn get(&self, asked: &Unresolved) -> Option<Owner> {
        let Unresolved { namespace, reference, .. } = asked;
        let resource = self.resource(reference).await?;
        let base = match resource.group.as_str() {
            "" => format!("/api/{}", resource.version),
            group => format!("/apis/{group}/{}", resource.version),
        };
        let path = if resource.namespaced {
            format!("{base}/namespaces/{namespace}/{}", resource.plural)
        } else {
            format!("{base}/{}", resource.plural)
        };
        let request = kube::core::Request::new(path);
        let request = request.get_metadata(&reference.name, &GetParams::default()).ok()?;
        let answer = timeout(RESPONSE_TIMEOUT, self.cluster.client.request::<Owner>(request)).await.ok()?;
        let mut owner = answer.ok()?;
        // The name may have been given anew.
        if owner.metadata.uid != reference.uid {
            return None;
        }
        owner.metadata.drop_unused();
        owner.api_version.clone_from(&reference.api_version);
        owner.kind.clone_from(&reference.kind);
        Some(owner)
    }

    async fn resource(&self, owner: &OwnerReference) -> Option<Resource> {
        // The Pods that a node has of itself: nobody owns a node.
        if owner.kind == "Node" && owner.api_version == "v1" {
            return None;
        }
        if let Some(resource) = known_type(&owner.api_version, &owner.kind) {
            return Some(resource);
        }
        let types = self.types.get_or_try_init(|| fetch_types(&self.cluster)).await.ok()?;
        of_kind(types, &owner.api_version, &owner.kind)
    }
}
