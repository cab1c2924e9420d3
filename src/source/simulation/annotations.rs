//! The annotations of a Pod template that control the simulation of its Pods.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

/// The values of the annotations. All annotations are optional. If an annotation is missing, the value follows from
/// the command or from the seed.
///
/// | annotation | meaning |
/// |---|---|
/// | `simulate.kubectl-seq/work: 3s..8s` (or `5s`) | how long a main container works, regardless of its command |
/// | `simulate.kubectl-seq/pieces: "5"` | how many times a main container does its work, one after another (default 1) |
/// | `simulate.kubectl-seq/fail: 10%` | probability that a piece of work of the first main container fails |
/// | `simulate.kubectl-seq/exit-code: "3"` | exit code of such a failure (default 1) |
/// | `simulate.kubectl-seq/oom: 2s` | a main container is killed after this time because its memory is exhausted |
/// | `simulate.kubectl-seq/pull: 6s` | how long a pull takes (default: depends on the size of the image) |
/// | `simulate.kubectl-seq/sandbox: 500ms` | how long the creation of a sandbox takes (default 0.2 s to 0.6 s) |
///
/// `cluster.test/oom`, `cluster.test/pull` and `cluster.test/sandbox` have the same meaning, so that one manifest
/// works in the simulation and on the project's test cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SimulationAnnotations {
    /// The range of the working time of a main container.
    pub(crate) work: Option<RangeInclusive<SignedDuration>>,
    /// How many times a main container does its work. `None` for once.
    pub(crate) pieces: Option<u32>,
    /// The probability that a piece of work fails, in thousandths of a percent.
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

/// Prefix of the names of the annotations.
const PREFIX: &str = "simulate.kubectl-seq/";

impl SimulationAnnotations {
    /// Reads the annotations of a Pod template.
    ///
    /// # Errors
    /// An annotation is unknown or has an invalid value. The error is a message that names the annotation, and a hint.
    pub(crate) fn read(annotations: &BTreeMap<String, String>) -> Result<Self, (String, &'static str)> {
        let mut result = Self::default();
        for (key, value) in annotations {
            let name = key.strip_prefix(PREFIX).or_else(|| {
                key.strip_prefix("cluster.test/").filter(|name| ["oom", "pull", "sandbox"].contains(name))
            });
            let Some(name) = name else { continue };
            let (parsed, example) = match name {
                "work" => (parse_range(value).map(|range| result.work = Some(range)), "3s..8s"),
                "fail" => (parse_percentage(value).map(|probability| result.fail = probability), "10%"),
                "pieces" => (
                    value.parse().ok().filter(|pieces| (1..=10_000).contains(pieces)).map(|pieces| {
                        result.pieces = Some(pieces);
                    }),
                    "\"5\"",
                ),
                "exit-code" => (
                    value.parse().ok().filter(|code| (1..256).contains(code)).map(|code| {
                        result.exit_code = Some(code);
                    }),
                    "\"3\"",
                ),
                "oom" => (parse_duration(value).map(|after| result.oom = Some(after)), "2s"),
                "pull" => (parse_duration(value).map(|time| result.pull = Some(time)), "6s"),
                "sandbox" => (parse_duration(value).map(|time| result.sandbox = Some(time)), "500ms"),
                _ => {
                    let hint = "Use `work`, `pieces`, `fail`, `exit-code`, `oom`, `pull` or `sandbox`.";
                    return Err((format!("unknown annotation {key}"), hint));
                }
            };
            if parsed.is_none() {
                let hint = match example {
                    "10%" => "Write a percentage, for example `10%`.",
                    "\"5\"" => "Write a number from 1 to 10000 in quotes, for example `\"5\"`.",
                    "\"3\"" => "Write a number from 1 to 255 in quotes, for example `\"3\"`.",
                    "3s..8s" => "Write a duration, for example `5s`, or a range, for example `3s..8s`.",
                    _ => "Write a duration, for example `500ms`, `6s` or `1m30s`.",
                };
                return Err((format!("annotation {key} cannot be \"{value}\""), hint));
            }
        }
        Ok(result)
    }
}

/// Parses a duration in Go's form. The maximum is one day.
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

    fn read(pairs: &[(&str, &str)]) -> Result<SimulationAnnotations, (String, &'static str)> {
        SimulationAnnotations::read(
            &pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn annotations_are_read() {
        let second = SignedDuration::from_secs;
        let annotations = read(&[
            ("simulate.kubectl-seq/work", "3s..8s"),
            ("simulate.kubectl-seq/pieces", "5"),
            ("simulate.kubectl-seq/fail", "12.5%"),
            ("simulate.kubectl-seq/exit-code", "3"),
            ("cluster.test/oom", "2s"),
            ("cluster.test/sandbox-error", "ignored"),
            ("simulate.kubectl-seq/pull", "1m30s"),
            ("simulate.kubectl-seq/sandbox", "500ms"),
        ]);
        let expected = SimulationAnnotations {
            work: Some(second(3)..=second(8)),
            pieces: Some(5),
            fail: 12_500,
            exit_code: Some(3),
            oom: Some(second(2)),
            pull: Some(second(90)),
            sandbox: Some(SignedDuration::from_millis(500)),
        };
        assert_eq!(annotations, Ok(expected));
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
