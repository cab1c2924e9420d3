//! CronJobs: the state that a CronJob reports, and the time of its next run.

use cronexpr::MakeTimestamp;
use jiff::Timestamp;

use crate::observation::CronJob;
use crate::timeline::workloads::rollout::RolloutStatus;
use crate::timeline::workloads::workload::WorkloadState;

/// The status of a CronJob. A CronJob never ends: it runs while one of its Jobs is active, and otherwise is
/// suspended or waits for its next run.
pub(crate) fn cron_job_status(object: &CronJob) -> RolloutStatus {
    let state = match (object.spec.suspend, object.status.active.as_slice()) {
        (_, [_, ..]) => WorkloadState::Running,
        (Some(true), []) => WorkloadState::Suspended,
        (_, []) => WorkloadState::Pending,
    };
    let zone = object.spec.time_zone.as_deref().map(|zone| format!(" in {zone}")).unwrap_or_default();
    let message = Some(format!("schedule {}{zone}", object.spec.schedule));
    RolloutStatus { state, reason: None, message, finished: None }
}

/// When a CronJob's schedule creates its next Job. `None` if the CronJob is suspended, or if this program cannot
/// interpret the schedule as the controller does.
///
/// Without `timeZone`, the controller uses its own time zone. This function assumes UTC, the usual zone of a
/// controller.
pub(crate) fn next_run(object: &CronJob, now: Timestamp) -> Option<Timestamp> {
    if object.spec.suspend == Some(true) {
        return None;
    }
    let schedule = match object.spec.schedule.trim() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        schedule => schedule,
    }
    .replace('?', "*");
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [_, _, day, _, weekday] = fields.as_slice() else { return None };
    // With a field such as `*/2`, the controller runs on days that match either field, but `cronexpr` requires both.
    if (day.starts_with("*/") && *weekday != "*") || (weekday.starts_with("*/") && *day != "*") {
        return None;
    }
    let zone = object.spec.time_zone.as_deref().unwrap_or("UTC");
    let crontab = cronexpr::parse_crontab(&format!("{} {zone}", fields.join(" "))).ok()?;
    Some(crontab.find_next(MakeTimestamp(now)).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_interpreted_as_by_the_controller() {
        let next = |schedule: &str, zone: Option<&str>| {
            let mut object = CronJob::default();
            object.spec.schedule = schedule.to_owned();
            object.spec.time_zone = zone.map(str::to_owned);
            next_run(&object, "2026-11-23T12:00:30Z".parse().unwrap()).map(|at| at.to_string())
        };
        for (schedule, zone, at) in [
            ("*/5 * * * *", None, Some("2026-11-23T12:05:00Z")),
            ("0 3 * * *", Some("Europe/Zurich"), Some("2026-11-24T02:00:00Z")),
            ("0 12 ? * SUN", None, Some("2026-11-29T12:00:00Z")),
            ("0 0 13 * 5", None, Some("2026-11-27T00:00:00Z")),
            ("@hourly", None, Some("2026-11-23T13:00:00Z")),
            ("@every 90s", None, None),
            ("0 0 */2 * 5", None, None),
            ("* * * * *", Some("Nowhere/Nothing"), None),
            ("", None, None),
        ] {
            assert_eq!(next(schedule, zone).as_deref(), at, "{schedule} {zone:?}");
        }
        let mut suspended = CronJob::default();
        suspended.spec.schedule = "* * * * *".to_owned();
        suspended.spec.suspend = Some(true);
        assert_eq!(next_run(&suspended, Timestamp::UNIX_EPOCH), None);
    }
}
