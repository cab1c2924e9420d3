//! The only list of kubectl's global flags. The same list is used to parse the flags and to pass them on to kubectl.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::OsStringValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::cli::kubectl_flags::flags::{Flag, Takes, declared_flags, flag_word, parse_switch};
use crate::cli::kubectl_flags::shell_text::{SECRET_FLAGS, quote_for_shell};
use crate::source::address::hide_secrets_of_address;
use crate::source::cluster::Connection;

/// Declares the flags and moves their values to the fields of [`Connection`] that have the same names.
macro_rules! connection_flags {
    ($($(#[$attribute:meta])* $field:ident: $type:ty,)*) => {
        /// The global flags of kubectl that this program itself uses.
        #[derive(Clone, Debug, Default, Args)]
        #[command(next_help_heading = "Connection (as in kubectl)")]
        struct ConnectionFlags {
            $($(#[$attribute])* $field: $type,)*
        }

        impl From<ConnectionFlags> for Connection {
            fn from(flags: ConnectionFlags) -> Self {
                Self { $($field: flags.$field,)* }
            }
        }
    };
}

connection_flags! {
    /// Namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long)]
    context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long)]
    cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long)]
    user: Option<String>,
    /// Address of the API server
    #[arg(short, long)]
    server: Option<String>,
    /// Bearer token
    #[arg(long)]
    token: Option<String>,
    /// User name for basic authentication
    #[arg(long, hide = true)]
    username: Option<String>,
    /// Password for basic authentication
    #[arg(long, hide = true)]
    password: Option<String>,
    /// Client certificate file
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<String>,
    /// Client key file
    #[arg(long, value_name = "FILE")]
    client_key: Option<String>,
    /// Certificate authority file
    #[arg(long, value_name = "FILE")]
    certificate_authority: Option<String>,
    /// Do not check the server's certificate
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, action = ArgAction::Set, value_parser = parse_bool)]
    insecure_skip_tls_verify: bool,
    /// Name in the server's certificate
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
    /// URL of the proxy for requests to the API server
    #[arg(long, value_name = "URL")]
    proxy_url: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER")]
    impersonate: Option<String>,
    /// Uid to impersonate
    #[arg(long = "as-uid", value_name = "UID")]
    impersonate_uid: Option<String>,
    /// Group to impersonate; can be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    impersonate_groups: Vec<String>,
    /// Extra field of the user to impersonate; can be repeated
    #[arg(long = "as-user-extra", value_name = "KEY=VALUE")]
    impersonate_user_extra: Vec<String>,
    /// Time limit of a single request, 0 for none. Does not apply to watches
    #[arg(long, value_name = "DURATION")]
    request_timeout: Option<String>,
    /// Ask for uncompressed answers [default: if the server runs on this machine]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    disable_compression: Option<bool>,
    /// Preferences file of the wrapped kubectl
    #[arg(long, value_name = "FILE")]
    kuberc: Option<PathBuf>,
}

/// The other global flags of kubectl: name, letter, and how the value is written. These flags affect only kubectl
/// itself, so this program only passes the flags on to the wrapped kubectl.
const KUBECTL_ONLY: [(&str, Option<char>, Takes); 9] = [
    ("cache-dir", None, Takes::Value),
    ("log-flush-frequency", None, Takes::Value),
    ("match-server-version", None, Takes::OptionalValue),
    ("profile", None, Takes::Value),
    ("profile-output", None, Takes::Value),
    ("v", Some('v'), Takes::Value),
    ("version", None, Takes::OptionalValue),
    ("vmodule", None, Takes::Value),
    ("warnings-as-errors", None, Takes::OptionalValue),
];

/// Flags that matter only while the program follows, or that write a file.
const FOLLOWING_FLAGS: [&str; 18] = [
    "ci",
    "detach",
    "fail-fast",
    "fail-fast-after",
    "interactive",
    "logs",
    "logs-containers",
    "max-log-requests",
    "notify",
    "otlp-endpoint",
    "pod-exit-code",
    "prefix",
    "progress",
    "record",
    "summary",
    "timeout",
    "timestamps",
    "watch",
];

/// All global flags of kubectl, as the user gave them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionArgs {
    flags: ConnectionFlags,
    kubectl_words: Vec<OsString>,
    /// All flags of the subcommand, one word each.
    typed_flags: Vec<String>,
}

impl ConnectionArgs {
    /// Returns the values of the flags that this program uses.
    pub(crate) fn connection(&self) -> Connection {
        self.flags.clone().into()
    }

    /// Returns the words for kubectl: one word for each given flag, with exactly the given value.
    pub(crate) fn kubectl_words(&self) -> &[OsString] {
        &self.kubectl_words
    }

    /// Whether the user has switched this flag on. Flags that this program does not use itself are included.
    pub(crate) fn is_switched_on(&self, flag: &str) -> bool {
        let mut values = self.kubectl_words.iter().rev().filter_map(|word| {
            word.to_str()?.strip_prefix("--")?.strip_prefix(flag)?.strip_prefix('=').and_then(parse_switch)
        });
        values.next() == Some(true)
    }

