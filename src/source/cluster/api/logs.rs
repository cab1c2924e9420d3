//! Reads the last lines of a container's log, and follows the log.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::api::LogParams;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::request::disable_compression;

/// Maximum number of pieces of a log that are queued for the receiver.
const MAX_QUEUED_PIECES: usize = 16;

/// Maximum number of bytes to read from the last lines of a log. In a followed log, a longer line is split.
const MAX_LOG_BYTES: i64 = 64 << 10;

/// Maximum time to wait for a log. The time is short, because a log is optional.
const LOG_TIMEOUT: Duration = Duration::from_secs(5);

impl Cluster {
    /// Requests the last `lines` lines that a container wrote. With `previous`, requests the lines of the container's
    /// previous run.
    ///
    /// Returns `None` if `lines` is 0 or the log cannot be read, for example because the container has not started, the
    /// log was deleted, or the user lacks the permission to read `pods/log`.
    pub(crate) async fn log_tail(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
        lines: u32,
    ) -> Option<Vec<String>> {
        if lines == 0 {
            return None;
        }
        let parameters = LogParams {
            container: Some(container.to_owned()),
            tail_lines: Some(i64::from(lines)),
            limit_bytes: Some(MAX_LOG_BYTES),
            previous,
            ..LogParams::default()
        };
        let request = kube::core::Request::new(format!("/api/v1/namespaces/{namespace}/pods"));
        let request = request.logs(pod, &parameters).ok()?;
        let text = timeout(LOG_TIMEOUT, self.client.request_text(request)).await.ok()?.ok()?;
        Some(text.lines().map(str::to_owned).collect())
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
        let parameters = LogParams {
            container: Some(container.to_owned()),
            tail_lines: Some(i64::from(lines)),
            follow: true,
            ..LogParams::default()
        };
        let request = kube::core::Request::new(format!("/api/v1/namespaces/{namespace}/pods"));
        let request = request.logs(pod, &parameters);
        let client = self.client.clone();
        tokio::spawn(async move {
            let forward = async {
                let mut request = request.map_err(|error| error.to_string())?.map(Body::from);
                disable_compression(&mut request);
                let answer = client.send(request).await.map_err(|error| error.to_string())?;
                let status = answer.status();
                let mut body = answer.into_body();
                if !status.is_success() {
                    let answer =
                        body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                    return Err(status_message(&answer).unwrap_or_else(|| status.to_string()));
                }
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

/// Returns the message of a `Status` in JSON.
fn status_message(body: &[u8]) -> Option<String> {
    let status: serde_json::Value = serde_json::from_slice(body).ok()?;
    status.get("message")?.as_str().map(str::to_owned)
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

    #[test]
    fn the_message_of_an_error_answer_is_returned() {
        let body = br#"{"kind":"Status","message":"container \"a\" is waiting to start"}"#;
        assert_eq!(status_message(body).as_deref(), Some("container \"a\" is waiting to start"));
    }
}
