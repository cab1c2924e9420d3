//! The stretch of time that the axis shows, and the zero of each Pod on it.

use jiff::Timestamp;

use crate::timeline::{PodOverview, Timeline, Workload};
use crate::view::chart::axis::{Axis, growing_length};
use crate::view::chart::gaps::{find_gaps, merge_lives};
use crate::view::chart::labels::Labels;
use crate::view::chart::lanes;
use crate::view::frame_cache::results::TimeExtent;
use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// The stretch of time that the axis shows, in milliseconds since the zero of each Pod.
#[derive(Clone, Debug)]
pub(crate) struct TimeSpan {
    start: i64,
    end: i64,
    align: Align,
    /// The zero that all Pods share, in milliseconds since 1970.
    zero: i64,
    /// The time of the frame, in milliseconds since 1970.
    now: i64,
    labels: Labels,
    /// The length without zoom.
    unzoomed_length: i64,
    /// The gaps that are cut out of the axis.
    gaps: Vec<(i64, i64)>,
}

impl TimeSpan {
    /// The axis of this stretch on a number of columns.
    pub(crate) fn axis(&self, columns: usize) -> Axis {
        Axis::new(self.start, self.end, columns, self.labels.clone()).without(&self.gaps)
    }

    /// The start and the end, in milliseconds since the axis' zero.
    pub(crate) fn shown_time(&self) -> (i64, i64) {
        (self.start, self.end)
    }

    /// The time of the frame, in milliseconds since the axis' zero. If each Pod has its own zero, this is the end
    /// of the axis.
    pub(crate) fn now(&self) -> i64 {
        if self.align == Align::Wall { self.now.saturating_sub(self.zero) } else { self.end }
    }

    /// The time of the frame, in milliseconds since 1970.
    pub(crate) fn now_since_epoch(&self) -> i64 {
        self.now
    }

    /// The length without zoom, in milliseconds.
    pub(crate) fn unzoomed_length(&self) -> i64 {
        self.unzoomed_length
    }

    /// The zero that all Pods share on a wall clock, in milliseconds since 1970.
    pub(crate) fn shared_zero(&self) -> i64 {
        self.zero
    }

    /// The zero of a Pod, in milliseconds since 1970.
    pub(crate) fn zero_of(&self, pod: &PodOverview) -> i64 {
        zero_of(pod, self.align, self.zero, self.now)
    }
}

fn zero_of(pod: &PodOverview, align: Align, zero: i64, now: i64) -> i64 {
    let first = || pod.start_millis().unwrap_or(zero);
    match align {
        Align::Wall => zero,
        Align::Created => pod.created().map_or_else(first, Timestamp::as_millisecond),
        // A Pod that has not begun to work ends at the column where the work of the others begins.
        Align::Started => match (pod.work_started(), pod.end()) {
            (Some(started), _) => started.as_millisecond(),
            (None, Some(end)) => end.as_millisecond(),
            (None, None) => now,
        },
    }
}

/// With more Pods than this, containers that outlive the work of their Pod do not lengthen the axis.
const MAX_PODS_WITH_CONTAINERS: usize = 50;

/// Computes the time that the axis must show for all Pods.
fn compute_extent(context: &ViewContext<'_>) -> TimeExtent {
    let (align, now) = (context.state.align, context.now.as_millisecond());
    let workloads = context.workloads();
    let pods =
        || workloads.iter().flat_map(|workload| context.timeline.overviews(workload).map(|(_, pod)| pod));
    let millis = Timestamp::as_millisecond;

    let zero = workloads.iter().filter_map(|workload| first_moment(context, workload)).min().unwrap_or(now);
    let (mut start, mut end) = (0, 0);
    let mut live = workloads.iter().any(|workload| !workload.has_ended());
    let mut lives = Vec::new();
    for pod in pods() {
        let own = zero_of(pod, align, zero, now);
        live |= !pod.outcome.has_ended();
        let first = pod.start_millis().unwrap_or(own);
        // A clock that is ahead can put the start after now.
        let last = pod.last_known_millis(now).unwrap_or(own).max(first);
        end = end.max(last.saturating_sub(own));
        if align == Align::Wall {
            lives.push((first.saturating_sub(own).max(0), last.saturating_sub(own).max(0)));
        }
        // A wall clock begins at the shared zero. Only the Pods of earlier revisions of a rollout are older.
        start = if align == Align::Wall { 0 } else { start.min(first.saturating_sub(own)) };
    }
    // A sidecar may outlive the work of its Pod. Among many Pods, the end of a sidecar would not be visible.
    let few = workloads.iter().flat_map(|workload| &workload.pods).take(MAX_PODS_WITH_CONTAINERS + 1);
    if align == Align::Wall && few.clone().count() <= MAX_PODS_WITH_CONTAINERS {
        let ends = few.filter_map(|&key| lanes::last_known_end(&context.timeline.pod(key)));
        end = end.max(ends.max().map_or(end, |at| millis(at).saturating_sub(zero)));
    }
    TimeExtent { zero, start, end, is_live: live, lives: merge_lives(lives) }
}

