//! The annotations of a Pod template that control its simulation.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

/// The values of the annotations. All are optional. Without one, the command or the seed decides.
///
/// | annotation | meaning |
/// |---|---|
/// | `simulate.kubectl-seq/work: 3s..8s` (or `5s`) | how long a main container works, whatever its command says |
/// | `simulate.kubectl-seq/fail: 10%` | probability with which a run of a main container fails |
/// | `simulate.kubectl-seq/exit-code: "3"` | exit code of such a failure (default 1) |
/// | `simulate.kubectl-seq/oom: 2s` | a main container is killed after that time because its memory is exhausted |
/// | `simulate.kubectl-seq/pull: 6s` | how long a pull takes (by default depends on the size of the image) |
/// | `simulate.kubectl-seq/sandbox: 500ms` | how long the creation of a sandbox takes (default 0.2 s to 0.6 s) |
///
/// `cluster.test/oom`, `pull` and `sandbox` mean the same, so that one manifest also works on the project's test cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SimulationShape {
    /// The range of the working time of a main container.
    pub(crate) work: Option<RangeInclusive<SignedDuration>>,
    /// The probability of a failure, in thousandths of a percent.
    pub(crate) fail: u64,
    /// The exit code of such a failure.
    pub(crate) exit_code: Option<i32>,
    /// The time until the memory is exhausted.
    pub(crate) oom: Option<SignedDuration>,
    /// How long a pull takes.
    pub(crate) pull: Option<SignedDuration>,
    /// How long the creation of a sandbox takes.
    pub(crate) sandbox: Option<SignedDuration>,
}

/// Prefix of the annotations.
const PREFIX: &str = "simulate.kubectl-seq/";

impl SimulationShape {
    /// Reads the annotations of a Pod template.
    ///
    /// # Errors
    /// A message about the invalid annotation, and a hint with an example.
    pub(crate) fn read(annotations: &BTreeMap<String, String>) -> Result<Self, (String, &'static str)> {
        let mut shape = Self::default();
        for (key, value) in annotations {
            let name = key.strip_prefix(PREFIX).or_else(|| {
                key.strip_prefix("cluster.test/").filter(|name| ["oom", "pull", "sandbox"].contains(name))
            });
            let Some(name) = name else { continue };
            let (read, example) = match name {
                "work" => (parse_range(value).map(|range| shape.work = Some(range)), "3s..8s"),
                "fail" => (parse_percentage(value).map(|share| shape.fail = share), "10%"),
                "exit-code" => (
                    value.parse().ok().filter(|code| (1..256).contains(code)).map(|code| {
                        shape.exit_code = Some(code);
                    }),
                    "\"3\"",
                ),
                "oom" => (parse_duration(value).map(|after| shape.oom = Some(after)), "2s"),
                "pull" => (parse_duration(value).map(|time| shape.pull = Some(time)), "6s"),
                "sandbox" => (parse_duration(value).map(|time| shape.sandbox = Some(time)), "500ms"),
                _ => {
                    let hint = "Use `work`, `fail`, `exit-code`, `oom`, `pull` or `sandbox`.";
                    return Err((format!("unknown annotation {key}"), hint));
                }
            };
            if read.is_none() {
                let hint = match example {
                    "10%" => "Write a percentage, for example `10%`.",
                    "\"3\"" => "Write a number from 1 to 255 in quotes, for example `\"3\"`.",
                    "3s..8s" => "Write a duration, for example `5s`, or a range, for example `3s..8s`.",
                    _ => "Write a duration, for example `500ms`, `6s` or `1m30s`.",
                };
                return Err((format!("annotation {key} cannot be \"{value}\""), hint));
            }
        }
        Ok(shape)
    }
}

/// Parses a duration in Go's form, up to a day.
fn parse_duration(text: &str) -> Option<SignedDuration> {
    let day = SignedDuration::from_hours(24);
    let text = text.trim();
    // The parser of jiff would also accept `3 days` and `P1D`.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || b".hmsun".contains(&byte)) {
        return None;
    }
    text.parse().ok().filter(|time| (SignedDuration::ZERO..=day).contains(time))
}

/// Parses a range of durations, or one duration.
fn parse_range(text: &str) -> Option<RangeInclusive<SignedDuration>> {
    let (start, end) = text.split_once("..").unwrap_or((text, text));
    let (start, end) = (parse_duration(start)?, parse_duration(end)?);
    (start <= end).then_some(start..=end)
}

/// Parses a percentage, and returns it in thousandths of a percent.
fn parse_percentage(text: &str) -> Option<u64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim_end().parse().ok()?;
    if !(0.0..=100.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100000")]
    Some((number * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<SimulationShape, (String, &'static str)> {
        SimulationShape::read(
            &pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn annotations_are_read() {
        let second = SignedDuration::from_secs;
        let shape = read(&[
            ("simulate.kubectl-seq/work", "3s..8s"),
            ("simulate.kubectl-seq/fail", "12.5%"),
            ("simulate.kubectl-seq/exit-code", "3"),
            ("cluster.test/oom", "2s"),
            ("cluster.test/sandbox-error", "none of ours"),
            ("simulate.kubectl-seq/pull", "1m30s"),
            ("simulate.kubectl-seq/sandbox", "500ms"),
        ]);
        let expected = SimulationShape {
            work: Some(second(3)..=second(8)),
            fail: 12_500,
            exit_code: Some(3),
            oom: Some(second(2)),
            pull: Some(second(90)),
            sandbox: Some(SignedDuration::from_millis(500)),
        };
        assert_eq!(shape, Ok(expected));
    }

    #[test]
    fn invalid_annotations_are_refused() {
        for (key, value) in [
            ("simulate.kubectl-seq/work", "8s..3s"),
            ("simulate.kubectl-seq/work", "soon"),
            ("simulate.kubectl-seq/fail", "10"),
            ("simulate.kubectl-seq/fail", "101%"),
            ("simulate.kubectl-seq/exit-code", "0"),
            ("simulate.kubectl-seq/oom", "-2s"),
            ("simulate.kubectl-seq/pull", ""),
            ("simulate.kubectl-seq/sandbox", "5"),
            ("simulate.kubectl-seq/speed", "5"),
        ] {
            let (message, _) = read(&[(key, value)]).expect_err(value);
            assert!(message.contains(key), "{message}");
        }
    }
}
