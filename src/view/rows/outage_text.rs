//! The lines about collections that the source cannot read at the moment.

use jiff::Timestamp;

use crate::observation::Outage;
use crate::view::primitives::duration::format_elapsed;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text::clean;

/// Names the collections that cannot be read, since when and why, for example
/// `not up to date since 12:03:04 UTC (32s): cannot read pods, events: forbidden (403)`. There is one line for each
/// reason. Without the optional collections only times are less exact, so the line does not say `not up to date`.
pub(crate) fn describe_outages(outages: &[Outage], now: Timestamp) -> Vec<Line> {
    let mut groups: Vec<Vec<&Outage>> = Vec::new();
    for outage in outages {
        match groups.iter_mut().find(|group| group[0].reason == outage.reason) {
            Some(group) => group.push(outage),
            None => groups.push(vec![outage]),
        }
    }
    groups.iter().map(|group| Line::new(describe_group(group, now), Style::Warning)).collect()
}

/// Describes outages with the same reason.
fn describe_group(group: &[&Outage], now: Timestamp) -> String {
    let since = group.iter().map(|outage| outage.since).min().unwrap_or(now);
    let time = since.strftime("%H:%M:%S UTC");
    let elapsed = format_elapsed(now.duration_since(since));
    let effect = if group.iter().all(|outage| outage.is_optional) { "less exact" } else { "not up to date" };
    let reason = clean(&group[0].reason).into_owned();
    format!("{effect} since {time} ({elapsed}): cannot read {}: {reason}", list_resources(group))
}

/// Lists the resources of outages, each once: `pods, events`.
pub(crate) fn list_resources(outages: &[&Outage]) -> String {
    let mut resources: Vec<String> = Vec::new();
    for outage in outages {
        let resource = clean(&outage.resource).into_owned();
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    resources.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(resource: &str, second: i64, reason: &str, is_optional: bool) -> Outage {
        Outage {
            kind: String::new(),
            resource: resource.to_owned(),
            namespace: None,
            since: Timestamp::from_second(second).unwrap(),
            reason: reason.to_owned(),
            is_optional,
        }
    }

    #[test]
    fn outages_with_the_same_reason_share_a_line() {
        let outages = [
            outage("pods", 100, "HTTP status 503", false),
            outage("events", 99, "forbidden (403)", true),
            outage("jobs", 90, "HTTP status 503", false),
            outage("pods", 95, "HTTP status 503", false),
        ];
        let lines = describe_outages(&outages, Timestamp::from_second(130).unwrap());
        assert_eq!(
            lines.iter().map(Line::plain).collect::<Vec<_>>(),
            [
                "not up to date since 00:01:30 UTC (40s): cannot read pods, jobs: HTTP status 503",
                "less exact since 00:01:39 UTC (31s): cannot read events: forbidden (403)",
            ]
        );
    }
}
