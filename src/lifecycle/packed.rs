//! A compact encoding of evidence, which needs a fifth of the memory. The evidence about ended Pods is packed, because
//! ended Pods rarely change. Late in a large Job, nearly all Pods have ended.
//!
//! Times are stored as the difference to the previous time, and texts as their number in the [`Interner`]. The bytes
//! never leave the process, so the encoding has no version. Bytes that no `pack` can have written are a mistake in this
//! program, so unpacking such bytes panics.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::interner::Interner;
use crate::lifecycle::zero_runs::{expand, shorten};

/// A value with a compact encoding. `unpack` returns exactly the value that `pack` wrote.
pub(crate) trait Pack: Clone {
    /// Appends the value.
    fn pack(&self, to: &mut Packer<'_>);
    /// Reads a value.
    ///
    /// # Panics
    /// Panics if the bytes cannot be an encoded value of this type.
    fn unpack(from: &mut Unpacker<'_>) -> Self;
}

/// Writes values to a buffer.
#[derive(Debug)]
pub(crate) struct Packer<'a> {
    bytes: &'a mut Vec<u8>,
    interner: &'a mut Interner,
    /// The time that was written last, in milliseconds since 1970.
    previous_time: i64,
}

/// Reads values from the bytes that a [`Packer`] wrote.
#[derive(Debug)]
pub(crate) struct Unpacker<'a> {
    bytes: &'a [u8],
    interner: &'a Interner,
    /// The time that was read last, in milliseconds since 1970.
    previous_time: i64,
}

