//! What is known of Pods in a fifth of the room: of a large Job nearly all Pods have ended, and nothing more comes of
//! them.
//!
//! Times are kept as the difference to the one before, texts as their number in [`Names`]. What is packed never leaves
//! the process, so that its form may change at any time.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::names::Names;

/// What can be packed. What comes out is what went in.
pub(crate) trait Pack: Clone {
    /// Appends itself.
    fn pack(&self, to: &mut Packer<'_>);
    /// Reads what [`Pack::pack`] appended.
    fn unpack(from: &mut Unpacker<'_>) -> Self;
}

/// Where things are packed.
#[derive(Debug)]
pub(crate) struct Packer<'a> {
    bytes: &'a mut Vec<u8>,
    names: &'a mut Names,
    /// The time that was packed last, in milliseconds.
    before: i64,
}

/// Where things are unpacked from.
#[derive(Debug)]
pub(crate) struct Unpacker<'a> {
    bytes: &'a [u8],
    names: &'a Names,
    before: i64,
}

impl<'a> Packer<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>, names: &'a mut Names) -> Self {
        Self { bytes, names, before: 0 }
    }

    /// Appends a time in milliseconds since 1970.
    pub(crate) fn put_millis(&mut self, millis: i64) {
        self.signed(millis - self.before);
        self.before = millis;
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(0x80 | (number & 0x7f) as u8);
            number >>= 7;
        }
        self.bytes.push((number & 0x7f) as u8);
    }

    /// Small numbers of either sign take little room.
    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Milliseconds, and the rest where there is one.
    fn millis(&mut self, millis: i64, nanos: u32) {
        self.signed((millis << 1) | i64::from(nanos != 0));
        if nanos != 0 {
            self.number(nanos.into());
        }
    }
}

impl<'a> Unpacker<'a> {
    pub(crate) fn new(bytes: &'a [u8], names: &'a Names) -> Self {
        Self { bytes, names, before: 0 }
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Reads a value.
    pub(crate) fn take<T: Pack>(&mut self) -> T {
        T::unpack(self)
    }

    /// Reads a time in milliseconds since 1970.
    pub(crate) fn take_millis(&mut self) -> i64 {
        self.before = self.before.wrapping_add(self.signed());
        self.before
    }

    fn millis(&mut self) -> (i64, i32) {
        let both = self.signed();
        let nanos = if both & 1 == 1 { self.number() } else { 0 };
        (both >> 1, i32::try_from(nanos).unwrap_or(0))
    }
}

/// The part of a millisecond of a time, in nanoseconds.
fn below_millis(nanos: i32) -> u32 {
    u32::try_from(nanos.rem_euclid(1_000_000)).unwrap_or(0)
}

impl Pack for Timestamp {
    fn pack(&self, to: &mut Packer<'_>) {
        let nanos = below_millis(self.subsec_nanosecond());
        // Downward, so that the rest is never negative.
        let millis = self.as_second() * 1000 + i64::from((self.subsec_nanosecond()).div_euclid(1_000_000));
        to.millis(millis - to.before, nanos);
        to.before = millis;
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (difference, nanos) = from.millis();
        from.before = from.before.wrapping_add(difference);
        let at = Self::from_millisecond(from.before).unwrap_or_default();
        if nanos == 0 { at } else { at.checked_add(SignedDuration::from_nanos(nanos.into())).unwrap_or(at) }
    }
}

impl Pack for SignedDuration {
    fn pack(&self, to: &mut Packer<'_>) {
        let nanos = below_millis(self.subsec_nanos());
        let millis = self.as_secs() * 1000 + i64::from(self.subsec_nanos().div_euclid(1_000_000));
        to.millis(millis, nanos);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (millis, nanos) = from.millis();
        Self::from_millis(millis).saturating_add(Self::from_nanos(nanos.into()))
    }
}

impl Pack for Arc<str> {
    fn pack(&self, to: &mut Packer<'_>) {
        let number = to.names.number(self);
        to.number(number.into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.number();
        from.names.text(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

impl Pack for String {
    fn pack(&self, to: &mut Packer<'_>) {
        Arc::<str>::from(self.as_str()).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (*Arc::<str>::unpack(from)).to_owned()
    }
}

impl Pack for bool {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.push((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.byte() != 0
    }
}

impl Pack for u64 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.number(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.number()
    }
}

impl Pack for u32 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.number((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self::try_from(from.number()).unwrap_or_default()
    }
}

impl Pack for i32 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.signed((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self::try_from(from.signed()).unwrap_or_default()
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        to.bytes.push(self.is_some().into());
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (from.byte() != 0).then(|| T::unpack(from))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        to.number(self.len() as u64);
        for value in self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (0..from.number()).map(|_| T::unpack(from)).collect()
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
        self.1.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (A::unpack(from), B::unpack(from))
    }
}

/// Packs a struct field by field; a field that is forgotten is an error of the compiler.
macro_rules! packed_struct {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                let Self { $($field),+ } = self;
                $($crate::lifecycle::packed::Pack::pack($field, to);)+
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                $(let $field = $crate::lifecycle::packed::Pack::unpack(from);)+
                Self { $($field),+ }
            }
        }
    };
}

/// Packs an enum without data as the place of its variant; the first stands for what cannot be read. A variant that
/// is forgotten is an error of the compiler.
macro_rules! packed_enum {
    ($type:ident { $first:ident $(, $variant:ident)* $(,)? }) => {
        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                match self { Self::$first => {} $(Self::$variant => {})* }
                $crate::lifecycle::packed::Pack::pack(&(*self as u32), to);
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                let place: u32 = $crate::lifecycle::packed::Pack::unpack(from);
                $(if place == Self::$variant as u32 { return Self::$variant; })*
                Self::$first
            }
        }
    };
}

