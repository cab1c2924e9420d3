//! The line that says which resources the Pod reserves on its node, and how long these resources were idle.

use jiff::SignedDuration;

use crate::lifecycle::PodOutcome;
use crate::timeline::TimelinePod;
use crate::view::pod::extras::ResourceRequest;
use crate::view::primitives::duration::format_elapsed;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::explain;
use crate::view::view_context::ViewContext;

/// `reserved since 16:53:34.931Z: cpu 500m, memory 1Gi, idle for the first 7s`. The resources are reserved from the
/// moment at which the Pod is scheduled, but idle until its work starts. Returns `None` if the Pod requests nothing.
pub(crate) fn reserved_resources(
    context: &ViewContext<'_>,
    pod: &TimelinePod,
    requests: &[ResourceRequest],
) -> Option<Line> {
    if requests.is_empty() {
        return None;
    }
    let several_containers = requests.iter().any(|request| request.container != requests[0].container);
    let resources: Vec<String> = requests
        .iter()
        .map(|request| {
            let container = if several_containers {
                format!(" ({})", text::clean(&request.container))
            } else {
                String::new()
            };
            format!("{} {}{container}", text::clean(&request.resource), text::clean(&request.quantity))
        })
        .collect();
    let resources = resources.join(", ");
    let Some(scheduled) = pod.life.instants.scheduled else {
        return Some(Line::new(format!("requests {resources}; nothing is reserved yet"), Style::Text));
    };
    let since = explain::format_instant(context, scheduled);
    let mut line = Line::new(format!("reserved since {since}: {resources}"), Style::Text);
    let end = if pod.life.outcome.has_ended() { pod.life.end() } else { Some(context.now) };
    let has_worked = matches!(
        pod.life.outcome,
        PodOutcome::Running | PodOutcome::Succeeded | PodOutcome::Failed | PodOutcome::Unknown
    );
    let started = pod.life.instants.work_started.map(|started| started.at);
    // If the work started at an unknown time, nothing shows how long the resources were idle.
    let idle_until = started.or(end.filter(|_| !has_worked));
    if let Some(idle_until) = idle_until {
        let idle = format_elapsed(idle_until.duration_since(scheduled.at).max(SignedDuration::ZERO));
        let idle = match (pod.life.instants.work_started, pod.life.outcome.has_ended()) {
            (Some(_), _) => format!(", idle for the first {idle}"),
            (None, true) => format!(", idle for all of the {idle}"),
            (None, false) => format!(", idle for {idle} so far"),
        };
        line.push(idle, Style::Warning);
    }
    Some(line)
}
