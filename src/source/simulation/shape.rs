//! Annotations of the Pod template that shape a simulated run.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

/// What the annotations ask for. Every field is optional; without it the command or the seed decides.
///
/// | annotation | meaning |
/// |---|---|
/// | `simulate.kubectl-seq/work: 3s..8s` (or `5s`) | how long a main container works, whatever its command says |
/// | `simulate.kubectl-seq/fail: 10%` | chance of each run of a main container to fail on the way |
/// | `simulate.kubectl-seq/exit-code: "3"` | exit code of such a failure (1) |
/// | `simulate.kubectl-seq/oom: 2s` | a main container is killed for lack of memory after that time |
/// | `simulate.kubectl-seq/pull: 6s` | time a pull takes (by the image's size) |
/// | `simulate.kubectl-seq/sandbox: 500ms` | time a sandbox takes (0.2 s to 0.6 s) |
///
/// `cluster.test/oom`, `pull` and `sandbox` mean the same, so that one manifest serves a test cluster as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Range of the work's time.
    pub(crate) work: Option<RangeInclusive<SignedDuration>>,
    /// Chance of failure in thousandths of a percent.
    pub(crate) fail: u64,
    /// Exit code of such a failure.
    pub(crate) exit_code: Option<i32>,
    /// Time until memory runs out.
    pub(crate) oom: Option<SignedDuration>,
    /// Time of a pull.
    pub(crate) pull: Option<SignedDuration>,
    /// Time of a sandbox.
    pub(crate) sandbox: Option<SignedDuration>,
}

/// Prefix of our annotations.
const PREFIX: &str = "simulate.kubectl-seq/";

impl Shape {
    /// Reads the annotations of a Pod template.
    ///
    /// # Errors
    /// What is wrong with which annotation, and an example of how it is meant.
    pub(crate) fn read(annotations: &BTreeMap<String, String>) -> Result<Self, (String, &'static str)> {
        let mut shape = Self::default();
        for (key, value) in annotations {
            let name = key.strip_prefix(PREFIX).or_else(|| {
                key.strip_prefix("cluster.test/").filter(|name| ["oom", "pull", "sandbox"].contains(name))
            });
            let Some(name) = name else { continue };
            let (read, example) = match name {
                "work" => (range(value).map(|range| shape.work = Some(range)), "3s..8s"),
                "fail" => (percent(value).map(|share| shape.fail = share), "10%"),
                "exit-code" => (
                    value.parse().ok().filter(|code| (1..256).contains(code)).map(|code| {
                        shape.exit_code = Some(code);
                    }),
                    "\"3\"",
                ),
                "oom" => (duration(value).map(|after| shape.oom = Some(after)), "2s"),
                "pull" => (duration(value).map(|time| shape.pull = Some(time)), "6s"),
                "sandbox" => (duration(value).map(|time| shape.sandbox = Some(time)), "500ms"),
                _ => {
                    let known = "Known are `work`, `fail`, `exit-code`, `oom`, `pull` and `sandbox`.";
                    return Err((format!("unknown annotation {key}"), known));
                }
            };
            if read.is_none() {
                let hint = match example {
                    "10%" => "Write a share as in `10%`.",
                    "\"3\"" => "Write a number from 1 to 255 in quotes, as in `\"3\"`.",
                    "3s..8s" => "Write a time as in `5s` or a range as in `3s..8s`.",
                    _ => "Write a time as in `500ms`, `6s` or `1m30s`.",
                };
                return Err((format!("annotation {key} cannot be \"{value}\""), hint));
            }
        }
        Ok(shape)
    }
}

/// A time in Go's form, up to a day.
fn duration(text: &str) -> Option<SignedDuration> {
    let day = SignedDuration::from_hours(24);
    let text = text.trim();
    // The friendly parser would also take `3 days` and `P1D`.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || b".hmsun".contains(&byte)) {
        return None;
    }
    text.parse().ok().filter(|time| (SignedDuration::ZERO..=day).contains(time))
}

/// A range of times, or one time.
fn range(text: &str) -> Option<RangeInclusive<SignedDuration>> {
    let (start, end) = text.split_once("..").unwrap_or((text, text));
    let (start, end) = (duration(start)?, duration(end)?);
    (start <= end).then_some(start..=end)
}

/// A share in percent, as thousandths.
fn percent(text: &str) -> Option<u64> {
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

    fn read(pairs: &[(&str, &str)]) -> Result<Shape, (String, &'static str)> {
        Shape::read(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
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
        let expected = Shape {
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
    fn what_cannot_be_meant_is_refused() {
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
