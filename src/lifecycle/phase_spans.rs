//! The phases of an ended Pod, reduced to kinds and times and packed into a few bytes per phase. Statistics over many
//! Pods read these spans instead of deriving each life again.

use jiff::Timestamp;

use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::{Pack, Packer, Unpacker, variant_at};
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
        Self {
            kind: phase.kind,
            start: phase.start.as_millisecond(),
            end: phase.end.map(Timestamp::as_millisecond),
            start_width: round_width(phase.start_width),
            end_width: round_width(phase.end_width),
        }
    }
}

/// Set in the first byte of a packed phase that starts where the previous phase ends.
const TOUCHES_PREVIOUS: u8 = 0x80;
/// Set in the first byte of a packed phase with an end.
const HAS_END: u8 = 0x40;
/// The bits of the first byte that hold the kind.
const KIND: u8 = 0x3f;

/// All phases of a life, packed. The start of a phase is omitted if the previous phase ends there.
#[derive(Clone, Debug, Default)]
pub(crate) struct PhaseSpans(Box<[u8]>);

impl PhaseSpans {
    /// Packs the phases of `life`. `buffer` is used only to avoid an allocation. Its content is overwritten.
    pub(crate) fn pack(life: &Lifecycle, interner: &mut Interner, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        let mut to = Packer::new(buffer, interner);
        let mut previous_end = None;
        for span in life.phases.iter().map(PhaseSpan::from) {
            let touches_previous = previous_end == Some((span.start, span.start_width));
            let start_flag = if touches_previous { TOUCHES_PREVIOUS } else { 0 };
            let end_flag = if span.end.is_some() { HAS_END } else { 0 };
            to.write_byte(span.kind as u8 | start_flag | end_flag);
            if !touches_previous {
                write_boundary(&mut to, span.start, span.start_width);
            }
            if let Some(end) = span.end {
                write_boundary(&mut to, end, span.end_width);
            }
            previous_end = span.end.map(|end| (end, span.end_width));
        }
        to.finish();
        Self(buffer.as_slice().into())
    }

    /// Calls `visit` for each phase, in order.
    pub(crate) fn for_each(&self, interner: &Interner, mut visit: impl FnMut(PhaseSpan)) {
        let mut from = Unpacker::new(&self.0, interner);
        let mut previous_end = (0, 0);
        while !from.is_empty() {
            let first = from.read_byte();
            let touches_previous = first & TOUCHES_PREVIOUS != 0;
            let (start, start_width) = if touches_previous { previous_end } else { read_boundary(&mut from) };
            let end = (first & HAS_END != 0).then(|| read_boundary(&mut from));
            previous_end = end.unwrap_or_default();
            let kind = variant_at(&PhaseKind::ALL, first & KIND, "PhaseKind");
            visit(PhaseSpan {
                kind,
                start,
                end: end.map(|(end, _)| end),
                start_width,
                end_width: previous_end.1,
            });
        }
    }
}

fn write_boundary(to: &mut Packer<'_>, millis: i64, width: u32) {
    to.write_time(millis);
    (width / WIDTH_UNIT).pack(to);
}

fn read_boundary(from: &mut Unpacker<'_>) -> (i64, u32) {
    (from.read_time(), from.read::<u32>() * WIDTH_UNIT)
}
