//! The lines of text that every view shares: a block's heading, its verdict, why it failed or waits.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::lifecycle::PhaseKind;
use crate::timeline::{Hold, SlotTime, Summary, Workload, WorkloadState};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::primitives::duration::{format_elapsed, format_elapsed_millis};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, Heading};
use crate::view::view_context::ViewContext;

/// The heading of a block: what it is, how it stands, how far it is; on the right how long it took and what part of it
/// was cold start.
pub(crate) fn heading(
    context: &ViewContext<'_>,
    block: &Group<'_>,
    counts: &Counts,
    summary: Option<&Summary>,
    columns: usize,
) -> Line {
    let long = state(context, block, counts, columns, false);
    let mut line = if long.width() <= columns { long } else { state(context, block, counts, columns, true) };
    if let Heading::Workload(workload) = block.heading {
        let used = line.width();
        let mut rights = measures(context, workload, summary).into_iter();
        if let Some(right) = rights.find(|right| used + 2 + text::width(right) <= columns) {
            line.push(" ".repeat(columns - used - text::width(&right)), Style::Text);
            line.push(right, Style::Dim);
        }
    }
    line.shorten_end(columns, context.glyphs.ellipsis)
}

/// What it is, how it stands, how far it is.
fn state(context: &ViewContext<'_>, block: &Group<'_>, counts: &Counts, columns: usize, short: bool) -> Line {
    let mut line = Line::default();
    match block.heading {
        Heading::Workload(workload) => {
            let name = format!("{}/{}", workload.kind.to_lowercase(), text::clean(&workload.name));
            let room = if short { columns / 3 } else { columns / 2 };
            line.push(text::shorten_middle(&name, room.max(16), context.glyphs.ellipsis), Style::Strong);
            if several_namespaces(context) && !short {
                line.push(format!(" in {}", text::clean(&workload.namespace)), Style::Dim);
            }
            line.push("  ", Style::Text);
            line.push(workload.state.name(), outcome_role(workload.state));
            line.push("  ", Style::Text);
            push_done(context, &mut line, workload, counts, short);
        }
        Heading::Pods => line.push("pods", Style::Strong),
        Heading::Node(Some(node)) => line.push(format!("node/{}", text::clean(node)), Style::Strong),
        Heading::Node(None) => line.push("no node", Style::Strong),
        Heading::Outcome(outcome) => line.push(outcome, Style::Strong),
        Heading::All => line.push("all Pods", Style::Strong),
    }
    if !matches!(block.heading, Heading::Workload(_)) {
        line.push(format!("  {} of {} done", counts.get(DisplayState::Done), counts.total()), Style::Text);
    }
    // What is over stands together, and a failure is the last to be cut off.
    push_failed(context, &mut line, block.heading, counts.get(DisplayState::Failed), short);
    counts.push_to(&mut line, context.glyphs);
    line
}

/// `9 of 20 done`.
fn push_done(context: &ViewContext<'_>, line: &mut Line, workload: &Workload, counts: &Counts, short: bool) {
    // The controller counts on after Pods are gone; Pods are seen before it counts them, but for those that it took away.
    let counted = usize::try_from(workload.succeeded).unwrap_or(usize::MAX);
    let done = if workload.has_ended() { counted } else { counted.max(counts.done_unasked()) };
    match workload.completions {
        Some(completions) if short => line.push(format!("{done}/{completions} done"), Style::Text),
        Some(completions) => line.push(format!("{done} of {completions} done"), Style::Text),
        // Nothing of a rollout is ever done; what owns others has as many.
        None if workload.is_rollout => {
            let wanted = workload.parallelism.unwrap_or(0);
            line.push(format!("{} of {wanted} Pods", workload.active), Style::Text);
        }
        None if context.timeline.has_children(workload) => {
            line.push(below(context.timeline.children(workload)), Style::Text);
        }
        None => line.push(format!("{done} done"), Style::Text),
    }
    if context.timeline.has_children(workload) {
        return;
    }
    if let Some(hold) = suspension(workload) {
        line.push(context.glyphs.separator, Style::Dim);
        let took = hold.duration(context.now).map(|took| format!(" {}", format_elapsed(took)));
        line.push(format!("suspended{}", took.unwrap_or_default()), Style::Warning);
        return;
    }
    if workload.pods.is_empty() && (done == 0 || workload.has_ended()) {
        line.push(context.glyphs.separator, Style::Dim);
        line.push(if workload.has_ended() { "no Pod left" } else { "no Pod yet" }, Style::Warning);
    }
}

/// The suspension that lasts.
fn suspension(workload: &Workload) -> Option<&Hold> {
    let open = workload.holds.iter().find(|hold| !hold.ended && hold.message.is_none());
    open.filter(|_| workload.state == WorkloadState::Suspended)
}

