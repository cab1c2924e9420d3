//! The lines of the diagram: header, Pods, folds.

use jiff::{SignedDuration, Timestamp};

use super::super::explain;
use super::laned::Laned;
use super::layout::Layout;
use super::{concurrency, held};
use crate::lifecycle::{Lifecycle, PodOutcome};
use crate::timeline::{OpenRetry, PodKey, Summary, TimelinePod, Workload};
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::{Bar, Before};
use crate::view::chart::lanes;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::phase_role;
use crate::view::chart::span::TimeSpan;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::keys::{DensityKey, OverflowKey};
use crate::view::frame_cache::results::{Medians, Overflow, PodPace, PodRows};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::{duration, text};
use crate::view::rows::groups::{Group, Heading};

use crate::view::rows::numbers::Numbers;
use crate::view::rows::phase_text::next_try;
use crate::view::view_context::ViewContext;

/// Draws lines of one layout and axis.
pub(crate) struct Rows<'a> {
    context: &'a ViewContext<'a>,
    layout: &'a Layout,
    axis: &'a Axis,
    span: &'a TimeSpan,
    /// Blocks whose Pods have a bar for each container.
    laned: Laned,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(
        context: &'a ViewContext<'a>,
        layout: &'a Layout,
        axis: &'a Axis,
        span: &'a TimeSpan,
        laned: Laned,
    ) -> Self {
        Self { context, layout, axis, span, laned }
    }

    /// How many lines a Pod takes, near enough to deal out the lines of a screen: nobody reads hundreds of such rows.
    pub(crate) fn lines_of_row(&self) -> usize {
        /// So many Pods are asked, of all there are.
        const ASKED: usize = 200;
        let state = self.context.state;
        if !state.explain && self.laned.is_empty() {
            return 1;
        }
        let pods = self.context.timeline.workloads().iter().flat_map(|workload| &workload.pods);
        let lines = pods.take(ASKED).map(|&key| {
            let pod = self.context.timeline.pod(key);
            let explained = if state.explain { explain::most_lines(&pod) } else { 0 };
            explained + if self.laned.is_empty() { 0 } else { lanes::count(&pod) }
        });
        1 + lines.max().unwrap_or(0)
    }

    /// The names of the columns, and the ticks.
    pub(crate) fn header(&self) -> Line {
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
        header = text::pad_right(&header, layout.left() + layout.gap() + layout.bar);
        if layout.status > 0 {
            header.push_str(&" ".repeat(layout.status + 1));
        }
        for (width, name) in [(layout.queued, "QUEUED"), (layout.cold, "COLD"), (layout.run, "RUN")] {
            if width > 0 {
                header.push(' ');
                header.push_str(&text::pad_left(name, width));
            }
        }
        Line::of(header, Style::Dim).shorten_end(layout.columns, "")
    }

    /// The row of a Pod and of the tries before it, with `--containers` its containers, and with `--explain` the evidence
    /// of its boundaries.
    pub(crate) fn draw(
        &self,
        key: PodKey,
        block: &Group<'_>,
        tries: &PodRows,
        pace: PodPace,
        seen: &mut LegendEntries,
        lines: &mut Vec<Line>,
    ) {
        let (context, layout) = (self.context, self.layout);
        let pod = context.timeline.pod(key);
        let mut line = Line { spans: Vec::new(), pod: Some(key) };
        if layout.index > 0 {
            let index = pod.index.map(|index| index.to_string()).unwrap_or_default();
            line.push(text::pad_left(&index, layout.index) + " ", Style::Strong);
        }
        line.push(text::pad_right(&self.name(&pod, block), layout.name), Style::Strong);
        if layout.attempt > 0 {
            let attempt = if pod.attempt > 1 { pod.attempt.to_string() } else { String::new() };
            line.push(format!(" {}", text::pad_left(&attempt, layout.attempt)), Style::Text);
        }
        if layout.node > 0 {
            line.push(format!(" {}", text::pad_right(&self.node(&pod), layout.node)), Style::Dim);
        }
        line.push(" ".repeat(layout.gap()), Style::Text);

        let zero = self.span.zero(context.timeline.overview(key));
        let earlier = tries.earlier(key);
        let before = Before {
            tries: earlier.iter().map(|&key| context.timeline.pod(key)).collect(),
            waits: earlier.iter().chain([&key]).filter_map(|key| tries.retry(*key)).copied().collect(),
            again: tries.again(key).map(|open| open.since),
        };
        let mut bar = Bar::of_row(&pod, &before, self.axis, zero, context.now);
        let told = match tries.again(key) {
            Some(open) => self.label_again(open, &mut bar, zero),
            None => self.label(&pod, &mut bar, zero),
        };
        bar.mark_breaks(self.axis);
        bar.draw(&mut line, context.glyphs, seen);

        if layout.status > 0 {
            let (mut status, mut role) = self.status(&pod, tries.again(key).is_some());
            if let Some(mark) = pace.mark(context, key) {
                if mark != "max" {
                    role = Style::Warning;
                }
                let blank = if text::width(&status) + text::width(&mark) < layout.status { " " } else { "" };
                status = text::shorten_end(&format!("{status}{blank}{mark}"), layout.status, "");
            }
            line.push(format!(" {}", text::pad_right(&status, layout.status)), role);
        }
        self.push_numbers(&mut line, &pod, told);
        lines.push(tight(line.shorten_end(layout.columns, context.glyphs.ellipsis)));
        if self.laned.contains(&block.heading.id()) {
            for lane in lanes::lanes(context, &pod, self.axis, zero) {
                let name = format!("  {} {}", lane.name, lane.role.name());
                let name = text::shorten_middle(&name, layout.left(), context.glyphs.ellipsis);
                let mut line = Line { spans: Vec::new(), pod: Some(key) };
                line.push(text::pad_right(&name, layout.left() + layout.gap()), Style::Dim);
                lane.draw(context, &mut line, seen);
                lines.push(tight(line.shorten_end(layout.columns, context.glyphs.ellipsis)));
            }
        }
        if context.state.explain {
            lines.extend(explain::lines(context, &pod, key, layout.columns));
        }
    }

    /// The Pod's name as far as it fits: what it shares with its workload goes first, its random suffix never.
    fn name(&self, pod: &TimelinePod, block: &Group<'_>) -> String {
        let name = text::clean(&pod.name);
        let (width, ellipsis) = (self.layout.name, self.context.glyphs.ellipsis);
        if text::width(&name) <= width {
            return name.into_owned();
        }
        let own = match block.heading {
            Heading::Workload(workload) => {
                name.strip_prefix(&*workload.name).and_then(|own| own.strip_prefix('-'))
            }
            _ => None,
        };
        match own {
            Some(own) if text::width(own) + text::width(ellipsis) <= width => format!("{ellipsis}{own}"),
            _ => text::shorten_middle(&name, width, ellipsis),
        }
    }

    fn node(&self, pod: &TimelinePod) -> String {
        let glyphs = self.context.glyphs;
        pod.node.as_deref().map_or(glyphs.none.to_owned(), |node| {
            // The domain is the same for all of them.
            let host = node.split('.').next().filter(|_| node.parse::<std::net::IpAddr>().is_err());
            text::shorten_middle(&text::clean(host.unwrap_or(node)), self.layout.node, glyphs.ellipsis)
        })
    }

    /// Writes when the next try is expected, in as many words as there is room for; all of it stands elsewhere too.
    fn label_again(&self, open: &OpenRetry, bar: &mut Bar, zero: i64) -> bool {
        let now = self.context.now;
        let millis = |at: Timestamp| at.as_millisecond().saturating_sub(zero);
        let cells = self.axis.cells(millis(open.since), millis(now.max(open.since)));
        if bar.label(&next_try(open, now), Style::BackOff, Some(cells)) {
            return true;
        }
        let left =
            open.expected.map(|expected| expected.duration_since(now)).filter(SignedDuration::is_positive);
        left.is_none_or(|left| {
            let short = format!("~{}", duration::human(left, false));
            let cells = self.axis.cells(millis(open.since), millis(now.max(open.since)));
            bar.label(&short, Style::BackOff, Some(cells))
        })
    }

    /// Writes why the Pod waits, waited or failed into free cells; whether all that there is to tell is told.
    fn label(&self, pod: &TimelinePod, bar: &mut Bar, zero: i64) -> bool {
        let life = &pod.life;
        let reason = life.reason.as_deref().filter(|reason| !matches!(*reason, "Error" | "Completed"));
        let open = life.open_phase();
        if let Some(open) = open
            && let Some(reason) =
                open.reason.as_deref().or(reason.filter(|_| life.instants.work_started.is_none()))
        {
            let cells = bar.cells_of(open, self.axis, zero, self.context.now);
            return bar.label(&text::clean(reason), Style::Warning, Some(cells));
        }
        let telling =
            life.outcome.has_failed() || matches!(life.outcome, PodOutcome::Deleted | PodOutcome::Unknown);
        let words = match reason {
            _ if !telling => None,
            Some(reason) => Some(text::clean(reason)),
            None if life.outcome == PodOutcome::NeverStarted => Some("never started".into()),
            None => None,
        };
        let told = words.is_none_or(|words| bar.label(&words, phase_role_of(life), None));
        // A wait that is over is told where it was, if it was long.
        for phase in life.phases.iter().filter(|phase| phase.end.is_some()) {
            if let Some(reason) = phase.reason.as_deref() {
                let cells = bar.cells_of(phase, self.axis, zero, self.context.now);
                bar.label_inside(&text::clean(reason), phase_role(phase.kind), cells);
            }
        }
        told
    }

    /// The glyph of how the Pod stands, with the exit code of what failed.
    fn status(&self, pod: &TimelinePod, again: bool) -> (String, Style) {
        let glyphs = self.context.glyphs;
        let code = pod.life.exit_code.filter(|&code| code != 0);
        let coded = |glyph: char| code.map_or(glyph.to_string(), |code| format!("{glyph} {code}"));
        match DisplayState::from_overview(pod.overview()) {
            _ if again => (coded(glyphs.phase(crate::lifecycle::PhaseKind::BackOff)), Style::BackOff),
            DisplayState::Done => (glyphs.succeeded.into(), Style::Success),
            DisplayState::Failed => (coded(glyphs.failed), Style::Failure),
            DisplayState::Running if pod.life.instants.delete_requested.is_some() => {
                (glyphs.phase(crate::lifecycle::PhaseKind::Terminating).into(), Style::Terminating)
            }
            DisplayState::Running => (glyphs.running.into(), Style::Text),
            DisplayState::Starting | DisplayState::Queued => (glyphs.waiting.into(), Style::Dim),
            DisplayState::BackOff => {
                (coded(glyphs.phase(crate::lifecycle::PhaseKind::BackOff)), Style::BackOff)
            }
            DisplayState::Deleted => (coded(glyphs.deleted), Style::Terminating),
            DisplayState::Unknown => (glyphs.unknown.into(), Style::Warning),
        }
    }

    /// How long the Pod waited, started, worked. Without room for the reason elsewhere, it takes the place of numbers
    /// that are not there yet.
    fn push_numbers(&self, line: &mut Line, pod: &TimelinePod, told: bool) {
        let layout = self.layout;
        let widths = [layout.queued, layout.cold, layout.run];
        let width = widths.iter().filter(|&&width| width > 0).map(|width| width + 1).sum::<usize>();
        if !told
            && pod.life.instants.scheduled.is_none()
            && let Some(reason) =
                pod.life.open_phase().and_then(|phase| phase.reason.as_deref()).or(pod.life.reason.as_deref())
        {
            let reason = text::shorten_end(
                &text::clean(reason),
                width.saturating_sub(1),
                self.context.glyphs.ellipsis,
            );
            line.push(format!(" {}", text::pad_right(&reason, width.saturating_sub(1))), Style::Warning);
            return;
        }
        let numbers = Numbers::of(&pod.life, self.context.now);
        for (width, number) in
            [(layout.queued, numbers.queued), (layout.cold, numbers.cold), (layout.run, numbers.run)]
        {
            if width > 0 {
                line.push(format!(" {}", text::pad_left(&number.text, width)), number.role);
            }
        }
    }

    /// The row of a workload that was held back.
    pub(crate) fn draw_held(&self, workload: &Workload, seen: &mut LegendEntries, lines: &mut Vec<Line>) {
        held::draw(self.context, workload, self.layout, self.axis, self.span, seen, lines);
    }

    /// How many lines that takes.
    pub(crate) fn lines_of_held(&self, workload: &Workload) -> usize {
        1 + if self.context.state.explain { 2 * workload.holds.len() } else { 0 }
    }

    /// The line that tells how many Pods worked at which time.
    pub(crate) fn draw_concurrency(&self, group: &Group<'_>, summary: &Summary) -> Line {
        let line = concurrency::draw(self.context, group, summary, self.layout, self.axis, self.span);
        line.shorten_end(self.layout.columns, self.context.glyphs.ellipsis)
    }

    /// The line of Pods without rows of their own: how many, how many at which time, the median of their numbers.
    pub(crate) fn draw_fold(&self, fold: &Overflow) -> Line {
        let (context, layout) = (self.context, self.layout);
        let label = format!("+ {} {}", fold.pods.len(), fold.state.map_or("more", DisplayState::name));
        let label =
            if text::width(&label) > layout.left() { format!("+ {}", fold.pods.len()) } else { label };
        let label = text::shorten_end(&label, layout.left(), context.glyphs.ellipsis);
        let mut line = Line::of(text::pad_right(&label, layout.left() + layout.gap()), Style::Text);
        let overflow = OverflowKey {
            sort: context.state.sort,
            group_by: context.state.group_by,
            align: context.state.align,
            filter: context.window.filter.clone(),
            state: fold.state,
            first: fold.pods.first().copied(),
            pods: fold.pods.len(),
        };
        let (cache, version) = (context.cache, context.version());
        let key =
            DensityKey { overflow: overflow.clone(), columns: layout.bar, shown_time: self.span.stretch() };
        let density = cache.density.get_or_compute(version, key, || self.density(&fold.pods));
        line.push(density.as_str(), fold.state.map_or(Style::Dim, DisplayState::style));
        let medians = cache.medians.get_or_compute(version, overflow, || self.medians(&fold.pods));
        let fine = medians.is_fine;
        if layout.status > 0 {
            let name = if medians.queued.or(medians.cold).or(medians.run).is_some() { "p50" } else { "" };
            line.push(format!(" {}", text::pad_left(name, layout.status)), Style::Dim);
        }
        let numbers =
            [(layout.queued, medians.queued), (layout.cold, medians.cold), (layout.run, medians.run)];
        for (width, median) in numbers {
            if width > 0 {
                let median = median.map(|median| duration::human(median, fine)).unwrap_or_default();
                line.push(format!(" {}", text::pad_left(&median, width)), Style::Dim);
            }
        }
        line.shorten_end(layout.columns, context.glyphs.ellipsis)
    }

    /// The middle of each number of the Pods.
    fn medians(&self, pods: &[PodKey]) -> Medians {
        let (mut queues, mut colds, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        let mut fine = true;
        for &key in pods {
            let pod = self.context.timeline.overview(key);
            queues.extend(pod.queued());
            colds.extend(pod.cold_start());
            runs.extend(pod.run());
            fine &= pod.is_subsecond;
        }
        Medians { queued: median(queues), cold: median(colds), run: median(runs), is_fine: fine }
    }

    /// How many of the Pods were there at which time; the fullest cell is full.
    fn density(&self, pods: &[PodKey]) -> String {
        let columns = self.axis.columns();
        let mut changes = vec![0_i64; columns + 1];
        for &key in pods {
            let pod = self.context.timeline.overview(key);
            let now = self.context.now.as_millisecond();
            let (Some(first), Some(last)) = (pod.start_millis(), pod.last_known_millis(now)) else {
                continue;
            };
            let zero = self.span.zero(pod);
            let cells = self.axis.cells(first.saturating_sub(zero), last.saturating_sub(zero));
            changes[cells.start] += 1;
            changes[cells.end] -= 1;
        }
        let mut count = 0;
        let counts: Vec<i64> = changes[..columns]
            .iter()
            .map(|change| {
                count += change;
                count
            })
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let glyph = |count: i64| match usize::try_from((count * 8 + most - 1) / most) {
            Ok(level @ 1..) => self.context.glyphs.density[level.min(8) - 1],
            _ => ' ',
        };
        counts.into_iter().map(glyph).collect()
    }
}

fn phase_role_of(life: &Lifecycle) -> Style {
    if life.outcome == PodOutcome::Deleted { Style::Terminating } else { Style::Failure }
}

/// The middle value (nearest rank), without sorting all of them.
fn median(mut values: Vec<SignedDuration>) -> Option<SignedDuration> {
    let middle = values.len().div_ceil(2).checked_sub(1)?;
    Some(*values.select_nth_unstable(middle).1)
}

/// Without room to grow: there may be a hundred thousand of them.
fn tight(mut line: Line) -> Line {
    line.spans.shrink_to_fit();
    line.spans.iter_mut().for_each(|span| span.text.shrink_to_fit());
    line
}
