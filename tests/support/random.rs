//! Random numbers for tests.

/// Random numbers from xorshift64, which gives the same numbers for the same seed on every machine. The seed must not
/// be 0.
pub(crate) struct RandomNumbers(pub(crate) u64);

impl RandomNumbers {
    /// The random numbers of a seed. Neighbouring seeds give unrelated numbers.
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1));
        numbers.next_below(2);
        numbers
    }

    /// Returns whether an event with this probability in percent occurs.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.next_below(100) < percent
    }

    /// Returns one of the values.
    pub(crate) fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.next_below(values.len())]
    }

    /// Returns a number from 0 to `bound - 1`.
    pub(crate) fn next_below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    /// Returns one of the choices.
    pub(crate) fn choose<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.next_below(choices.len())]
    }
}
