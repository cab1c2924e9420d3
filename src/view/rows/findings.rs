//! The lines under a block that tell what stands out: waits, pulls, stragglers.

use jiff::SignedDuration;

use crate::timeline::{ImagePulls, PodKey, Workload, image_pulls};
use crate::view::primitives::duration::{format_duration, format_elapsed};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::{headings, verdict};
use crate::view::view_context::ViewContext;

/// Reasons that are told.
const MOST_WAITS: usize = 3;
/// Images that have a line of their own.
const MOST_IMAGES: usize = 3;
/// More nodes than these are told as a range.
const MOST_NODES: usize = 4;
/// A shorter wait is not worth a word.
const LEAST_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// A shorter wait in the node's queue is the kubelet's own work.
const LEAST_QUEUE: SignedDuration = SignedDuration::from_millis(100);

/// `longest wait 6m10s: Insufficient cpu, 14 Pods`, with the next ones behind it.
pub(crate) fn waits(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let waits = context.timeline.waits(workload, context.now);
    let mut line = Line::default();
    for wait in waits.iter().filter(|wait| wait.longest >= LEAST_WAIT).take(MOST_WAITS) {
        line.push(if line.spans.is_empty() { "longest wait " } else { context.glyphs.separator }, Style::Dim);
        // The workload's own wait stands in its heading too, as far as it has come.
        let took =
            if wait.pods > 0 { format_duration(wait.longest, false) } else { format_elapsed(wait.longest) };
        line.push(took, Style::Strong);
        line.push(format!(": {}", text::clean(&wait.reason)), Style::Text);
        if wait.pods > 0 {
            line.push(format!(", {}", counted(wait.pods, "Pod")), Style::Text);
        }
    }
    (!line.spans.is_empty()).then(|| line.shorten_end(columns, context.glyphs.ellipsis))
}

/// `3 of 200 Pods ended after all others; they took 41 % of the wall time`.
pub(crate) fn stragglers(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Option<Line> {
    let found = context.timeline.stragglers(workload)?;
    let wall = headings::elapsed_millis(workload, context.now).filter(|wall| *wall > 0)?;
    let mut line = Line::new(format!("{} of {} ", found.pods, counted(found.ended, "Pod")), Style::Strong);
    let them = if found.pods == 1 { "it" } else { "they" };
    line.push(format!("ended after all others; {them} took "), Style::Text);
    line.push(format!("{} %", verdict::percent(found.millis, wall)), Style::Strong);
    line.push(" of the wall time", Style::Text);
    Some(line.shorten_end(columns, context.glyphs.ellipsis))
}

/// How long each image was pulled on which node, and how often it was there already:
/// `pulls: node-1 5.9s, then 6 × cached · node-2 6.0s, then 5 × cached`. Tells a cold node from a slow registry.
pub(crate) fn pulls(context: &ViewContext<'_>, pods: &[PodKey], columns: usize) -> Vec<Line> {
    let pulled = pods.iter().filter(|key| context.timeline.overview(**key).has_pull);
    let table = image_pulls(pulled.map(|&key| context.timeline.pod(key)));
    let mut images: Vec<&[ImagePulls]> = table.chunk_by(|a, b| a.image == b.image).collect();
    // What was there everywhere took no time.
    images.retain(|nodes| nodes.iter().any(|pulls| pulls.longest.is_some()));
    let longest = |nodes: &&[ImagePulls]| nodes.iter().filter_map(|pulls| pulls.longest).max();
    images.sort_by_key(|nodes| std::cmp::Reverse(longest(nodes)));
    let several = images.len() > 1;
    let mut lines: Vec<Line> = Vec::new();
    for nodes in images.iter().take(MOST_IMAGES) {
        let name = nodes.first().map(|pulls| text::clean(&pulls.image)).unwrap_or_default();
        let name = if several {
            format!(
                "pulls of {}: ",
                text::shorten_middle(&name, (columns / 4).max(12), context.glyphs.ellipsis)
            )
        } else {
            "pulls: ".to_owned()
        };
        let full = of_image(context, &name, nodes, true);
        let line = if full.width() <= columns { full } else { of_image(context, &name, nodes, false) };
        lines.push(line.shorten_end(columns, context.glyphs.ellipsis));
    }
    if let Some(rest) = images.get(MOST_IMAGES..).filter(|rest| !rest.is_empty()) {
        let mut line = Line::new(format!("+ {}", counted(rest.len(), "image")), Style::Dim);
        if let Some(longest) = rest.iter().filter_map(longest).max() {
            line.push(format!(", at most {}", format_duration(longest, true)), Style::Dim);
        }
        lines.push(line);
    }
    lines
}

/// The pulls of one image, node by node. Short: how often it was there is told once for all nodes.
fn of_image(context: &ViewContext<'_>, name: &str, nodes: &[ImagePulls], full: bool) -> Line {
    let mut line = Line::new(name, Style::Dim);
    let times = |count: u32, what: &str| format!("{count} {} {what}", context.glyphs.times);
    let pulled = || nodes.iter().filter(|pulls| pulls.first.is_some());
    if nodes.len() > MOST_NODES {
        let slowest = pulled().max_by_key(|pulls| pulls.longest);
        line.push(format!("{} from ", counted(pulled().count(), "node")), Style::Text);
        line.push(
            pulled()
                .filter_map(|pulls| pulls.first)
                .min()
                .map_or(String::new(), |least| format_duration(least, true)),
            Style::Strong,
        );
        line.push(" to ", Style::Text);
        if let Some((slowest, longest)) = slowest.and_then(|slowest| Some((slowest, slowest.longest?))) {
            line.push(format_duration(longest, true), Style::Strong);
            line.push(format!(" ({})", text::clean(&slowest.node)), Style::Text);
        }
    } else {
        let mut first = true;
        for pulls in nodes {
            let Some(took) = pulls.first else {
                if full && pulls.cached > 0 {
                    line.push(if first { "" } else { context.glyphs.separator }, Style::Dim);
                    line.push(
                        format!("{} {}", text::clean(&pulls.node), times(pulls.cached, "cached")),
                        Style::Text,
                    );
                    first = false;
                }
                continue;
            };
            line.push(if first { "" } else { context.glyphs.separator }, Style::Dim);
            first = false;
            line.push(format!("{} ", text::clean(&pulls.node)), Style::Text);
            line.push(format_duration(took, true), Style::Strong);
            if let Some(waited) = pulls.waited.filter(|waited| full && *waited >= LEAST_QUEUE) {
                line.push(format!(" (queue {})", format_duration(waited, true)), Style::Text);
            }
            if full && pulls.pulls > 1 {
                line.push(format!(", {}", times(pulls.pulls - 1, "again")), Style::Text);
            }
            if full && pulls.cached > 0 {
                line.push(format!(", then {}", times(pulls.cached, "cached")), Style::Text);
            }
        }
        if full {
            return line;
        }
    }
    let cached: u32 = nodes.iter().map(|pulls| pulls.cached).sum();
    if cached > 0 {
        line.push(context.glyphs.separator, Style::Dim);
        line.push(times(cached, "cached"), Style::Text);
    }
    line
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
