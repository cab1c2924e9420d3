//! Decisions of a fuzz target, taken from the beginning of its input.

/// The bytes of an input that are still unused. If no byte is left, every byte counts as 0.
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// Takes one byte.
    pub(crate) fn next_byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Takes eight bytes.
    pub(crate) fn next_i64(&mut self) -> i64 {
        i64::from_be_bytes(std::array::from_fn(|_| self.next_byte()))
    }

    /// Takes a byte, and returns one of the values.
    pub(crate) fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[usize::from(self.next_byte()) % values.len()].clone()
    }

    /// Takes a byte, and returns whether it is odd.
    pub(crate) fn next_bool(&mut self) -> bool {
        self.next_byte() % 2 == 1
    }

    /// Whether all bytes have been taken.
    pub(crate) fn are_used_up(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes that are left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Returns the rest of the bytes as text. Invalid UTF-8 is replaced.
    pub(crate) fn rest_text(self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }
}
