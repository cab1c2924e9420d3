//! Writes single lines of the diagram: the header, the rows of Pods, and the lines around them.

use crate::lifecycle::{Lifecycle, PhaseKind};
use crate::timeline::{GangReport, PodKey, Summary, TimelinePod, Workload};
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::{Bar, OtherAttempts};
use crate::view::chart::lanes;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::span::TimeSpan;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::PodRows;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::explain;
use crate::view::rows::groups::{Group, Heading};
use crate::view::rows::numbers::PodDurations;
use crate::view::rows::pace::PaceMark;
use crate::view::sequence::container_bars::GroupsWithContainerBars;
use crate::view::sequence::gang::write_gang_row;
use crate::view::sequence::layout::Layout;
use crate::view::sequence::section::Section;
use crate::view::sequence::words::RowWords;
use crate::view::sequence::{concurrency, held};
use crate::view::view_context::ViewContext;

/// The number of Pods that [`RowWriter::max_lines_per_row`] examines.
const SAMPLED_PODS: usize = 200;

/// Writes lines with one layout and one axis.
pub(crate) struct RowWriter<'a> {
    pub(super) context: &'a ViewContext<'a>,
    pub(super) layout: &'a Layout,
    pub(super) axis: &'a Axis,
    pub(super) span: &'a TimeSpan,
    with_container_bars: GroupsWithContainerBars,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(
        context: &'a ViewContext<'a>,
        layout: &'a Layout,
        axis: &'a Axis,
        span: &'a TimeSpan,
        with_container_bars: GroupsWithContainerBars,
    ) -> Self {
        Self { context, layout, axis, span, with_container_bars }
    }

    /// Estimates the maximum number of lines of a Pod's row from the first Pods. An estimate is enough, because the
    /// result only divides the lines of a screen.
    pub(crate) fn max_lines_per_row(&self) -> usize {
        let explains = self.context.state.explain;
        let has_container_bars = !self.with_container_bars.is_empty();
        if !explains && !has_container_bars {
            return 1;
        }
        let pods = self.context.workloads().iter().flat_map(|workload| &workload.pods);
        let lines = pods.take(SAMPLED_PODS).map(|&key| {
            let pod = self.context.timeline.pod(key);
            let evidence = if explains { explain::estimate_line_count(&pod) } else { 0 };
            evidence + if has_container_bars { lanes::count_lanes(&pod) } else { 0 }
        });
        1 + lines.max().unwrap_or(0)
    }

    /// Writes the names of the columns and the ticks of the axis.
    pub(crate) fn write_header(&self) -> Line {
        let layout = self.layout;
        let mut header = String::new();
        let mut add = |width: usize, name: &str, right: bool| {
            if width > 0 {
                let name = text::shorten_end(name, width, "");
                header.push_str(&if right {
                    text::pad_left(&name, width)
                } else {
                    text::pad_right(&name, width)
                });
                header.push(' ');
            }
        };
        add(layout.index, "INDEX", true);
        add(layout.name, "POD", false);
        add(layout.attempt, "TRY", true);
        add(layout.node, "NODE", false);
        let mut header = text::pad_right(&header, layout.left() + layout.gap());
        for tick in self.axis.ticks() {
            header = text::pad_right(&header, layout.left() + layout.gap() + tick.column);
            header.push_str(&tick.label);
        }
        header = text::pad_right(&header, layout.left() + layout.gap() + layout.bar + layout.words);
        if layout.status > 0 {
            header.push_str(&" ".repeat(layout.status + 1));
        }
        for (width, name) in [(layout.queued, "QUEUED"), (layout.cold, "COLD"), (layout.run, "RUN")] {
            if width > 0 {
                header.push(' ');
                header.push_str(&text::pad_left(name, width));
            }
        }
        Line::new(header, Style::Dim).shorten_end(layout.columns, "")
    }

    /// Adds the row of a Pod and its earlier attempts. Its container bars follow, and with `--explain` its evidence.
    pub(crate) fn push_pod(
        &self,
        key: PodKey,
        section: &Section<'_>,
        legend: &mut LegendEntries,
        lines: &mut Vec<Line>,
    ) {
        let (context, layout) = (self.context, self.layout);
        let pod = context.timeline.pod(key);
        let mut line = Line { pod: Some(key), ..Line::default() };
        self.push_left_columns(&mut line, &pod, &section.group);

        let zero = self.span.zero_of(context.timeline.overview(key));
        let open_wait_after = section.rows.open_wait_after(key);
        let others = self.other_attempts(key, &section.rows);
        let mut bar = Bar::from_attempts(&pod, &others, self.axis, zero, context.now);
        bar.add_columns_for_words(layout.words);
        if let Some(words) = RowWords::for_row(context, key, &section.rows) {
            bar.add_label_or_shorten(&words.texts, words.style, context.glyphs.ellipsis);
        }
        let pace = section.pace.mark(context, key);
        // The Pods of a rollout run until they are replaced, so the longest run has no meaning.
        let is_rollout = section.group.workload().is_some_and(|workload| workload.is_rollout);
        if pace == Some(PaceMark::Longest) && !is_rollout {
            bar.add_label("longest", Style::Dim);
        }
        bar.mark_gaps(self.axis);
        bar.push_to(&mut line, context.glyphs, legend);

        if layout.status > 0 {
            let (mut status, mut style) = describe_status(context, &pod, open_wait_after.is_some());
            if context.timeline.is_uncounted_success(key) {
                (status, style) = (format!("({})", context.glyphs.succeeded), Style::Terminating);
            }
            let restarts = pod.life.count_restarts();
            if restarts > 0 {
                status = format!("{status} {}{restarts}", context.glyphs.restarts);
                legend.add_restarts();
            }
            if let Some(PaceMark::TimesMedian(times)) = pace {
                let mark = format!("{times}{}", context.glyphs.times);
                style = Style::Warning;
                let blank = if text::width(&status) + text::width(&mark) < layout.status { " " } else { "" };
                status = text::shorten_end(&format!("{status}{blank}{mark}"), layout.status, "");
            }
            line.push(format!(" {}", text::pad_right(&status, layout.status)), style);
        }
        self.push_numbers(&mut line, &pod, &others);
        lines.push(without_spare_capacity(line.shorten_end(layout.columns, context.glyphs.ellipsis)));
        if self.with_container_bars.contains(&section.group.heading.id()) {
            self.push_container_bars(key, &pod, zero, legend, lines);
        }
        if context.state.explain {
            lines.extend(explain::boundary_lines(context, &pod, key, layout.columns));
        }
    }

    /// Adds the index, the name, the attempt and the node, if the layout has a column for them.
    fn push_left_columns(&self, line: &mut Line, pod: &TimelinePod, group: &Group<'_>) {
        let layout = self.layout;
        if layout.index > 0 {
            let index = pod.index.map(|index| index.to_string()).unwrap_or_default();
            line.push(text::pad_left(&index, layout.index) + " ", Style::Strong);
        }
        line.push(text::pad_right(&self.shorten_name(pod, group), layout.name), Style::Strong);
        if layout.attempt > 0 {
            let attempt = if pod.attempt > 1 { pod.attempt.to_string() } else { String::new() };
            line.push(format!(" {}", text::pad_left(&attempt, layout.attempt)), Style::Text);
        }
        if layout.node > 0 {
            line.push(format!(" {}", text::pad_right(&self.shorten_node(pod), layout.node)), Style::Dim);
        }
        line.push(" ".repeat(layout.gap()), Style::Text);
    }

    /// The other attempts in the row of a Pod.
    fn other_attempts(&self, key: PodKey, rows: &PodRows) -> OtherAttempts<'a> {
        let earlier = rows.earlier_attempts(key);
        OtherAttempts {
            earlier: earlier.iter().map(|&key| self.context.timeline.pod(key)).collect(),
            waits: earlier.iter().chain([&key]).filter_map(|key| rows.wait_before(*key)).copied().collect(),
            open_wait: rows.open_wait_after(key).and_then(|open| open.back_off(self.context.now)),
        }
    }

    fn push_container_bars(
        &self,
        key: PodKey,
        pod: &TimelinePod,
        zero: i64,
        legend: &mut LegendEntries,
        lines: &mut Vec<Line>,
    ) {
        let (glyphs, layout) = (self.context.glyphs, self.layout);
        for lane in lanes::container_lanes(self.context, pod, self.axis, zero) {
            let name = format!("  {} {}", lane.name, lane.role.name());
            let name = text::shorten_middle(&name, layout.left(), glyphs.ellipsis);
            let mut line = Line { pod: Some(key), ..Line::default() };
            line.push(text::pad_right(&name, layout.left() + layout.gap()), Style::Dim);
            lane.push_to(&mut line, glyphs, legend);
            lines.push(without_spare_capacity(line.shorten_end(layout.columns, glyphs.ellipsis)));
        }
    }

    /// Shortens the Pod's name to its column. The start, which is also the name of the workload, is cut first. The
    /// random suffix is cut last.
    fn shorten_name(&self, pod: &TimelinePod, group: &Group<'_>) -> String {
        let name = text::clean(&pod.name);
        let (width, ellipsis) = (self.layout.name, self.context.glyphs.ellipsis);
        if text::width(&name) <= width {
            return name.into_owned();
        }
        let own = match group.heading {
            Heading::Workload(workload) => {
                name.strip_prefix(&*workload.name).and_then(|own| own.strip_prefix('-'))
            }
            Heading::Pods(_)
            | Heading::Node(_)
            | Heading::Role { .. }
            | Heading::Outcome(_)
            | Heading::All => None,
        };
        match own {
            Some(own) if text::width(own) + text::width(ellipsis) <= width => format!("{ellipsis}{own}"),
            _ => text::shorten_middle(&name, width, ellipsis),
        }
    }

    /// The node's name without its domain, because nodes usually share one domain.
    fn shorten_node(&self, pod: &TimelinePod) -> String {
        let glyphs = self.context.glyphs;
        pod.node.as_deref().map_or(glyphs.none.to_owned(), |node| {
            let host = node.split('.').next().filter(|_| node.parse::<std::net::IpAddr>().is_err());
            text::shorten_middle(&text::clean(host.unwrap_or(node)), self.layout.node, glyphs.ellipsis)
        })
    }

    /// Adds how long the Pod waited, started and worked. If the row shows several attempts, the work is the sum of the
    /// attempts, and the other times are those of the last one.
    fn push_numbers(&self, line: &mut Line, pod: &TimelinePod, others: &OtherAttempts<'_>) {
        let layout = self.layout;
        let earlier: Vec<&Lifecycle> = others.earlier.iter().map(|earlier| &*earlier.life).collect();
        let numbers = PodDurations::for_attempts(&pod.life, &earlier, self.context.now);
        for (width, number) in
            [(layout.queued, numbers.queued), (layout.cold, numbers.cold), (layout.run, numbers.run)]
        {
            if width > 0 {
                line.push(format!(" {}", text::pad_left(&number.text, width)), number.style);
            }
        }
    }

    /// Adds the row of a held workload.
    pub(crate) fn push_held(&self, workload: &Workload, legend: &mut LegendEntries, lines: &mut Vec<Line>) {
        held::push_held_row(self.context, workload, self.layout, self.axis, self.span, legend, lines);
    }

    /// Writes the row of a gang.
    pub(crate) fn write_gang(&self, gang: &GangReport, legend: &mut LegendEntries) -> Line {
        write_gang_row(self.context, gang, self.layout, self.axis, self.span, legend)
    }

    /// The maximum number of lines that the row of a held workload takes, with its evidence.
    pub(crate) fn count_held_lines(&self, workload: &Workload) -> usize {
        if !self.context.state.explain {
            return 1;
        }
        let states = self.context.timeline.queue(workload).map_or(0, |queue| queue.states.len());
        1 + 2 * workload.holds.len() + states
    }

    /// Writes the line that shows how many Pods worked at each time.
    pub(crate) fn write_concurrency(&self, group: &Group<'_>, summary: &Summary) -> Line {
        let line =
            concurrency::write_concurrency(self.context, group, summary, self.layout, self.axis, self.span);
        line.shorten_end(self.layout.columns, self.context.glyphs.ellipsis)
    }
}

