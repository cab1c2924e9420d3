//! The heading of a group, and the line that says why a workload failed or waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::{Hold, Summary, Timeline, Workload, WorkloadState};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::names::{has_namesake, has_several_namespaces};
use crate::view::primitives::duration::{format_elapsed, format_elapsed_millis};
use crate::view::primitives::frame::{Line, Link, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, Heading};
use crate::view::rows::slot_time::losses::largest_loss;
use crate::view::rows::time_left_text::{describe_time_left, describe_time_left_briefly};
use crate::view::view_context::ViewContext;

/// The heading of a group: its name, state and counts. For a workload, the elapsed time and the largest loss of slot
/// time follow on the right.
pub(crate) fn group_heading(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    counts: &Counts,
    summary: Option<&Summary>,
    columns: usize,
) -> Line {
    let time_left = match group.heading {
        Heading::Workload(workload) => time_left_columns(context, workload),
        Heading::Pods(_) | Heading::Node(_) | Heading::Role { .. } | Heading::Outcome(_) | Heading::All => 0,
    };
    let forms =
        || HeadingForm::ALL.into_iter().map(|form| (form, left_part(context, group, counts, columns, form)));
    let with_states = forms().take_while(|(form, _)| *form <= HeadingForm::WithoutRunning);
    let fitting = with_states.map(|(_, line)| line).find(|line| line.width() + time_left <= columns);
    let fitting = fitting.or_else(|| forms().map(|(_, line)| line).find(|line| line.width() <= columns));
    let mut line = fitting.or_else(|| forms().next_back().map(|(_, line)| line)).unwrap_or_default();
    if let Heading::Workload(workload) = group.heading {
        let used = line.width();
        let mut right_parts = right_parts(context, workload, summary).into_iter();
        if let Some(right) = right_parts.find(|right| used + 2 + text::width(right) <= columns) {
            line.push(" ".repeat(columns - used - text::width(&right)), Style::Text);
            line.push(right, Style::Dim);
        }
    }
    line.link = heading_link(context, group.heading);
    line.shorten_end(columns, context.glyphs.ellipsis)
}

/// The width of the right part with the time left, in its shortest form, and the blanks before it; 0 if the time left
/// is unknown. The heading leaves room for this part, so that the time left does not come and go with the counts.
fn time_left_columns(context: &ViewContext<'_>, workload: &Workload) -> usize {
    if context.time_left(workload).is_none() {
        return 0;
    }
    right_parts(context, workload, None).iter().rev().nth(1).map_or(0, |right| 2 + text::width(right))
}

/// The object that a heading opens: its node, or its workload if the picture also shows other workloads.
fn heading_link(context: &ViewContext<'_>, heading: Heading<'_>) -> Option<Link> {
    match heading {
        Heading::Node(node) => node.map(|node| Link::Node(Arc::clone(node))),
        Heading::Workload(workload) => {
            let is_part = context.timeline.subtree(&workload.uid).len() < context.workloads().len();
            is_part.then(|| Link::Workload(Arc::clone(&workload.uid)))
        }
        Heading::Pods(_) | Heading::Role { .. } | Heading::Outcome(_) | Heading::All => None,
    }
}

/// The level of detail of the left part of a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HeadingForm {
    /// Everything.
    Long,
    /// Without the namespace, unless two workloads differ only in it, and with a shorter name and shorter counts.
    Short,
    /// Like `Short`, but without the word `Running`, because the counts show it.
    WithoutRunning,
    /// Like `WithoutRunning`, but only with the counts of Pods in trouble and without their details.
    OnlyTrouble,
    /// Like `OnlyTrouble`, but without the word `done`.
    Shortest,
}

impl HeadingForm {
    /// All forms, longest first.
    const ALL: [Self; 5] = [Self::Long, Self::Short, Self::WithoutRunning, Self::OnlyTrouble, Self::Shortest];
}

