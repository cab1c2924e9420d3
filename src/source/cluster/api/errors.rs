//! Why the server was not reached or said no, in words for people: what failed, why, and what to type next.
//!
//! Never tells tokens, nor what a credential plugin wrote: a plugin's command line and output may hold secrets.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use kube::client::AuthError;
use kube::config::KubeconfigError;

use crate::source::cluster::api::message::{Status, Unreadable};
use crate::source::error::{ErrorKind, SourceError};

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server answered with an error.
    #[error("{}", .0.message)]
    Refused(Status),
    /// No answer.
    #[error(transparent)]
    Unreached(#[from] kube::Error),
    /// The answer broke off.
    #[error("the connection broke off: {0}")]
    Broken(String),
    /// The answer is not Kubernetes'.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Nothing came for so long.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Silent(Duration),
}

impl Failure {
    /// HTTP status code of the server's refusal, 0 if it was none.
    pub(crate) fn code(&self) -> i32 {
        if let Self::Refused(status) = self { status.code } else { 0 }
    }

    /// Whether the resource version that was asked for is too old: only a list helps.
    pub(crate) fn is_expired(&self) -> bool {
        matches!(self, Self::Refused(status)
            if status.code == 410 || matches!(status.reason.as_str(), "Expired" | "Gone"))
    }

    /// Whether the server is only busy or starting.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.code(), 429 | 503 | 504)
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let Self::Refused(status) = self else { return None };
        let seconds = u64::try_from(status.details.as_ref()?.retry_after_seconds).ok()?;
        (seconds > 0).then(|| Duration::from_secs(seconds.min(60)))
    }

    /// In one line, without the context of a whole error.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Unreached(error) => unreached(error).0,
            other => other.to_string(),
        }
    }
}

/// What was asked for, as far as it helps to say what went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `list` or `watch`.
    pub(crate) verb: &'static str,
    /// `jobs.batch`.
    pub(crate) resource: String,
    /// `None`: all.
    pub(crate) namespace: Option<String>,
}

/// The cluster's address and name, for messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) server: String,
    pub(crate) context: Option<String>,
}

impl Place {
    fn named(&self) -> String {
        match &self.context {
            Some(context) => format!("{} (context \"{context}\")", self.server),
            None => self.server.clone(),
        }
    }
}

/// The error of a request that cannot be done without.
pub(crate) fn explain(failure: Failure, asked: &Asked, place: &Place) -> SourceError {
    let error = match &failure {
        Failure::Refused(status) => refused(status, asked, place),
        Failure::Unreached(kube::Error::Auth(error)) => credentials(error),
        Failure::Unreached(error) => {
            let (why, hint) = unreached(error);
            SourceError::new(ErrorKind::Connection, format!("cannot reach {}: {why}", place.named())).hint(hint)
        }
        Failure::Broken(_) | Failure::Silent(_) => {
            SourceError::new(ErrorKind::Connection, format!("cannot read from {}: {failure}", place.named()))
                .hint("Try again, or raise `--request-timeout`.")
        }
        Failure::Unreadable(_) => SourceError::new(
            ErrorKind::Connection,
            format!("{} does not answer as a Kubernetes API server: {failure}", place.named()),
        )
        .hint("Look at the server's address with `kubectl config view --minify`; a proxy or a login page may answer in its place."),
    };
    error.caused_by(failure)
}