/// The first moment of a workload that the axis shows, in milliseconds since 1970: its creation, because the wait for
/// the first Pod is part of the picture, or the start of an older Pod. The axis shows a rollout from the beginning of
/// its current revision. `None` for an earlier revision, and for a workload without a known time.
fn first_moment(context: &ViewContext<'_>, workload: &Workload) -> Option<i64> {
    let timeline = context.timeline;
    let revisions = |rollout: &Workload| {
        let children = timeline.children(rollout).filter(|child| child.is_rollout);
        children.max_by_key(|child| latest_creation(timeline, child))
    };
    if let Some(current) = revisions(workload).filter(|_| workload.is_rollout) {
        return first_moment(context, current);
    }
    let first_pod = || timeline.overviews(workload).filter_map(|(_, pod)| pod.start_millis()).min();
    let created = workload.created.map(Timestamp::as_millisecond);
    let parent = workload.parent.as_ref().filter(|_| workload.is_rollout);
    let rollout = parent.and_then(|parent| timeline.subtree(&parent.uid).first());
    if let Some(current) = rollout.filter(|rollout| rollout.is_rollout).and_then(revisions) {
        if current.uid != workload.uid {
            return None;
        }
        // A rollback uses the object of an earlier revision again, so that this object is older than the rollout.
        let siblings = rollout.into_iter().flat_map(|rollout| timeline.children(rollout));
        if siblings.filter_map(|sibling| sibling.created).max() > workload.created {
            return first_pod().or(created);
        }
    }
    created.into_iter().chain(first_pod()).min()
}

/// The creation of the latest Pod of a workload, or of the workload itself.
fn latest_creation(timeline: &Timeline, workload: &Workload) -> Option<Timestamp> {
    let pods = timeline.overviews(workload).filter_map(|(_, pod)| pod.created());
    pods.max().or(workload.created)
}

/// The stretch of time for the whole timeline, or the part that the user zoomed to. If a workload or Pod has not ended,
/// the whole stretch leaves room for the bars to grow.
pub(crate) fn choose_span(context: &ViewContext<'_>) -> TimeSpan {
    let align = context.state.align;
    let now = context.now.as_millisecond();
    let workloads = context.workloads();
    let millis = Timestamp::as_millisecond;
    let extent =
        context.cache.time_extent.get_or_compute(context.version(), align, || compute_extent(context));
    let TimeExtent { zero, mut start, mut end, is_live: live, ref lives } = *extent;
    if align == Align::Wall {
        let until = workloads.iter().filter_map(|workload| workload.finished.map(millis)).max();
        end = end.max(until.map_or(0, |until| until.saturating_sub(zero)));
        if live {
            end = end.max(now.saturating_sub(zero));
        }
    }
    let zoomed = context.window.zoom.is_some();
    let gaps = if align == Align::Wall && !zoomed { find_gaps(lives, end) } else { Vec::new() };
    if live {
        let cut: i64 = gaps.iter().map(|(from, to)| to - from).sum();
        end = growing_length(end - cut).saturating_add(cut);
        start = if start < 0 { -growing_length(-start) } else { 0 };
    }
    let labels = match (&context.state.clock, align) {
        (Some(zone), Align::Wall) => match Timestamp::from_millisecond(zero) {
            Ok(zero) => Labels::Clock(zero, zone.clone()),
            Err(_) => Labels::Relative,
        },
        _ => Labels::Relative,
    };
    let mut span =
        TimeSpan { start, end, align, zero, now, labels, unzoomed_length: end.saturating_sub(start), gaps };
    if let Some(zoom) = context.window.zoom {
        // The end leaves room for the mark of now and a few cells of text behind it.
        let end = zoom.end.unwrap_or_else(|| span.now().saturating_add(zoom.span / 20).min(span.end));
        (span.start, span.end) = (end.saturating_sub(zoom.span), end);
    }
    span
}
