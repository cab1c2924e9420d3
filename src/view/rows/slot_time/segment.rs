//! The parts into which the verdict and the bar of slot time divide slot time.

use crate::lifecycle::PhaseKind;
use crate::view::chart::mark::phase_style;
use crate::view::primitives::frame::Style;
use crate::view::primitives::glyph::Glyphs;

/// A part of slot time. The variants are in the order of the verdict and of the bar. The work comes first, so that the
/// work of several bars can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// Work. In the bar, only the work that counts.
    Work,
    /// Work that did not count. Only the bar shows this part by itself.
    LostWork,
    SetupAndStart,
    Pull,
    PullFailing,
    Init,
    /// The cold start of a Pod of which only the start of work is known.
    ColdStart,
    Unready,
    Terminating,
    Queued,
    BackOff,
    Unknown,
    /// Slots without a Pod.
    Idle,
}

impl Segment {
    /// All parts, in order.
    pub(crate) const ALL: [Self; 13] = [
        Self::Work,
        Self::LostWork,
        Self::SetupAndStart,
        Self::Pull,
        Self::PullFailing,
        Self::Init,
        Self::ColdStart,
        Self::Unready,
        Self::Terminating,
        Self::Queued,
        Self::BackOff,
        Self::Unknown,
        Self::Idle,
    ];

    /// The part that includes the time of this phase.
    pub(crate) fn from_phase(kind: PhaseKind) -> Self {
        match kind {
            PhaseKind::Queued => Self::Queued,
            PhaseKind::Setup | PhaseKind::Starting => Self::SetupAndStart,
            PhaseKind::Pulling => Self::Pull,
            PhaseKind::PullFailing => Self::PullFailing,
            PhaseKind::Initializing => Self::Init,
            PhaseKind::Startup => Self::ColdStart,
            PhaseKind::Unready => Self::Unready,
            PhaseKind::Running => Self::Work,
            PhaseKind::BackOff => Self::BackOff,
            PhaseKind::Terminating => Self::Terminating,
            PhaseKind::Unknown => Self::Unknown,
        }
    }

    /// The part of the bar that includes the time of this part. Setup and cold start have the same glyph, so they are
    /// one part of the bar.
    pub(crate) fn in_bar(self) -> Self {
        if self == Self::ColdStart { Self::SetupAndStart } else { self }
    }

    /// The phases whose time the part includes. Empty for lost work and for idle slots.
    pub(crate) fn phases(self) -> impl Iterator<Item = PhaseKind> {
        PhaseKind::ALL.into_iter().filter(move |kind| Self::from_phase(*kind) == self)
    }

    /// The name in the verdict and in the legend of the bar.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::LostWork => "lost work",
            Self::SetupAndStart => "setup, start",
            Self::Pull => "pull",
            Self::PullFailing => "failing pull",
            Self::Init => "init",
            Self::ColdStart => "cold start",
            Self::Unready => "not ready",
            Self::Terminating => "terminating",
            Self::Queued => "queued",
            Self::BackOff => "back-off",
            Self::Unknown => "unknown",
            Self::Idle => "idle",
        }
    }

    /// The glyph and the style that the same time has in the bars of the Pods.
    pub(crate) fn appearance(self, glyphs: &Glyphs) -> (char, Style) {
        match self {
            Self::LostWork => (glyphs.failed, Style::Failure),
            Self::Idle => (glyphs.idle, Style::Dim),
            Self::Work
            | Self::SetupAndStart
            | Self::Pull
            | Self::PullFailing
            | Self::Init
            | Self::ColdStart
            | Self::Unready
            | Self::Terminating
            | Self::Queued
            | Self::BackOff
            | Self::Unknown => {
                let kind = self.phases().next().unwrap_or(PhaseKind::Unknown);
                (glyphs.phase(kind), phase_style(kind))
            }
        }
    }
}
