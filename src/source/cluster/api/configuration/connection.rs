//! kubectl's global flags that select the API server, the user and the namespace.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use crate::source::error::{ErrorKind, SourceError};

/// The connection flags, as the user typed them.
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
    /// `--token`. It is never printed.
    pub token: Option<String>,
    /// `--username`, which kubectl has deprecated.
    pub username: Option<String>,
    /// `--password`, which kubectl has deprecated. It is never printed.
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
    /// `--proxy-url`.
    pub proxy_url: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-uid`.
    pub impersonate_uid: Option<String>,
    /// Every `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// Every `--as-user-extra`, in the form `KEY=VALUE`.
    pub impersonate_user_extra: Vec<String>,
    /// `--request-timeout`: a number of seconds, or a duration with units. `0` means no limit.
    pub request_timeout: Option<String>,
    /// `--disable-compression`. Without the flag, answers are compressed unless the server runs on this machine.
    pub disable_compression: Option<bool>,
    /// `--kuberc`. Its policy for credential plugins applies to this program too.
    pub kuberc: Option<PathBuf>,
}

/// Prints no field that may contain a secret.
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
    /// Parses `--request-timeout`. Returns the maximum time of a request, or `None` for no limit.
    ///
    /// # Errors
    ///
    /// Returns an error if the value is neither a number of seconds nor a duration, or if it is negative.
    pub(crate) fn parse_request_timeout(&self) -> Result<Option<Duration>, SourceError> {
        let Some(text) = self.request_timeout.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let seconds = text.parse::<i64>().map(SignedDuration::from_secs);
        let duration =
            seconds.ok().or_else(|| text.parse().ok()).and_then(|span| Duration::try_from(span).ok());
        match duration {
            Some(duration) => Ok((!duration.is_zero()).then_some(duration)),
            None => Err(SourceError::new(ErrorKind::Usage, format!("invalid --request-timeout \"{text}\""))
                .hint(
                    "Use a number of seconds or a duration such as `1s`, `2m` or `3h`; `0` means no limit.",
                )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_contains_no_secret() {
        let connection = Connection { token: Some("hidden".to_owned()), ..Connection::default() };
        let shown = format!("{connection:?}");
        assert!(!shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn request_timeouts_have_the_same_meaning_as_in_kubectl() {
        let timeout = |text: &str| {
            Connection { request_timeout: Some(text.to_owned()), ..Connection::default() }
                .parse_request_timeout()
        };
        assert_eq!(timeout("0").unwrap(), None);
        assert_eq!(timeout("0s").unwrap(), None);
        assert_eq!(timeout("5").unwrap(), Some(Duration::from_secs(5)));
        assert_eq!(timeout("1m30s").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(timeout("500ms").unwrap(), Some(Duration::from_millis(500)));
        assert!(timeout("-1").is_err() && timeout("x").is_err());
    }
}
