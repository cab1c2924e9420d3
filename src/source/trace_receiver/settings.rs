//! The address of a receiver and the way to reach it, from a flag and the variables `OTEL_EXPORTER_OTLP_*`.
//!
//! The variables are those of the OpenTelemetry specification, page "OTLP Exporter Configuration". A variable for traces
//! alone, such as `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, takes precedence over the one for all signals.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use http::header::{HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;

use crate::source::error::{ErrorKind, SourceError};

/// The time for sending one message, unless a variable sets it. The default of the specification.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The path of the trace service of OTLP.
const TRACES_PATH: &str = "/v1/traces";

/// The receiver of traces.
#[derive(Clone, Debug)]
pub(crate) struct ReceiverSettings {
    /// The address to which messages are posted.
    pub(crate) url: Uri,
    /// Headers of each request, for example with a token.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Maximum time for sending one message, with its repetitions.
    pub(crate) timeout: Duration,
    /// The file with the certificates of the authorities that the receiver's certificate is checked against. `None` uses
    /// those of this machine.
    pub(crate) certificates: Option<PathBuf>,
    /// The files with the certificate and the key of this client.
    pub(crate) client_identity: Option<(PathBuf, PathBuf)>,
    /// Whether messages are compressed with gzip.
    pub(crate) is_compressed: bool,
}