/// Name, state and counts.
fn left_part(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    counts: &Counts,
    columns: usize,
    form: HeadingForm,
) -> Line {
    let short = form > HeadingForm::Long;
    let mut line = Line::default();
    match group.heading {
        Heading::Workload(workload) => {
            let name = format!("{}/{}", workload.kind.to_lowercase(), text::clean(&workload.name));
            let room = if short { columns / 3 } else { columns / 2 };
            line.push(text::shorten_middle(&name, room.max(16), context.glyphs.ellipsis), Style::Strong);
            let needs_namespace = if short {
                has_namesake(context.timeline, workload)
            } else {
                has_several_namespaces(context.timeline) || context.is_elsewhere(&workload.namespace)
            };
            if needs_namespace {
                line.push(format!(" in {}", text::clean(&workload.namespace)), Style::Dim);
            }
            line.push("  ", Style::Text);
            if form < HeadingForm::WithoutRunning || workload.state != WorkloadState::Running {
                let (state, style) = describe_state(context.timeline, workload);
                line.push(state, style);
                line.push("  ", Style::Text);
            }
            push_done(context, &mut line, workload, counts, form);
        }
        Heading::Pods(namespace) => {
            line.push("pods", Style::Strong);
            if let Some(namespace) = namespace {
                line.push(format!(" in {}", text::clean(namespace)), Style::Dim);
            }
        }
        Heading::Node(Some(node)) => line.push(format!("node/{}", text::clean(node)), Style::Strong),
        Heading::Node(None) => line.push("no node", Style::Strong),
        Heading::Role { role: Some(role), .. } => {
            line.push(format!("role/{}", text::clean(role)), Style::Strong);
        }
        Heading::Role { role: None, .. } => line.push("no role", Style::Strong),
        Heading::Outcome(outcome) => line.push(outcome, Style::Strong),
        Heading::All => line.push("all Pods", Style::Strong),
    }
    if !matches!(group.heading, Heading::Workload(_)) {
        line.push(format!("  {} of {} done", counts.get(DisplayState::Done), counts.total()), Style::Text);
    }
    // The counts of ended Pods come first. If the line is too long, its end is cut off, but failures stay visible.
    push_failed(context, &mut line, group.heading, counts, short);
    counts.push_to(&mut line, context.glyphs, form >= HeadingForm::OnlyTrouble);
    line
}

/// Adds `9 of 20 done`, and a note if the workload is suspended or has no Pods.
fn push_done(
    context: &ViewContext<'_>,
    line: &mut Line,
    workload: &Workload,
    counts: &Counts,
    form: HeadingForm,
) {
    // The controller also counts Pods that no longer exist. A Pod that has just succeeded may not be in the count of
    // the controller yet.
    let counted = usize::try_from(workload.succeeded).unwrap_or(usize::MAX);
    let done = if workload.has_ended() { counted } else { counted.max(counts.done_without_deletion()) };
    match workload.completions {
        Some(completions) if form == HeadingForm::Shortest => {
            line.push(format!("{done}/{completions}"), Style::Text);
        }
        Some(completions) if form > HeadingForm::Long => {
            line.push(format!("{done}/{completions} done"), Style::Text);
        }
        Some(completions) => line.push(format!("{done} of {completions} done"), Style::Text),
        // The Pods of a rollout never count as done.
        None if workload.is_rollout => {
            let wanted = workload.parallelism.unwrap_or(0);
            line.push(format!("{} of {wanted} Pods", workload.active), Style::Text);
            let surplus = workload.active.saturating_sub(wanted);
            if surplus > 0 {
                line.push(format!(", {surplus} to go"), Style::Text);
            }
        }
        None if context.timeline.has_children(workload) => {
            line.push(count_children(context.timeline.children(workload)), Style::Text);
        }
        None if workload.is_known_from_events => {}
        None => line.push(format!("{done} done"), Style::Text),
    }
    if workload.is_known_from_events {
        if workload.completions.is_some() {
            line.push(context.glyphs.separator, Style::Dim);
        }
        line.push("gone, shown from its Events", Style::Warning);
    }
    if context.timeline.has_children(workload) {
        return;
    }
    if let Some(hold) = current_suspension(workload) {
        line.push(context.glyphs.separator, Style::Dim);
        let duration =
            hold.duration(context.now).map(|duration| format!(" for {}", format_elapsed(duration)));
        line.push(format!("suspended{}", duration.unwrap_or_default()), Style::Warning);
        return;
    }
    if workload.pods.is_empty() && (done == 0 || workload.has_ended()) {
        line.push(context.glyphs.separator, Style::Dim);
        let absence = match (workload.has_ended(), workload.runs_elsewhere_by()) {
            (_, Some(_)) => "no Pods here",
            (true, None) => "no Pods left",
            (false, None) => "no Pods yet",
        };
        line.push(absence, Style::Warning);
    }
}

/// The hold of a workload that is suspended now.
fn current_suspension(workload: &Workload) -> Option<&Hold> {
    let open = workload.holds.iter().find(|hold| !hold.ended && hold.message.is_none());
    open.filter(|_| workload.state == WorkloadState::Suspended)
}

