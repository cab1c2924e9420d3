//! The kubeconfig, read and overridden by flags as kubectl does it.

use std::env;
use std::path::PathBuf;

use kube::Config;
use kube::config::{AuthInfo, Context, KubeConfigOptions, Kubeconfig, NamedContext};

use crate::source::cluster::api::connection::Connection;
use crate::source::cluster::api::errors;
use crate::source::error::{ErrorKind, SourceError};

impl Connection {
    /// Puts the flags in place of what the kubeconfig says, as kubectl does.
    pub(crate) fn override_kubeconfig(
        &self,
        config: &mut Kubeconfig,
    ) -> Result<KubeConfigOptions, SourceError> {
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
            None => return Err(errors::kubeconfig(kube::config::KubeconfigError::CurrentContextNotSet)),
        };
        let (default_cluster, default_user) = config
            .contexts
            .iter()
            .find(|named| named.name == context)
            .and_then(|named| named.context.as_ref())
            .map(|found| (found.cluster.clone(), found.user.clone()))
            .ok_or_else(|| errors::kubeconfig(kube::config::KubeconfigError::LoadContext(context.clone())))?;
        let cluster = self.cluster.clone().unwrap_or(default_cluster);
        let user = self.user.clone().or(default_user).unwrap_or_default();
        if let Some(user) = &self.user
            && !config.auth_infos.iter().any(|named| named.name == *user)
        {
            return Err(SourceError::new(
                ErrorKind::Configuration,
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

/// The kubeconfig that kubectl would read: the flag's file, or the merged files of `KUBECONFIG` that exist, or
/// `~/.kube/config` if it exists.
pub(crate) fn read_kubeconfig(connection: &Connection) -> Result<Option<Kubeconfig>, SourceError> {
    let read = |path: &PathBuf| Kubeconfig::read_from(path).map_err(errors::kubeconfig);
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
            Some(first) => first.merge(next).map_err(errors::kubeconfig)?,
            None => next,
        });
    }
    Ok(merged)
}

/// The service account of the Pod that we run in.
pub(crate) fn in_cluster_config(connection: &Connection) -> Result<Config, SourceError> {
    let mut config = Config::incluster().map_err(|error| {
        let summary = format!("this Pod's service account cannot be used: {error}");
        SourceError::new(ErrorKind::Configuration, summary)
            .hint("Set `KUBECONFIG`, or give the Pod a service account with a mounted token.")
            .caused_by(error)
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

#[cfg(test)]
pub(crate) mod tests;
