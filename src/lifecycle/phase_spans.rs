//! The phases of an ended Pod, reduced to kinds and times and packed into a few bytes per phase. Statistics over many
//! Pods read these spans instead of deriving each life again.

use jiff::Timestamp;

use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::{Pack, Packer, Unpacker, variant_at};
use crate::lifecycle::phase::{Phase, PhaseKind};
use crate::lifecycle::pod_lifecycle::Lifecycle;
use crate::lifecycle::time::instant_error::InstantError;

/// Errors are multiples of this number of milliseconds. With this unit, the width of a time that is truncated to the
/// second takes one byte.
const ERROR_UNIT: u32 = 8;

/// Rounds a part of an error up to the unit.
fn round_up(millis: u32) -> u32 {
    millis.div_ceil(ERROR_UNIT).min(u32::MAX / ERROR_UNIT) * ERROR_UNIT
}

/// Returns the error that [`read_boundary`] reads if [`write_boundary`] wrote `error`. Unless the time is only
/// bounded, the estimate counts as the middle of the interval.
fn round_error(error: InstantError) -> InstantError {
    if error.is_only_bounded() {
        InstantError { before: round_up(error.before), after: round_up(error.after) }
    } else {
        InstantError::in_middle_of(round_up(error.width()))
    }
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
    /// How far the true start may be from `start`, rounded up to multiples of eight milliseconds.
    pub start_error: InstantError,
    /// How far the true end may be from `end`, rounded up to multiples of eight milliseconds.
    pub end_error: InstantError,
}

impl From<&Phase> for PhaseSpan {
    fn from(phase: &Phase) -> Self {
        Self {
            kind: phase.kind,
            start: phase.start.as_millisecond(),
            end: phase.end.map(Timestamp::as_millisecond),
            start_error: round_error(phase.start_error),
            end_error: round_error(phase.end_error),
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
            let touches_previous = previous_end == Some((span.start, span.start_error));
            let start_flag = if touches_previous { TOUCHES_PREVIOUS } else { 0 };
            let end_flag = if span.end.is_some() { HAS_END } else { 0 };
            to.write_byte(span.kind as u8 | start_flag | end_flag);
            if !touches_previous {
                write_boundary(&mut to, span.start, span.start_error);
            }
            if let Some(end) = span.end {
                write_boundary(&mut to, end, span.end_error);
            }
            previous_end = span.end.map(|end| (end, span.end_error));
        }
        to.finish();
        Self(buffer.as_slice().into())
    }

    /// Calls `visit` for each phase, in order.
    pub(crate) fn for_each(&self, interner: &Interner, mut visit: impl FnMut(PhaseSpan)) {
        let mut from = Unpacker::new(&self.0, interner);
        let mut previous_end = (0, InstantError::NONE);
        while !from.is_empty() {
            let first = from.read_byte();
            let touches_previous = first & TOUCHES_PREVIOUS != 0;
            let (start, start_error) = if touches_previous { previous_end } else { read_boundary(&mut from) };
            let end = (first & HAS_END != 0).then(|| read_boundary(&mut from));
            previous_end = end.unwrap_or_default();
            let kind = variant_at(&PhaseKind::ALL, first & KIND, "PhaseKind");
            visit(PhaseSpan {
                kind,
                start,
                end: end.map(|(end, _)| end),
                start_error,
                end_error: previous_end.1,
            });
        }
    }
}

/// Writes a time and its error. Of most errors, only the width is written.
fn write_boundary(to: &mut Packer<'_>, millis: i64, error: InstantError) {
    to.write_time(millis);
    (error.width() / ERROR_UNIT).pack(to);
    if error.is_only_bounded() {
        (error.before / ERROR_UNIT).pack(to);
    }
}

fn read_boundary(from: &mut Unpacker<'_>) -> (i64, InstantError) {
    let millis = from.read_time();
    let error = InstantError::in_middle_of(from.read::<u32>() * ERROR_UNIT);
    if !error.is_only_bounded() {
        return (millis, error);
    }
    let before = from.read::<u32>() * ERROR_UNIT;
    (millis, InstantError { before, after: error.width().saturating_sub(before) })
}
