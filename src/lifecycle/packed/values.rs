//! The encodings of numbers, times, texts, options, lists and pairs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::packed::packer::{Pack, Packer, Unpacker, panic_unknown};

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
        to.write_unsigned(number.get().into());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = u32::unpack(from);
        let Some(text) = from.interner.find_text(number) else { panic_unknown("text", number.into()) };
        Self::clone(text)
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
        match self {
            None => to.write_byte(0),
            Some(value) => {
                to.write_byte(1);
                value.pack(to);
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match from.read_byte() {
            0 => None,
            1 => Some(T::unpack(from)),
            byte => panic_unknown("Option", byte.into()),
        }
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
