//! The sentence about the held time of a workload, and the line about its place in a queue.

use crate::timeline::{Queue, QueueState, QueueStateKind, Summary, Workload, to_percent};
use crate::view::primitives::duration::format_elapsed;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::view_context::ViewContext;

/// `held 34 % of the wall time (quota 30 %, evicted twice)`. `None` if the workload was held for less than half a percent
/// of the wall time.
pub(crate) fn held_sentence(summary: &Summary) -> Option<String> {
    let held = &summary.held;
    let share = to_percent(held.total(), summary.wall_millis);
    if share == 0 {
        return None;
    }
    let named = held.millis.iter().map(|(reason, millis)| (reason, to_percent(*millis, summary.wall_millis)));
    let named: Vec<_> = named.filter(|(_, share)| *share > 0).collect();
    let mut details: Vec<String> = match named.as_slice() {
        [(reason, _)] => vec![reason.words().to_owned()],
        several => several.iter().map(|(reason, share)| format!("{} {share} %", reason.words())).collect(),
    };
    match held.evictions {
        0 => {}
        1 => details.push("evicted once".to_owned()),
        2 => details.push("evicted twice".to_owned()),
        times => details.push(format!("evicted {times} times")),
    }
    Some(format!("held {share} % of the wall time ({})", details.join(", ")))
}

/// The line about the place of a workload in a queue, while it waits there, and once it was evicted:
/// `queue team-a: pending 12s, position 3, priority 10: insufficient unused quota …`. `None` if there is nothing to say.
pub(crate) fn queue_line(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let queue = context.timeline.queue(workload)?;
    let mut parts = Vec::new();
    let open = queue.states.last().filter(|state| !state.ended);
    let waiting = open.filter(|state| !is_admitted(state.kind));
    if let Some(state) = waiting {
        let time = state.duration(context.now).map(|time| format!(" {}", format_elapsed(time)));
        parts.push(format!("{}{}", state_words(state.kind), time.unwrap_or_default()));
        // People count from 1.
        parts.extend(queue.position.map(|position| format!("position {}", position.saturating_add(1))));
    }
    parts.extend(describe_partial_admission(&queue, workload));
    parts.extend(describe_evictions(&queue));
    if parts.is_empty() {
        return None;
    }
    parts.extend(
        queue.priority.filter(|priority| *priority != 0).map(|priority| format!("priority {priority}")),
    );
    let reason = waiting.and_then(|state| state.message.as_deref()).map(text::clean);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let line = format!("queue {}: {}{reason}", text::clean(&queue.name), parts.join(", "));
    Some(Line::new(line, Style::Text).shorten_end(columns, context.glyphs.ellipsis))
}

/// `2 of 4 Pods admitted`, if fewer Pods are admitted than the Job asks for. Kueue lowers the parallelism of a Job that is
/// admitted in part, so the highest parallelism counts.
fn describe_partial_admission(queue: &Queue, workload: &Workload) -> Option<String> {
    let desired = workload.capacity.iter().map(|capacity| capacity.parallelism);
    let wanted = desired.chain(queue.wanted_pods).max()?;
    let admitted = queue.admitted_pods.filter(|admitted| *admitted < wanted)?;
    Some(format!("{admitted} of {wanted} Pods admitted"))
}

/// `evicted twice, last by default/urgent (Preempted)`.
fn describe_evictions(queue: &Queue) -> Option<String> {
    let last: &QueueState = queue.states.iter().rfind(|state| state.kind == QueueStateKind::Evicted)?;
    let times = match queue.evictions() {
        1 => "evicted".to_owned(),
        2 => "evicted twice, last".to_owned(),
        times => format!("evicted {times} times, last"),
    };
    let by = last.by.as_ref().map(|by| format!(" by {}", text::clean(by))).unwrap_or_default();
    let reason = last.reason.as_ref().map(|reason| format!(" ({})", text::clean(reason))).unwrap_or_default();
    Some(format!("{times}{by}{reason}"))
}

/// A state in words.
pub(crate) fn state_words(kind: QueueStateKind) -> &'static str {
    match kind {
        QueueStateKind::QuotaReserved => "quota reserved",
        QueueStateKind::AdmissionChecks => "admission checks",
        QueueStateKind::PodsReady => "Pods ready",
        QueueStateKind::Pending
        | QueueStateKind::Admitted
        | QueueStateKind::Evicted
        | QueueStateKind::Requeued
        | QueueStateKind::Deactivated => kind.name(),
    }
}

fn is_admitted(kind: QueueStateKind) -> bool {
    matches!(kind, QueueStateKind::Admitted | QueueStateKind::PodsReady)
}
