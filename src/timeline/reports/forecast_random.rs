//! The random numbers of the forecast. They depend only on the seed, so that the same input gives the same forecast.

/// Random numbers with a fixed seed: `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct ForecastRandom(pub(crate) u64);

impl ForecastRandom {
    /// Returns a random number that is greater than 0 and less than 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (f64::from(u32::try_from(bits >> 32).unwrap_or(u32::MAX)) + 0.5) / 4_294_967_296.0
    }

    /// An integer below `bound`; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "the product lies between 0 and `bound`"
        )]
        let drawn = (self.fraction() * bound as f64) as usize;
        drawn.min(bound.saturating_sub(1))
    }

    /// One of the values; 0 if there is none.
    pub(crate) fn pick(&mut self, values: &[i64]) -> i64 {
        values.get(self.below(values.len())).copied().unwrap_or(0)
    }

    /// An exponential number with the mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.fraction().ln()
    }

    /// A number with the gamma distribution of this shape: the sum of `shape` exponential numbers.
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape > 20.0 {
            // The sum of many numbers is nearly normal.
            return (shape + shape.sqrt() * self.normal()).max(1.0);
        }
        let mut sum = 0.0;
        let mut left = shape;
        while left > 0.5 {
            sum += self.exponential();
            left -= 1.0;
        }
        sum
    }

    /// A standard normal number above `start` (Robert 1995).
    pub(crate) fn normal_above(&mut self, start: f64) -> f64 {
        for _ in 0..20 {
            if start < 0.5 {
                let drawn = self.normal();
                if drawn > start {
                    return drawn;
                }
            } else {
                let rate = f64::midpoint(start, (start * start + 4.0).sqrt());
                let drawn = start + self.exponential() / rate;
                if self.fraction() < (-(drawn - rate).powi(2) / 2.0).exp() {
                    return drawn;
                }
            }
        }
        start
    }

    /// Approximately a standard normal number: the sum of uniform numbers.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..4).map(|_| self.fraction() - 0.5).sum::<f64>() * 1.732
    }
}
