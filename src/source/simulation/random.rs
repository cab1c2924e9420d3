//! Random numbers that are the same in every release.
//!
//! The algorithm is `SplitMix64` (Steele, Lea, Flood 2014), with integers only. A simulation promises the same bytes
//! for the same seed. Therefore no crate is used, because crates do not promise the same numbers in their next release
//! (`fastrand` 2.1 changed its numbers).

use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::observation::{NAME_SUFFIX_CHARACTERS, NAME_SUFFIX_LENGTH};

/// The purpose of random numbers. Each purpose has its own stream, so that an additional number for one purpose changes
/// no other stream. For example, a Pod works for the same time in a cluster of two nodes and in a cluster of ten.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RandomPurpose {
    /// Suffixes of Pod names.
    Name = 1,
    /// Uids, and the ids of containers.
    Uid,
    /// How long a container works.
    Work,
    /// How long the creation of a sandbox takes.
    Sandbox,
    /// The size of an image, and how long its pull takes.
    Image,
    /// The offsets within a second at which the kubelet of a node works.
    NodeClock,
    /// Whether and when a container fails.
    Failure,
    /// Small delays of all components.
    Latency,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Makes the stream for one instance of a purpose, for example for one container.
    pub(crate) fn new(seed: u64, purpose: RandomPurpose, instance: &[u64]) -> Self {
        let mut random = Self(seed ^ (purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for &part in instance {
            let mixed = random.next();
            random = Self(mixed ^ part.wrapping_mul(0xd1b5_4a32_d192_ed03));
        }
        random
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`, or 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product has almost no bias, unlike the remainder of a division.
        let product = u128::from(self.next()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// The start and the width of a range in nanoseconds.
    fn nanos(range: &RangeInclusive<SignedDuration>) -> (i128, u64) {
        let width = (range.end().as_nanos() - range.start().as_nanos()).max(0);
        (range.start().as_nanos(), u64::try_from(width).unwrap_or(u64::MAX))
    }

    /// A duration in a range. All durations are equally likely.
    pub(crate) fn uniform(&mut self, range: &RangeInclusive<SignedDuration>) -> SignedDuration {
        let (start, width) = Self::nanos(range);
        let drawn = i128::from(self.below(width.saturating_add(1)));
        SignedDuration::try_from_nanos_i128(start + drawn).unwrap_or(*range.start())
    }

    /// A duration in a range, mostly in the lower half. The durations of repeated work have a similar distribution.
    pub(crate) fn skewed(&mut self, range: &RangeInclusive<SignedDuration>) -> SignedDuration {
        let (start, width) = Self::nanos(range);
        let tail = self.below(width.saturating_add(1));
        let tail = self.below(tail.saturating_add(1));
        let body = self.below(width.saturating_add(1));
        let drawn = i128::from(tail).midpoint(i128::from(body));
        SignedDuration::try_from_nanos_i128(start + drawn).unwrap_or(*range.start())
    }

    /// A uid of the form that the API server uses (UUID version 4).
    pub(crate) fn uid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// The random end of a generated name.
    pub(crate) fn name_suffix(&mut self) -> String {
        let letters = NAME_SUFFIX_CHARACTERS;
        let mut letter = || letters[usize::try_from(self.below(letters.len() as u64)).unwrap_or(0)];
        (0..NAME_SUFFIX_LENGTH).map(|_| char::from(letter())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::is_name_suffix;

    #[test]
    fn the_numbers_match_the_published_algorithm() {
        let mut random = Random(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn numbers_stay_in_range_and_differ_by_purpose() {
        let range = SignedDuration::from_secs(4)..=SignedDuration::from_secs(9);
        let mut random = Random::new(7, RandomPurpose::Work, &[1, 2]);
        let mut lower = 0;
        for _ in 0..1000 {
            let drawn = random.skewed(&range);
            assert!(range.contains(&drawn), "{drawn:?}");
            lower += usize::from(drawn < SignedDuration::from_millis(6500));
            assert!(range.contains(&random.uniform(&range)));
        }
        assert!((550..950).contains(&lower), "{lower} of 1000 in the lower half");
        let first = |purpose, instance: &[u64]| Random::new(7, purpose, instance).next();
        assert_ne!(first(RandomPurpose::Work, &[1, 2]), first(RandomPurpose::Work, &[2, 1]));
        assert_ne!(first(RandomPurpose::Work, &[1, 2]), first(RandomPurpose::Failure, &[1, 2]));
    }

    #[test]
    fn names_and_uids_have_the_form_of_kubernetes() {
        let mut random = Random::new(1, RandomPurpose::Name, &[]);
        for _ in 0..100 {
            let suffix = random.name_suffix();
            assert!(is_name_suffix(&suffix), "{suffix}");
            let uid = random.uid();
            let parts: Vec<usize> = uid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{uid}");
            assert!(uid.as_bytes()[14] == b'4' && b"89ab".contains(&uid.as_bytes()[19]), "{uid}");
        }
    }
}
