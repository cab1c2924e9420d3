//! Divides the losses of Pods into the large and the small ones, so that a few numbers add up to the whole loss.

use crate::timeline::reports::findings::number_text::{format_count, format_short, mean};

/// The sentence leaves out the small losses if their sum is at most the whole divided by this number.
const MIN_PARTS: i64 = 20;

/// The losses of some Pods, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LossGroup {
    pub(crate) pods: usize,
    pub(crate) sum: i64,
    pub(crate) largest: i64,
}

impl LossGroup {
    fn new(losses: &[i64]) -> Self {
        Self {
            pods: losses.len(),
            sum: losses.iter().sum(),
            largest: losses.first().copied().unwrap_or_default(),
        }
    }

    /// Whether the largest loss is much larger than the mean.
    fn is_uneven(&self) -> bool {
        self.largest.saturating_mul(2) > mean(self.sum, self.pods).saturating_mul(3)
    }

    /// `1 Pod for 44s`, `4 Pods about 30s each`, `4 Pods about 30s each, up to 1m44s`.
    fn describe(&self) -> String {
        if self.pods == 1 {
            return format!("1 Pod for {}", format_short(self.sum));
        }
        let pods = format_count(self.pods, "Pod");
        let up_to =
            if self.is_uneven() { format!(", up to {}", format_short(self.largest)) } else { String::new() };
        format!("{pods} {}{up_to}", format_each(self.sum, self.pods))
    }
}

/// The large losses, and the small ones if the sentence describes them separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LossGroups {
    pub(crate) large: LossGroup,
    small: Option<LossGroup>,
}

impl LossGroups {
    /// Divides losses. `losses` must be in descending order and not empty.
    pub(crate) fn new(losses: &[i64]) -> Self {
        let whole = LossGroup::new(losses);
        let (large, small) = losses.split_at(find_break(losses));
        let (large, small) = (LossGroup::new(large), LossGroup::new(small));
        // Without a clear difference, one mean describes all losses.
        if small.pods == 0 || mean(large.sum, large.pods) < mean(small.sum, small.pods).saturating_mul(2) {
            return Self { large: whole, small: None };
        }
        let is_small_negligible = small.sum.saturating_mul(MIN_PARTS) <= whole.sum;
        Self { large, small: Some(small).filter(|_| !is_small_negligible) }
    }

    /// Whether all losses are about the same, so that no Pod stands out.
    pub(crate) fn is_even(&self) -> bool {
        self.small.is_none() && self.large.pods > 1 && !self.large.is_uneven()
    }

    /// Writes the losses. `example` describes the Pod with the largest loss: `1 Pod for 1.2s (pi-a on node-1), 5
    /// others about 0.6s each`.
    pub(crate) fn describe(&self, example: &str) -> String {
        let example = if example.is_empty() { String::new() } else { format!(" ({example})") };
        let others = self.small.map(|small| match small.pods {
            1 => format!(", 1 other for {}", format_short(small.sum)),
            pods => format!(", {} {}", format_count(pods, "other"), format_each(small.sum, small.pods)),
        });
        format!("{}{example}{}", self.large.describe(), others.unwrap_or_default())
    }
}

/// `about 0.7s each`, `less than 0.1s each`.
pub(crate) fn format_each(sum: i64, count: usize) -> String {
    let text = format_short(mean(sum, count));
    match text.strip_prefix('<') {
        Some(bound) => format!("less than {bound} each"),
        None => format!("about {text} each"),
    }
}

/// The number of large losses: the break with the smallest sum of squared differences from the means of both groups
/// (Jenks).
#[expect(clippy::cast_precision_loss, reason = "a break need not be exact")]
fn find_break(losses: &[i64]) -> usize {
    let whole: f64 = losses.iter().map(|loss| *loss as f64).sum();
    let (mut sum, mut best) = (0.0, (losses.len(), 0.0));
    for (index, loss) in losses.iter().enumerate().take(losses.len().saturating_sub(1)) {
        sum += *loss as f64;
        let (large, small) = ((index + 1) as f64, (losses.len() - index - 1) as f64);
        // The smallest sum within the groups is the largest sum between them.
        let between = large * small * (sum / large - (whole - sum) / small).powi(2);
        if between > best.1 {
            best = (index + 1, between);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(losses: &[i64]) -> String {
        LossGroups::new(losses).describe("")
    }

    #[test]
    fn the_numbers_add_up_to_the_whole_loss() {
        assert_eq!(describe(&[4_000]), "1 Pod for 4.0s");
        assert_eq!(describe(&[700; 6]), "6 Pods about 0.7s each");
        assert_eq!(describe(&[1_200, 600, 600, 600, 500, 700]), "1 Pod for 1.2s, 5 others about 0.6s each");
        assert_eq!(describe(&[1_200, 300]), "1 Pod for 1.2s, 1 other for 0.3s");
        assert_eq!(
            describe(&[370_000, 330_000, 290_000, 30_000, 20_000, 20_000]),
            "3 Pods about 5m30s each, 3 others about 23s each"
        );
        assert_eq!(
            describe(&[9_000, 3_000, 3_000, 2_000, 2_000]),
            "1 Pod for 9.0s, 4 others about 2.5s each"
        );
        assert_eq!(
            describe(&[20_000, 20_000, 9_000, 8_000, 8_000]),
            "2 Pods about 20s each, 3 others about 8.3s each"
        );
        assert_eq!(describe(&[40, 40, 30]), "3 Pods less than 0.1s each");
    }

    #[test]
    fn small_losses_are_left_out() {
        assert_eq!(describe(&[60_000, 58_000, 100, 100, 100]), "2 Pods about 59s each");
    }

    #[test]
    fn an_uneven_group_names_its_largest_loss() {
        let losses = [16_000, 10_000, 9_000, 8_000, 8_000, 7_000, 6_000];
        let groups = LossGroups::new(&losses);
        assert!(!groups.is_even());
        assert_eq!(
            LossGroups { large: LossGroup::new(&losses), small: None }.describe("pi-a"),
            "7 Pods about 9.1s each, up to 16s (pi-a)"
        );
    }
}
