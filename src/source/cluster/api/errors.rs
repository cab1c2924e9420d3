//! The errors of requests, and the texts that explain these errors to users. A text says what failed, why, and what to
//! type next.
//!
//! A text never contains a token, or the command line or output of a credential plugin, because these may be secret.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kube::client::AuthError;
use kube::config::KubeconfigError;

use crate::source::cluster::api::credentials::error::CredentialError;
use crate::source::cluster::api::decoding::message::{DecodeError, Status};
use crate::source::cluster::api::rbac::RbacRule;
use crate::source::error::{ErrorKind, SourceError};

/// The hint of errors of a connection through a proxy.
const CHECK_PROXY_HINT: &str = "Check the proxy. `proxy-url` in the kubeconfig, the flag `--proxy-url` or the environment variable `HTTPS_PROXY` names it.";

/// The reason why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The server answered with an error.
    #[error("{}", describe_refusal(.0))]
    Refused(Status),
    /// The request could not be sent, or no answer arrived.
    #[error(transparent)]
    Unreachable(#[from] kube::Error),
    /// The credentials have expired or were refused, and cannot be renewed.
    #[error("the credentials cannot be renewed: {0}")]
    Credentials(#[from] Arc<CredentialError>),
    /// The connection was lost in the middle of the answer.
    #[error("the connection was lost: {0}")]
    Interrupted(#[source] Box<dyn Error + Send + Sync>),
    /// The answer cannot be decoded.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// The answer is longer than this number of bytes.
    #[error("the answer is longer than {}", describe_size(*.0))]
    TooLong(usize),
    /// No part of the answer arrived within this time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

impl RequestError {
    /// Whether the requested resource version is too old, so that a new list is necessary.
    pub(crate) fn is_expired(&self) -> bool {
        matches!(self, Self::Refused(status)
            if status.code == 410 || matches!(status.reason.as_str(), "Expired" | "Gone"))
    }

    /// Whether the same request may succeed soon: the server or a proxy is busy or starting, or a connection broke.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
            Self::Unreachable(error) => {
                has_connection_broken(error) || has_resolver_failed(&Causes::of_error(error).texts)
            }
            Self::Interrupted(_) | Self::TimedOut(_) | Self::Undecodable(DecodeError::Incomplete) => true,
            Self::Credentials(_) | Self::Undecodable(_) | Self::TooLong(_) => false,
        }
    }

    /// Whether the server cannot be reached at the moment: it is not running, its name cannot be resolved, or the
    /// credentials have expired and cannot be renewed. A wrong address looks the same.
    pub(crate) fn is_unreachable(&self) -> bool {
        let error = match self {
            // The user may log in again while the program runs.
            Self::Credentials(_) => return true,
            Self::Unreachable(error) => error,
            Self::Refused(_)
            | Self::Interrupted(_)
            | Self::Undecodable(_)
            | Self::TooLong(_)
            | Self::TimedOut(_) => return false,
        };
        let Causes { io_kind, texts, .. } = Causes::of_error(error);
        is_about_unknown_host(&texts)
            || matches!(
                io_kind,
                Some(
                    io::ErrorKind::ConnectionRefused
                        | io::ErrorKind::TimedOut
                        | io::ErrorKind::HostUnreachable
                        | io::ErrorKind::NetworkUnreachable
                )
            )
    }

    /// Returns the time that the server asks the client to wait, but no more than 60 s.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let Self::Refused(status) = self else { return None };
        let seconds = u64::try_from(status.details.as_ref()?.retry_after_seconds).ok()?;
        (seconds > 0).then(|| Duration::from_secs(seconds.min(60)))
    }

    /// Returns the reason in the words of this program. It contains no text of the server, no address and no name, so
    /// that a recording may keep it.
    pub(crate) fn plain_reason(&self) -> String {
        let text = match self {
            Self::Refused(status) => match status.code {
                401 => "unauthorized (401)",
                403 => "forbidden (403)",
                404 => "not found (404)",
                429 => "too many requests (429)",
                0 => "the server ended the watch with an error",
                code => return format!("HTTP status {code}"),
            },
            Self::Credentials(_) => "the credentials cannot be renewed",
            Self::Unreachable(kube::Error::Auth(_)) => "the credentials cannot be obtained",
            Self::Unreachable(error) if has_connection_broken(error) => "connection closed by the server",
            Self::Unreachable(error) => {
                let Causes { io_kind, texts, .. } = Causes::of_error(error);
                match io_kind {
                    _ if is_about_tls(&texts) => "no secure connection (TLS)",
                    _ if has_resolver_failed(&texts) => "no name server answers",
                    _ if is_about_unknown_host(&texts) => "unknown host",
                    Some(io::ErrorKind::ConnectionRefused) => "connection refused",
                    Some(io::ErrorKind::TimedOut) => "connection timed out",
                    Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                        "host unreachable"
                    }
                    _ => "no connection",
                }
            }
            Self::Interrupted(_) | Self::Undecodable(DecodeError::Incomplete) => "the connection was lost",
            Self::Undecodable(DecodeError::TooLong(_)) | Self::TooLong(_) => "the answer is too long",
            Self::Undecodable(_) => "the answer cannot be decoded",
            Self::TimedOut(limit) => return format!("no answer within {} s", limit.as_secs_f64()),
        };
        text.to_owned()
    }

    /// Returns only the reason, without the server's address and without hints.
    pub(crate) fn short_reason(&self) -> String {
        match self {
            Self::Unreachable(error) => explain_unreachable(error).0,
            Self::Refused(_)
            | Self::Credentials(_)
            | Self::Interrupted(_)
            | Self::Undecodable(_)
            | Self::TooLong(_)
            | Self::TimedOut(_) => self.to_string(),
        }
    }
}

