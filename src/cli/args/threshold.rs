//! The flag `--threshold`.

use clap::Args;

/// The smallest difference that counts.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThresholdArgs {
    /// A smaller difference counts as no difference
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = parse_percent, help_heading = "Comparison")]
    pub(crate) threshold: f64,
}

impl ThresholdArgs {
    /// The threshold as a fraction.
    pub(crate) fn fraction(self) -> f64 {
        self.threshold / 100.0
    }
}

/// Parses a percentage: `5`, `5%`, `2.5 %`.
fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    match number.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        Ok(_) | Err(_) => Err("a percentage from 0 to 100 is needed, for example 5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_may_have_its_sign() {
        assert_eq!(["5", "5%", "2.5 %", "0", "100"].map(parse_percent), [5.0, 5.0, 2.5, 0.0, 100.0].map(Ok));
        assert!(["-1", "101", "x", "", "NaN"].map(parse_percent).iter().all(Result::is_err));
    }
}
