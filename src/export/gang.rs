//! The gang of a workload in the timeline document.

use jiff::Timestamp;
use serde::Serialize;
use serde_with::serde_as;

use crate::export::units::Rfc3339Millis;
use crate::timeline::{GangReport, GangStart};

/// `gang` of a workload: the latest start of all its Pods together. If the workload has several gangs, the one that is
/// not complete yet, or that was complete last.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GangEntry {
    /// Number of members: the Pods that the workload asked for when the attempt began.
    pub members: u32,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// The replica of a LeaderWorkerSet, from 0; `null` for any other gang.
    pub replica: Option<u32>,
    /// When the first Pod of the attempt was created.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub began_at: Option<Timestamp>,
    /// When the first member began to work.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub first_worked_at: Option<Timestamp>,
    /// When the last member began to work; `null` until then.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub complete_at: Option<Timestamp>,
    /// `completeAt - firstWorkedAt`.
    pub wait_millis: Option<i64>,
    /// The 5th and the 95th percentile of `waitMillis`.
    pub wait_range_millis: Option<[i64; 2]>,
    /// The sum of the times for which Pods worked before the last member did.
    pub held_pod_millis: i64,
    /// The member that worked last, or a member that does not work yet; `null` if it is unknown.
    pub last: Option<LastMemberEntry>,
}

/// The last member of a gang.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastMemberEntry {
    /// Name of the Pod; `null` if the member has no Pod yet.
    pub pod: Option<String>,
    /// The phase that made the member late, with its node or image, or the order in which the roles start.
    pub reason: String,
}

impl From<&GangReport> for GangEntry {
    fn from(gang: &GangReport) -> Self {
        let GangStart { members, attempt, replica, held_pod_millis, .. } = gang.latest;
        let start = &gang.latest;
        Self {
            members,
            attempt,
            replica,
            began_at: start.began,
            first_worked_at: start.first_worked,
            complete_at: start.complete,
            // The duration is the difference of the printed times.
            wait_millis: start.complete.map(|_| start.wait_so_far),
            wait_range_millis: start.wait.map(|wait| [wait.low_millis, wait.high_millis]),
            held_pod_millis,
            last: start.last.as_ref().map(|last| LastMemberEntry {
                pod: last.pod.as_deref().map(str::to_owned),
                reason: last.cause.reason(),
            }),
        }
    }
}