fn refused(status: &Status, asked: &Asked, place: &Place) -> SourceError {
    let text = || {
        if status.message.is_empty() {
            format!("the server answered with HTTP status {}", status.code)
        } else {
            status.message.clone()
        }
    };
    match status.code {
        401 => SourceError::new(
            ErrorKind::Configuration,
            format!("{} does not accept the credentials: unauthorized", place.named()),
        )
        .hint("They may have expired: log in again, then try `kubectl auth whoami`."),
        403 => {
            let error = SourceError::new(ErrorKind::Forbidden, text());
            let (scope, rule) = match &asked.namespace {
                Some(namespace) => (format!("-n {namespace}"), "a Role"),
                None => ("-A".to_owned(), "a ClusterRole"),
            };
            error
                .hint(format!(
                    "See what you may do with `kubectl auth can-i {} {} {scope}`.",
                    asked.verb, asked.resource
                ))
                .hint(format!("Needed is {rule} with the verbs `list` and `watch` on `{}`.", asked.resource))
        }
        404 => SourceError::new(
            ErrorKind::NotFound,
            format!("the server at {} has no {}: {}", place.named(), asked.resource, text()),
        )
        .hint("Is it a Kubernetes API server? Look at its address with `kubectl config view --minify`."),
        400 | 422 => SourceError::new(ErrorKind::Usage, text()),
        _ => SourceError::new(ErrorKind::Connection, format!("{} cannot answer: {}", place.named(), text()))
            .hint("Look at the server's health with `kubectl get --raw /readyz`."),
    }
}

/// What went wrong below HTTP, and what to do.
fn unreached(error: &(dyn StdError + 'static)) -> (String, &'static str) {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    let mut innermost = String::new();
    let mut io_kind = None;
    let mut texts = String::new();
    while let Some(next) = cause {
        if let Some(error) = next.downcast_ref::<io::Error>() {
            io_kind = Some(error.kind());
        }
        innermost = next.to_string();
        texts.push_str(&innermost.to_lowercase());
        texts.push('\n');
        // The error inside an `io::Error` is not among its sources.
        cause = match next.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => next.source(),
        };
    }
    if texts.contains("certificate") || texts.contains("tls") || texts.contains("ssl") {
        return (
            format!("TLS: {innermost}"),
            "The kubeconfig's certificate authority or server name does not fit the server: see `kubectl config view --minify`, `--certificate-authority`, `--tls-server-name`.",
        );
    }
    if texts.contains("dns error") || texts.contains("failed to lookup address") {
        return (
            "unknown host".to_owned(),
            "Is the address right, and the network or VPN up? See `kubectl cluster-info`.",
        );
    }
    match io_kind {
        Some(io::ErrorKind::ConnectionRefused) => (
            "connection refused".to_owned(),
            "Is the cluster running, and is this the context you mean? See `kubectl config get-contexts` and `kubectl cluster-info`.",
        ),
        Some(io::ErrorKind::TimedOut) => {
            ("connection timed out".to_owned(), "Is the network or VPN up? See `kubectl cluster-info`.")
        }
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            ("host unreachable".to_owned(), "Is the network or VPN up? See `kubectl cluster-info`.")
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) => (
            "connection closed by the server".to_owned(),
            "Is it an API server that listens there? See `kubectl cluster-info`.",
        ),
        _ => (innermost, "See `kubectl cluster-info`."),
    }
}

/// The error of a client that cannot be made.
pub(crate) fn client(error: kube::Error) -> SourceError {
    let explained = match &error {
        kube::Error::Auth(error) => credentials(error),
        kube::Error::InferKubeconfig(error) => explain_kubeconfig(error),
        kube::Error::ProxyProtocolUnsupported { proxy_url } => SourceError::new(
            ErrorKind::Configuration,
            format!("the proxy's protocol {} is not supported", proxy_url.scheme_str().unwrap_or("(none)")),
        )
        .hint("Use an `http`, `https` or `socks5` address as `proxy-url` or `HTTPS_PROXY`."),
        _ => SourceError::new(
            ErrorKind::Configuration,
            format!(
                "the credentials or certificates of the kubeconfig cannot be used: {}",
                unreached(&error).0
            ),
        )
        .hint("See `kubectl config view --minify`."),
    };
    explained.caused_by(error)
}

