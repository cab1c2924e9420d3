//! How a Pod stands with the cluster: its conditions, and what is reserved for it.

use jiff::{SignedDuration, Timestamp};

use crate::timeline::TimelinePod;
use crate::view::explain;
use crate::view::primitives::columns::{Column, Columns, Shrink};
use crate::view::primitives::duration::format_duration;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::view_context::ViewContext;

/// A condition of the Pod's status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConditionRow {
    /// `PodScheduled`, `Ready` …; not yet escaped.
    pub name: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Since when, truncated to the second; `lastTransitionTime`.
    pub since: Option<Timestamp>,
    /// Why, one word; not yet escaped.
    pub reason: String,
}

/// What a container requests of its node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceRequest {
    /// Name of the container.
    pub container: String,
    /// `cpu`, `memory`, `nvidia.com/gpu` …; not yet escaped.
    pub resource: String,
    /// As written: `500m`, `1Gi`.
    pub quantity: String,
}

/// The table of conditions, in the order of the status.
pub(crate) fn conditions(context: &ViewContext<'_>, conditions: &[ConditionRow], room: usize) -> Vec<Line> {
    let mut columns = Columns::new(vec![
        Column::text("CONDITION"),
        Column::text("STATUS"),
        Column::text("SINCE"),
        Column::text("REASON").shrinking(Shrink::End(6)),
    ]);
    for condition in conditions {
        let since = condition.since.map(|since| explain::clock_time(context, since, false));
        columns.push(
            None,
            vec![
                (text::clean(&condition.name).into_owned(), Style::Text),
                (text::clean(&condition.status).into_owned(), Style::Text),
                (since.unwrap_or_else(|| context.glyphs.none.to_owned()), Style::Text),
                (text::clean(&condition.reason).into_owned(), Style::Dim),
            ],
        );
    }
    columns.lines(room, context.glyphs.ellipsis)
}

/// `reserved since 16:53:34.931Z: cpu 500m, memory 1Gi; idle for 6.6s of it`: from scheduled to the start of work the node's
/// resources are taken and do nothing.
pub(crate) fn reserved(
    context: &ViewContext<'_>,
    pod: &TimelinePod,
    requests: &[ResourceRequest],
) -> Option<Line> {
    if requests.is_empty() {
        return None;
    }
    let several = requests.iter().any(|request| request.container != requests[0].container);
    let words: Vec<String> = requests
        .iter()
        .map(|request| {
            let of = if several { format!(" ({})", text::clean(&request.container)) } else { String::new() };
            format!("{} {}{of}", text::clean(&request.resource), text::clean(&request.quantity))
        })
        .collect();
    let words = words.join(", ");
    let Some(scheduled) = pod.life.instants.scheduled else {
        return Some(Line::new(format!("asks for {words}; nothing is reserved yet"), Style::Text));
    };
    let mut line =
        Line::new(format!("reserved since {}: {words}", explain::clock(context, scheduled)), Style::Text);
    let started = pod.life.instants.work_started.map(|started| started.at);
    let until = if pod.life.outcome.has_ended() { pod.life.end() } else { Some(context.now) };
    if let Some(until) = started.or(until) {
        let idle = until.duration_since(scheduled.at).max(SignedDuration::ZERO);
        line.push(format!("; idle for {} of it", format_duration(idle, false)), Style::Warning);
    }
    Some(line)
}
