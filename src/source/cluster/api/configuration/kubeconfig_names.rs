//! The names in the kubeconfig, for completion.

use crate::source::cluster::api::configuration::connection::Connection;
use crate::source::cluster::api::configuration::kubeconfig::read_kubeconfig;

/// The names of the entries of the kubeconfig.
#[derive(Debug, Default)]
pub(crate) struct KubeconfigNames {
    /// The contexts, each with its cluster and namespace as the description.
    pub contexts: Vec<(String, String)>,
    /// The clusters, each with its server as the description.
    pub clusters: Vec<(String, String)>,
    pub users: Vec<String>,
}

impl KubeconfigNames {
    /// Reads the names. Returns no names if the kubeconfig cannot be read.
    pub(crate) fn read(connection: &Connection) -> Self {
        let Ok(Some(kubeconfig)) = read_kubeconfig(connection) else { return Self::default() };
        let contexts = kubeconfig.contexts.into_iter().map(|named| {
            let context = named.context.unwrap_or_default();
            let namespace = context.namespace.map(|name| format!(", namespace {name}")).unwrap_or_default();
            (named.name, format!("cluster {}{namespace}", context.cluster))
        });
        let clusters = kubeconfig.clusters.into_iter().map(|named| {
            let server = named.cluster.and_then(|cluster| cluster.server).unwrap_or_default();
            (named.name, server)
        });
        Self {
            contexts: contexts.collect(),
            clusters: clusters.collect(),
            users: kubeconfig.auth_infos.into_iter().map(|named| named.name).collect(),
        }
    }
}