impl ReceiverSettings {
    /// Returns the settings for the address of the flag `--otlp-endpoint`. `get` returns the value of a variable.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if the address or a variable cannot be used.
    pub(crate) fn from_flag(
        endpoint: &str,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceError> {
        Self::with_url(parse_endpoint(endpoint, "--otlp-endpoint", true)?, get)
    }

    /// Returns the settings for the address in the variables. `None` if no variable has an address.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if the address or a variable cannot be used.
    pub(crate) fn from_variables(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, SourceError> {
        let (name, appends_path) = match read_nonempty(get, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            Some(_) => ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", false),
            None => ("OTEL_EXPORTER_OTLP_ENDPOINT", true),
        };
        let Some(endpoint) = read_nonempty(get, name) else { return Ok(None) };
        Self::with_url(parse_endpoint(&endpoint, name, appends_path)?, get).map(Some)
    }

    fn with_url(url: Uri, get: &dyn Fn(&str) -> Option<String>) -> Result<Self, SourceError> {
        let read = |suffix: &str| {
            let names = ["OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"];
            names.into_iter().find_map(|prefix| {
                let name = format!("{prefix}{suffix}");
                read_nonempty(get, &name).map(|value| (name, value))
            })
        };
        let path = |suffix| read(suffix).map(|(_, path)| PathBuf::from(path));
        Ok(Self {
            url,
            headers: read("HEADERS").map_or(Ok(Vec::new()), |(name, text)| parse_headers(&name, &text))?,
            timeout: read("TIMEOUT")
                .map_or(Ok(DEFAULT_TIMEOUT), |(name, text)| parse_timeout(&name, &text))?,
            certificates: path("CERTIFICATE"),
            client_identity: path("CLIENT_CERTIFICATE").zip(path("CLIENT_KEY")),
            is_compressed: read("COMPRESSION")
                .map_or(Ok(false), |(name, text)| parse_compression(&name, &text))?,
        })
    }

    /// The address for messages, without its query, which may hold a token.
    pub(crate) fn address(&self) -> String {
        let (scheme, authority) = (self.url.scheme_str().unwrap_or_default(), self.url.authority());
        let authority = authority.map(http::uri::Authority::as_str).unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        format!("{scheme}://{host}{}", self.url.path())
    }
}

/// Returns a line about a protocol that the program does not speak; `None` if the variables ask for none.
pub(crate) fn protocol_note(get: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    let (name, protocol) =
        names.into_iter().find_map(|name| read_nonempty(get, name).map(|value| (name, value)))?;
    let is_grpc = protocol.eq_ignore_ascii_case("grpc");
    is_grpc.then(|| format!("{name} is grpc, but traces are sent as JSON over HTTP (usually to port 4318)"))
}

fn read_nonempty(get: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    get(name).filter(|value| !value.trim().is_empty())
}

/// Parses the address of a receiver. `source` is the flag or variable that holds it. Appends the path of the trace service
/// if `appends_path` is set and the address does not end with it.
fn parse_endpoint(text: &str, source: &str, appends_path: bool) -> Result<Uri, SourceError> {
    let error = || {
        SourceError::new(ErrorKind::Usage, format!("{source} is not the address of a receiver"))
            .hint("Write it as `http://HOST:4318` or `https://HOST/PATH`.")
    };
    let url: Uri = text.trim().parse().map_err(|cause| error().caused_by(cause))?;
    let has_host = url.host().is_some_and(|host| !host.is_empty());
    if !has_host || !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(error());
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        let text = format!("{source} holds a user name or password");
        let hint = "Put them into a header: `OTEL_EXPORTER_OTLP_HEADERS='Authorization=Basic ...'`.";
        return Err(SourceError::new(ErrorKind::Usage, text).hint(hint));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !appends_path || path.ends_with(TRACES_PATH) {
        return Ok(url);
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = url.into_parts();
    let path: PathAndQuery =
        format!("{path}{TRACES_PATH}{query}").parse().map_err(|cause| error().caused_by(cause))?;
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|cause| error().caused_by(cause))
}

/// Parses `key=value,key=value`. Values are percent-encoded. An error does not repeat a value, because it may be a secret.
fn parse_headers(name: &str, text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, SourceError> {
    let error = || {
        SourceError::new(ErrorKind::Usage, format!("{name} is not a list of headers"))
            .hint("Write it as `NAME=VALUE,NAME=VALUE`, with special characters of a value as `%XX`.")
    };
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    let header = |part: &str| {
        let (key, value) = part.split_once('=').ok_or_else(error)?;
        let key = HeaderName::try_from(key.trim()).map_err(|cause| error().caused_by(cause))?;
        let value: Vec<u8> = percent_decode_str(value.trim()).collect();
        let mut value = HeaderValue::try_from(value).map_err(|cause| error().caused_by(cause))?;
        value.set_sensitive(true);
        Ok((key, value))
    };
    parts.map(header).collect()
}

/// Parses the name of a compression. Returns whether it is gzip.
fn parse_compression(name: &str, text: &str) -> Result<bool, SourceError> {
    match text.trim() {
        "gzip" => Ok(true),
        "none" => Ok(false),
        _ => Err(SourceError::new(ErrorKind::Usage, format!("{name} is neither gzip nor none"))),
    }
}

/// Parses a time in milliseconds.
fn parse_timeout(name: &str, text: &str) -> Result<Duration, SourceError> {
    let millis = text.trim().parse().ok().filter(|millis| *millis > 0);
    millis.map(Duration::from_millis).ok_or_else(|| {
        SourceError::new(ErrorKind::Usage, format!("{name} is not a number of milliseconds above zero"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str, variables: &[(&str, &str)]) -> Result<ReceiverSettings, SourceError> {
        ReceiverSettings::from_flag(endpoint, &|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_path_of_the_trace_service_is_added_to_an_address_without_it() {
        for (endpoint, url) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("https://host/otlp/", "https://host/otlp/v1/traces"),
            ("https://host/otlp/v1/traces?key=1", "https://host/otlp/v1/traces?key=1"),
            ("https://host/otlp?key=1", "https://host/otlp/v1/traces?key=1"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(settings(endpoint, &[]).unwrap().url.to_string(), url);
        }
        for wrong in ["localhost:4318", "ftp://host", "/v1/traces", "", "http://", "http://u:p@host"] {
            assert_eq!(settings(wrong, &[]).unwrap_err().kind, ErrorKind::Usage, "{wrong}");
        }
        assert_eq!(settings("https://host/x?key=secret", &[]).unwrap().address(), "https://host/x/v1/traces");
    }

    #[test]
    fn the_variables_of_traces_take_precedence() {
        let found = settings(
            "http://host",
            &[
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
                ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "Authorization=Basic%20eDp5, x-tenant = b=c ,"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", ""),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
            ],
        )
        .unwrap();
        let headers: Vec<(&str, &str)> =
            found.headers.iter().map(|(key, value)| (key.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("authorization", "Basic eDp5"), ("x-tenant", "b=c")]);
        assert_eq!((found.timeout, found.certificates), (Duration::from_millis(1500), None));
        assert!(!found.is_compressed);
    }

    #[test]
    fn an_error_about_a_variable_names_it_and_no_secret() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=secret%0A"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ] {
            let error = settings("http://host", &[(name, value)]).unwrap_err();
            assert!(error.kind == ErrorKind::Usage && error.summary.contains(name), "{error:?}");
            assert!(
                !error.summary.contains("secret") && !error.hints.concat().contains("secret"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn the_address_for_traces_in_the_variables_is_used_unchanged() {
        let find = |variables: &'static [(&str, &str)]| {
            let get = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            ReceiverSettings::from_variables(&get).unwrap().map(|found| found.url.to_string())
        };
        assert_eq!(find(&[]), None);
        assert_eq!(
            find(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:4318")]).unwrap(),
            "http://host:4318/v1/traces"
        );
        let traces = find(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other/x"),
        ]);
        assert_eq!(traces.as_deref(), Some("http://other/x"));
    }

    #[test]
    fn only_grpc_gets_a_line() {
        let note = |protocol: &str| {
            protocol_note(&|name| (name == "OTEL_EXPORTER_OTLP_PROTOCOL").then(|| protocol.to_owned()))
        };
        assert!(note("grpc").unwrap().contains("OTEL_EXPORTER_OTLP_PROTOCOL is grpc"));
        assert_eq!(["http/protobuf", "http/json", ""].map(note), [None, None, None]);
    }
}
