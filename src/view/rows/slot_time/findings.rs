//! The findings below a group, and lines about long waits, image pulls and wrong clocks.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::lifecycle::{PULL_QUEUE, is_pull_failure};
use crate::timeline::{Finding, ImagePulls, PodKey, Wait, Workload, image_pulls};
use crate::view::frame_cache::keys::GroupId;
use crate::view::primitives::duration::{format_elapsed, format_exact};
use crate::view::primitives::frame::{Line, Link, Style};
use crate::view::primitives::text::{self, CONTINUATION_INDENT};
use crate::view::rows::clock_text::describe_clock_error;
use crate::view::view_context::ViewContext;

/// The maximum number of reasons for waits in the line.
const MAX_WAITS: usize = 3;
/// A shortened cause of a wait keeps at least this many columns.
const MIN_CAUSE_COLUMNS: usize = 16;
/// The maximum number of images with a line of their own.
const MAX_IMAGES: usize = 3;
/// The maximum number of nodes that a line names. The pulls on further nodes are summed up.
const MAX_NODES: usize = 4;
/// The maximum number of Pods that are searched for nodes with wrong clocks.
const MAX_CLAMPED_PODS: usize = 100;
/// Shorter waits are not shown.
const MIN_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// Shorter waits for other pulls are not shown, because the kubelet itself may take this long.
const MIN_PULL_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// The line about waits: `14 Pods waited up to 6m10s: Insufficient cpu · 1 Pod waited 44s: FailedMount: volume "v":
/// secret "nope" not found`. A hold of the workload itself reads `no new Pods for 12s: suspended`. If the line is too
/// long, the causes are shortened first, so that every reason stays visible. Reasons in `named` are left out, because
/// a finding names them.
pub(crate) fn waits_line(
    context: &ViewContext<'_>,
    workload: &Workload,
    named: &[Arc<str>],
    columns: usize,
) -> Option<Line> {
    let waits = context.timeline.waits(workload, context.now);
    // A failing pull has a line of its own.
    let has_own_line = |wait: &&Wait| is_pull_failure(&wait.reason) && context.timeline.cannot_pull(workload);
    let is_shown =
        |wait: &&Wait| wait.longest >= MIN_WAIT && !has_own_line(wait) && !named.contains(&wait.reason);
    let shown = || waits.iter().filter(is_shown).take(MAX_WAITS);
    let compose = |max_cause: usize| {
        let mut line = Line::default();
        for wait in shown() {
            if !line.spans.is_empty() {
                line.push(context.glyphs.separator, Style::Dim);
            }
            push_wait(&mut line, wait, max_cause, context.glyphs.ellipsis);
        }
        line
    };
    let max_causes: &[usize] =
        if shown().count() > 1 { &[usize::MAX, columns / 4, MIN_CAUSE_COLUMNS] } else { &[usize::MAX] };
    let mut lines = max_causes.iter().map(|&max_cause| compose(max_cause));
    let line = lines.find(|line| line.width() <= columns);
    let line = line.unwrap_or_else(|| compose(max_causes.last().copied().unwrap_or_default()));
    (!line.spans.is_empty()).then(|| line.shorten_end(columns, context.glyphs.ellipsis))
}

/// Adds a wait. Its cause has at most `max_cause` columns.
fn push_wait(line: &mut Line, wait: &Wait, max_cause: usize, ellipsis: &str) {
    // The heading shows the workload's own wait too, in completed seconds.
    let longest = format_elapsed(wait.longest);
    let waited = match wait.pods {
        0 => "no new Pods for ".to_owned(),
        1 => "1 Pod waited ".to_owned(),
        pods => format!("{pods} Pods waited up to "),
    };
    line.push(waited, Style::Dim);
    line.push(longest, Style::Strong);
    let reason = text::clean(&wait.reason);
    let reason = if reason == PULL_QUEUE { "other image pulls on the node".into() } else { reason };
    line.push(format!(": {reason}"), Style::Text);
    if let Some(cause) = wait.message.as_deref().map(text::clean) {
        line.push(format!(": {}", text::shorten_end(&cause, max_cause, ellipsis)), Style::Text);
    }
}

