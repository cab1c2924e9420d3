//! Divides the setup of a Pod into its parts, where events prove them.
//!
//! The order of the parts is: attach the volumes, mount them, set up the network, start the sandbox. Each part ends at
//! the event that reports its success. An event about a failure proves that its part goes on from this event until a
//! success follows or the setup ends. An interval that no event explains has no reason.

use jiff::Timestamp;

use crate::lifecycle::derive::cut::Interval;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::phase::PhaseKind;
use crate::lifecycle::setup_part::SetupPart;
use crate::lifecycle::time::instant::Instant;
use crate::lifecycle::waits::Waits;

/// Returns the parts of the setup from `start` to `end` as intervals of the phase `kind`. `end` is `None` if the end is
/// unknown. `failures` are the intervals of the reported failures. The reason of an interval is the reported failure,
/// or otherwise the name of the part. If intervals overlap, the last one counts.
pub(crate) fn setup_part_intervals(
    waits: &Waits,
    kind: PhaseKind,
    start: Instant,
    end: Option<Timestamp>,
    failures: Vec<Interval>,
) -> Vec<Interval> {
    let is_in_setup = |at: &Timestamp| end.is_none_or(|end| *at <= end);
    let attached = waits.attached_volumes().filter(is_in_setup).max();
    let attached = attached.map(|at| Instant::new(at, Evidence::VolumeAttachedEvent));
    let mut interfaces: Vec<Timestamp> = waits.added_interfaces().filter(is_in_setup).collect();
    interfaces.sort_unstable();
    let interface = |at| Instant::new(at, Evidence::InterfaceAddedEvent);
    let part = |part: SetupPart, from: Instant, to: Option<Instant>| {
        Interval::new(kind, from, to, Some(part.name().into()))
    };
    let is_attachment = |failure: &Interval| {
        failure.reason.as_deref().and_then(SetupPart::from_reason) == Some(SetupPart::Attach)
    };
    let mut intervals = Vec::new();
    if let Some(&last) = interfaces.last() {
        // The successful setup of the network begins after the last failure that the kubelet reported before it.
        let kubelet_failures = failures.iter().filter(|failure| !is_attachment(failure));
        let failed = kubelet_failures.map(|failure| failure.start).filter(|failed| failed.at < last);
        let from = attached.into_iter().chain(failed).fold(start, |a, b| if b.at > a.at { b } else { a });
        intervals.push(part(SetupPart::Network, from, Some(interface(last))));
        intervals.push(part(SetupPart::Sandbox, interface(last), None));
    }
    if let Some(attached) = attached {
        intervals.push(part(SetupPart::Attach, start, Some(attached)));
    }
    for failure in failures {
        // A failure ends at the first success after it.
        let success = if is_attachment(&failure) {
            attached.filter(|attached| attached.at > failure.start.at)
        } else {
            interfaces.iter().copied().find(|at| *at > failure.start.at).map(interface)
        };
        let end = match (failure.end, success) {
            (Some(end), Some(success)) if success.at < end.at => Some(success),
            (None, Some(success)) => Some(success),
            (end, _) => end,
        };
        intervals.push(Interval { end, ..failure });
    }
    intervals
}
