//! The phases of a life by time alone, for passes over very many Pods: packed, a few bytes a phase.

use jiff::Timestamp;

use super::packed::{Pack, Packer, Unpacker};
use super::{Lifecycle, Phase, PhaseKind};
use crate::lifecycle::names::Names;

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

impl Pack for PhaseSpan {
    fn pack(&self, to: &mut Packer<'_>) {
        self.kind.pack(to);
        to.put_millis(self.start);
        self.end.is_some().pack(to);
        if let Some(end) = self.end {
            to.put_millis(end);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (kind, start) = (from.take(), from.take_millis());
        Self { kind, start, end: from.take::<bool>().then(|| from.take_millis()) }
    }
}

/// The phases of a life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Box<[u8]>);

impl Spans {
    /// Those of that life. `bytes` is room to work in.
    pub(crate) fn of(life: &Lifecycle, names: &mut Names, bytes: &mut Vec<u8>) -> Self {
        bytes.clear();
        let mut to = Packer::new(bytes, names);
        for phase in &life.phases {
            PhaseSpan::from(phase).pack(&mut to);
        }
        Self(bytes.as_slice().into())
    }

    /// Tells them in order.
    pub(crate) fn tell(&self, names: &Names, mut told: impl FnMut(PhaseSpan)) {
        let mut from = Unpacker::new(&self.0, names);
        while !from.is_empty() {
            told(from.take());
        }
    }
}