    /// Returns the value of `--namespace`, if the user gave the flag.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.flags.namespace.as_deref()
    }

    /// Returns the flags that a command needs to reach the same cluster and namespace, quoted for a shell. The values of
    /// secrets are left out, because they must not appear in a log.
    pub(crate) fn scope_flags(&self) -> Vec<String> {
        let namespace =
            self.flags.namespace.as_ref().map(|namespace| format!("-n {}", quote_for_shell(namespace)));
        namespace.into_iter().chain(self.flags_without_namespace()).collect()
    }

    /// Stores the words of the subcommand. Each flag is one word.
    pub(crate) fn set_typed_words(&mut self, words: &[OsString]) {
        let flags = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
        self.typed_flags = flags.filter(|word| word.starts_with("--")).map(str::to_owned).collect();
    }

    /// Returns the flags with which `kubectl seq get` shows the same objects in the same way, quoted for a shell: the
    /// flags of [`ConnectionArgs::scope_flags`], and the other flags that the user typed, without those that matter only
    /// while the program follows.
    pub(crate) fn display_flags(&self) -> Vec<String> {
        let global = global_flags();
        let others = self.typed_flags.iter().filter(|word| {
            let name = word.trim_start_matches('-').split('=').next().unwrap_or_default();
            !FOLLOWING_FLAGS.contains(&name) && global.iter().all(|flag| flag.long != name)
        });
        others.map(|word| quote_for_shell(&hide_secrets_of_address(word))).chain(self.scope_flags()).collect()
    }

    /// Returns the flags of [`ConnectionArgs::scope_flags`] without the namespace.
    pub(crate) fn flags_without_namespace(&self) -> Vec<String> {
        let words = self.kubectl_words.iter().filter_map(|word| word.to_str());
        words.filter_map(|word| pasteable_flag(word.strip_prefix("--")?)).collect()
    }
}

/// Returns a flag as it can be pasted into a shell, from a word without its dashes: `context=test`. `None` for the
/// namespace, and for flags that do not choose the cluster or the user. The value of a secret and the secrets of an address
/// are left out.
fn pasteable_flag(word: &str) -> Option<String> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    match name {
        "namespace" | "request-timeout" => None,
        name if SECRET_FLAGS.contains(&name) => Some(format!("--{name}=...")),
        name if KUBECTL_ONLY.iter().any(|(other, ..)| *other == name) => None,
        "insecure-skip-tls-verify" | "disable-compression" => Some(format!("--{word}")),
        name => Some(format!("--{name} {}", quote_for_shell(&hide_secrets_of_address(value)))),
    }
}

impl Args for ConnectionArgs {
    fn augment_args(command: Command) -> Command {
        let command = ConnectionFlags::augment_args(command);
        command.args(KUBECTL_ONLY.map(|(name, short, takes)| {
            let arg = Arg::new(name).long(name).short(short).value_parser(OsStringValueParser::new());
            let arg = match name {
                "cache-dir" => arg.value_name("DIRECTORY").help("Cache directory of the wrapped kubectl"),
                "v" => arg
                    .value_name("LEVEL")
                    .help("Show diagnostics: 1 to 5 the steps, 6 and more the requests with their times"),
                _ => arg.hide(true),
            };
            let arg = match takes {
                Takes::Value => arg,
                Takes::OptionalValue => {
                    arg.num_args(0..=1).require_equals(true).default_missing_value("true")
                }
            };
            match name {
                "v" => arg.value_parser(clap::value_parser!(i32)),
                "match-server-version" | "warnings-as-errors" => arg.value_parser(parse_bool),
                _ => arg,
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConnectionArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut kubectl_words = Vec::new();
        for arg in Self::augment_args(Command::new("")).get_arguments() {
            let id = arg.get_id().as_str();
            if matches.value_source(id) == Some(ValueSource::CommandLine)
                && let (Some(name), Some(values)) = (arg.get_long(), matches.get_raw(id))
            {
                kubectl_words.extend(values.map(|value| flag_word(name, value)));
            }
        }
        let flags = ConnectionFlags::from_arg_matches(matches)?;
        Ok(Self { flags, kubectl_words, typed_flags: Vec::new() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Returns all global flags of kubectl.
pub fn global_flags() -> Vec<Flag> {
    declared_flags(&ConnectionArgs::augment_args(Command::new("")))
}

/// Declares the global flags as hidden flags on a command that ignores the flags.
pub(crate) fn accept_global_flags(command: Command) -> Command {
    let flags = ConnectionArgs::augment_args(Command::new(""));
    command.args(flags.get_arguments().map(|arg| arg.clone().hide(true)))
}

/// Parses the value of a switch as kubectl does.
fn parse_bool(text: &str) -> Result<bool, String> {
    parse_switch(text).ok_or_else(|| "it must be true or false".to_owned())
}
