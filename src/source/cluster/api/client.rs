//! Creates the client of a cluster from the connection flags and the kubeconfig, in the same way as kubectl.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use kube::config::Kubeconfig;
use tokio::time::sleep;

use crate::source::clock::Clock;
use crate::source::cluster::api::clock_offset::ClockOffset;
use crate::source::cluster::api::configuration::connection::Connection;
use crate::source::cluster::api::configuration::kubeconfig::{
    build_config, in_cluster_config, read_kubeconfig,
};
use crate::source::cluster::api::configuration::kuberc;
use crate::source::cluster::api::configuration::proxy::{ProxyVariables, parse_proxy_url};
use crate::source::cluster::api::credentials::Credentials;
use crate::source::cluster::api::credentials::plugin::CredentialPlugin;
use crate::source::cluster::api::errors;
use crate::source::cluster::api::errors::{Endpoint, RequestError};
use crate::source::cluster::api::warnings::ServerWarnings;
use crate::source::cluster::retry::{FIRST_REQUEST_PATIENCE, FirstAttempts};
use crate::source::diagnostics;
use crate::source::error::SourceError;

/// Shows a line to the user who waits for an answer.
type Announcer = Arc<dyn Fn(&str) + Send + Sync>;

/// A cluster: its client, its address and its clock. A clone is cheap and shares the client and the clock.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// The namespace to use: from the flag, or else from the context, or else `default`.
    pub namespace: String,
    /// The namespace of a command without `-n`: from the context, or else `default`.
    pub context_namespace: String,
    /// Name of the kubeconfig's context. `None` for a Pod's service account.
    pub context: Option<String>,
    /// Address of the API server.
    pub server: String,
    /// Address of the proxy, without credentials. `None` for a direct connection.
    proxy: Option<String>,
    /// The API server's clock.
    pub clock: Clock,
    /// The client with the user's credentials.
    pub(crate) credentials: Arc<Credentials>,
    /// Measures the offset that `clock` uses.
    pub(crate) offset: ClockOffset,
    /// Shows a line when a first request is repeated. `None` if no user waits for it.
    announce: Option<Announcer>,
    /// Maximum number of objects in one answer to a list request, from `--chunk-size`. `None` for all at once.
    pub(crate) chunk_size: Option<u32>,
    /// The warnings that the server has sent.
    pub(crate) warnings: ServerWarnings,
    /// Maximum time of a list request, from `--request-timeout`. The limit does not apply to watches.
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
        credentials: Credentials,
        namespace: Option<String>,
        context_namespace: String,
        endpoint: Endpoint,
        request_timeout: Option<Duration>,
    ) -> Self {
        let offset = ClockOffset::default();
        Self {
            namespace: namespace.unwrap_or_else(|| context_namespace.clone()),
            context_namespace,
            context: endpoint.context,
            server: endpoint.server,
            proxy: endpoint.proxy,
            clock: Clock::Server { offset_millis: offset.shared_estimate() },
            credentials: Arc::new(credentials),
            offset,
            announce: None,
            chunk_size: None,
            warnings: ServerWarnings::default(),
            request_timeout,
        }
    }

    /// From now on, calls `announce` with one line when a first request, for which the user waits, must be repeated.
    #[must_use]
    pub(crate) fn announce_repetitions(self, announce: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { announce: Some(Arc::new(announce)), ..self }
    }

    /// From now on, requests lists in parts of this number of objects. 0 means all at once.
    #[must_use]
    pub(crate) fn with_chunk_size(self, chunk_size: u32) -> Self {
        Self { chunk_size: Some(chunk_size).filter(|size| *size > 0), ..self }
    }

    /// Sends a first request, for which the user waits. After a temporary fault, sends the request again, for
    /// [`Cluster::first_request_patience`].
    ///
    /// # Errors
    ///
    /// The fault is permanent, or the server has not answered the latest attempt.
    pub(crate) async fn repeat_at_first<T, F: Future<Output = Result<T, RequestError>>>(
        &self,
        request: impl Fn() -> F,
    ) -> Result<T, RequestError> {
        let patience = self.first_request_patience();
        let mut attempts = FirstAttempts::new(patience);
        let mut is_announced = false;
        loop {
            let failure = match request().await {
                Err(failure) if failure.is_temporary() => failure,
                answer => return answer,
            };
            let Some(pause) = attempts.next_pause(failure.retry_after()) else { return Err(failure) };
            diagnostics::log(5, || format!("trying again in {pause:?}: {}", failure.plain_reason()));
            if let Some(announce) =
                self.announce.as_ref().filter(|_| !std::mem::replace(&mut is_announced, true))
            {
                announce(&describe_repetition(&failure.plain_reason(), patience));
            }
            sleep(pause).await;
        }
    }

    /// Returns the time in which first requests are repeated after temporary faults.
    pub(crate) fn first_request_patience(&self) -> Duration {
        self.request_timeout.unwrap_or(FIRST_REQUEST_PATIENCE).min(FIRST_REQUEST_PATIENCE)
    }

    /// Returns the server's address and the context, for messages.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint { server: self.server.clone(), context: self.context.clone(), proxy: self.proxy.clone() }
    }
}