/// `3 jobs`: the number of workloads of each kind.
fn count_children<'a>(children: impl Iterator<Item = &'a Workload>) -> String {
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

/// Adds `1 failed Pod`. The long form names the Pod, because a Job continues after a failed Pod.
fn push_failed(
    context: &ViewContext<'_>,
    line: &mut Line,
    heading: Heading<'_>,
    counts: &Counts,
    short: bool,
) {
    let failed = counts.get(DisplayState::Failed);
    let (failed, noun) = match heading {
        Heading::Workload(workload) => {
            // The Job controller counts deleted Pods as failed. They have a count of their own.
            let counted = usize::try_from(workload.failed).unwrap_or(usize::MAX);
            let failed = counted.saturating_sub(counts.get(DisplayState::Deleted)).max(failed);
            let noun = match failed {
                _ if short => " failed",
                1 => " failed Pod",
                _ => " failed Pods",
            };
            (failed, noun)
        }
        Heading::Pods(_) | Heading::Node(_) | Heading::Role { .. } | Heading::Outcome(_) | Heading::All => {
            (failed, " failed")
        }
    };
    if failed > 0 {
        line.push(context.glyphs.separator, Style::Dim);
        line.push(failed.to_string(), Style::Failure);
        line.push(noun, Style::Text);
    }
}

/// The forms of the right part of a heading, longest first.
fn right_parts(context: &ViewContext<'_>, workload: &Workload, summary: Option<&Summary>) -> Vec<String> {
    let Some(elapsed) = elapsed_millis(workload, context.now) else { return Vec::new() };
    let elapsed = format_elapsed_millis(elapsed);
    let mut forms = Vec::new();
    let separator = context.glyphs.separator;
    // Without a Pod, the largest loss would only repeat that the workload has no Pods.
    let loss = summary
        .filter(|summary| summary.pods > 0)
        .and_then(|summary| largest_loss(&summary.slots, summary.lost_work.total())?.describe());
    let left = context.time_left(workload);
    let left = left.map(|left| [describe_time_left(left), describe_time_left_briefly(left)]);
    if let Some(loss) = &loss {
        let left = left.as_ref().map(|[long, _]| format!("{separator}{long}")).unwrap_or_default();
        forms.push(format!("{elapsed}{left}{separator}{loss} of slot time"));
        forms.push(format!("{elapsed}{left}{separator}{loss}"));
    }
    for form in left.iter().flatten() {
        forms.push(format!("{elapsed}{separator}{form}"));
    }
    forms.push(elapsed);
    forms
}

/// Milliseconds from a workload's creation to its end, or to now. `None` if the workload has no known start, or if it
/// no longer exists and its end is unknown.
pub(crate) fn elapsed_millis(workload: &Workload, now: Timestamp) -> Option<i64> {
    let begin = workload.created.or(workload.started)?;
    let end = workload.finished.or_else(|| (!workload.gone).then_some(now))?;
    Some(end.as_millisecond().saturating_sub(begin.as_millisecond()).max(0))
}

/// The word for the state of a workload, and its style. A rollout that desires no Pods, such as the old
/// `ReplicaSet` of a Deployment, has not succeeded and reads `Scaled down`. Any other
/// rollout that has succeeded reads `Rolled out`. An old `ReplicaSet` whose Pods still
/// run, because the Deployment has failed to replace them, reads `Running`.
pub(crate) fn describe_state(timeline: &Timeline, workload: &Workload) -> (&'static str, Style) {
    let state = workload.state;
    if workload.is_rollout && state == WorkloadState::Succeeded {
        // A DaemonSet without a matching node desires no Pods, but it was not scaled down.
        if workload.parallelism == Some(0) && &*workload.kind != "DaemonSet" {
            return ("Scaled down", Style::Dim);
        }
        let parent = timeline.parent(workload);
        if parent.is_some_and(|parent| parent.is_rollout && parent.state == WorkloadState::Failed) {
            return (WorkloadState::Running.name(), state_style(WorkloadState::Running));
        }
        return ("Rolled out", state_style(state));
    }
    (state.name(), state_style(state))
}

/// The style of a workload's state.
pub(crate) fn state_style(state: WorkloadState) -> Style {
    match state {
        WorkloadState::Succeeded => Style::Success,
        WorkloadState::Failed => Style::Failure,
        WorkloadState::Running => Style::Strong,
        WorkloadState::Pending | WorkloadState::Suspended | WorkloadState::Unknown => Style::Warning,
    }
}

/// The line that says why a workload failed or waits, for example
/// `BackoffLimitExceeded: Job has reached the specified backoff limit`.
pub(crate) fn reason_line(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let style = match workload.state {
        WorkloadState::Succeeded => return None,
        WorkloadState::Failed => Style::Failure,
        WorkloadState::Pending
        | WorkloadState::Running
        | WorkloadState::Suspended
        | WorkloadState::Unknown => Style::Warning,
    };
    let mut reason = workload.reason.as_deref().filter(|reason| !reason.is_empty());
    let mut message = workload.message.as_deref().filter(|message| !message.is_empty());
    if let Some(hold) = current_suspension(workload).filter(|_| reason == Some("JobSuspended")) {
        // The heading already says that the workload is suspended. Only the reason of the hold is new.
        reason = Some(&*hold.reason).filter(|reason| *reason != "suspended");
        message = None;
    }
    let mut line = Line::default();
    line.push(text::clean(reason.or(message)?), style);
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