/// A line for each image that Pods cannot pull: `✗ trainer:missing: not found (2 Pods, for 28s)`. The line opens the
/// first of these Pods.
pub(crate) fn pull_failure_lines(
    context: &ViewContext<'_>,
    workload: &Workload,
    columns: usize,
) -> Vec<Line> {
    let key = GroupId::Workload(Arc::clone(&workload.uid));
    let find = || context.timeline.pull_failures(workload, context.now);
    let failures = context.cache.pull_failures.get_or_compute(context.version(), key, find);
    let hidden = failures.len().saturating_sub(MAX_IMAGES);
    let mut lines: Vec<Line> = Vec::new();
    for failure in failures.iter().take(MAX_IMAGES) {
        let image = text::clean(&failure.image);
        let cause = failure.cause.as_deref().map_or("cannot be pulled".into(), text::clean);
        let pods = format_count(failure.pods, "Pod");
        let extent = format!(" ({pods}, for {})", format_elapsed(failure.longest));
        let mut line = Line::new(format!("{} {image}: {cause}", context.glyphs.failed), Style::Failure);
        // The number of Pods and the time stay visible if the cause is long.
        line = line.shorten_end(columns.saturating_sub(text::width(&extent)), context.glyphs.ellipsis);
        line.push(extent, Style::Text);
        let line = line.with_link(Link::Failure(failure.first));
        lines.push(line.shorten_end(columns, context.glyphs.ellipsis));
    }
    if hidden > 0 {
        lines.push(Line::new(
            format!("+ {} that cannot be pulled", format_count(hidden, "more image")),
            Style::Dim,
        ));
    }
    lines
}

/// The lines of a finding, at most `max_lines`. A line always ends between two words, even if the finding is cut off.
pub(crate) fn finding_lines(
    context: &ViewContext<'_>,
    finding: &Finding,
    columns: usize,
    max_lines: usize,
) -> Vec<Line> {
    let ellipsis = context.glyphs.ellipsis;
    let text = text::clean(&finding.text).replace('±', context.glyphs.plus_minus);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let count = lines.len();
        let Some(line) = lines.last_mut() else { break };
        let separator = if line.trim().is_empty() { "" } else { " " };
        let is_full = text::width(line) + separator.len() + text::width(word) > columns;
        if is_full && count == max_lines {
            while !line.trim().is_empty() && text::width(line) + 1 + text::width(ellipsis) > columns {
                line.truncate(line.trim_end().rfind(' ').unwrap_or_default());
            }
            line.push(' ');
            line.push_str(ellipsis);
            break;
        }
        if is_full && !separator.is_empty() {
            lines.push(format!("{CONTINUATION_INDENT}{word}"));
        } else {
            line.push_str(separator);
            line.push_str(word);
        }
    }
    // A single word may be longer than a line.
    lines.into_iter().map(|line| Line::new(line, Style::Text).shorten_end(columns, ellipsis)).collect()
}

/// `3 of 5 Pods no longer exist; they are shown from their Events`. `None` for a workload that is gone itself, because
/// its heading says the same.
pub(crate) fn gone_line(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let gone = context.timeline.overviews(workload).filter(|(_, pod)| pod.gone).count();
    if gone == 0 || workload.is_known_from_events {
        return None;
    }
    let mut line =
        Line::new(format!("{gone} of {} ", format_count(workload.pods.len(), "Pod")), Style::Strong);
    let they = if gone == 1 { "no longer exists; it is" } else { "no longer exist; they are" };
    line.push(format!("{they} shown from Events"), Style::Text);
    Some(line.shorten_end(columns, context.glyphs.ellipsis))
}

