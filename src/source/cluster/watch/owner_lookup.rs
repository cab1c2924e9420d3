//! Requests owners of kinds that no watch reads.

use kube::api::GetParams;
use kube::client::APIGroupDiscovery;
use tokio::sync::OnceCell;

use crate::observation::{Owner, OwnerReference};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::message::MAX_OBJECT_BYTES;
use crate::source::cluster::api::discovery::{fetch_types, find_type_of_kind, known_type_of_kind};
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::ownership::UnresolvedOwner;

/// Requests the metadata of owners. Fetches the cluster's list of types only for an owner whose type is not built in,
/// and keeps the list once a fetch has succeeded.
#[derive(Debug)]
pub(crate) struct OwnerLookup {
    cluster: Cluster,
    types: OnceCell<Vec<APIGroupDiscovery>>,
}

impl OwnerLookup {
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self { cluster, types: OnceCell::new() }
    }

    /// Requests the metadata of an owner. Returns `None` if the owner does not exist any more, if the user may not
    /// read it, or if the request fails for another reason that is not temporary. The objects that it owns are then
    /// not shown.
    pub(crate) async fn fetch_owner(&self, wanted: &UnresolvedOwner) -> Option<Owner> {
        let UnresolvedOwner { namespace, reference, .. } = wanted;
        let resource = self.find_resource(reference).await?;
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
        // A request that fails for a moment is repeated, because a Pod whose owner is unknown is not shown at all.
        let fetch = || self.cluster.fetch_json::<Owner>(request.clone(), MAX_OBJECT_BYTES);
        let mut owner = self.cluster.repeat_at_first(fetch).await.ok()?;
        // The owner may have been replaced by another object with the same name.
        if owner.metadata.uid != reference.uid {
            return None;
        }
        owner.metadata.drop_unused();
        owner.api_version.clone_from(&reference.api_version);
        owner.kind.clone_from(&reference.kind);
        Some(owner)
    }

    /// Finds the type of an owner. Returns `None` for nodes, for types that the cluster does not have, and if the
    /// list of types cannot be fetched.
    async fn find_resource(&self, owner: &OwnerReference) -> Option<Resource> {
        // Static Pods are owned by their node. A node has no owner itself, so a lookup would never lead to a workload.
        if owner.kind == "Node" && owner.api_version == "v1" {
            return None;
        }
        if let Some(resource) = known_type_of_kind(&owner.api_version, &owner.kind) {
            return Some(resource);
        }
        let types = self.types.get_or_try_init(|| fetch_types(&self.cluster)).await.ok()?;
        find_type_of_kind(types, &owner.api_version, &owner.kind)
    }
}