/// The parts of a request that appear in its error message.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    /// The RBAC verb: `get`, `list` or `watch`.
    pub(crate) verb: &'static str,
    /// The resource with its group: `jobs.batch`.
    pub(crate) resource: String,
    /// The namespace, or `None` for all namespaces.
    pub(crate) namespace: Option<String>,
}

/// The address of an API server and the context that names it, for messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// The address, for example `https://127.0.0.1:6443`.
    pub(crate) server: String,
    /// The kubeconfig's context. `None` for a Pod's service account.
    pub(crate) context: Option<String>,
    /// The address of the proxy. `None` for a direct connection.
    pub(crate) proxy: Option<String>,
}

impl Endpoint {
    pub(crate) fn description(&self) -> String {
        let context = self.context.as_ref().map_or_else(String::new, |name| format!(" (context \"{name}\")"));
        let proxy =
            self.proxy.as_ref().map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"));
        format!("{}{context}{proxy}", self.server)
    }
}

/// Converts the failure of a request into an error for the user.
pub(crate) fn explain_request_error(
    failure: RequestError,
    context: &RequestContext,
    endpoint: &Endpoint,
) -> SourceError {
    let error = match &failure {
        RequestError::Refused(status) => explain_refusal(status, context, endpoint),
        RequestError::Credentials(error) => return explain_credential_error(Arc::clone(error), None),
        RequestError::Unreachable(kube::Error::Auth(error)) => explain_auth_error(error),
        RequestError::Unreachable(error) => {
            let (why, hint) = explain_unreachable(error);
            let hint = endpoint.proxy.as_ref().map_or(hint, |_| CHECK_PROXY_HINT);
            SourceError::new(ErrorKind::Connection, format!("cannot reach {}: {why}", endpoint.description())).hint(hint)
        }
        RequestError::TooLong(_) | RequestError::Undecodable(DecodeError::TooLong(_)) => {
            SourceError::new(ErrorKind::Connection, format!("cannot read from {}: {failure}", endpoint.description()))
                .hint("Check with `kubectl config view --minify` that this is the address of a Kubernetes API server.")
        }
        RequestError::Interrupted(_)
        | RequestError::TimedOut(_)
        | RequestError::Undecodable(DecodeError::Incomplete) => {
            SourceError::new(ErrorKind::Connection, format!("cannot read from {}: {failure}", endpoint.description()))
                .hint("Try again, or raise `--request-timeout`.")
        }
        RequestError::Undecodable(_) => SourceError::new(
            ErrorKind::Connection,
            format!("{} does not answer as a Kubernetes API server: {failure}", endpoint.description()),
        )
        .hint("Check the server's address with `kubectl config view --minify`. A proxy or a login page may have answered instead of the server."),
    };
    error.caused_by(failure)
}

