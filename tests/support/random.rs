//! Random numbers for tests.

/// Random numbers from xorshift64, which gives the same numbers for the same seed on every machine. The seed must not
/// be 0.
pub(crate) struct RandomNumbers(pub(crate) u64);

impl RandomNumbers {
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
