//! Requests the logs of containers.

use std::time::Duration;

use http_body_util::BodyExt as _;
use jiff::Timestamp;
use kube::api::LogParams;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::observation::is_valid_name;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::request::{RESPONSE_TIMEOUT, disable_compression, read_body};

/// Maximum number of pieces of a log that are queued for the receiver.
const MAX_QUEUED_PIECES: usize = 16;

/// Maximum number of bytes of the answer when the last lines of a log are requested. A longer line of a followed log is
/// split.
const MAX_LOG_BYTES: i64 = 64 << 10;

/// Maximum number of bytes that are read of the answer when the last lines of a log are requested. A server that obeys
/// [`MAX_LOG_BYTES`] sends less.
const MAX_TAIL_BYTES: usize = 1 << 20;

/// Maximum time to wait for the last lines of a log. The time is short, because these lines are optional.
const LOG_TIMEOUT: Duration = Duration::from_secs(5);

/// A request for the log of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRequest {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    /// Whether the answer continues until the container ends.
    pub(crate) follow: bool,
    /// Whether to request the log of the run before the latest run.
    pub(crate) previous: bool,
    /// Whether each line begins with its time.
    pub(crate) timestamps: bool,
    /// The time from which lines are requested, in whole seconds. `None` requests lines from the start of the log.
    pub(crate) since: Option<Timestamp>,
    /// Number of last lines to request, or `None` for all lines.
    pub(crate) tail_lines: Option<u32>,
    /// Maximum number of bytes of the answer.
    pub(crate) limit_bytes: Option<i64>,
}

impl LogRequest {
    /// Creates a request for the whole log of the latest run, up to its present end.
    pub(crate) fn new(namespace: &str, pod: &str, container: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            container: container.to_owned(),
            follow: false,
            previous: false,
            timestamps: false,
            since: None,
            tail_lines: None,
            limit_bytes: None,
        }
    }

    fn to_http(&self) -> Result<http::Request<Vec<u8>>, RequestError> {
        let parameters = LogParams {
            container: Some(self.container.clone()),
            follow: self.follow,
            previous: self.previous,
            timestamps: self.timestamps,
            since_time: self.since,
            tail_lines: self.tail_lines.map(i64::from),
            limit_bytes: self.limit_bytes,
            ..LogParams::default()
        };
        let namespace = &self.namespace;
        if !is_valid_name(namespace) || !is_valid_name(&self.pod) {
            let error = kube::core::request::Error::Validation("Kubernetes allows no such name".into());
            return Err(RequestError::Unreachable(kube::Error::BuildRequest(error)));
        }
        let request = kube::core::Request::new(format!("/api/v1/namespaces/{namespace}/pods"))
            .logs(&self.pod, &parameters);
        let mut request =
            request.map_err(|error| RequestError::Unreachable(kube::Error::BuildRequest(error)))?;
        disable_compression(&mut request);
        Ok(request)
    }
}

/// The answer to a request for the last lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogTail {
    /// The last lines.
    Lines(Vec<String>),
    /// There is no log, for example because the container has not started or the log was deleted.
    Unavailable,
    /// The user may not read logs, for this reason of the server.
    Forbidden(String),
}

impl Cluster {
    /// Requests a log. Returns when the head of the answer has arrived.
    ///
    /// # Errors
    ///
    /// No answer arrives within [`RESPONSE_TIMEOUT`], or the server refuses the request, for example because the
    /// container has not started.
    pub(crate) async fn open_log(&self, request: &LogRequest) -> Result<Body, RequestError> {
        let answer = timeout(RESPONSE_TIMEOUT, self.send(request.to_http()?)).await;
        Ok(answer.unwrap_or(Err(RequestError::TimedOut(RESPONSE_TIMEOUT)))?.into_body())
    }

    /// Requests the last `lines` lines that a container wrote. With `previous`, requests the lines of the container's
    /// previous run.
    ///
    /// If the answer is too long, the only returned line reports this.
    pub(crate) async fn log_tail(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
        lines: u32,
    ) -> LogTail {
        if lines == 0 {
            return LogTail::Unavailable;
        }
        let request = LogRequest {
            previous,
            tail_lines: Some(lines),
            limit_bytes: Some(MAX_LOG_BYTES),
            ..LogRequest::new(namespace, pod, container)
        };
        let read = async { read_body(self.open_log(&request).await?, MAX_TAIL_BYTES).await };
        match timeout(LOG_TIMEOUT, read).await {
            Ok(Ok(text)) => {
                LogTail::Lines(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
            }
            Ok(Err(error @ RequestError::TooLong(_))) => {
                LogTail::Lines(vec![format!("the log cannot be shown: {error}")])
            }
            Ok(Err(RequestError::Refused(status))) if status.code == 403 => {
                LogTail::Forbidden(status.message)
            }
            Ok(Err(_)) | Err(_) => LogTail::Unavailable,
        }
    }

    /// Follows the log of a container. The receiver gets the last `lines` lines, and then every new line.
    ///
    /// The log ends when the container ends, the connection is lost, or the receiver is dropped. If the request fails,
    /// the only piece is an error that gives the reason.
    ///
    /// # Panics
    /// Panics outside of a tokio runtime.
    pub(crate) fn log_follow(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        lines: u32,
    ) -> mpsc::Receiver<Result<Vec<String>, String>> {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_PIECES);
        let request = LogRequest {
            follow: true,
            tail_lines: Some(lines),
            ..LogRequest::new(namespace, pod, container)
        };
        let cluster = self.clone();
        tokio::spawn(async move {
            let forward = async {
                let mut body = cluster.open_log(&request).await.map_err(|error| error.short_reason())?;
                let mut rest = Vec::new();
                while let Some(Ok(frame)) = body.frame().await {
                    let Ok(data) = frame.into_data() else { continue };
                    rest.extend_from_slice(&data);
                    let lines = drain_complete_lines(&mut rest);
                    if !lines.is_empty() && sender.send(Ok(lines)).await.is_err() {
                        return Ok(());
                    }
                }
                if !rest.is_empty() {
                    let _ = sender.send(Ok(vec![String::from_utf8_lossy(&rest).into_owned()])).await;
                }
                Ok(())
            };
            tokio::select! {
                ended = forward => {
                    if let Err(why) = ended {
                        let _ = sender.send(Err(why)).await;
                    }
                }
                () = sender.closed() => {}
            }
        });
        receiver
    }
}

/// Removes the complete lines from `rest` and returns them. A line of more than [`MAX_LOG_BYTES`] is split.
fn drain_complete_lines(rest: &mut Vec<u8>) -> Vec<String> {
    let max_length = usize::try_from(MAX_LOG_BYTES).unwrap_or(usize::MAX);
    let end = match rest.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => end + 1,
        None if rest.len() > max_length => rest.len(),
        None => return Vec::new(),
    };
    let complete: Vec<u8> = rest.drain(..end).collect();
    String::from_utf8_lossy(&complete).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_returned_only_when_it_is_complete() {
        let mut rest = b"one\ntwo\nthr".to_vec();
        assert_eq!(drain_complete_lines(&mut rest), ["one", "two"]);
        rest.extend_from_slice(b"ee\n");
        assert_eq!((drain_complete_lines(&mut rest), rest.len()), (vec!["three".to_owned()], 0));
    }
}