/// `3 jobs`: how many workloads of which kinds.
fn below<'a>(children: impl Iterator<Item = &'a Workload>) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for child in children {
        *kinds.entry(child.kind.to_lowercase()).or_default() += 1;
    }
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{count} {kind}{}", if count == 1 { "" } else { "s" }))
        .collect();
    parts.join(", ")
}

/// `1 failed try`: a Job goes on after a failed Pod, so that the Pod alone has failed.
fn push_failed(context: &ViewContext<'_>, line: &mut Line, heading: Heading<'_>, failed: usize, short: bool) {
    let (failed, what) = match heading {
        Heading::Workload(workload) => {
            let failed = usize::try_from(workload.failed).unwrap_or(usize::MAX).max(failed);
            let what = match failed {
                _ if short => " failed",
                1 => " failed try",
                _ => " failed tries",
            };
            (failed, what)
        }
        _ => (failed, " failed"),
    };
    if failed > 0 {
        line.push(context.glyphs.separator, Style::Dim);
        line.push(failed.to_string(), Style::Failure);
        line.push(what, Style::Text);
    }
}

/// The right end of a heading, longest form first.
fn measures(context: &ViewContext<'_>, workload: &Workload, summary: Option<&Summary>) -> Vec<String> {
    let Some(elapsed) = elapsed(workload, context.now) else { return Vec::new() };
    let elapsed = format_elapsed_millis(elapsed);
    let mut measures = Vec::new();
    if let Some(Summary { slots, .. }) = summary.filter(|summary| summary.slots.total > 0 && summary.pods > 0)
    {
        let cold = percent(slots.cold_start(), slots.total);
        measures.push(format!("{elapsed}{}cold start {cold} % of slot time", context.glyphs.separator));
        measures.push(format!("{elapsed}{}cold {cold} %", context.glyphs.separator));
    }
    measures.push(elapsed);
    measures
}

/// Milliseconds from a workload's creation to its end, or to now.
pub(crate) fn elapsed(workload: &Workload, now: Timestamp) -> Option<i64> {
    let begin = workload.created.or(workload.started)?;
    let end = workload.finished.or_else(|| (!workload.gone).then_some(now))?;
    Some(end.as_millisecond().saturating_sub(begin.as_millisecond()).max(0))
}

/// How an outcome looks.
pub(crate) fn outcome_role(outcome: WorkloadState) -> Style {
    match outcome {
        WorkloadState::Succeeded => Style::Success,
        WorkloadState::Failed => Style::Failure,
        WorkloadState::Running => Style::Strong,
        WorkloadState::Pending | WorkloadState::Suspended | WorkloadState::Unknown => Style::Warning,
    }
}

/// Why a workload failed or has no Pod: `BackoffLimitExceeded: Job has reached the specified backoff limit`.
pub(crate) fn reason(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let role = match workload.state {
        WorkloadState::Succeeded => return None,
        WorkloadState::Failed => Style::Failure,
        _ => Style::Warning,
    };
    let mut reason = workload.reason.as_deref().filter(|reason| !reason.is_empty());
    let mut message = workload.message.as_deref().filter(|message| !message.is_empty());
    if let Some(hold) = suspension(workload).filter(|_| reason == Some("JobSuspended")) {
        // The heading says that it is suspended, but not what for.
        reason = Some(&*hold.reason).filter(|reason| *reason != "suspended");
        message = None;
    }
    let mut line = Line::default();
    line.push(text::clean(reason.or(message)?), role);
    if let (Some(_), Some(message)) = (reason, message) {
        line.push(format!(": {}", text::clean(message)), Style::Text);
    }
    if let Some(next) = workload.next_run {
        let left = next.as_millisecond().saturating_sub(context.now.as_millisecond());
        line.push(
            format!("{}next run in {}", context.glyphs.separator, format_elapsed_millis(left.max(0))),
            Style::Text,
        );
    }
    if let Some(waiting) = &workload.creation_block {
        let waited = context.now.as_millisecond().saturating_sub(waiting.since.as_millisecond());
        line.push(
            format!("{}for {}", context.glyphs.separator, format_elapsed_millis(waited.max(0))),
            Style::Dim,
        );
    }
    Some(line.shorten_end(columns, context.glyphs.ellipsis))
}

