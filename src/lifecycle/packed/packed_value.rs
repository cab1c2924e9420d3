//! A value that is either open for changes or packed.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::packer::{Pack, Packer, Unpacker};

/// A value that is packed into bytes while it is not expected to change.
#[derive(Clone, Debug)]
pub(crate) enum Packed<T> {
    /// The value itself, which may still change.
    Open(Box<T>),
    /// The bytes of the value.
    Bytes(Box<[u8]>, PhantomData<T>),
}

impl<T: Pack> Packed<T> {
    /// Wraps a value without packing it.
    pub(crate) fn new(value: T) -> Self {
        Self::Open(Box::new(value))
    }

    /// Whether the value is stored as bytes.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self, Self::Bytes(..))
    }

    /// Returns the value: borrowed if it is open, else unpacked into a copy.
    pub(crate) fn read<'a>(&'a self, interner: &Interner) -> Cow<'a, T> {
        match self {
            Self::Open(value) => Cow::Borrowed(value),
            Self::Bytes(bytes, _) => Cow::Owned(T::unpack(&mut Unpacker::new(bytes, interner))),
        }
    }

    /// Unpacks the value if necessary, and returns it for changes.
    pub(crate) fn open(&mut self, interner: &Interner) -> &mut T {
        if let Self::Bytes(bytes, _) = self {
            *self = Self::new(T::unpack(&mut Unpacker::new(bytes, interner)));
        }
        match self {
            Self::Open(value) => value,
            Self::Bytes(..) => unreachable!("the value was opened just before"),
        }
    }

    /// Packs the value if it is open. `buffer` is used only to avoid an allocation. Its content is overwritten.
    pub(crate) fn pack(&mut self, interner: &mut Interner, buffer: &mut Vec<u8>) {
        if let Self::Open(value) = self {
            buffer.clear();
            let mut to = Packer::new(buffer, interner);
            value.pack(&mut to);
            to.finish();
            *self = Self::Bytes(buffer.as_slice().into(), PhantomData);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::lifecycle::phase::PhaseKind;

    /// Packs and unpacks `value`, checks that it is unchanged, and returns the number of packed bytes.
    fn round_trip<T: Pack + PartialEq + std::fmt::Debug>(value: &T) -> usize {
        let mut interner = Interner::default();
        let mut packed = Packed::new(value.clone());
        packed.pack(&mut interner, &mut Vec::new());
        let Packed::Bytes(bytes, _) = &packed else { panic!("the value is not packed") };
        let length = bytes.len();
        assert_eq!(&*packed.read(&interner), value);
        assert_eq!(packed.open(&interner), value);
        length
    }

    #[test]
    fn unpacking_returns_the_packed_value() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            round_trip(&number);
        }
        for number in [0, -1, 1, 63, -64, 64, i32::MIN, i32::MAX] {
            round_trip(&number);
        }
        for time in ["1969-12-31T23:59:59.9995Z", "1970-01-01T00:00:00Z", "2026-11-23T19:11:25.123456789Z"] {
            round_trip(&time.parse::<Timestamp>().unwrap());
        }
        for nanos in [0, 1, -1, 1_000_000, -1_000_001, 5_902_000_000, 301_000] {
            round_trip(&SignedDuration::from_nanos(nanos));
        }
        for kind in PhaseKind::ALL {
            round_trip(&kind);
        }
        round_trip(&vec![
            (true, Some(Arc::<str>::from("node-1"))),
            (false, None),
            (true, Some("node-1".into())),
        ]);
    }

    #[test]
    fn a_run_of_zeros_takes_two_bytes() {
        assert_eq!(round_trip(&vec![0_u64; 200]), 4);
        assert!(round_trip(&vec![0_u64; 700]) < 9);
        assert_eq!(round_trip(&vec![7_u64, 0, 0, 0, 9]), 5);
        round_trip(&(0..300).flat_map(|number| [number, 0, 0, number]).collect::<Vec<u64>>());
    }

    #[test]
    fn the_times_of_one_life_need_few_bytes() {
        let first: Timestamp = "2026-11-23T19:11:25.123Z".parse().unwrap();
        let times: Vec<Timestamp> = (0..10).map(|n| first + SignedDuration::from_millis(n * 1500)).collect();
        assert!(round_trip(&times) < 30);
    }

    #[test]
    #[should_panic(expected = "200 does not encode a PhaseKind")]
    fn unpacking_an_unknown_variant_panics() {
        Unpacker::new(&[200], &Interner::default()).read::<PhaseKind>();
    }

    #[test]
    #[should_panic(expected = "0 does not encode a text")]
    fn unpacking_an_unknown_text_panics() {
        Unpacker::new(&[0, 1], &Interner::default()).read::<Arc<str>>();
    }

    #[test]
    #[should_panic(expected = "it ends within a value")]
    fn unpacking_too_few_bytes_panics() {
        Unpacker::new(&[0x80], &Interner::default()).read::<u64>();
    }
}
