//! The connection flags, of the same name and meaning as kubectl's.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::source::cluster::Connection;

/// kubectl's global flags that concern the connection.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection (as kubectl's)")]
pub(super) struct ConnectionArgs {
    /// Namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(super) namespace: Option<String>,
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long)]
    pub(super) context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long)]
    pub(super) cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long)]
    pub(super) user: Option<String>,
    /// Address of the API server
    #[arg(short, long)]
    pub(super) server: Option<String>,
    /// Bearer token
    #[arg(long, hide_short_help = true)]
    pub(super) token: Option<String>,
    /// User name for basic authentication
    #[arg(long, hide = true)]
    pub(super) username: Option<String>,
    /// Password for basic authentication
    #[arg(long, hide = true)]
    pub(super) password: Option<String>,
    /// Client certificate file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) client_certificate: Option<String>,
    /// Client key file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) client_key: Option<String>,
    /// Certificate authority file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) certificate_authority: Option<String>,
    /// Do not check the server's certificate
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_short_help = true, action = ArgAction::Set)]
    pub(super) insecure_skip_tls_verify: bool,
    /// Name in the server's certificate
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(super) tls_server_name: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    pub(super) impersonate: Option<String>,
    /// Uid to impersonate
    #[arg(long = "as-uid", value_name = "UID", hide_short_help = true)]
    pub(super) impersonate_uid: Option<String>,
    /// Group to impersonate; may be given more than once
    #[arg(long = "as-group", value_name = "GROUP", hide_short_help = true)]
    pub(super) impersonate_groups: Vec<String>,
    /// Extra of the user to impersonate, KEY=VALUE; may be given more than once
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE", hide_short_help = true)]
    pub(super) impersonate_user_extra: Vec<String>,
    /// Give up on a single request after this; 0: never. Watches are not concerned
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub(super) request_timeout: Option<String>,
    /// Ask for uncompressed answers (without the flag: of a server on this machine)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_short_help = true)]
    pub(super) disable_compression: Option<bool>,
    /// Cache directory of the wrapped kubectl
    #[arg(long, value_name = "DIRECTORY", hide_short_help = true)]
    pub(super) cache_dir: Option<PathBuf>,
    /// Preferences file of the wrapped kubectl
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(super) kuberc: Option<PathBuf>,
}

impl From<ConnectionArgs> for Connection {
    fn from(args: ConnectionArgs) -> Self {
        Self {
            kubeconfig: args.kubeconfig,
            context: args.context,
            cluster: args.cluster,
            user: args.user,
            namespace: args.namespace,
            server: args.server,
            token: args.token,
            username: args.username,
            password: args.password,
            client_certificate: args.client_certificate,
            client_key: args.client_key,
            certificate_authority: args.certificate_authority,
            insecure_skip_tls_verify: args.insecure_skip_tls_verify,
            tls_server_name: args.tls_server_name,
            impersonate: args.impersonate,
            impersonate_uid: args.impersonate_uid,
            impersonate_groups: args.impersonate_groups,
            impersonate_user_extra: args.impersonate_user_extra,
            request_timeout: args.request_timeout,
            disable_compression: args.disable_compression,
            cache_dir: args.cache_dir,
            kuberc: args.kuberc,
        }
    }
}
