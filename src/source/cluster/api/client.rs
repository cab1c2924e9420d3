//! The connection: kubectl's global flags and kubeconfig, made into a client as kubectl would.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use kube::config::Kubeconfig;
use kube::{Client, Config};

use crate::source::clock::Clock;
use crate::source::cluster::api::clock_offset::ClockOffset;
use crate::source::cluster::api::connection::Connection;
use crate::source::cluster::api::errors;
use crate::source::cluster::api::errors::Place;
use crate::source::cluster::api::kubeconfig::{in_cluster_config, read_kubeconfig};
use crate::source::cluster::api::kuberc;
use crate::source::error::SourceError;

/// A cluster that can be asked: the client and what belongs to it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// The default namespace: flag, else context, else `default`.
    pub namespace: String,
    /// Name of the context; `None` inside a cluster.
    pub context: Option<String>,
    /// Address of the API server.
    pub server: String,
    /// The API server's clock.
    pub clock: Clock,
    pub(crate) client: Client,
    pub(crate) offset: ClockOffset,
    /// Limit of a list or get; not of a watch.
    pub(crate) request_timeout: Option<Duration>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("context", &self.context)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    pub(crate) fn new(
        client: Client,
        namespace: String,
        place: Place,
        request_timeout: Option<Duration>,
    ) -> Self {
        let offset = ClockOffset::default();
        Self {
            namespace,
            context: place.context,
            server: place.server,
            clock: Clock::Server(offset.shared()),
            client,
            offset,
            request_timeout,
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place { server: self.server.clone(), context: self.context.clone() }
    }
}

/// Makes a client of the flags and the kubeconfig. Asks the server nothing; runs the kubeconfig's credential plugin.
///
/// # Errors
///
/// No kubeconfig, no such context, unusable credentials; nothing that only the server could say.
pub(crate) async fn connect(connection: &Connection) -> Result<Cluster, SourceError> {
    let request_timeout = connection.timeout()?;
    let kubeconfig = read_kubeconfig(connection)?;
    let in_cluster = kubeconfig.is_none() && env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let (mut config, context) = if in_cluster && connection.server.is_none() {
        (in_cluster_config(connection)?, None)
    } else {
        let mut kubeconfig = match kubeconfig {
            Some(kubeconfig) => kubeconfig,
            None if connection.server.is_some() => Kubeconfig::default(),
            None => return Err(errors::no_kubeconfig()),
        };
        let options = connection.override_kubeconfig(&mut kubeconfig)?;
        let user = kubeconfig.auth_infos.iter().find(|named| Some(&named.name) == options.user.as_ref());
        let exec = user.and_then(|user| user.auth_info.as_ref()?.exec.as_ref()?.command.as_deref());
        if let Some(plugin) = exec {
            kuberc::permits(connection.kuberc.as_ref(), plugin)?;
        }
        let context = options.context.clone();
        let config =
            Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(errors::kubeconfig)?;
        (config, context)
    };
    // Whether and when to ask again is decided where it is known what was asked for.
    config.default_retry = false;
    // Over a network the answers are what takes time; within a machine compressing them would.
    if connection.disable_compression.is_none() {
        config.disable_compression |= is_loopback(&config.cluster_url);
    }
    let server = address(&config.cluster_url);
    let namespace = connection
        .namespace
        .clone()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| config.default_namespace.clone());
    let client = Client::try_from(config).map_err(errors::client)?;
    Ok(Cluster::new(client, namespace, Place { server, context }, request_timeout))
}

/// Whether the server is this machine.
fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

/// The server's address without credentials, query and final slash.
fn address(url: &Uri) -> String {
    let host = url.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or(""));
    let scheme = url.scheme_str().unwrap_or("https");
    format!("{scheme}://{host}{}", url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests;
