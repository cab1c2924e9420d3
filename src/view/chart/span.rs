//! Which stretch of time the axis shows, and where on it each Pod's time begins.

use jiff::Timestamp;

use crate::timeline::PodOverview;
use crate::view::chart::axis::{Axis, Labels, growing_span};
use crate::view::chart::gaps::{gaps, stretches};
use crate::view::chart::lanes;
use crate::view::frame_cache::results::TimeExtent;
use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// A stretch of time in milliseconds since the zero of each Pod.
#[derive(Clone, Debug)]
pub(crate) struct TimeSpan {
    start: i64,
    end: i64,
    align: Align,
    /// Milliseconds since 1970 of the zero that all Pods share.
    zero: i64,
    now: i64,
    labels: Labels,
    whole: i64,
    /// What is cut out of it.
    gaps: Vec<(i64, i64)>,
}

impl TimeSpan {
    /// The axis of the window on so many columns.
    pub(crate) fn axis(&self, columns: usize) -> Axis {
        Axis::new(self.start, self.end, columns, self.labels.clone()).without(&self.gaps)
    }

    /// Begin and end in milliseconds since the axis' zero.
    pub(crate) fn stretch(&self) -> (i64, i64) {
        (self.start, self.end)
    }

    /// Now in milliseconds since the axis' zero; where the Pods have a zero each, the end.
    pub(crate) fn now(&self) -> i64 {
        if self.align == Align::Wall { self.now.saturating_sub(self.zero) } else { self.end }
    }

    /// Now in milliseconds since 1970.
    pub(crate) fn clock(&self) -> i64 {
        self.now
    }

    /// The length of all that there is to see.
    pub(crate) fn whole(&self) -> i64 {
        self.whole
    }

    /// Milliseconds since 1970 of the zero that all Pods share on a wall clock.
    pub(crate) fn shared_zero(&self) -> i64 {
        self.zero
    }

    /// Milliseconds since 1970 of what is zero for a Pod.
    pub(crate) fn zero(&self, pod: &PodOverview) -> i64 {
        zero_of(pod, self.align, self.zero, self.now)
    }
}

fn zero_of(pod: &PodOverview, align: Align, zero: i64, now: i64) -> i64 {
    let begin = || pod.start_millis().unwrap_or(zero);
    match align {
        Align::Wall => zero,
        Align::Created => pod.created().map_or_else(begin, Timestamp::as_millisecond),
        // What has not begun to work ends at the line where the others' work begins.
        Align::Started => match (pod.work_started(), pod.end()) {
            (Some(started), _) => started.as_millisecond(),
            (None, Some(end)) => end.as_millisecond(),
            (None, None) => now,
        },
    }
}

/// More Pods are asked for no more than their work.
const FEW: usize = 50;

fn extent(context: &ViewContext<'_>) -> TimeExtent {
    let (align, now) = (context.state.align, context.now.as_millisecond());
    let workloads = context.timeline.workloads();
    let pods =
        || workloads.iter().flat_map(|workload| context.timeline.overviews(workload).map(|(_, pod)| pod));
    let millis = Timestamp::as_millisecond;

    // A workload that waited for its first Pod waited: the axis begins with the workload, unless the Pods are older.
    let zero = workloads
        .iter()
        .filter_map(|workload| workload.created.map(millis))
        .chain(pods().filter_map(PodOverview::start_millis))
        .min()
        .unwrap_or(now);
    let (mut start, mut end) = (0, 0);
    let mut live = workloads.iter().any(|workload| !workload.has_ended());
    let mut lives = Vec::new();
    for pod in pods() {
        let own = zero_of(pod, align, zero, now);
        live |= !pod.outcome.has_ended();
        let first = pod.start_millis().unwrap_or(own);
        let last = pod.last_known_millis(now).unwrap_or(own);
        end = end.max(last.saturating_sub(own));
        if align == Align::Wall {
            lives.push((first.saturating_sub(own), last.saturating_sub(own)));
        }
        start = start.min(first.saturating_sub(own));
    }
    // A sidecar may outlive the work; where there are many Pods nobody sees it.
    let few = workloads.iter().flat_map(|workload| &workload.pods).take(FEW + 1);
    if align == Align::Wall && few.clone().count() <= FEW {
        let ends = few.filter_map(|&key| lanes::end(&context.timeline.pod(key)));
        end = end.max(ends.max().map_or(end, |at| millis(at).saturating_sub(zero)));
    }
    TimeExtent { zero, start, end, is_live: live, lives: stretches(lives) }
}

/// The window of all that the timeline knows: exact if it is over, else with room to grow.
pub(crate) fn span(context: &ViewContext<'_>) -> TimeSpan {
    let align = context.state.align;
    let now = context.now.as_millisecond();
    let workloads = context.timeline.workloads();
    let millis = Timestamp::as_millisecond;
    let extent = context.cache.time_extent.get_or_compute(context.version(), align, || extent(context));
    let TimeExtent { zero, mut start, mut end, is_live: live, ref lives } = *extent;
    if align == Align::Wall {
        let until = workloads.iter().filter_map(|workload| workload.finished.map(millis)).max();
        end = end.max(until.map_or(0, |until| until.saturating_sub(zero)));
        if live {
            end = end.max(now.saturating_sub(zero));
        }
    }
    let zoomed = context.window.zoom.is_some();
    let gaps = if align == Align::Wall && !zoomed { gaps(lives, end) } else { Vec::new() };
    if live {
        let cut: i64 = gaps.iter().map(|(from, to)| to - from).sum();
        end = growing_span(end - cut).saturating_add(cut);
        start = if start < 0 { -growing_span(-start) } else { 0 };
    }
    let labels = match (&context.state.clock, align) {
        (Some(zone), Align::Wall) => match Timestamp::from_millisecond(zero) {
            Ok(zero) => Labels::Clock(zero, zone.clone()),
            Err(_) => Labels::Relative,
        },
        _ => Labels::Relative,
    };
    let mut span = TimeSpan { start, end, align, zero, now, labels, whole: end.saturating_sub(start), gaps };
    if let Some(zoom) = context.window.zoom {
        // A cell for now, and a few for what is written behind it.
        let end = zoom.end.unwrap_or_else(|| span.now().saturating_add(zoom.span / 20).min(span.end));
        (span.start, span.end) = (end.saturating_sub(zoom.span), end);
    }
    span
}