pub(crate) use {packed_enum, packed_struct};

/// Something that is packed, or at hand because it may still change.
#[derive(Clone, Debug)]
pub(crate) enum Kept<T> {
    /// At hand.
    Open(Box<T>),
    /// Packed.
    Packed(Box<[u8]>, PhantomData<T>),
}

impl<T: Pack> Kept<T> {
    /// At hand.
    pub(crate) fn new(value: T) -> Self {
        Self::Open(Box::new(value))
    }

    /// Whether it is packed.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self, Self::Packed(..))
    }

    /// As it is.
    pub(crate) fn read<'a>(&'a self, names: &Names) -> Cow<'a, T> {
        match self {
            Self::Open(value) => Cow::Borrowed(value),
            Self::Packed(bytes, _) => Cow::Owned(T::unpack(&mut Unpacker::new(bytes, names))),
        }
    }

    /// To change it: unpacks it if it is packed.
    pub(crate) fn open(&mut self, names: &Names) -> &mut T {
        if let Self::Packed(bytes, _) = self {
            *self = Self::new(T::unpack(&mut Unpacker::new(bytes, names)));
        }
        match self {
            Self::Open(value) => value,
            Self::Packed(..) => unreachable!("it was opened just before"),
        }
    }

    /// Packs it. `bytes` is room to work in.
    pub(crate) fn pack(&mut self, names: &mut Names, bytes: &mut Vec<u8>) {
        if let Self::Open(value) = self {
            bytes.clear();
            value.pack(&mut Packer::new(bytes, names));
            *self = Self::Packed(bytes.as_slice().into(), PhantomData);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through<T: Pack + PartialEq + std::fmt::Debug>(value: &T) -> usize {
        let mut names = Names::default();
        let mut kept = Kept::new(value.clone());
        kept.pack(&mut names, &mut Vec::new());
        let Kept::Packed(bytes, _) = &kept else { panic!("it is packed") };
        let length = bytes.len();
        assert_eq!(&*kept.read(&names), value);
        assert_eq!(kept.open(&names), value);
        length
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            through(&number);
        }
        for number in [0, -1, 1, 63, -64, 64, i32::MIN, i32::MAX] {
            through(&number);
        }
        for time in ["1969-12-31T23:59:59.9995Z", "1970-01-01T00:00:00Z", "2026-11-23T19:11:25.123456789Z"] {
            through(&time.parse::<Timestamp>().unwrap());
        }
        for nanos in [0, 1, -1, 1_000_000, -1_000_001, 5_902_000_000, 301_000] {
            through(&SignedDuration::from_nanos(nanos));
        }
        through(&vec![
            (true, Some(Arc::<str>::from("node-1"))),
            (false, None),
            (true, Some("node-1".into())),
        ]);
    }

    #[test]
    fn times_of_one_life_take_little_room() {
        let first: Timestamp = "2026-11-23T19:11:25.123Z".parse().unwrap();
        let times: Vec<Timestamp> = (0..10).map(|n| first + SignedDuration::from_millis(n * 1500)).collect();
        assert!(through(&times) < 30);
    }
}
