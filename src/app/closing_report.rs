//! What is said at the end: how it ended, and of each failure its reason, exit code and last words.

use crate::app::event_loop::RunOptions;
use crate::app::exit::Exit;
use crate::timeline::{PodKey, Timeline};
use crate::view;
use crate::view::{ContainerLog, Glyphs, Line, Style};

/// More failures than these are counted.
const MOST: usize = 10;

/// The failed Pods, oldest first, and what is known of them.
pub(crate) fn failures(timeline: &Timeline, logs: &[(PodKey, ContainerLog)], glyphs: &Glyphs) -> Vec<Line> {
    let pods = || timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
    let mut failed: Vec<PodKey> =
        pods().filter(|(_, pod)| pod.outcome.has_failed()).map(|(key, _)| key).collect();
    // A container that failed and was started again has failed, too.
    let restarted = pods().filter(|(_, pod)| !pod.outcome.has_failed()).map(|(key, _)| key);
    failed.extend(restarted.filter(|key| logs.iter().any(|(of, _)| of == key)));
    failed.sort_by_key(|&key| (timeline.overview(key).end().is_none(), timeline.overview(key).end()));
    // What has its last words with it is told first.
    failed.sort_by_key(|key| !logs.iter().any(|(of, _)| of == key));
    let mut lines = Vec::new();
    for &key in failed.iter().take(MOST) {
        let pod = timeline.pod(key);
        let mut line = Line::new(format!("{} ", glyphs.failed), Style::Failure);
        line.push(view::clean(&pod.name), Style::Strong);
        if pod.life.outcome.has_failed() {
            line.push(format!(" failed: {}", view::failure(timeline, key)), Style::Text);
        } else {
            line.push(format!(" had a container that failed: {}", view::failure(timeline, key)), Style::Text);
        }
        lines.push(line);
        for (_, log) in logs.iter().filter(|(of, _)| *of == key) {
            let count = log.lines.len();
            let what = match count {
                0 => "wrote nothing".to_owned(),
                1 => "last line".to_owned(),
                _ => format!("last {count} lines"),
            };
            lines.push(Line::new(format!("    {}, {what}", view::clean(&log.container)), Style::Dim));
            lines.extend(
                log.lines.iter().map(|line| Line::new(format!("    {}", view::clean(line)), Style::Text)),
            );
        }
    }
    if failed.len() > MOST {
        lines.push(Line::new(format!("  and {} more that failed", failed.len() - MOST), Style::Dim));
    }
    lines
}

/// How following ended, where that is not plain from the picture.
pub(crate) fn how_it_ended(timeline: &Timeline, exit: Exit, task: &RunOptions<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let open: Vec<String> = timeline
        .roots()
        .filter(|workload| !workload.has_ended())
        .map(|workload| format!("{}/{}", workload.kind.to_lowercase(), workload.name))
        .collect();
    let is_open = !open.is_empty();
    let open = match open.as_slice() {
        [] => "the workload".to_owned(),
        [first, second, third, _, ..] => {
            format!("{first}, {second}, {third} and {} more", open.len() - 3)
        }
        some => some.join(", "),
    };
    match exit {
        Exit::Timeout => {
            let limit = jiff::SignedDuration::try_from(task.timeout).unwrap_or_default();
            said.push(format!("timed out after {limit:#}: {open} had not ended"));
        }
        Exit::Interrupted | Exit::Terminated if task.to_the_last => {}
        Exit::Interrupted | Exit::Terminated => {
            said.push(format!("no longer followed: {open} goes on"));
        }
        Exit::Unknown if is_open => {
            said.push(format!("the outcome is not known: {open} had not ended"));
        }
        Exit::Unknown => {
            said.push("the outcome is not known: what was followed went before it ended".to_owned());
        }
        _ => {}
    }
    said
}
