//! The end of a container's log.

use std::time::Duration;

use kube::api::LogParams;
use tokio::time::timeout;

use super::connect::Cluster;

/// Bytes of a log that are read at most: its last lines may be long.
const LONGEST: i64 = 64 << 10;

/// A log is a courtesy: it is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Cluster {
    /// The last lines that a container wrote; of its run before the present one, if `previous`.
    ///
    /// `None` if they cannot be had: the container has not started, its log is gone, or the right to read it
    /// (`pods/log`) is missing.
    pub async fn log_tail(
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
}