/// Where slot time went: `slot time 1m58s: work 57 % · pull 22 % · queued 9 % · idle 12 %`. The percentages that are shown
/// sum to 100; where the line is short, the smallest are told as one.
pub(crate) fn verdict(context: &ViewContext<'_>, summary: &Summary, columns: usize) -> Option<Line> {
    let slots = &summary.slots;
    if slots.total <= 0 {
        return None;
    }
    let mut parts: Vec<(&str, i64)> = shares(slots).into_iter().filter(|&(_, percent)| percent > 0).collect();
    let long = verdict_of(context, summary, &parts, false);
    if long.width() <= columns {
        return Some(long);
    }
    let mut other = 0;
    loop {
        let rest = (other > 0).then_some(("other", other));
        let short =
            verdict_of(context, summary, &parts.iter().copied().chain(rest).collect::<Vec<_>>(), true);
        // Work is what all the rest is measured by.
        let others = (0..parts.len()).filter(|&index| parts[index].0 != "work");
        match others.min_by_key(|&index| parts[index].1) {
            Some(least) if short.width() > columns => other += parts.remove(least).1,
            _ => return Some(short.shorten_end(columns, context.glyphs.ellipsis)),
        }
    }
}

fn verdict_of(context: &ViewContext<'_>, summary: &Summary, parts: &[(&str, i64)], short: bool) -> Line {
    let Summary { slots, partial, .. } = *summary;
    let (what, percent) = if short { ("slots", "%") } else { ("slot time", " %") };
    let observed = match (partial, short) {
        (false, _) => "",
        (true, false) => " of observed time",
        (true, true) => " observed",
    };
    let mut line =
        Line::new(format!("{what} {}{observed}: ", format_elapsed_millis(slots.total)), Style::Dim);
    for (index, (name, part)) in parts.iter().enumerate() {
        if index > 0 {
            line.push(context.glyphs.separator, Style::Dim);
        }
        line.push(format!("{name} "), Style::Text);
        line.push(format!("{part}{percent}"), Style::Strong);
    }
    line
}

/// A part of slot time as the verdict names it, in the order of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    Work,
    SetupAndStart,
    Pull,
    Init,
    ColdStart,
    Terminating,
    Queued,
    BackOff,
    Idle,
}

impl Share {
    /// The share that counts the slot time of a phase. Phases with the same glyph have the same share.
    fn of_phase(kind: PhaseKind) -> Self {
        match kind {
            PhaseKind::Running => Self::Work,
            PhaseKind::Setup | PhaseKind::Starting => Self::SetupAndStart,
            PhaseKind::Pulling => Self::Pull,
            PhaseKind::Initializing => Self::Init,
            PhaseKind::Startup => Self::ColdStart,
            PhaseKind::Terminating => Self::Terminating,
            PhaseKind::Queued => Self::Queued,
            PhaseKind::BackOff => Self::BackOff,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::SetupAndStart => "setup, start",
            Self::Pull => "pull",
            Self::Init => "init",
            Self::ColdStart => "cold start",
            Self::Terminating => "terminating",
            Self::Queued => "queued",
            Self::BackOff => "back-off",
            Self::Idle => "idle",
        }
    }
}

/// The parts of slot time in whole percents that sum to 100 (largest remainder), in the order of the verdict.
fn shares(slots: &SlotTime) -> Vec<(&'static str, i64)> {
    let mut parts: BTreeMap<Share, i64> = BTreeMap::from([(Share::Idle, slots.idle)]);
    for (kind, millis) in &slots.phases {
        *parts.entry(Share::of_phase(kind)).or_default() += millis;
    }
    let whole: i128 = parts.values().map(|&part| i128::from(part)).sum::<i128>().max(1);
    let exact: Vec<i128> = parts.values().map(|&part| i128::from(part) * 100).collect();
    let mut percents: Vec<i128> = exact.iter().map(|part| part / whole).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(exact[index] % whole));
    let missing = usize::try_from(100 - percents.iter().sum::<i128>()).unwrap_or(0);
    for &index in order.iter().take(missing) {
        percents[index] += 1;
    }
    let named = parts.into_keys().map(Share::name).zip(percents);
    named.map(|(name, percent)| (name, i64::try_from(percent).unwrap_or(0))).collect()
}

/// A part in whole percents, rounded.
pub(crate) fn percent(part: i64, whole: i64) -> i128 {
    (i128::from(part) * 200 + i128::from(whole)) / (i128::from(whole) * 2)
}

/// Whether names need their namespace.
pub(crate) fn several_namespaces(context: &ViewContext<'_>) -> bool {
    let mut namespaces = context.timeline.workloads().iter().map(|workload| &workload.namespace);
    let first = namespaces.next();
    namespaces.any(|namespace| Some(namespace) != first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_a_hundred() {
        let mut slots = SlotTime { total: 3, idle: 1, ..SlotTime::default() };
        slots.phases[PhaseKind::Running] = 1;
        slots.phases[PhaseKind::Pulling] = 1;
        let shares = shares(&slots);
        assert_eq!(shares.iter().map(|&(_, percent)| percent).sum::<i64>(), 100);
        assert_eq!((shares[0].1, shares[2].1, shares[8].1), (34, 33, 33));
    }
}
