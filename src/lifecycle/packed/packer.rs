//! Writes and reads packed bytes.

use crate::lifecycle::packed::interner::Interner;

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
    pub(crate) interner: &'a mut Interner,
    /// The time that was written last, in milliseconds since 1970.
    pub(crate) previous_time: i64,
    /// Number of zeros that were written last and that are not stored in `bytes` yet.
    zeros: u8,
}

/// Reads values from the bytes that a [`Packer`] wrote.
#[derive(Debug)]
pub(crate) struct Unpacker<'a> {
    bytes: &'a [u8],
    pub(crate) interner: &'a Interner,
    /// The time that was read last, in milliseconds since 1970.
    pub(crate) previous_time: i64,
    /// Number of zeros that must be read before the next byte of `bytes`.
    zeros: u8,
}

impl<'a> Packer<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>, interner: &'a mut Interner) -> Self {
        Self { bytes, interner, previous_time: 0, zeros: 0 }
    }

    /// Stores the last zeros. Must be called after the last value.
    pub(crate) fn finish(mut self) {
        self.store_zeros();
    }

    fn store_zeros(&mut self) {
        if self.zeros > 0 {
            self.bytes.push(0);
            self.bytes.push(self.zeros);
            self.zeros = 0;
        }
    }

    pub(crate) fn write_byte(&mut self, byte: u8) {
        if byte == 0 && self.zeros < u8::MAX {
            self.zeros += 1;
            return;
        }
        self.store_zeros();
        if byte == 0 {
            self.zeros = 1;
        } else {
            self.bytes.push(byte);
        }
    }

    /// Writes a time in milliseconds since 1970, as the difference to the previous time.
    pub(crate) fn write_time(&mut self, millis: i64) {
        self.write_signed(millis - self.previous_time);
        self.previous_time = millis;
    }

    /// Writes seven bits per byte, the lowest bits first.
    pub(crate) fn write_unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.write_byte(0x80 | (number & 0x7f) as u8);
            number >>= 7;
        }
        self.write_byte((number & 0x7f) as u8);
    }

    /// Writes a number whose encoding is short if its absolute value is small.
    pub(crate) fn write_signed(&mut self, number: i64) {
        self.write_unsigned(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Writes milliseconds, followed by nanoseconds unless the nanoseconds are zero.
    pub(crate) fn write_millis_and_nanos(&mut self, millis: i64, nanos: u32) {
        self.write_signed((millis << 1) | i64::from(nanos != 0));
        if nanos != 0 {
            self.write_unsigned(nanos.into());
        }
    }
}

impl<'a> Unpacker<'a> {
    pub(crate) fn new(bytes: &'a [u8], interner: &'a Interner) -> Self {
        Self { bytes, interner, previous_time: 0, zeros: 0 }
    }

    pub(crate) fn read_byte(&mut self) -> u8 {
        if self.zeros > 0 {
            self.zeros -= 1;
            return 0;
        }
        match self.bytes {
            [0, zeros, rest @ ..] if *zeros > 0 => {
                (self.zeros, self.bytes) = (zeros - 1, rest);
                0
            }
            [byte, rest @ ..] if *byte > 0 => {
                self.bytes = rest;
                *byte
            }
            _ => panic_at_end(),
        }
    }

    pub(crate) fn read_unsigned(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.read_byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift >= u64::BITS {
                return number;
            }
        }
    }

    pub(crate) fn read_signed(&mut self) -> i64 {
        let number = self.read_unsigned();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    /// Whether all bytes have been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.zeros == 0 && self.bytes.is_empty()
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

    pub(crate) fn read_millis_and_nanos(&mut self) -> (i64, i64) {
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

/// Returns the variant at `index`, and panics if there is none.
pub(crate) fn variant_at<T: Copy>(variants: &[T], index: u8, type_name: &str) -> T {
    let Some(variant) = variants.get(usize::from(index)) else { panic_unknown(type_name, index.into()) };
    *variant
}

#[cold]
fn panic_at_end() -> ! {
    panic!("packed evidence is corrupt: it ends within a value")
}
