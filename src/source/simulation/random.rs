//! Random numbers that are the same for ever.
//!
//! `SplitMix64` (Steele, Lea, Flood 2014) in whole numbers only. The crates for it promise good numbers, not the same
//! ones in the next release (`fastrand` 2.1 changed its); a simulation promises the same bytes for the same seed.

use std::ops::RangeInclusive;

use jiff::SignedDuration;

/// What a number is drawn for. Each subject has numbers of its own, so that a further draw for one of them changes no
/// other: the same Pod does the same work on two nodes and on ten.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// Suffixes of Pod names.
    Name = 1,
    /// Uids.
    Uid,
    /// Time that a container works.
    Work,
    /// Time that a sandbox takes.
    Sandbox,
    /// Size of an image, and time of its pull.
    Image,
    /// Clocks of the nodes.
    Node,
    /// Whether, and when, a container fails.
    Failure,
    /// Small delays everywhere.
    Latency,
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of one subject; `which` tells its instances apart.
    pub(crate) fn of(seed: u64, subject: Subject, which: &[u64]) -> Self {
        let mut random = Self(seed ^ (subject as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for &part in which {
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

    /// A number below `bound`; 0 if there is none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product: without the modulo's bias, as far as 64 bits go.
        let product = u128::from(self.next()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// The start and the width of a range in nanoseconds.
    fn nanos(range: &RangeInclusive<SignedDuration>) -> (i128, u64) {
        let width = (range.end().as_nanos() - range.start().as_nanos()).max(0);
        (range.start().as_nanos(), u64::try_from(width).unwrap_or(u64::MAX))
    }

    /// A time in a range, each as likely.
    pub(crate) fn even(&mut self, range: &RangeInclusive<SignedDuration>) -> SignedDuration {
        let (start, width) = Self::nanos(range);
        let drawn = i128::from(self.below(width.saturating_add(1)));
        SignedDuration::try_from_nanos_i128(start + drawn).unwrap_or(*range.start())
    }

    /// A time in a range, mostly in its lower half with a tail: how durations of equal work are spread.
    pub(crate) fn skewed(&mut self, range: &RangeInclusive<SignedDuration>) -> SignedDuration {
        let (start, width) = Self::nanos(range);
        let tail = self.below(width.saturating_add(1));
        let tail = self.below(tail.saturating_add(1));
        let body = self.below(width.saturating_add(1));
        let drawn = i128::from(tail).midpoint(i128::from(body));
        SignedDuration::try_from_nanos_i128(start + drawn).unwrap_or(*range.start())
    }

    /// A uid as the API server makes them (version 4).
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

    /// The random end of a generated name: five of the letters and digits that Kubernetes uses, none of which can
    /// make a bad word.
    pub(crate) fn suffix(&mut self) -> String {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..5).map(|_| char::from(LETTERS[usize::try_from(self.below(27)).unwrap_or(0)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_algorithm() {
        let mut random = Random(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn draws_stay_in_range_and_differ_by_subject() {
        let range = SignedDuration::from_secs(4)..=SignedDuration::from_secs(9);
        let mut random = Random::of(7, Subject::Work, &[1, 2]);
        let mut lower = 0;
        for _ in 0..1000 {
            let drawn = random.skewed(&range);
            assert!(range.contains(&drawn), "{drawn:?}");
            lower += usize::from(drawn < SignedDuration::from_millis(6500));
            assert!(range.contains(&random.even(&range)));
        }
        assert!((550..950).contains(&lower), "{lower} of 1000 in the lower half");
        let first = |subject, which: &[u64]| Random::of(7, subject, which).next();
        assert_ne!(first(Subject::Work, &[1, 2]), first(Subject::Work, &[2, 1]));
        assert_ne!(first(Subject::Work, &[1, 2]), first(Subject::Failure, &[1, 2]));
    }

    #[test]
    fn names_and_uids_look_like_those_of_kubernetes() {
        let mut random = Random::of(1, Subject::Name, &[]);
        for _ in 0..100 {
            let suffix = random.suffix();
            assert!(suffix.len() == 5 && suffix.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)));
            let uid = random.uid();
            let parts: Vec<usize> = uid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{uid}");
            assert!(uid.as_bytes()[14] == b'4' && b"89ab".contains(&uid.as_bytes()[19]), "{uid}");
        }
    }
}