/// The error of credentials that cannot be had.
fn credentials(error: &AuthError) -> SourceError {
    let error = match error {
        AuthError::AuthExecStart(error) => SourceError::new(
            ErrorKind::Configuration,
            format!("the kubeconfig's credential plugin cannot be started: {}", io_reason(error)),
        )
        .hint(
            "Install the program that `users[].user.exec.command` names; see `kubectl config view --minify`.",
        ),
        AuthError::AuthExecRun { out, .. } => SourceError::new(
            ErrorKind::Configuration,
            match out.status.code() {
                Some(code) => format!("the kubeconfig's credential plugin failed with exit code {code}"),
                None => "the kubeconfig's credential plugin was killed".to_owned(),
            },
        ),
        AuthError::AuthExecParse(_)
        | AuthError::ExecPluginFailed
        | AuthError::MalformedTokenExpirationDate(_) => SourceError::new(
            ErrorKind::Configuration,
            "the kubeconfig's credential plugin gave no usable credentials",
        ),
        AuthError::ReadTokenFile(error, path) => SourceError::new(
            ErrorKind::Configuration,
            format!("the token file {} cannot be read: {}", path.display(), io_reason(error)),
        ),
        AuthError::MissingCommand => {
            SourceError::new(ErrorKind::Configuration, "the kubeconfig's credential plugin has no command")
        }
        AuthError::UnrefreshableTokenResponse => {
            SourceError::new(ErrorKind::Configuration, "the credentials have expired and cannot be renewed")
        }
        _ => SourceError::new(ErrorKind::Configuration, "the kubeconfig's credentials cannot be used"),
    };
    error.hint("Log in again, then try `kubectl auth whoami`.")
}

/// The error of a kubeconfig that cannot be used.
pub(crate) fn kubeconfig(error: KubeconfigError) -> SourceError {
    explain_kubeconfig(&error).caused_by(error)
}

fn explain_kubeconfig(error: &KubeconfigError) -> SourceError {
    let error_of = |text: String| SourceError::new(ErrorKind::Configuration, text);
    match error {
        KubeconfigError::CurrentContextNotSet => error_of("the kubeconfig has no current context".to_owned())
            .hint("Choose one with `kubectl config use-context NAME` or `--context NAME`; `kubectl config get-contexts` lists them."),
        KubeconfigError::LoadContext(name) => error_of(format!("context \"{name}\" does not exist"))
            .hint("`kubectl config get-contexts` lists the contexts there are."),
        KubeconfigError::LoadClusterOfContext(name) => error_of(format!("cluster \"{name}\" does not exist"))
            .hint("`kubectl config get-clusters` lists the clusters there are."),
        KubeconfigError::FindPath => no_kubeconfig(),
        KubeconfigError::ReadConfig(error, path) => {
            error_of(format!("the kubeconfig {} cannot be read: {}", path.display(), io_reason(error)))
                .hint("Set `--kubeconfig` or the environment variable `KUBECONFIG` to a file that can be read.")
        }
        // The parser's own text quotes the file, which holds tokens.
        KubeconfigError::Parse(_) => error_of("the kubeconfig is not valid YAML".to_owned())
            .hint("`kubectl config view` says where."),
        KubeconfigError::MissingClusterUrl => {
            error_of("the kubeconfig's cluster has no server".to_owned()).hint("See `kubectl config view --minify`.")
        }
        other => error_of(other.to_string()).hint("See `kubectl config view --minify`."),
    }
}

/// There is no kubeconfig and no Pod's service account.
pub(crate) fn no_kubeconfig() -> SourceError {
    SourceError::new(ErrorKind::Configuration, "there is no kubeconfig")
        .hint("Set `--kubeconfig` or the environment variable `KUBECONFIG`, or make `~/.kube/config`.")
        .hint("Without a cluster, try `kubectl seq simulate`.")
}

fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

impl From<Box<kube::core::Status>> for Failure {
    fn from(status: Box<kube::core::Status>) -> Self {
        Self::Refused(Status {
            message: status.message,
            reason: status.reason,
            details: None,
            code: i32::from(status.code),
        })
    }
}
