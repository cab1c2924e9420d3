//! Reads the kubeconfig and overrides its values by flags, in the same way as kubectl.

use std::path::PathBuf;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError, NamedContext,
};

use crate::source::cluster::api::configuration::connection::Connection;
use crate::source::cluster::api::errors;
use crate::source::error::{ErrorKind, SourceError};
use crate::source::nearest::find_nearest;

impl Connection {
    /// Overrides the values of `config` by the flags. Returns the names of the context, the cluster and the user to
    /// use.
    ///
    /// # Errors
    ///
    /// No context is selected, the context or the user of `--user` does not exist, or the flags for impersonation are
    /// invalid.
    pub(crate) fn override_kubeconfig(
        &self,
        config: &mut Kubeconfig,
    ) -> Result<KubeConfigOptions, SourceError> {
        let context =
            self.context.clone().or_else(|| config.current_context.clone()).filter(|name| !name.is_empty());
        // kubectl does not need a context if `--server` or `--cluster` is given.
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
            None => {
                return Err(errors::explain_kubeconfig_error(KubeconfigError::CurrentContextNotSet));
            }
        };
        let (context_cluster, context_user) = config
            .contexts
            .iter()
            .find(|named| named.name == context)
            .and_then(|named| named.context.as_ref())
            .map(|found| (found.cluster.clone(), found.user.clone()))
            .ok_or_else(|| {
                let error = errors::explain_kubeconfig_error(KubeconfigError::LoadContext(context.clone()));
                with_similar(error, &context, config.contexts.iter().map(|named| named.name.as_str()))
            })?;
        let cluster = self.cluster.clone().unwrap_or(context_cluster);
        let user = self.user.clone().or(context_user).unwrap_or_default();
        if let Some(user) = &self.user
            && !config.auth_infos.iter().any(|named| named.name == *user)
        {
            return Err(SourceError::new(
                ErrorKind::Configuration,
                format!("user \"{user}\" does not exist"),
            )
            .hint("List the users of the kubeconfig with `kubectl config get-users`."))
            .map_err(|error| {
                with_similar(error, user, config.auth_infos.iter().map(|named| named.name.as_str()))
            });
        }
        let is_known = config.clusters.iter().any(|named| named.name == cluster);
        if self.server.is_none() && !is_known {
            let error = errors::explain_kubeconfig_error(
                kube::config::KubeconfigError::LoadClusterOfContext(cluster.clone()),
            );
            let names = config.clusters.iter().map(|named| named.name.as_str());
            return Err(with_similar(error, &cluster, names));
        }
        self.override_cluster(config, &cluster);
        refuse_insecure_with_authority(config, &cluster, self.certificate_authority.is_some())?;
        self.override_user(config, &user)?;
        Ok(KubeConfigOptions { context: Some(context), cluster: Some(cluster), user: Some(user) })
    }

    /// Overrides the values of the cluster `name` by the flags. If the cluster does not exist, `--server` creates it.
    fn override_cluster(&self, config: &mut Kubeconfig, name: &str) {
        let index = config.clusters.iter().position(|named| named.name == name);
        let index = index.unwrap_or_else(|| {
            if self.server.is_some() {
                config
                    .clusters
                    .push(kube::config::NamedCluster { name: name.to_owned(), ..Default::default() });
            }
            config.clusters.len().saturating_sub(1)
        });
        let Some(named) = config.clusters.get_mut(index).filter(|named| named.name == name) else { return };
        let cluster = named.cluster.get_or_insert_default();
        if let Some(server) = &self.server {
            // kubectl also accepts an address without a scheme, such as `localhost:8080`.
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
        if self.proxy_url.is_some() {
            cluster.proxy_url.clone_from(&self.proxy_url);
        }
        if self.disable_compression.is_some() {
            cluster.disable_compression = self.disable_compression;
        }
    }

    /// Overrides the values of the user `name` by the flags. If the user does not exist, creates the user.
    ///
    /// # Errors
    ///
    /// `--as-user-extra` has the wrong form, or another flag for impersonation is given without `--as`.
    fn override_user(&self, config: &mut Kubeconfig, name: &str) -> Result<(), SourceError> {
        let index = config.auth_infos.iter().position(|named| named.name == name);
        let index = index.unwrap_or_else(|| {
            config
                .auth_infos
                .push(kube::config::NamedAuthInfo { name: name.to_owned(), ..Default::default() });
            config.auth_infos.len() - 1
        });
        let user = config.auth_infos[index].auth_info.get_or_insert_default();
        // kube's type for secrets has no public constructor, so this closure deserializes an `AuthInfo` that has only
        // this field.
        let secret = |field: &str, value: &str| -> Option<AuthInfo> {
            serde_json::from_value(serde_json::json!({ field: value })).ok()
        };
        if let Some(token) = &self.token {
            user.token = secret("token", token).and_then(|user| user.token);
            user.token_file = None;
            (user.username, user.password, user.auth_provider, user.exec) = (None, None, None, None);
        }
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            user.username = Some(username.clone());
            user.password = secret("password", password).and_then(|user| user.password);
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
                    .hint("Use the form `--as-user-extra KEY=VALUE`."));
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
                "`--as-uid`, `--as-group` and `--as-user-extra` require `--as`",
            )
            .hint("Add `--as USER`."));
        }
        Ok(())
    }
}