/// Returns the message that a first request failed for this reason and is repeated.
pub(crate) fn describe_repetition(reason: &str, patience: Duration) -> String {
    format!(
        "the API server cannot answer yet ({reason}): trying again for up to {} s",
        patience.as_secs_f64()
    )
}

/// Creates the client of the cluster that the flags and the kubeconfig name. Runs the kubeconfig's credential plugin,
/// but sends no request to the server.
///
/// # Errors
///
/// Returns an error if a flag is invalid, there is no kubeconfig, the context does not exist, or the credentials cannot
/// be used. A wrong address and other errors of the connection appear only with the first request.
pub(crate) async fn connect(connection: &Connection) -> Result<Cluster, SourceError> {
    let request_timeout = connection.parse_request_timeout()?;
    let kubeconfig = read_kubeconfig(connection)?;
    let in_cluster = kubeconfig.is_none() && env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let (mut config, proxy_url, context) = if in_cluster && connection.server.is_none() {
        (in_cluster_config(connection)?, connection.proxy_url.clone(), None)
    } else {
        let mut kubeconfig = match kubeconfig {
            Some(kubeconfig) => kubeconfig,
            None if connection.server.is_some() => Kubeconfig::default(),
            None => return Err(errors::missing_kubeconfig()),
        };
        let options = connection.override_kubeconfig(&mut kubeconfig)?;
        let context = options.context.clone();
        let (config, proxy_url) =
            build_config(kubeconfig, &options).map_err(errors::explain_kubeconfig_error)?;
        (config, proxy_url, context)
    };
    config.proxy_url = match proxy_url.filter(|url| !url.is_empty()) {
        Some(url) => Some(parse_proxy_url(&url)?),
        None => ProxyVariables::from_process().choose_proxy(&config.cluster_url)?,
    };
    let plugin = CredentialPlugin::take_from(&mut config.auth_info);
    if let Some(plugin) = &plugin {
        kuberc::check_credential_plugin(connection.kuberc.as_ref(), plugin.program())?;
    }
    // kube must not repeat failed requests, because the callers decide which requests to repeat and when.
    config.default_retry = false;
    // Compression saves time over a network, but costs time if the server runs on this machine.
    if connection.disable_compression.is_none() {
        config.disable_compression |= is_loopback(&config.cluster_url);
    }
    let server = printable_address(&config.cluster_url);
    let proxy = config.proxy_url.as_ref().map(printable_address);
    let namespace = connection.namespace.clone().filter(|name| !name.is_empty());
    let context_namespace = config.default_namespace.clone();
    let install_hint = plugin.as_ref().and_then(CredentialPlugin::install_hint).map(str::to_owned);
    let credentials = Credentials::obtain(config, plugin)
        .await
        .map_err(|error| errors::explain_credential_error(Arc::new(error), install_hint))?;
    let endpoint = Endpoint { server, context, proxy };
    diagnostics::log(1, || {
        let namespace = namespace.as_ref().unwrap_or(&context_namespace);
        format!("connecting to {} in namespace {namespace}", endpoint.description())
    });
    Ok(Cluster::new(credentials, namespace, context_namespace, endpoint, request_timeout))
}

/// Whether the host of `url` is `localhost` or a loopback address.
fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

/// Returns the server's address without credentials, query and final slash.
fn printable_address(url: &Uri) -> String {
    let host = url.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or(""));
    let scheme = url.scheme_str().unwrap_or("https");
    format!("{scheme}://{host}{}", url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests;
