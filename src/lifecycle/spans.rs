//! The phases of a life by time alone, for passes over very many Pods: of what is packed nothing else is unpacked.

use jiff::Timestamp;

use super::packed::Unpacker;
use super::{Kept, Lifecycle, Names, Phase, PhaseKind, Source};

/// When a phase was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseSpan {
    /// What the Pod did.
    pub kind: PhaseKind,
    /// Begin, in milliseconds since 1970.
    pub start: i64,
    /// End; `None` where [`Phase::end`] is.
    pub end: Option<i64>,
}

impl From<&Phase> for PhaseSpan {
    fn from(phase: &Phase) -> Self {
        let (start, end) = (phase.start.as_millisecond(), phase.end.map(Timestamp::as_millisecond));
        Self { kind: phase.kind, start, end }
    }
}

/// Tells the phases of a life in order.
pub fn spans(life: &Kept<Lifecycle>, names: &Names, mut told: impl FnMut(PhaseSpan)) {
    match life.unpacker(names) {
        Err(life) => life.phases.iter().for_each(|phase| told(phase.into())),
        Ok(mut packed) => (0..packed.count()).for_each(|_| told(span(&mut packed))),
    }
}

/// Reads a phase as its packing wrote it.
fn span(from: &mut Unpacker<'_>) -> PhaseSpan {
    let kind = from.take::<PhaseKind>();
    let start = from.take_millis();
    let end = from.take::<bool>().then(|| from.take_millis());
    from.take::<Source>();
    // The container and the reason.
    from.skip_text();
    from.skip_text();
    PhaseSpan { kind, start, end }
}