/// The glyph of the Pod's state, with the exit code if it failed.
pub(crate) fn describe_status(
    context: &ViewContext<'_>,
    pod: &TimelinePod,
    waits_for_retry: bool,
) -> (String, Style) {
    let glyphs = context.glyphs;
    let code = pod.life.exit_code.filter(|&code| code != 0);
    let with_code = |glyph: char| code.map_or(glyph.to_string(), |code| format!("{glyph} {code}"));
    let failed = || (with_code(glyphs.failed), Style::Failure);
    if waits_for_retry {
        return failed();
    }
    match DisplayState::from_overview(pod.overview()) {
        DisplayState::Done => (glyphs.succeeded.into(), Style::Success),
        DisplayState::Failed | DisplayState::PullFailing | DisplayState::CrashLooping => failed(),
        DisplayState::Running if pod.life.instants.delete_requested.is_some() => {
            (glyphs.phase(PhaseKind::Terminating).into(), Style::Terminating)
        }
        DisplayState::Unready => (glyphs.phase(PhaseKind::Unready).into(), Style::Unready),
        DisplayState::Running => (glyphs.running.into(), Style::Text),
        DisplayState::Starting | DisplayState::Queued => (glyphs.waiting.into(), Style::Dim),
        DisplayState::BackOff => (with_code(glyphs.phase(PhaseKind::BackOff)), Style::BackOff),
        DisplayState::Deleted => (with_code(glyphs.deleted), Style::Terminating),
        DisplayState::Unknown | DisplayState::Gone => (glyphs.unknown.into(), Style::Warning),
    }
}

/// Frees the spare capacity of a line, because a frame may have 100,000 lines.
fn without_spare_capacity(mut line: Line) -> Line {
    line.spans.shrink_to_fit();
    line.spans.iter_mut().for_each(|span| span.text.shrink_to_fit());
    line
}
