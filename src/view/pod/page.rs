//! The page of one Pod from top to bottom: headings, the Pod's life as a bar, tables, logs.

use jiff::Timestamp;

use crate::timeline::{PodKey, Timeline, TimelinePod, Workload};
use crate::view::chart::axis::{Axis, growing_length};
use crate::view::chart::bar::Bar;
use crate::view::chart::labels::Labels;
use crate::view::chart::{lanes, legend::LegendEntries};
use crate::view::frame_cache::cache::FrameCache;
use crate::view::pod::extras::{ContainerLog, PodExtras};
use crate::view::pod::resources::reserved_resources;
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;
use crate::view::rows::clock_text::describe_clock_error;
use crate::view::rows::container_text::{describe_failed_init, describe_stopping, describe_waiting_main};
use crate::view::rows::end_text::describe_special_end;
use crate::view::rows::explain;
use crate::view::state::{Size, ViewState};
use crate::view::table::status_style;
use crate::view::view_context::ViewContext;
use crate::view::window::Window;

/// Draws the page of one Pod as of `now` (the server's time), with at most the columns and rows of `size`.
///
/// # Panics
/// Panics if `key` belongs to another timeline.
pub fn draw_pod(
    timeline: &Timeline,
    key: PodKey,
    extras: &PodExtras,
    state: &ViewState,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
) -> Frame {
    let context = &ViewContext {
        timeline,
        state,
        glyphs,
        now,
        window: &Window::default(),
        cache: &FrameCache::default(),
    };
    let page = PodPage { context, key, pod: timeline.pod(key), columns: size.columns.max(1) };
    let owner = timeline.workloads().iter().find(|workload| workload.pods.contains(&key));
    let mut lines = page.headings(owner);
    lines.extend(reserved_resources(context, &page.pod, &extras.requests));
    page.push_bars(&mut lines);
    page.push_tables(extras, &mut lines);
    push_logs(&extras.log, &mut lines);
    for line in &mut lines {
        *line = std::mem::take(line).shorten_end(page.columns, glyphs.ellipsis);
        line.pod = Some(key);
    }
    lines.truncate(size.rows.unwrap_or(usize::MAX));
    Frame { lines }
}

/// The Pod of the page, and the values that all parts of the page read.
pub(crate) struct PodPage<'a> {
    pub(crate) context: &'a ViewContext<'a>,
    pub(crate) key: PodKey,
    pub(crate) pod: TimelinePod<'a>,
    pub(crate) columns: usize,
}

