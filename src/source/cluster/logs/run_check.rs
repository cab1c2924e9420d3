//! Checks which run of a container has written the first lines of an answer.
//!
//! The kubelet answers a request for the log of the latest run with the log of the run that the kubelet knows as the
//! latest. The API server's status may be older and describe an earlier run. Therefore the program asks the kubelet for
//! the start of the log of the kubelet's previous run, after the first line of the answer has arrived. The expected run
//! is the latest run of the status.
//!
//! - If the kubelet knows no previous run, or if its previous run is the run before the expected run, the lines belong
//!   to the expected run.
//! - If the log of its previous run begins after the run before the expected run and before the first line, this
//!   previous run is the expected run. The lines belong to the run after it.
//! - If the log of its previous run was deleted or begins with the first line, the latest run of the kubelet has ended.
//!   If the status reports the end of the expected run, the lines belong to the expected run.
//! - Otherwise the lines wait for a new status.

use jiff::Timestamp;
use tokio::time::timeout;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::logs::LogRequest;
use crate::source::cluster::api::request::{RESPONSE_TIMEOUT, read_body};
use crate::source::cluster::logs::batch::parse_line;
use crate::source::cluster::logs::update::LogSource;

/// Number of bytes of a log that are requested. The time of the first line needs at most 36.
const FIRST_BYTES: i64 = 64;

/// Maximum number of bytes of an answer that are read. A server that obeys [`FIRST_BYTES`] sends less.
const MAX_BYTES: usize = 64 << 10;

/// The log of the run that the kubelet knows as the previous run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PreviousLog {
    /// There is no previous run.
    Missing,
    /// The first line has this time.
    BeginsAt(Timestamp),
    /// The log has no lines.
    Empty,
    /// The kubelet has deleted the log, because the latest run has ended as well.
    Deleted,
}

/// The latest run of a container according to the API server's status.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedRun {
    /// The number of restarts before the run.
    pub(crate) number: u32,
    /// Whether the status reports the end of the run.
    pub(crate) has_ended: bool,
    /// The time of the last known line of the run before this run. `None` if that run has no known lines.
    pub(crate) earlier_last: Option<Timestamp>,
}

/// The run that has written the lines of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActualRun {
    Expected,
    /// The run after the expected run.
    Next,
    /// The run is not known until the status of the container has changed.
    Unknown,
}

impl PreviousLog {
    /// Requests the start of the log of the previous run.
    ///
    /// # Errors
    /// The server answers with an error other than 400 or 404 or answers too late, or the connection is lost.
    pub(crate) async fn request(cluster: &Cluster, source: &LogSource) -> Result<Self, RequestError> {
        let request = LogRequest {
            previous: true,
            timestamps: true,
            limit_bytes: Some(FIRST_BYTES),
            ..LogRequest::new(&source.namespace, &source.pod, &source.container)
        };
        let body = match cluster.open_log(&request).await {
            Ok(body) => body,
            Err(RequestError::Refused(status)) if matches!(status.code, 400 | 404) => {
                return Ok(Self::Missing);
            }
            Err(error) => return Err(error),
        };
        let bytes = timeout(RESPONSE_TIMEOUT, read_body(body, MAX_BYTES)).await;
        let bytes = bytes.unwrap_or(Err(RequestError::TimedOut(RESPONSE_TIMEOUT)))?;
        Ok(match parse_line(&bytes) {
            Some((at, _)) => Self::BeginsAt(at),
            None if bytes.is_empty() => Self::Empty,
            None => Self::Deleted,
        })
    }
}

impl ExpectedRun {
    /// Determines which run has written an answer whose first line has the time `first`. `previous` was requested after
    /// this line had arrived.
    pub(crate) fn find_actual(self, first: Timestamp, previous: PreviousLog) -> ActualRun {
        let by_status = if self.has_ended { ActualRun::Expected } else { ActualRun::Unknown };
        match previous {
            PreviousLog::Missing => ActualRun::Expected,
            PreviousLog::BeginsAt(at) if self.earlier_last.is_some_and(|last| at <= last) => {
                ActualRun::Expected
            }
            PreviousLog::BeginsAt(at) if at < first => ActualRun::Next,
            // The kubelet returns the log of a run that has ended for both requests until the next run starts.
            PreviousLog::BeginsAt(at) if at == first => by_status,
            PreviousLog::Empty if self.number > 0 && self.earlier_last.is_none() => ActualRun::Expected,
            PreviousLog::Deleted if self.number > 0 => by_status,
            PreviousLog::BeginsAt(_) | PreviousLog::Empty | PreviousLog::Deleted => ActualRun::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_log_of_the_kubelet_shows_which_run_has_written_the_lines() {
        let at = |second: i64| Timestamp::from_second(1_767_225_600 + second).unwrap();
        let begins_at = |second| PreviousLog::BeginsAt(at(second));
        // The answer begins at second 10. The lines of the run before the expected run end at second 5.
        for (number, has_ended, previous, expected) in [
            (0, false, PreviousLog::Missing, ActualRun::Expected),
            (1, false, PreviousLog::Missing, ActualRun::Expected),
            // The previous run of the kubelet is the run before the expected run.
            (1, false, begins_at(1), ActualRun::Expected),
            // The runtime has deleted the first file of that run.
            (1, false, begins_at(5), ActualRun::Expected),
            // The previous run of the kubelet is the expected run.
            (0, false, begins_at(6), ActualRun::Next),
            (0, true, begins_at(6), ActualRun::Next),
            (1, false, begins_at(6), ActualRun::Next),
            // The run has ended, and the next run has not started.
            (0, true, begins_at(10), ActualRun::Expected),
            (0, false, begins_at(10), ActualRun::Unknown),
            // The container has restarted twice since the answer.
            (0, false, begins_at(11), ActualRun::Unknown),
            (0, true, begins_at(11), ActualRun::Unknown),
            (0, true, PreviousLog::Deleted, ActualRun::Unknown),
            (1, true, PreviousLog::Deleted, ActualRun::Expected),
            (1, false, PreviousLog::Deleted, ActualRun::Unknown),
            (0, true, PreviousLog::Empty, ActualRun::Unknown),
            (1, true, PreviousLog::Empty, ActualRun::Unknown),
        ] {
            let run = ExpectedRun { number, has_ended, earlier_last: (number > 0).then(|| at(5)) };
            assert_eq!(run.find_actual(at(10), previous), expected, "{run:?} {previous:?}");
        }
        let run = ExpectedRun { number: 1, has_ended: false, earlier_last: None };
        assert_eq!(run.find_actual(at(10), PreviousLog::Empty), ActualRun::Expected, "no run has lines");
    }
}
