//! Texts about Pods that did not end by themselves: stopped on purpose, preempted, lost with a node, or not counted.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::timeline::{PodKey, Stop, Timeline};
use crate::view::primitives::text;

/// Describes the end of a Pod that was ended from outside: `stopped by job/pi: suspended`, `preempted by pod/urgent`,
/// `lost with node-1 since 12:03:44Z`, `ended well, not counted: deleted`. `None` for all other Pods. Times are in
/// `zone`, or in UTC.
pub(crate) fn describe_special_end(
    timeline: &Timeline,
    key: PodKey,
    zone: Option<&TimeZone>,
) -> Option<String> {
    let overview = timeline.overview(key);
    // The node of any other lost Pod may still come back.
    if overview.is_lost && (overview.deletion_requested || overview.outcome.has_ended()) {
        return Some(describe_loss(timeline, key, zone));
    }
    if !overview.deleted_before_end || !overview.outcome.has_ended() {
        return None;
    }
    let preemption =
        || timeline.describe_preemption(key).map(|preemption| text::clean(&preemption).into_owned());
    let stop = timeline.deliberate_stop(key).map(|stop| describe_stop(&stop)).or_else(preemption);
    if timeline.is_uncounted_success(key) {
        return Some(format!("ended well, not counted: {}", stop.as_deref().unwrap_or("deleted")));
    }
    stop.filter(|_| overview.was_stopped())
}

/// `stopped by job/pi: suspended`.
fn describe_stop(stop: &Stop) -> String {
    let reason = stop.reason.as_deref().map(|reason| format!(": {}", text::clean(reason)));
    format!("stopped by {}{}", text::clean(&stop.by), reason.unwrap_or_default())
}

/// `lost with node-1 since 12:03:44Z`.
fn describe_loss(timeline: &Timeline, key: PodKey, zone: Option<&TimeZone>) -> String {
    let pod = timeline.pod(key);
    let node = pod.node.as_deref().map_or_else(|| "its node".into(), text::clean);
    let since = pod.life.lost_since.map(|since| format!(" since {}", format_clock_time(since, zone, false)));
    format!("lost with {node}{}", since.unwrap_or_default())
}

/// A clock time in `zone`, or in UTC; with milliseconds if `fine`.
pub(crate) fn format_clock_time(at: Timestamp, zone: Option<&TimeZone>, fine: bool) -> String {
    let utc = zone.is_none_or(|zone| *zone == TimeZone::UTC);
    let format = match (fine, utc) {
        (true, true) => "%H:%M:%S%.3fZ",
        (true, false) => "%H:%M:%S%.3f",
        (false, true) => "%H:%M:%SZ",
        (false, false) => "%H:%M:%S",
    };
    at.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).strftime(format).to_string()
}