/// Creates the configuration of the client for these names of the kubeconfig. The proxy is not set.
///
/// The client library has a function for this purpose, but that function also evaluates the variables for proxies, and
/// fails if it does not understand them.
///
/// # Errors
///
/// The cluster does not exist, has no usable address, or its certificate authority cannot be read.
pub(crate) fn build_config(
    kubeconfig: Kubeconfig,
    options: &KubeConfigOptions,
) -> Result<(Config, Option<String>), KubeconfigError> {
    let name = options.cluster.clone().unwrap_or_default();
    let cluster = kubeconfig.clusters.into_iter().find(|named| named.name == name);
    let cluster =
        cluster.and_then(|named| named.cluster).ok_or(KubeconfigError::LoadClusterOfContext(name))?;
    let context = kubeconfig.contexts.into_iter().find(|named| Some(&named.name) == options.context.as_ref());
    let namespace = context.and_then(|named| named.context?.namespace).filter(|name| !name.is_empty());
    let user = kubeconfig.auth_infos.into_iter().find(|named| Some(&named.name) == options.user.as_ref());
    let mut user = user.and_then(|named| named.auth_info).unwrap_or_default();
    if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        exec.cluster = Some((&cluster).try_into()?);
    }
    let server = cluster.server.as_deref().filter(|server| !server.is_empty());
    let server = server.ok_or(KubeconfigError::MissingClusterUrl)?;
    let mut config = Config::new(server.parse().map_err(KubeconfigError::ParseClusterUrl)?);
    config.root_cert = read_certificate_authority(&cluster)?;
    config.default_namespace = namespace.unwrap_or(config.default_namespace);
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.filter(|name| !name.is_empty());
    config.auth_info = user;
    Ok((config, cluster.proxy_url.filter(|url| !url.is_empty())))
}

/// Returns the certificates of the cluster's certificate authority, or `None` if those of the machine count.
fn read_certificate_authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, KubeconfigError> {
    let data = cluster.certificate_authority_data.as_ref().filter(|data| !data.is_empty());
    let path = cluster.certificate_authority.as_ref().filter(|path| !path.is_empty());
    let text = match (data, path) {
        (Some(data), _) => STANDARD.decode(data).map_err(LoadDataError::DecodeBase64),
        (None, Some(path)) => {
            fs::read(path).map_err(|error| LoadDataError::ReadFile(error, PathBuf::from(path)))
        }
        (None, None) => return Ok(None),
    };
    let text = text.map_err(KubeconfigError::LoadCertificateAuthority)?;
    let sections = pem::parse_many(text).map_err(KubeconfigError::ParseCertificates)?;
    let certificates = sections.into_iter().filter(|section| section.tag() == "CERTIFICATE");
    Ok(Some(certificates.map(pem::Pem::into_contents).collect()))
}

