//! Candidates from the cluster and from the kubeconfig. An error gives no candidates.

use clap::{Command, FromArgMatches as _};

use crate::cli::args::connection::{ConnectionArgs, global_flags};
use crate::cli::kubectl_flags::flags::Token;
use crate::source::cluster::{self, Connection, KubeconfigNames, Resource};

/// The names that complete a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The names of the objects of a type.
    Objects(Resource),
    /// The contexts of the kubeconfig.
    Contexts,
    /// The clusters of the kubeconfig.
    Clusters,
    /// The users of the kubeconfig.
    Users,
}

impl Lookup {
    /// Returns the kind of names that a global flag accepts. `None` if the flag accepts no such names.
    pub(crate) fn of_flag(name: &str) -> Option<Self> {
        match name {
            "namespace" => Some(Self::Objects(Resource::namespace())),
            "context" => Some(Self::Contexts),
            "cluster" => Some(Self::Clusters),
            "user" => Some(Self::Users),
            _ => None,
        }
    }

    /// Reads the names, each with a description, which may be empty. `connection` holds the flags that the user has
    /// typed so far.
    pub(crate) async fn names(&self, connection: &Connection) -> Vec<(String, String)> {
        let without_description =
            |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect();
        match self {
            Self::Objects(resource) => match cluster::connect(connection).await {
                Ok(cluster) => without_description(cluster::fetch_names(&cluster, resource).await),
                Err(_) => Vec::new(),
            },
            Self::Contexts => KubeconfigNames::read(connection).contexts,
            Self::Clusters => KubeconfigNames::read(connection).clusters,
            Self::Users => without_description(KubeconfigNames::read(connection).users),
        }
    }
}

/// Returns the connection that the typed flags describe.
pub(crate) fn typed_connection(tokens: &[Token]) -> Connection {
    let global = global_flags();
    let words = tokens.iter().filter_map(|token| match token {
        Token::Flag(flag) if !flag.lacks_value && global.iter().any(|known| known.long == flag.name) => {
            Some(flag.to_word())
        }
        Token::Flag(_) | Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
    });
    let command = <ConnectionArgs as clap::Args>::augment_args(Command::new(""));
    let command = command.no_binary_name(true).disable_version_flag(true).args_override_self(true);
    let matches = command.ignore_errors(true).try_get_matches_from(words);
    let args = matches.and_then(|matches| ConnectionArgs::from_arg_matches(&matches));
    args.map(|args| args.connection()).unwrap_or_default()
}
