//! What each boundary was read from, and how exact that is.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Line, Role, Scene, duration, summary, text};
use crate::lifecycle::{Instant, Source};
use crate::timeline::{Pod, PodKey, Workload};

/// A Pod has seven instants, may be clamped, and its node's clock may be wrong.
pub(super) const MOST_LINES: usize = 9;

/// A line for each instant that is known: `scheduled  12:49:14.003Z  event  +50ms  eventTime of the Scheduled event`.
pub(super) fn lines(scene: &Scene<'_>, pod: &Pod, key: PodKey, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, instant) in pod.life.instants.named() {
        let Some(instant) = instant else { continue };
        let mut line = Line { spans: Vec::new(), pod: Some(key) };
        line.push(format!("    {name:<16}{:<14} ", clock(scene, instant)), Role::Text);
        line.push(evidence(instant), Role::Dim);
        lines.push(summary::fit(line, columns, scene.glyphs.ellipsis));
    }
    if pod.life.clamped {
        let moved = "    clamped: an impossible order of times was corrected by more than a second";
        lines.push(summary::fit(Line::of(moved, Role::Warning), columns, scene.glyphs.ellipsis));
    }
    if !pod.life.skew.is_zero() {
        let (off, node) = (pod.life.skew.abs(), pod.node.as_deref().unwrap_or_default());
        let way = if pod.life.skew.is_positive() { "behind" } else { "ahead of" };
        let said = format!(
            "    the clock of {} is at least {} {way} the API server's: its kubelet's times were moved by that",
            text::clean(node),
            duration::human(off, true),
        );
        lines.push(summary::fit(Line::of(said, Role::Warning), columns, scene.glyphs.ellipsis));
    }
    lines
}

/// Two lines for each time in which a workload was held back.
pub(super) fn holds(scene: &Scene<'_>, workload: &Workload, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for hold in &workload.holds {
        for (word, instant) in [("begins", hold.start), ("ends", hold.end.filter(|_| hold.over))] {
            let Some(instant) = instant else { continue };
            let mut line = Line::of(format!("    {word:<16}{:<14} ", clock(scene, instant)), Role::Text);
            line.push(evidence(instant), Role::Dim);
            lines.push(summary::fit(line, columns, scene.glyphs.ellipsis));
        }
    }
    lines
}

/// `event     +50ms   eventTime of the Scheduled event`: the truth lies so much after the time, or before a receipt.
pub(super) fn evidence(instant: Instant) -> String {
    let sign = if instant.evidence.source() == Source::Observed { '-' } else { '+' };
    let millis = instant.evidence.precision().as_millis();
    let precision =
        if millis < 1000 { format!("{sign}{millis}ms") } else { format!("{sign}{}s", (millis + 999) / 1000) };
    format!("{:<9} {precision:<7} {}", instant.evidence.source().name(), instant.evidence.description())
}

/// The clock time of an instant, without digits that its evidence does not carry.
pub(super) fn clock(scene: &Scene<'_>, instant: Instant) -> String {
    clock_time(scene, instant.at, instant.evidence.precision().as_millis() < 1000)
}

/// A clock time in the zone that the user chose, else UTC.
pub(super) fn clock_time(scene: &Scene<'_>, at: Timestamp, fine: bool) -> String {
    let zone = scene.state.clock.clone();
    let utc = zone.as_ref().is_none_or(|zone| *zone == TimeZone::UTC);
    let format = match (fine, utc) {
        (true, true) => "%H:%M:%S%.3fZ",
        (true, false) => "%H:%M:%S%.3f",
        (false, true) => "%H:%M:%SZ",
        (false, false) => "%H:%M:%S",
    };
    at.to_zoned(zone.unwrap_or(TimeZone::UTC)).strftime(format).to_string()
}