/// Adds a hint that names the candidate that is most similar to `name`.
fn with_similar<'a>(
    error: SourceError,
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> SourceError {
    match find_nearest(name, candidates) {
        Some(similar) => error.first_hint(format!("Did you mean {similar}?")),
        None => error,
    }
}

/// Refuses a certificate authority for a server whose certificate is not checked, as kubectl does. `is_flag` is whether
/// the user gave the authority on the command line.
///
/// # Errors
///
/// The cluster `name` has both.
fn refuse_insecure_with_authority(config: &Kubeconfig, name: &str, is_flag: bool) -> Result<(), SourceError> {
    let cluster = config.clusters.iter().find(|named| named.name == name);
    let Some(cluster) = cluster.and_then(|named| named.cluster.as_ref()) else { return Ok(()) };
    let has_authority =
        cluster.certificate_authority.is_some() || cluster.certificate_authority_data.is_some();
    if !has_authority || cluster.insecure_skip_tls_verify != Some(true) {
        return Ok(());
    }
    let kind = if is_flag { ErrorKind::Usage } else { ErrorKind::Configuration };
    let text = "specifying a root certificates file with the insecure flag is not allowed";
    Err(SourceError::new(kind, text)
        .hint("Use either `--certificate-authority` or `--insecure-skip-tls-verify`."))
}

/// Reads the kubeconfig that kubectl would use: the file of `--kubeconfig`; without the flag, all existing files of
/// `KUBECONFIG`, merged; without the variable, `~/.kube/config`. Returns `None` if no file exists.
///
/// # Errors
///
/// A file cannot be read or is not valid YAML, or no file that `KUBECONFIG` names exists and this program does not run
/// in a Pod.
pub(crate) fn read_kubeconfig(connection: &Connection) -> Result<Option<Kubeconfig>, SourceError> {
    let read = |path: &PathBuf| {
        let mut kubeconfig = Kubeconfig::read_from(path).map_err(errors::explain_kubeconfig_error)?;
        // An empty name must not hide the current context of the next file.
        kubeconfig.current_context = kubeconfig.current_context.filter(|name| !name.is_empty());
        Ok(kubeconfig)
    };
    if let Some(path) = connection.kubeconfig.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return read(path).map(Some);
    }
    let variable = env::var_os("KUBECONFIG").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        env::split_paths(&variable).filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        paths.extend(env::home_dir().map(|home| home.join(".kube").join("config")));
    }
    let mut merged: Option<Kubeconfig> = None;
    let existing: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    if existing.is_empty() && !variable.is_empty() && env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        // The user named files, but no named file exists. Reading the first file returns an error that contains its
        // path.
        paths.first().map(read).transpose()?;
    }
    for path in &existing {
        let next = read(path)?;
        merged = Some(match merged {
            Some(first) => first.merge(next).map_err(errors::explain_kubeconfig_error)?,
            None => next,
        });
    }
    Ok(merged)
}

/// Returns the configuration for the service account of the Pod in which this program runs. The flags for the token and
/// for impersonation override values of the service account.
///
/// # Errors
///
/// The service account cannot be used, or the flags for impersonation are invalid.
pub(crate) fn in_cluster_config(connection: &Connection) -> Result<Config, SourceError> {
    let mut config = Config::incluster().map_err(|error| {
        let summary = format!("this Pod's service account cannot be used: {error}");
        SourceError::new(ErrorKind::Configuration, summary)
            .hint("Set the environment variable `KUBECONFIG`, or mount the token of a service account into the Pod.")
            .caused_by(error)
    })?;
    let mut kubeconfig = Kubeconfig::default();
    connection.override_user(&mut kubeconfig, "")?;
    if let Some(overrides) = kubeconfig.auth_infos.pop().and_then(|named| named.auth_info) {
        if overrides.token.is_some() {
            (config.auth_info.token, config.auth_info.token_file) = (overrides.token, None);
        }
        config.auth_info.impersonate = overrides.impersonate;
        config.auth_info.impersonate_uid = overrides.impersonate_uid;
        config.auth_info.impersonate_groups = overrides.impersonate_groups;
        config.auth_info.impersonate_user_extra = overrides.impersonate_user_extra;
    }
    Ok(config)
}

#[cfg(test)]
pub(crate) mod tests;