/// The line about nodes with wrong clocks: the sentences about the first such nodes.
pub(crate) fn clocks_line(context: &ViewContext<'_>, pods: &[PodKey], columns: usize) -> Option<Line> {
    let clamped = pods.iter().filter(|key| context.timeline.overview(**key).clamped).take(MAX_CLAMPED_PODS);
    let mut sentences: Vec<String> = Vec::new();
    for sentence in clamped.filter_map(|&key| describe_clock_error(&context.timeline.pod(key))) {
        if sentences.len() < MAX_NODES && !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    let line = Line::new(sentences.join(context.glyphs.separator), Style::Warning);
    (!sentences.is_empty()).then(|| line.shorten_end(columns, context.glyphs.ellipsis))
}

/// A line for each image that was pulled, slowest first:
/// `image pulls: 5.9s on node-1, then already there 6 times · 6.0s on node-2, then already there 5 times`.
/// The lines show whether a pull was slow on one node or on all of them.
pub(crate) fn pull_lines(context: &ViewContext<'_>, pods: &[PodKey], columns: usize) -> Vec<Line> {
    let pulled = pods.iter().filter(|key| context.timeline.overview(**key).has_pull);
    let pulls = image_pulls(pulled.map(|&key| context.timeline.pod(key)));
    let mut images: Vec<&[ImagePulls]> = pulls.chunk_by(|a, b| a.image == b.image).collect();
    // An image without a pull was already on all nodes.
    images.retain(|nodes| nodes.iter().any(|pulls| pulls.longest_pull.is_some()));
    let longest = |nodes: &&[ImagePulls]| nodes.iter().filter_map(|pulls| pulls.longest_pull).max();
    images.sort_by_key(|nodes| Reverse(longest(nodes)));
    let several = images.len() > 1;
    let mut lines: Vec<Line> = Vec::new();
    for nodes in images.iter().take(MAX_IMAGES) {
        let image = nodes.first().map(|pulls| text::clean(&pulls.image)).unwrap_or_default();
        let label = if several {
            let image = text::shorten_middle(&image, (columns / 4).max(12), context.glyphs.ellipsis);
            format!("pulls of {image}: ")
        } else {
            "image pulls: ".to_owned()
        };
        let full = image_line_by_node(context, &label, nodes);
        let line = match full {
            Some(line) if line.width() <= columns => line,
            Some(_) | None => image_summary_line(context, &label, nodes),
        };
        lines.push(line.shorten_end(columns, context.glyphs.ellipsis));
    }
    if let Some(others) = images.get(MAX_IMAGES..).filter(|others| !others.is_empty()) {
        let mut line = Line::new(format!("+ {} more image", others.len()), Style::Dim);
        line.push(if others.len() == 1 { "" } else { "s" }, Style::Dim);
        if let Some(longest) = others.iter().filter_map(longest).max() {
            line.push(format!(", longest pull {}", format_exact(longest)), Style::Dim);
        }
        lines.push(line);
    }
    lines
}

/// The complete line about the pulls of one image, node by node. `None` if there are too many nodes.
fn image_line_by_node(context: &ViewContext<'_>, label: &str, nodes: &[ImagePulls]) -> Option<Line> {
    if nodes.len() > MAX_NODES {
        return None;
    }
    let mut line = Line::new(label, Style::Dim);
    let mut is_first = true;
    for pulls in nodes.iter().filter(|pulls| pulls.first_pull.is_some() || pulls.cached > 0) {
        if !std::mem::take(&mut is_first) {
            line.push(context.glyphs.separator, Style::Dim);
        }
        let node = text::clean(&pulls.node);
        let Some(first) = pulls.first_pull else {
            line.push(format!("already there {} on {node}", format_repetitions(pulls.cached)), Style::Text);
            continue;
        };
        push_pull(&mut line, first, &node);
        if let Some(waited) = pulls.longest_wait.filter(|waited| *waited >= MIN_PULL_WAIT) {
            line.push(format!(" after waiting {} for other pulls", format_exact(waited)), Style::Text);
        }
        if pulls.pulls > 1 {
            line.push(format!(", pulled again {}", format_repetitions(pulls.pulls - 1)), Style::Text);
        }
        if pulls.cached > 0 {
            line.push(format!(", then already there {}", format_repetitions(pulls.cached)), Style::Text);
        }
    }
    Some(line)
}

/// The short line about the pulls of one image: the first pull on each node, or the range over many nodes.
fn image_summary_line(context: &ViewContext<'_>, label: &str, nodes: &[ImagePulls]) -> Line {
    let mut line = Line::new(label, Style::Dim);
    let pulled: Vec<(&ImagePulls, SignedDuration)> =
        nodes.iter().filter_map(|pulls| Some((pulls, pulls.first_pull?))).collect();
    if nodes.len() > MAX_NODES {
        let shortest = pulled.iter().map(|&(_, first)| first).min();
        let slowest = pulled.iter().max_by_key(|(pulls, _)| pulls.longest_pull);
        if let (Some(shortest), Some(&(slowest, _))) = (shortest, slowest) {
            line.push(format_exact(shortest), Style::Strong);
            line.push(" to ", Style::Text);
            line.push(format_exact(slowest.longest_pull.unwrap_or(shortest)), Style::Strong);
            let nodes = format_count(pulled.len(), "node");
            line.push(format!(" on {nodes} (longest on {})", text::clean(&slowest.node)), Style::Text);
        }
    } else {
        for (index, &(pulls, first)) in pulled.iter().enumerate() {
            if index > 0 {
                line.push(context.glyphs.separator, Style::Dim);
            }
            push_pull(&mut line, first, &text::clean(&pulls.node));
        }
    }
    let cached: u32 = nodes.iter().map(|pulls| pulls.cached).sum();
    if cached > 0 {
        line.push(context.glyphs.separator, Style::Dim);
        line.push(format!("already there {}", format_repetitions(cached)), Style::Text);
    }
    line
}

/// `5.9s on node-1`.
fn push_pull(line: &mut Line, duration: SignedDuration, node: &str) {
    line.push(format_exact(duration), Style::Strong);
    line.push(format!(" on {node}"), Style::Text);
}

/// `once`, `2 times`.
fn format_repetitions(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// `1 Pod`, `2 Pods`.
fn format_count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
