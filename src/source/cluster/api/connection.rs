//! kubectl's global flags that concern the connection.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

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
    pub(crate) fn timeout(&self) -> Result<Option<Duration>, SourceError> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_gets_the_flags_as_they_were_typed() {
        let connection = Connection {
            kubeconfig: Some("/a b".into()),
            namespace: Some("ns".to_owned()),
            token: Some("t".to_owned()),
            impersonate: Some("joe".to_owned()),
            impersonate_groups: vec!["a".to_owned(), "b".to_owned()],
            insecure_skip_tls_verify: true,
            ..Connection::default()
        };
        let args = connection.kubectl_args();
        let expected = [
            "--kubeconfig=/a b",
            "--namespace=ns",
            "--token=t",
            "--as=joe",
            "--as-group=a",
            "--as-group=b",
            "--insecure-skip-tls-verify=true",
        ];
        assert_eq!(args, expected.map(OsString::from));
        assert_eq!(Connection::default().kubectl_args(), Vec::<OsString>::new());
        let shown = format!("{connection:?}");
        assert!(!shown.contains("token"), "{shown}");
    }

    #[test]
    fn timeouts_are_read_as_kubectl_reads_them() {
        let timeout = |given: &str| {
            Connection { request_timeout: Some(given.to_owned()), ..Connection::default() }.timeout()
        };
        assert_eq!(timeout("0").unwrap(), None);
        assert_eq!(timeout("0s").unwrap(), None);
        assert_eq!(timeout("5").unwrap(), Some(Duration::from_secs(5)));
        assert_eq!(timeout("1m30s").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(timeout("500ms").unwrap(), Some(Duration::from_millis(500)));
        assert!(timeout("-1").is_err() && timeout("x").is_err());
    }
}
