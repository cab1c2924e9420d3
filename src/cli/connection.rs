//! The connection flags, of the same name and meaning as kubectl's.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Args};

use crate::source::cluster::Connection;

/// kubectl's global flags that concern the connection.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection (as kubectl's)")]
pub(crate) struct ConnectionArgs {
    /// Namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long)]
    pub(crate) context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Address of the API server
    #[arg(short, long)]
    pub(crate) server: Option<String>,
    /// Bearer token
    #[arg(long, hide_short_help = true)]
    pub(crate) token: Option<String>,
    /// User name for basic authentication
    #[arg(long, hide = true)]
    pub(crate) username: Option<String>,
    /// Password for basic authentication
    #[arg(long, hide = true)]
    pub(crate) password: Option<String>,
    /// Client certificate file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) client_certificate: Option<String>,
    /// Client key file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) client_key: Option<String>,
    /// Certificate authority file
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) certificate_authority: Option<String>,
    /// Do not check the server's certificate
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_short_help = true, action = ArgAction::Set)]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Name in the server's certificate
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) tls_server_name: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    pub(crate) impersonate: Option<String>,
    /// Uid to impersonate
    #[arg(long = "as-uid", value_name = "UID", hide_short_help = true)]
    pub(crate) impersonate_uid: Option<String>,
    /// Group to impersonate; may be given more than once
    #[arg(long = "as-group", value_name = "GROUP", hide_short_help = true)]
    pub(crate) impersonate_groups: Vec<String>,
    /// Extra of the user to impersonate, KEY=VALUE; may be given more than once
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE", hide_short_help = true)]
    pub(crate) impersonate_user_extra: Vec<String>,
    /// Give up on a single request after this; 0: never. Watches are not concerned
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub(crate) request_timeout: Option<String>,
    /// Ask for uncompressed answers (without the flag: of a server on this machine)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_short_help = true)]
    pub(crate) disable_compression: Option<bool>,
    /// Cache directory of the wrapped kubectl
    #[arg(long, value_name = "DIRECTORY", hide_short_help = true)]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Preferences file of the wrapped kubectl
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) kuberc: Option<PathBuf>,
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

/// Puts connection flags that stand before the command behind it: kubectl takes `kubectl -n NS get` as it does
/// `kubectl get -n NS`. What is no such flag is left for the parser to tell.
pub(crate) fn behind_the_command<T: AsRef<OsStr>>(words: &mut [T]) {
    let known = ConnectionArgs::augment_args(clap::Command::new(""));
    let mut place = 0;
    while let Some(word) = words.get(place).and_then(|word| word.as_ref().to_str()) {
        let Some(flag) = word.strip_prefix('-') else {
            words[..=place].rotate_right(1);
            return;
        };
        let long = flag.strip_prefix('-');
        let name = long.unwrap_or(flag).split('=').next();
        let short = flag.chars().next().filter(|_| long.is_none());
        let joined = if long.is_some() { flag.contains('=') } else { flag.chars().nth(1).is_some() };
        let is_it = |arg: &&Arg| match short {
            Some(short) => arg.get_short() == Some(short),
            None => arg.get_long() == name,
        };
        let found = known.get_arguments().find(is_it);
        let Some(found) = found else { return };
        // Without a switch of its own each of them takes a value.
        place += if joined || found.is_require_equals_set() { 1 } else { 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(line: &str) -> String {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        behind_the_command(&mut words);
        words.join(" ")
    }

    #[test]
    fn connection_flags_may_stand_before_the_command() {
        for (typed, meant) in [
            ("-n ns get job pi -w", "get -n ns job pi -w"),
            ("--namespace=ns --context test get job", "get --namespace=ns --context test job"),
            ("-nns --insecure-skip-tls-verify pod pi", "pod -nns --insecure-skip-tls-verify pi"),
            ("get -n ns job", "get -n ns job"),
            // The parser says what is wrong with these.
            ("--watch get job", "--watch get job"),
            ("-n", "-n"),
            ("-n ns", "-n ns"),
            ("- get", "- get"),
        ] {
            assert_eq!(ordered(typed), meant);
        }
    }
}