/// Returns the server's explanation of an error answer, or the HTTP status if there is no explanation.
fn describe_refusal(status: &Status) -> String {
    if status.message.is_empty() {
        format!("the server answered with HTTP status {}", status.code)
    } else {
        status.message.clone()
    }
}

/// Converts the server's error answer into an error for the user.
fn explain_refusal(status: &Status, context: &RequestContext, endpoint: &Endpoint) -> SourceError {
    let message = || describe_refusal(status);
    match status.code {
        401 => SourceError::new(
            ErrorKind::Configuration,
            format!("{} does not accept the credentials: unauthorized", endpoint.description()),
        )
        .hint("The credentials may have expired. Log in again, then check with `kubectl auth whoami`."),
        403 => {
            let advice =
                RbacRule::for_request(context.verb, &context.resource).advice(context.namespace.as_deref());
            SourceError::new(ErrorKind::Forbidden, message())
                .hint(format!("Ask an administrator to {advice}"))
        }
        404 => SourceError::new(
            ErrorKind::NotFound,
            format!("the server at {} has no {}: {}", endpoint.description(), context.resource, message()),
        )
        .hint(
            "Check with `kubectl config view --minify` that this is the address of a Kubernetes API server.",
        ),
        400 | 422 => SourceError::new(ErrorKind::Rejected, message()),
        _ => SourceError::new(
            ErrorKind::Connection,
            format!("{} cannot answer: {}", endpoint.description(), message()),
        )
        .hint("Check the server's health with `kubectl get --raw /readyz`."),
    }
}

/// The causes of an error, down to the innermost one.
struct Causes {
    /// The text of the innermost cause.
    innermost: String,
    /// The kind of the innermost cause that is an error of the operating system.
    io_kind: Option<io::ErrorKind>,
    /// The texts of all causes in lower case.
    texts: String,
}

