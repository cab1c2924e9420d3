//! The connection: kubectl's global flags and kubeconfig, made into a client as kubectl would.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use jiff::SignedDuration;
use kube::config::{AuthInfo, Context, KubeConfigOptions, Kubeconfig, NamedContext};
use kube::{Client, Config};

use super::errors::{self, Place};
use super::kuberc;
use super::offset::ClockOffset;
use crate::source::clock::Clock;
use crate::source::error::{ErrorKind, SourceError};

/// The global flags of kubectl that concern the connection, as the user typed them.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`.
    pub cluster: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `-n`, `--namespace`.
    pub namespace: Option<String>,
    /// `-s`, `--server`.
    pub server: Option<String>,
    /// `--token`; never shown.
    pub token: Option<String>,
    /// `--username`; deprecated by kubectl.
    pub username: Option<String>,
    /// `--password`; deprecated by kubectl, never shown.
    pub password: Option<String>,
    /// `--client-certificate`.
    pub client_certificate: Option<String>,
    /// `--client-key`.
    pub client_key: Option<String>,
    /// `--certificate-authority`.
    pub certificate_authority: Option<String>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `--tls-server-name`.
    pub tls_server_name: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-uid`.
    pub impersonate_uid: Option<String>,
    /// `--as-group`, as often as it was given.
    pub impersonate_groups: Vec<String>,
    /// `--as-user-extra`, as often as it was given: `KEY=VALUE`.
    pub impersonate_user_extra: Vec<String>,
    /// `--request-timeout`: seconds, or a duration with units; `0` is none.
    pub request_timeout: Option<String>,
    /// `--disable-compression`; by default what comes from this machine itself is not compressed.
    pub disable_compression: Option<bool>,
    /// `--cache-dir`; handed on only.
    pub cache_dir: Option<PathBuf>,
    /// `--kuberc`; what it says of credential plugins counts here too.
    pub kuberc: Option<PathBuf>,
}

/// Shows nothing that could be a secret.
impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("context", &self.context)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The same flags, to hand on to kubectl: exactly what the user gave, nothing that was resolved.
    pub(crate) fn kubectl_args(&self) -> Vec<OsString> {
        let mut args = Vec::new();
        let mut push = |flag: &str, value: &dyn AsRef<std::ffi::OsStr>| {
            let mut arg = OsString::from(flag);
            arg.push("=");
            arg.push(value.as_ref());
            args.push(arg);
        };
        for (flag, path) in
            [("--kubeconfig", &self.kubeconfig), ("--cache-dir", &self.cache_dir), ("--kuberc", &self.kuberc)]
        {
            if let Some(path) = path {
                push(flag, path);
            }
        }
        for (flag, value) in [
            ("--context", &self.context),
            ("--cluster", &self.cluster),
            ("--user", &self.user),
            ("--namespace", &self.namespace),
            ("--server", &self.server),
            ("--token", &self.token),
            ("--username", &self.username),
            ("--password", &self.password),
            ("--client-certificate", &self.client_certificate),
            ("--client-key", &self.client_key),
            ("--certificate-authority", &self.certificate_authority),
            ("--tls-server-name", &self.tls_server_name),
            ("--as", &self.impersonate),
            ("--as-uid", &self.impersonate_uid),
            ("--request-timeout", &self.request_timeout),
        ] {
            if let Some(value) = value {
                push(flag, value);
            }
        }
        for group in &self.impersonate_groups {
            push("--as-group", group);
        }
        for extra in &self.impersonate_user_extra {
            push("--as-user-extra", extra);
        }
        for (flag, set) in [
            ("--insecure-skip-tls-verify", self.insecure_skip_tls_verify),
            ("--disable-compression", self.disable_compression == Some(true)),
        ] {
            if set {
                push(flag, &"true");
            }
        }
        args
    }

    /// How long a request may take.
    fn timeout(&self) -> Result<Option<Duration>, SourceError> {
        let Some(text) = self.request_timeout.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let seconds = text.parse::<i64>().map(SignedDuration::from_secs);
        let duration =
            seconds.ok().or_else(|| text.parse().ok()).and_then(|span| Duration::try_from(span).ok());
        match duration {
            Some(duration) => Ok((!duration.is_zero()).then_some(duration)),
            None => Err(SourceError::new(ErrorKind::Usage, format!("invalid --request-timeout \"{text}\""))
                .hint("Give a number of seconds or a duration such as `1s`, `2m`, `3h`; `0` is no limit.")),
        }
    }

    /// Puts the flags in place of what the kubeconfig says, as kubectl does.
    fn override_kubeconfig(&self, config: &mut Kubeconfig) -> Result<KubeConfigOptions, SourceError> {
        let context =
            self.context.clone().or_else(|| config.current_context.clone()).filter(|name| !name.is_empty());
        // `--server` alone is enough for kubectl.
        let context = match context {
            Some(context) => context,
            None if self.server.is_some() || self.cluster.is_some() => {
                let (name, context) = (
                    String::from("kubectl-seq"),
                    Some(Context { cluster: self.cluster.clone().unwrap_or_default(), ..Context::default() }),
                );
                config.contexts.push(NamedContext { name: name.clone(), context, ..NamedContext::default() });
                name
            }
            None => return Err(errors::kubeconfig(&kube::config::KubeconfigError::CurrentContextNotSet)),
        };
        let (default_cluster, default_user) = config
            .contexts
            .iter()
            .find(|named| named.name == context)
            .and_then(|named| named.context.as_ref())
            .map(|found| (found.cluster.clone(), found.user.clone()))
            .ok_or_else(|| {
                errors::kubeconfig(&kube::config::KubeconfigError::LoadContext(context.clone()))
            })?;
        let cluster = self.cluster.clone().unwrap_or(default_cluster);
        let user = self.user.clone().or(default_user).unwrap_or_default();
        if let Some(user) = &self.user
            && !config.auth_infos.iter().any(|named| named.name == *user)
        {
            return Err(SourceError::new(
                ErrorKind::Connection,
                format!("auth info \"{user}\" does not exist"),
            )
            .hint("`kubectl config get-users` lists the users there are."));
        }
        self.override_cluster(config, &cluster);
        self.override_user(config, &user)?;
        Ok(KubeConfigOptions { context: Some(context), cluster: Some(cluster), user: Some(user) })
    }

    fn override_cluster(&self, config: &mut Kubeconfig, name: &str) {
        let at = config.clusters.iter().position(|named| named.name == name);
        let at = at.unwrap_or_else(|| {
            if self.server.is_some() {
                config
                    .clusters
                    .push(kube::config::NamedCluster { name: name.to_owned(), ..Default::default() });
            }
            config.clusters.len().saturating_sub(1)
        });
        let Some(named) = config.clusters.get_mut(at).filter(|named| named.name == name) else { return };
        let cluster = named.cluster.get_or_insert_default();
        if let Some(server) = &self.server {
            // kubectl takes `localhost:8080` too.
            let server = if server.contains("://") { server.clone() } else { format!("http://{server}") };
            cluster.server = Some(server);
        }
        if self.insecure_skip_tls_verify || self.certificate_authority.is_some() {
            cluster.insecure_skip_tls_verify = Some(self.insecure_skip_tls_verify);
            cluster.certificate_authority.clone_from(&self.certificate_authority);
            cluster.certificate_authority_data = None;
        }
        if self.server.is_some() || self.tls_server_name.is_some() {
            cluster.tls_server_name.clone_from(&self.tls_server_name);
        }
        if self.disable_compression.is_some() {
            cluster.disable_compression = self.disable_compression;
        }
    }

    fn override_user(&self, config: &mut Kubeconfig, name: &str) -> Result<(), SourceError> {
        let at = config.auth_infos.iter().position(|named| named.name == name);
        let at = at.unwrap_or_else(|| {
            config
                .auth_infos
                .push(kube::config::NamedAuthInfo { name: name.to_owned(), ..Default::default() });
            config.auth_infos.len() - 1
        });
        let user = config.auth_infos[at].auth_info.get_or_insert_default();
        // The client's own type of secrets, made the way it makes them itself.
        let secret = |field: &str, value: &str| -> Option<AuthInfo> {
            serde_json::from_value(serde_json::json!({ field: value })).ok()
        };
        if let Some(token) = &self.token {
            user.token = secret("token", token).and_then(|made| made.token);
            user.token_file = None;
            (user.username, user.password, user.auth_provider, user.exec) = (None, None, None, None);
        }
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            user.username = Some(username.clone());
            user.password = secret("password", password).and_then(|made| made.password);
            (user.token, user.token_file, user.auth_provider, user.exec) = (None, None, None, None);
        }
        if self.client_certificate.is_some() {
            user.client_certificate.clone_from(&self.client_certificate);
            user.client_certificate_data = None;
        }
        if self.client_key.is_some() {
            user.client_key.clone_from(&self.client_key);
            user.client_key_data = None;
        }
        if self.impersonate.is_some() {
            user.impersonate.clone_from(&self.impersonate);
            user.impersonate_uid.clone_from(&self.impersonate_uid);
            user.impersonate_groups = Some(self.impersonate_groups.clone());
            let mut extra = std::collections::HashMap::<String, Vec<String>>::new();
            for pair in &self.impersonate_user_extra {
                let Some((key, value)) = pair.split_once('=') else {
                    return Err(SourceError::new(
                        ErrorKind::Usage,
                        format!("invalid --as-user-extra \"{pair}\""),
                    )
                    .hint("Give it as `KEY=VALUE`."));
                };
                extra.entry(key.to_owned()).or_default().push(value.to_owned());
            }
            user.impersonate_user_extra = Some(extra);
        } else if self.impersonate_uid.is_some()
            || !self.impersonate_groups.is_empty()
            || !self.impersonate_user_extra.is_empty()
        {
            return Err(SourceError::new(
                ErrorKind::Usage,
                "requesting uid, groups or user-extra without impersonating a user",
            )
            .hint("Give `--as USER` too."));
        }
        Ok(())
    }
}

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
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| errors::kubeconfig(&error))?;
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
    let client = Client::try_from(config).map_err(|error| errors::client(&error))?;
    Ok(Cluster::new(client, namespace, Place { server, context }, request_timeout))
}

/// The kubeconfig that kubectl would read: the flag's file, or the merged files of `KUBECONFIG` that exist, or
/// `~/.kube/config` if it exists.
fn read_kubeconfig(connection: &Connection) -> Result<Option<Kubeconfig>, SourceError> {
    let read = |path: &PathBuf| Kubeconfig::read_from(path).map_err(|error| errors::kubeconfig(&error));
    if let Some(path) = connection.kubeconfig.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return read(path).map(Some);
    }
    let listed = env::var_os("KUBECONFIG").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        paths.extend(env::home_dir().map(|home| home.join(".kube").join("config")));
    }
    let mut merged: Option<Kubeconfig> = None;
    let exist: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    if exist.is_empty() && !listed.is_empty() && env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        // The user named files and none of them is there: say which.
        paths.first().map(read).transpose()?;
    }
    for path in &exist {
        let next = read(path)?;
        merged = Some(match merged {
            Some(first) => first.merge(next).map_err(|error| errors::kubeconfig(&error))?,
            None => next,
        });
    }
    Ok(merged)
}

/// The service account of the Pod that we run in.
fn in_cluster_config(connection: &Connection) -> Result<Config, SourceError> {
    let mut config = Config::incluster().map_err(|error| {
        SourceError::new(ErrorKind::Connection, format!("this Pod's service account cannot be used: {error}"))
            .hint("Set `KUBECONFIG`, or give the Pod a service account with a mounted token.")
    })?;
    let mut kubeconfig = Kubeconfig::default();
    connection.override_user(&mut kubeconfig, "")?;
    if let Some(given) = kubeconfig.auth_infos.pop().and_then(|named| named.auth_info) {
        if given.token.is_some() {
            (config.auth_info.token, config.auth_info.token_file) = (given.token, None);
        }
        config.auth_info.impersonate = given.impersonate;
        config.auth_info.impersonate_uid = given.impersonate_uid;
        config.auth_info.impersonate_groups = given.impersonate_groups;
        config.auth_info.impersonate_user_extra = given.impersonate_user_extra;
    }
    Ok(config)
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
#[path = "connect_tests.rs"]
mod tests;
