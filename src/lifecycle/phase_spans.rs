//! The phases of an ended Pod, reduced to kinds and times and packed into a few bytes per phase. Statistics over many
//! Pods read these spans instead of deriving each life again.

use jiff::Timestamp;

use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::{Pack, Packer, Unpacker};
use crate::lifecycle::phase::{Phase, PhaseKind};
use crate::lifecycle::pod_lifecycle::Lifecycle;

/// Widths of intervals are multiples of this number of milliseconds. With this unit, the width of a time that is truncated
/// to the second takes one byte.
const WIDTH_UNIT: u32 = 8;

/// Rounds a width up to the unit.
fn round_width(millis: u32) -> u32 {
    millis.div_ceil(WIDTH_UNIT).min(u32::MAX / WIDTH_UNIT) * WIDTH_UNIT
}

/// A phase without its container, its reason and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// The state of the Pod.
    pub kind: PhaseKind,
    /// Start, in milliseconds since 1970.
    pub start: i64,
    /// End, in milliseconds since 1970. `None` if [`Phase::end`] is `None`.
    pub end: Option<i64>,
    /// Length of the interval that contains the true start, in milliseconds, rounded up to a multiple of eight.
    pub start_width: u32,
    /// Length of the interval that contains the true end, in milliseconds, rounded up to a multiple of eight.
    pub end_width: u32,
}

impl From<&Phase> for PhaseSpan {
    fn from(phase: &Phase) -> Self {
        let (start, end) = (phase.start.as_millisecond(), phase.end.map(Timestamp::as_millisecond));
        let [start_width, end_width] = [phase.start_width, phase.end_width].map(round_width);
        Self { kind: phase.kind, start, end, start_width, end_width }
    }
}

impl Pack for PhaseSpan {
    fn pack(&self, to: &mut Packer<'_>) {
        self.kind.pack(to);
        to.write_time(self.start);
        (self.start_width / WIDTH_UNIT).pack(to);
        self.end.is_some().pack(to);
        if let Some(end) = self.end {
            to.write_time(end);
            (self.end_width / WIDTH_UNIT).pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (kind, start, start_width) = (from.read(), from.read_time(), from.read::<u32>() * WIDTH_UNIT);
        let has_end: bool = from.read();
        let end = has_end.then(|| (from.read_time(), from.read::<u32>() * WIDTH_UNIT));
        let (end, end_width) = end.map_or((None, 0), |(end, width)| (Some(end), width));
        Self { kind, start, end, start_width, end_width }
    }
}

/// All phases of a life, packed.
#[derive(Clone, Debug, Default)]
pub(crate) struct PhaseSpans(Box<[u8]>);

impl PhaseSpans {
    /// Packs the phases of `life`. `buffer` is used only to avoid an allocation. Its content is overwritten.
    pub(crate) fn pack(life: &Lifecycle, interner: &mut Interner, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        let mut to = Packer::new(buffer, interner);
        for phase in &life.phases {
            PhaseSpan::from(phase).pack(&mut to);
        }
        Self(buffer.as_slice().into())
    }

    /// Calls `visit` for each phase, in order.
    pub(crate) fn for_each(&self, interner: &Interner, mut visit: impl FnMut(PhaseSpan)) {
        let mut from = Unpacker::new(&self.0, interner);
        while !from.is_empty() {
            visit(from.read());
        }
    }
}
