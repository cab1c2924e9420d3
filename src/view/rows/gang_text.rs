//! Sentences about the gang of a workload: when all its Pods worked, and which member was last.

use crate::lifecycle::RangedDuration;
use crate::timeline::{GangReport, Summary, Workload, is_worth_a_sentence, to_percent};
use crate::view::primitives::duration::{format_elapsed_millis, format_ranged};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::view_context::ViewContext;

/// A range that is wider than this number of milliseconds is written with both ends.
const MAX_RANGE: i64 = 1_000;

/// Whether a picture says something about the wait of this gang.
fn is_said(wait_millis: i64, summary: &Summary) -> bool {
    is_worth_a_sentence(wait_millis, summary.wall_millis)
}

/// The gang of a workload, if a picture shows one of its waits.
pub(crate) fn shown_gang(context: &ViewContext<'_>, workload: &Workload) -> Option<GangReport> {
    let account = context.account(workload);
    let gang = account.gang.as_ref()?;
    is_said(gang.wait_millis, &account.summary).then(|| gang.clone())
}

/// The line below the heading: `all 8 work after 41s; node-3's pull kept 7 Pods waiting 26s`. `None` if the wait for the
/// last member of the latest attempt was short.
pub(crate) fn gang_line(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let account = context.account(workload);
    let gang = account.gang.as_ref()?;
    if !is_said(gang.latest.wait_so_far, &account.summary) {
        return None;
    }
    let line = Line::new(describe_start(gang), Style::Text);
    Some(line.shorten_end(columns, context.glyphs.ellipsis))
}

/// `all 8 work after 41s; node-3's pull kept 7 Pods waiting 26s`, or `7 of 8 work; node-3's pull keeps 7 Pods waiting for
/// 26s`.
fn describe_start(gang: &GangReport) -> String {
    let start = &gang.latest;
    let subject = start.last.as_ref().map_or_else(|| "the last Pod".to_owned(), |last| last.cause.subject());
    let subject = text::clean(&subject);
    let replica = start
        .replica
        .filter(|_| gang.gangs > 1)
        .map(|replica| format!("replica {replica}: "))
        .unwrap_or_default();
    let attempt = if start.attempt > 1 { format!("attempt {}: ", start.attempt) } else { String::new() };
    let waiting = if start.waiting == 1 { "1 Pod".to_owned() } else { format!("{} Pods", start.waiting) };
    let members = start.members;
    let wait = format_wait(start.wait_so_far, start.wait);
    match start.complete {
        Some(complete) => {
            let after = start.began.map_or(0, |began| complete.as_millisecond() - began.as_millisecond());
            let after = format_elapsed_millis(after.max(0));
            format!(
                "{replica}{attempt}all {members} work after {after}; {subject} kept {waiting} waiting {wait}"
            )
        }
        None if start.working > 0 => format!(
            "{replica}{attempt}{} of {members} work; {subject} keeps {waiting} waiting for {wait}",
            start.working
        ),
        None => format!(
            "{replica}{attempt}{} of {members} worked; {subject} kept {waiting} waiting {wait}",
            start.waiting
        ),
    }
}

/// The sentence of the verdict about gangs: `the gang waited 26s for its last member (43 % of the wall time)`. `None` if
/// the workload is no gang, or if the wait was short.
pub(crate) fn gang_sentence(context: &ViewContext<'_>, workload: &Workload) -> Option<String> {
    let account = context.account(workload);
    let gang = account.gang.as_ref()?;
    let wall = account.summary.wall_millis;
    if !is_said(gang.wait_millis, &account.summary) {
        return None;
    }
    let is_single = gang.waits.len() == 1;
    let wait = format_wait(gang.wait_millis, gang.latest.wait.filter(|_| is_single));
    if gang.gangs > 1 {
        // Several gangs wait at the same time, so the sum is no share of the wall time.
        return Some(format!("the gangs waited {wait} in all for their last members ({} gangs)", gang.gangs));
    }
    let attempts =
        if gang.waits.len() > 1 { format!(" in {} attempts", gang.waits.len()) } else { String::new() };
    let share = to_percent(gang.wait_millis, wall);
    Some(format!("the gang waited {wait} for its last member{attempts} ({share} % of the wall time)"))
}

/// A wait in whole seconds, or both ends of its range if the range is wide.
fn format_wait(millis: i64, ranged: Option<RangedDuration>) -> String {
    match ranged.filter(|ranged| ranged.range_millis() > MAX_RANGE) {
        Some(ranged) => format_ranged(ranged),
        None => format_elapsed_millis(millis),
    }
}
