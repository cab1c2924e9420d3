//! Sends traces as OTLP/JSON over HTTP, with the client library of the cluster: its TLS, its proxies, its connections.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Collected, Limited};
use kube::client::Body;
use kube::{Client, Config};
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout_at};

use crate::source::cluster::ProxyVariables;
use crate::source::cluster::retry::{next_pause_after, retry_pauses};
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::trace_receiver::settings::ReceiverSettings;

/// Maximum size of an answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Maximum number of characters of an answer in a message.
const MAX_ANSWER_CHARS: usize = 200;

/// Sends messages to one receiver.
pub(crate) struct TraceSender {
    client: Client,
    settings: ReceiverSettings,
}

impl fmt::Debug for TraceSender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TraceSender").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The reason why a message was not accepted.
struct SendFailure {
    reason: String,
    /// The time after which the receiver may accept the message; `None` if a repetition within the timeout is useless.
    retry_after: Option<Duration>,
    /// Whether the receiver will never accept this message, although it may accept others.
    is_final: bool,
}

impl TraceSender {
    /// Creates the client. Sends nothing.
    ///
    /// # Errors
    /// A file with certificates or a key cannot be used, or a variable does not hold the address of a proxy.
    pub(crate) fn new(settings: ReceiverSettings) -> Result<Self, SourceError> {
        let mut parts = settings.url.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let server = Uri::from_parts(parts).map_err(|cause| client_error(&settings, cause))?;
        let mut config = Config::new(server.clone());
        config.proxy_url = ProxyVariables::from_process().choose_proxy(&server)?;
        config.default_retry = false;
        config.disable_compression = true;
        if let Some(path) = &settings.certificates {
            let certificates = pem::parse_many(read_file(path)?);
            let certificates = certificates.map_err(|cause| unusable_file(path).caused_by(cause))?;
            config.root_cert = Some(certificates.into_iter().map(pem::Pem::into_contents).collect());
        }
        if let Some((certificate, key)) = &settings.client_identity {
            config.auth_info.client_certificate = Some(certificate.display().to_string());
            config.auth_info.client_key = Some(key.display().to_string());
        }
        let client = Client::try_from(config).map_err(|cause| client_error(&settings, cause))?;
        Ok(Self { client, settings })
    }

    /// The address of the receiver, for messages.
    pub(crate) fn address(&self) -> String {
        self.settings.address()
    }

    /// Sends one message. After a temporary fault, sends it again until the time is over.
    ///
    /// # Errors
    /// `ErrorKind::Rejected` if the receiver will never accept this message. `ErrorKind::Connection` if it may accept the
    /// message later.
    pub(crate) async fn send(&self, message: Vec<u8>) -> Result<(), SourceError> {
        let encoded = self.encode(message);
        let message = encoded.map_err(|error| self.error(&SendFailure::forever(error.to_string())))?;
        let message = bytes::Bytes::from(message);
        let deadline = Instant::now() + self.settings.timeout;
        let mut pauses = retry_pauses();
        loop {
            let failure = match timeout_at(deadline, self.post(message.clone())).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(failure)) => failure,
                Err(_) => {
                    let seconds = self.settings.timeout.as_secs_f64();
                    SendFailure::within_time(format!("no answer within {seconds} s"))
                }
            };
            let pause = failure.retry_after.map(|after| next_pause_after(&mut pauses, Some(after)));
            match pause {
                Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
                Some(_) | None => return Err(self.error(&failure)),
            }
        }
    }

    /// Compresses a message if the settings ask for it.
    fn encode(&self, message: Vec<u8>) -> io::Result<Vec<u8>> {
        if !self.settings.is_compressed {
            return Ok(message);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&message)?;
        encoder.finish()
    }

    async fn post(&self, message: bytes::Bytes) -> Result<(), SendFailure> {
        let path = self.settings.url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("kubectl-seq/", env!("CARGO_PKG_VERSION")));
        if self.settings.is_compressed {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.settings.headers.iter().cloned().map(|(key, value)| (Some(key), value)));
        }
        let request =
            request.body(Body::from(message)).map_err(|error| SendFailure::forever(error.to_string()))?;
        let answer = self.client.send(request).await.map_err(|error| SendFailure {
            reason: describe_failure(&error),
            retry_after: Some(Duration::ZERO),
            is_final: false,
        })?;
        let status = answer.status();
        let retry_after =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        if status.is_success() {
            return check_partial_success(&body);
        }
        let retry_after = is_temporary(status).then(|| Duration::from_secs(retry_after.unwrap_or(0)));
        let text: String = String::from_utf8_lossy(&body).trim().chars().take(MAX_ANSWER_CHARS).collect();
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        let reason = format!("the receiver answered {status}{text}");
        Err(SendFailure { reason, retry_after, is_final: is_about_message(status) })
    }

    fn error(&self, failure: &SendFailure) -> SourceError {
        let kind = if failure.is_final { ErrorKind::Rejected } else { ErrorKind::Connection };
        let (address, reason) = (self.address(), &failure.reason);
        SourceError::new(kind, format!("traces cannot be sent to {address}: {reason}"))
    }
}

impl SendFailure {
    fn forever(reason: String) -> Self {
        Self { reason, retry_after: None, is_final: true }
    }

    fn within_time(reason: String) -> Self {
        Self { reason, retry_after: None, is_final: false }
    }
}

/// Whether a status says that the message itself is wrong. Other errors may pass: somebody corrects a token or an address.
fn is_about_message(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    )
}

/// Whether a client should send a message again after this status, by the OTLP specification.
fn is_temporary(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The answer of a receiver, with the number of spans that it rejected. The number is text or a number in JSON.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    partial_success: Option<PartialSuccess>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_spans: serde_json::Value,
    error_message: String,
}

/// Checks that the receiver accepted all spans. A receiver that answers nothing accepted them.
fn check_partial_success(body: &[u8]) -> Result<(), SendFailure> {
    let answer: Answer = serde_json::from_slice(body).unwrap_or_default();
    let Some(partial) = answer.partial_success else { return Ok(()) };
    let rejected = match &partial.rejected_spans {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if matches!(rejected.as_str(), "0" | "null" | "") {
        return Ok(());
    }
    let message: String = partial.error_message.chars().take(MAX_ANSWER_CHARS).collect();
    Err(SendFailure::forever(format!("the receiver rejected {rejected} spans: {message}")))
}

/// Returns the innermost cause of an error of the client, because the outer ones say only that the request failed.
fn describe_failure(error: &kube::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(error) => system_error_text(error),
        None => cause.to_string(),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SourceError> {
    fs::read(path).map_err(|error| {
        let text = format!("cannot read {}: {}", path.display(), system_error_text(&error));
        SourceError::new(ErrorKind::Configuration, text).caused_by(error)
    })
}

fn unusable_file(path: &Path) -> SourceError {
    SourceError::new(ErrorKind::Configuration, format!("{} holds no certificates", path.display()))
}

fn client_error(
    settings: &ReceiverSettings,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> SourceError {
    let text = format!("traces cannot be sent to {}: {cause}", settings.address());
    SourceError { cause: Some(Arc::new(cause)), ..SourceError::new(ErrorKind::Configuration, text) }
}