impl Causes {
    fn of_error(error: &(dyn Error + 'static)) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut causes = Self { innermost: String::new(), io_kind: None, texts: String::new() };
        while let Some(next) = cause {
            if let Some(error) = next.downcast_ref::<io::Error>() {
                causes.io_kind = Some(error.kind());
            }
            causes.innermost = next.to_string();
            causes.texts.push_str(&causes.innermost.to_lowercase());
            causes.texts.push('\n');
            // `io::Error::source` skips the error that the `io::Error` wraps, so `get_ref` returns that error.
            cause = match next.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner as &(dyn Error + 'static)),
                None => next.source(),
            };
        }
        causes
    }
}

/// Whether the texts of an error say that the name of the host cannot be resolved.
fn is_about_unknown_host(texts: &str) -> bool {
    texts.contains("dns error") || texts.contains("failed to lookup address")
}

/// Whether the texts of an error say that no name server answers, so that it is not known whether the host exists. The
/// texts are those of glibc and musl.
fn has_resolver_failed(texts: &str) -> bool {
    let is_temporary = |text| texts.contains(text);
    is_about_unknown_host(texts)
        && ["temporary failure in name resolution", "try again"].into_iter().any(is_temporary)
}

/// Whether the texts of an error say that no secure connection can be established.
fn is_about_tls(texts: &str) -> bool {
    texts.contains("certificate") || texts.contains("tls") || texts.contains("ssl")
}

/// Whether a connection to the server was established but broke before the answer arrived.
fn has_connection_broken(error: &(dyn Error + 'static)) -> bool {
    let Causes { io_kind, texts, .. } = Causes::of_error(error);
    let is_broken = matches!(
        io_kind,
        Some(
            io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::BrokenPipe
        )
    );
    // The errors of hyper for a connection that was closed have no cause of the operating system.
    is_broken
        || [
            "connection closed before message completed",
            "connection was not ready",
            "operation was canceled",
        ]
        .iter()
        .any(|text| texts.contains(text))
}

/// Describes a number of bytes that is a power of two.
fn describe_size(bytes: usize) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// Explains why no HTTP answer arrived. Returns the reason and a hint.
fn explain_unreachable(error: &(dyn Error + 'static)) -> (String, &'static str) {
    let Causes { innermost, io_kind, texts } = Causes::of_error(error);
    if has_connection_broken(error) {
        return (
            "connection closed by the server".to_owned(),
            "Check with `kubectl config view --minify` that this is the address of a Kubernetes API server.",
        );
    }
    if is_about_tls(&texts) {
        return (
            format!("TLS: {innermost}"),
            "The certificate authority or the server name in the kubeconfig may not match the server. Check them with `kubectl config view --minify`, or override them with `--certificate-authority` and `--tls-server-name`.",
        );
    }
    if is_about_unknown_host(&texts) {
        return (
            if has_resolver_failed(&texts) { "no name server answers" } else { "unknown host" }.to_owned(),
            "Check the server's address with `kubectl config view --minify`, and whether the network or VPN is up.",
        );
    }
    match io_kind {
        Some(io::ErrorKind::ConnectionRefused) => (
            "connection refused".to_owned(),
            "Check that the cluster is running, and that this is the context you mean: `kubectl config get-contexts`.",
        ),
        Some(io::ErrorKind::TimedOut) => (
            "connection timed out".to_owned(),
            "Check that the network or VPN is up, then try `kubectl cluster-info`.",
        ),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => (
            "host unreachable".to_owned(),
            "Check that the network or VPN is up, then try `kubectl cluster-info`.",
        ),
        _ => (innermost, "Check whether kubectl can reach the server: `kubectl cluster-info`."),
    }
}

/// Explains why no credentials can be obtained. `install_hint` is the kubeconfig's text about a missing plugin.
pub(crate) fn explain_credential_error(
    error: Arc<CredentialError>,
    install_hint: Option<String>,
) -> SourceError {
    let explained = match &*error {
        CredentialError::Client(error) => explain_client_error(error),
        CredentialError::NotStarted(_) => SourceError::new(ErrorKind::Configuration, error.to_string())
            .hint(install_hint.unwrap_or_else(|| {
                "Install the program that `users[].user.exec.command` names. `kubectl config view --minify` shows its name.".to_owned()
            })),
        CredentialError::NeedsTerminal => SourceError::new(ErrorKind::Configuration, error.to_string())
            .hint("Run the command on a terminal, and without a manifest on standard input."),
        CredentialError::UnreadableFile(..)
        | CredentialError::InvalidToken
        | CredentialError::NoCommand
        | CredentialError::Failed(_)
        | CredentialError::Unusable(_)
        | CredentialError::WrongVersion => SourceError::new(ErrorKind::Configuration, error.to_string())
            .hint("Log in again, then check with `kubectl auth whoami`."),
    };
    explained.caused_by(error)
}

/// Explains why no client can be created.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum belongs to kube, which adds variants")]
fn explain_client_error(error: &kube::Error) -> SourceError {
    match error {
        kube::Error::Auth(error) => explain_auth_error(error),
        kube::Error::InferKubeconfig(error) => describe_kubeconfig_error(error),
        kube::Error::ProxyProtocolUnsupported { proxy_url } => SourceError::new(
            ErrorKind::Configuration,
            format!(
                "the protocol `{}` of the proxy is not supported",
                proxy_url.scheme_str().unwrap_or("(none)")
            ),
        )
        .hint(
            "Set `proxy-url` in the kubeconfig, or `HTTPS_PROXY`, to an `http`, `https` or `socks5` address.",
        ),
        _ => SourceError::new(
            ErrorKind::Configuration,
            format!(
                "the credentials or certificates of the kubeconfig cannot be used: {}",
                explain_unreachable(error).0
            ),
        )
        .hint("Check the kubeconfig with `kubectl config view --minify`."),
    }
}

/// Explains why the credentials cannot be obtained or used.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum belongs to kube, which adds variants")]
fn explain_auth_error(error: &AuthError) -> SourceError {
    let error = match error {
        AuthError::UnrefreshableTokenResponse => {
            SourceError::new(ErrorKind::Configuration, "the credentials have expired and cannot be renewed")
        }
        _ => SourceError::new(ErrorKind::Configuration, "the kubeconfig's credentials cannot be used"),
    };
    error.hint("Log in again, then check with `kubectl auth whoami`.")
}

/// Explains why the kubeconfig cannot be used.
pub(crate) fn explain_kubeconfig_error(error: KubeconfigError) -> SourceError {
    describe_kubeconfig_error(&error).caused_by(error)
}

/// Returns the same error as [`explain_kubeconfig_error`], but without the cause.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum belongs to kube, which adds variants")]
fn describe_kubeconfig_error(error: &KubeconfigError) -> SourceError {
    let configuration_error = |text: String| SourceError::new(ErrorKind::Configuration, text);
    match error {
        KubeconfigError::CurrentContextNotSet => configuration_error("the kubeconfig has no current context".to_owned())
            .hint("List the contexts with `kubectl config get-contexts`, then choose one with `kubectl config use-context NAME` or `--context NAME`."),
        KubeconfigError::LoadContext(name) => configuration_error(format!("context \"{name}\" does not exist"))
            .hint("List the contexts of the kubeconfig with `kubectl config get-contexts`."),
        KubeconfigError::LoadClusterOfContext(name) => configuration_error(format!("cluster \"{name}\" does not exist"))
            .hint("List the clusters of the kubeconfig with `kubectl config get-clusters`."),
        KubeconfigError::FindPath => missing_kubeconfig(),
        KubeconfigError::ReadConfig(error, path) => {
            configuration_error(format!("the kubeconfig {} cannot be read: {}", path.display(), io_reason(error)))
                .hint("Set `--kubeconfig` or the environment variable `KUBECONFIG` to a file that can be read.")
        }
        // The parser's message quotes the file, which contains tokens.
        KubeconfigError::Parse(_) => configuration_error("the kubeconfig is not valid YAML".to_owned())
            .hint("Find the faulty line with `kubectl config view`."),
        KubeconfigError::MissingClusterUrl => {
            configuration_error("the kubeconfig's cluster has no server".to_owned()).hint("Check the kubeconfig with `kubectl config view --minify`.")
        }
        other => configuration_error(other.to_string()).hint("Check the kubeconfig with `kubectl config view --minify`."),
    }
}

/// Returns the error for the case that there is neither a kubeconfig nor a Pod's service account.
pub(crate) fn missing_kubeconfig() -> SourceError {
    SourceError::new(ErrorKind::Configuration, "there is no kubeconfig")
        .hint("Set `--kubeconfig` or the environment variable `KUBECONFIG`, or create `~/.kube/config`.")
        .hint("To try this program without a cluster, type `kubectl seq simulate`.")
}

/// Returns the reason of an operating system error in a few words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum belongs to the standard library, which adds variants"
)]
fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::source::cluster::api::errors::has_resolver_failed;

    #[test]
    fn only_a_name_server_that_does_not_answer_is_a_temporary_fault() {
        let lookup = "dns error: failed to lookup address information: ";
        assert!(has_resolver_failed(&format!("{lookup}temporary failure in name resolution")));
        assert!(has_resolver_failed(&format!("{lookup}try again")));
        assert!(!has_resolver_failed(&format!("{lookup}name or service not known")));
    }
}