impl<'a> Packer<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>, interner: &'a mut Interner) -> Self {
        Self { bytes, interner, previous_time: 0 }
    }

    pub(crate) fn write_byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Writes a time in milliseconds since 1970, as the difference to the previous time.
    pub(crate) fn write_time(&mut self, millis: i64) {
        self.write_signed(millis - self.previous_time);
        self.previous_time = millis;
    }

    /// Writes seven bits per byte, the lowest bits first.
    fn write_unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(0x80 | (number & 0x7f) as u8);
            number >>= 7;
        }
        self.bytes.push((number & 0x7f) as u8);
    }

    /// Writes a number whose encoding is short if its absolute value is small.
    fn write_signed(&mut self, number: i64) {
        self.write_unsigned(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Writes milliseconds, followed by nanoseconds unless the nanoseconds are zero.
    fn write_millis_and_nanos(&mut self, millis: i64, nanos: u32) {
        self.write_signed((millis << 1) | i64::from(nanos != 0));
        if nanos != 0 {
            self.write_unsigned(nanos.into());
        }
    }
}

impl<'a> Unpacker<'a> {
    pub(crate) fn new(bytes: &'a [u8], interner: &'a Interner) -> Self {
        Self { bytes, interner, previous_time: 0 }
    }

    pub(crate) fn read_byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { panic_at_end() };
        self.bytes = rest;
        *first
    }

    fn read_unsigned(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.read_byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn read_signed(&mut self) -> i64 {
        let number = self.read_unsigned();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// Whether all bytes have been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Reads a value.
    pub(crate) fn read<T: Pack>(&mut self) -> T {
        T::unpack(self)
    }

    /// Reads a time in milliseconds since 1970.
    pub(crate) fn read_time(&mut self) -> i64 {
        self.previous_time = self.previous_time.wrapping_add(self.read_signed());
        self.previous_time
    }

    fn read_millis_and_nanos(&mut self) -> (i64, i64) {
        let millis_and_flag = self.read_signed();
        let nanos = if millis_and_flag & 1 == 1 { self.read_unsigned().cast_signed() } else { 0 };
        (millis_and_flag >> 1, nanos)
    }
}

/// Panics with a message that `value` does not encode a `type_name`.
#[cold]
pub(crate) fn panic_unknown(type_name: &str, value: i64) -> ! {
    panic!("packed evidence is corrupt: {value} does not encode a {type_name}")
}

#[cold]
fn panic_at_end() -> ! {
    panic!("packed evidence is corrupt: it ends within a value")
}

/// Longer durations are packed as this number of seconds, which is 100 million years.
const MAX_PACKED_SECONDS: i64 = 3_155_760_000_000_000;

/// The nanoseconds of a time beyond its whole milliseconds.
fn nanos_beyond_millis(nanos: i32) -> u32 {
    nanos.rem_euclid(1_000_000).cast_unsigned()
}

impl Pack for Timestamp {
    fn pack(&self, to: &mut Packer<'_>) {
        let nanos = nanos_beyond_millis(self.subsec_nanosecond());
        // Rounds down, so that the remaining nanoseconds are never negative.
        let millis = self.as_second() * 1000 + i64::from((self.subsec_nanosecond()).div_euclid(1_000_000));
        to.write_millis_and_nanos(millis - to.previous_time, nanos);
        to.previous_time = millis;
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (difference, nanos) = from.read_millis_and_nanos();
        from.previous_time = from.previous_time.wrapping_add(difference);
        let (second, millis) = (from.previous_time.div_euclid(1000), from.previous_time.rem_euclid(1000));
        let nanos = i32::try_from(millis * 1_000_000 + nanos).unwrap_or(i32::MAX);
        // `from_millisecond` rejects the last milliseconds that a `Timestamp` can hold.
        let Ok(at) = Self::new(second, nanos) else { panic_unknown("Timestamp", from.previous_time) };
        at
    }
}

impl Pack for SignedDuration {
    fn pack(&self, to: &mut Packer<'_>) {
        let nanos = nanos_beyond_millis(self.subsec_nanos());
        let seconds = self.as_secs().clamp(-MAX_PACKED_SECONDS, MAX_PACKED_SECONDS);
        let millis = seconds * 1000 + i64::from(self.subsec_nanos().div_euclid(1_000_000));
        to.write_millis_and_nanos(millis, nanos);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let (millis, nanos) = from.read_millis_and_nanos();
        Self::from_millis(millis).saturating_add(Self::from_nanos(nanos))
    }
}

impl Pack for Arc<str> {
    fn pack(&self, to: &mut Packer<'_>) {
        let number = to.interner.number_for(self);
        to.write_unsigned(number.into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = u32::unpack(from);
        let Some(text) = from.interner.text(number) else { panic_unknown("text", number.into()) };
        text
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
        to.write_byte((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match from.read_byte() {
            0 => false,
            1 => true,
            byte => panic_unknown("bool", byte.into()),
        }
    }
}

impl Pack for u64 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.write_unsigned(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        from.read_unsigned()
    }
}

impl Pack for u32 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.write_unsigned((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.read_unsigned();
        let Ok(number) = Self::try_from(number) else { panic_unknown("u32", number.cast_signed()) };
        number
    }
}

impl Pack for i32 {
    fn pack(&self, to: &mut Packer<'_>) {
        to.write_signed((*self).into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.read_signed();
        let Ok(number) = Self::try_from(number) else { panic_unknown("i32", number) };
        number
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.is_some().pack(to);
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        bool::unpack(from).then(|| T::unpack(from))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, to: &mut Packer<'_>) {
        to.write_unsigned(self.len() as u64);
        for value in self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        (0..from.read_unsigned()).map(|_| T::unpack(from)).collect()
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

/// Implements [`Pack`] for a struct, field by field. A field that is not listed is a compile error.
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

/// Declares an enum without data together with `ALL`, the array of its variants, and implements [`Pack`] for it. A
/// variant is packed as its position in `ALL`.
macro_rules! packed_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $type:ident { $($(#[$variant_meta:meta])* $variant:ident),+ $(,)? }
    ) => {
        $(#[$meta])*
        $vis enum $type { $($(#[$variant_meta])* $variant),+ }

        impl $type {
            /// All variants, in declaration order.
            $vis const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }

        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                to.write_byte(*self as u8);
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                let byte = from.read_byte();
                match Self::ALL.get(usize::from(byte)) {
                    Some(variant) => *variant,
                    None => $crate::lifecycle::packed::panic_unknown(stringify!($type), byte.into()),
                }
            }
        }
    };
}

/// Implements [`Pack`] for an enum without data that another module declares. A variant that is not listed is a compile
/// error.
macro_rules! pack_foreign_enum {
    ($type:ident { $($variant:ident = $byte:literal),+ $(,)? }) => {
        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                to.write_byte(match self { $(Self::$variant => $byte),+ });
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                match from.read_byte() {
                    $($byte => Self::$variant,)+
                    byte => $crate::lifecycle::packed::panic_unknown(stringify!($type), byte.into()),
                }
            }
        }
    };
}

pub(crate) use {pack_foreign_enum, packed_enum, packed_struct};

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
            Self::Bytes(bytes, _) => Cow::Owned(T::unpack(&mut Unpacker::new(&expand(bytes), interner))),
        }
    }

    /// Unpacks the value if necessary, and returns it for changes.
    pub(crate) fn open(&mut self, interner: &Interner) -> &mut T {
        if let Self::Bytes(bytes, _) = self {
            *self = Self::new(T::unpack(&mut Unpacker::new(&expand(bytes), interner)));
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
            value.pack(&mut Packer::new(buffer, interner));
            *self = Self::Bytes(shorten(buffer), PhantomData);
        }
    }
}

#[cfg(test)]
mod tests {
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
        Unpacker::new(&[0], &Interner::default()).read::<Arc<str>>();
    }

    #[test]
    #[should_panic(expected = "it ends within a value")]
    fn unpacking_too_few_bytes_panics() {
        Unpacker::new(&[0x80], &Interner::default()).read::<u64>();
    }
}