impl PodPage<'_> {
    /// Two lines: `pod/pi-4h9hq  Completed`, and the node, namespace and owner. If the node's clock is wrong, a third
    /// line describes the error.
    fn headings(&self, owner: Option<&Workload>) -> Vec<Line> {
        let pod = &self.pod;
        let ellipsis = self.context.glyphs.ellipsis;
        let mut title = Line::default();
        let name = format!("pod/{}", text::clean(&pod.name));
        title.push(text::shorten_middle(&name, (self.columns * 3 / 5).max(16), ellipsis), Style::Strong);
        title.push("  ", Style::Text);
        title.push(text::clean(&pod.life.status), status_style(pod));
        if let Some(code) = pod.life.exit_code {
            title.push(format!("  exit code {code}"), if code == 0 { Style::Text } else { Style::Failure });
        }
        let mut facts = Line::default();
        let mut push_fact = |fact: String, style: Style| {
            if !facts.spans.is_empty() {
                facts.push(self.context.glyphs.separator, Style::Dim);
            }
            facts.push(fact, style);
        };
        if pod.life.gone {
            push_fact("no longer exists, shown from its Events".into(), Style::Warning);
        }
        let style = if pod.overview().has_failed() { Style::Failure } else { Style::Warning };
        let reason = pod.life.reason.as_ref().filter(|&reason| *reason != pod.life.status);
        let special_end =
            describe_special_end(self.context.timeline, self.key, self.context.state.clock.as_ref());
        let reason = special_end
            .or_else(|| describe_failed_init(&pod.life))
            .or_else(|| describe_waiting_main(&pod.life))
            .or(reason.map(|reason| text::clean(reason).into_owned()));
        if let Some(reason) = reason {
            push_fact(reason, style);
        }
        if let Some(since) = pod.life.unknown_since().filter(|_| pod.life.lost_since.is_none()) {
            push_fact(
                format!("unknown since {}", explain::format_clock_time(self.context, since, false)),
                style,
            );
        }
        if let Some(wait) = describe_stopping(&pod.life) {
            push_fact(format!("stopping: {wait}"), Style::Terminating);
        }
        match &pod.node {
            Some(node) => push_fact(format!("on {}", text::clean(node)), Style::Text),
            None if pod.life.gone => {}
            None => push_fact("no node yet".into(), Style::Warning),
        }
        push_fact(format!("namespace {}", text::clean(&pod.namespace)), Style::Dim);
        if let Some(owner) = owner.filter(|owner| *owner.uid != *pod.uid) {
            push_fact(format!("of {}/{}", owner.kind.to_lowercase(), text::clean(&owner.name)), Style::Dim);
        }
        if let Some(index) = pod.index {
            push_fact(format!("index {index}"), Style::Dim);
        }
        if pod.attempt > 1 {
            push_fact(format!("try {}", pod.attempt), Style::Dim);
        }
        let clock = describe_clock_error(pod).filter(|_| pod.life.clamped);
        [title, facts].into_iter().chain(clock.map(|sentence| Line::new(sentence, Style::Warning))).collect()
    }

    /// The time at which the Pod's axis begins, in milliseconds since 1970: its creation, or else its first phase.
    pub(crate) fn zero(&self) -> Option<i64> {
        let created = self.pod.life.instants.created.map(|created| created.at);
        Some(created.or(self.pod.life.phases.first().map(|phase| phase.start))?.as_millisecond())
    }

    /// Adds an axis, the Pod's life as a bar, the bars of several containers, and the legend.
    fn push_bars(&self, lines: &mut Vec<Line>) {
        let (Some(zero), Some(last)) = (self.zero(), self.pod.life.phases.last()) else { return };
        let open = !self.pod.life.outcome.has_ended() || self.pod.life.stopping_sidecar.is_some();
        let last_end = last.end.filter(|_| self.pod.life.stopping_sidecar.is_none());
        let end = last_end.unwrap_or(if open { self.context.now } else { last.start });
        // A sidecar may end later than the Pod's work.
        let end = lanes::last_known_end(&self.pod).filter(|_| !open).map_or(end, |lane| lane.max(end));
        let end = end.as_millisecond().saturating_sub(zero);
        // The mark of the end follows the bar and needs room.
        let end = if open { growing_length(end) } else { end.saturating_add(end / 30) };
        let labels = match (&self.context.state.clock, Timestamp::from_millisecond(zero)) {
            (Some(zone), Ok(zero)) => Labels::Clock(zero, zone.clone()),
            _ => Labels::Relative,
        };
        let axis = Axis::new(0, end, self.columns, labels);
        let mut ticks = String::new();
        for tick in axis.ticks() {
            ticks = text::pad_right(&ticks, tick.column);
            ticks.push_str(&tick.label);
        }
        let mut bar = Line::default();
        let mut seen = LegendEntries::default();
        Bar::from_pod(&self.pod, &axis, zero, self.context.now).push_to(
            &mut bar,
            self.context.glyphs,
            &mut seen,
        );
        lines.extend([Line::default(), Line::new(ticks, Style::Dim), bar]);
        for lane in lanes::container_lanes(self.context, &self.pod, &axis, zero) {
            let name = format!("{} ({})", lane.name, lane.role.name());
            let name = text::shorten_middle(&name, self.columns, self.context.glyphs.ellipsis);
            lines.push(Line::new(name, Style::Dim));
            let mut bar = Line::default();
            lane.push_to(&mut bar, self.context.glyphs, &mut seen);
            lines.push(bar);
        }
        lines.extend(seen.write_legend(self.context.glyphs, self.columns));
    }
}

/// Adds the last lines of each container's log.
fn push_logs(logs: &[ContainerLog], lines: &mut Vec<Line>) {
    for log in logs.iter().filter(|log| !log.lines.is_empty()) {
        lines.push(Line::default());
        let count = log.lines.len();
        let last = if count == 1 { "line".to_owned() } else { format!("{count} lines") };
        let container = text::clean(&log.container);
        lines.push(Line::new(format!("LOG of {container}, last {last}"), Style::Dim));
        lines.extend(log.lines.iter().map(|line| Line::new(format!("  {}", text::clean(line)), Style::Text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_without_lines_has_no_heading() {
        let log = |lines: &[&str]| ContainerLog {
            container: "fetch".into(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let mut lines = Vec::new();
        push_logs(&[log(&[])], &mut lines);
        assert!(lines.is_empty(), "{lines:?}");
        push_logs(&[log(&["done"])], &mut lines);
        assert_eq!(lines[1].plain(), "LOG of fetch, last line");
    }
}
