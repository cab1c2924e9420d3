//! The end of a container's log, and what is written to it.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::api::LogParams;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::request::uncompressed;

/// Pieces of a log that may wait for whoever shows it.
const WAITING: usize = 16;

/// Bytes of a log that are read at most: its last lines may be long.
const LONGEST: i64 = 64 << 10;

/// A log is a courtesy: it is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Cluster {
    /// The last lines that a container wrote; of its run before the present one, if `previous`.
    ///
    /// `None` if they cannot be had: the container has not started, its log is gone, or the right to read it
    /// (`pods/log`) is missing.
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
            limit_bytes: Some(LONGEST),
            previous,
            ..LogParams::default()
        };
        let request = kube::core::Request::new(format!("/api/v1/namespaces/{namespace}/pods"));
        let request = request.logs(pod, &parameters).ok()?;
        let text = timeout(PATIENCE, self.client.request_text(request)).await.ok()?.ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// The last lines that a container wrote and those that it writes from now on, in pieces as they come. It ends with
    /// the container, or when the receiver is dropped; the last piece is an error if the log cannot be had.
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
        let (sender, receiver) = mpsc::channel(WAITING);
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
            let hand_on = async {
                let mut request = request.map_err(|error| error.to_string())?.map(Body::from);
                uncompressed(&mut request);
                let answer = client.send(request).await.map_err(|error| error.to_string())?;
                let status = answer.status();
                let mut body = answer.into_body();
                if !status.is_success() {
                    let said =
                        body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                    return Err(reason(&said).unwrap_or_else(|| status.to_string()));
                }
                let mut rest = Vec::new();
                while let Some(Ok(frame)) = body.frame().await {
                    let Ok(data) = frame.into_data() else { continue };
                    rest.extend_from_slice(&data);
                    let whole = whole_lines(&mut rest);
                    if !whole.is_empty() && sender.send(Ok(whole)).await.is_err() {
                        return Ok(());
                    }
                }
                if !rest.is_empty() {
                    let _ = sender.send(Ok(vec![String::from_utf8_lossy(&rest).into_owned()])).await;
                }
                Ok(())
            };
            tokio::select! {
                ended = hand_on => {
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

/// Takes the lines that are whole out of what has come; one that is too long is cut.
fn whole_lines(rest: &mut Vec<u8>) -> Vec<String> {
    let longest = usize::try_from(LONGEST).unwrap_or(usize::MAX);
    let end = match rest.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => end + 1,
        None if rest.len() > longest => rest.len(),
        None => return Vec::new(),
    };
    let whole: Vec<u8> = rest.drain(..end).collect();
    String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
}

/// What the server says in a `Status`.
fn reason(body: &[u8]) -> Option<String> {
    let status: serde_json::Value = serde_json::from_slice(body).ok()?;
    status.get("message")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole() {
        let mut rest = b"one\ntwo\nthr".to_vec();
        assert_eq!(whole_lines(&mut rest), ["one", "two"]);
        rest.extend_from_slice(b"ee\n");
        assert_eq!((whole_lines(&mut rest), rest.len()), (vec!["three".to_owned()], 0));
    }

    #[test]
    fn a_refusal_says_why() {
        let body = br#"{"kind":"Status","message":"container \"a\" is waiting to start"}"#;
        assert_eq!(reason(body).as_deref(), Some("container \"a\" is waiting to start"));
    }
}
