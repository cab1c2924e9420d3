//! The words behind the bar of a row: why the Pod waits, why it ended badly, or when its next try comes.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Lifecycle, Phase, PhaseKind, PodOutcome, Readiness};
use crate::timeline::{OpenRetry, PodKey, TimelinePod};
use crate::view::frame_cache::results::PodRows;
use crate::view::primitives::frame::Style;
use crate::view::primitives::{duration, text};
use crate::view::rows::container_text::{
    describe_cause, describe_last_kill, describe_open_wait, describe_reason, describe_stopping,
    describe_waiting_main, label_failed_init,
};
use crate::view::rows::end_text::describe_special_end;
use crate::view::rows::phase_text::{describe_next_try, describe_not_taken_up};
use crate::view::view_context::ViewContext;

/// The words of a row in several lengths, best first.
pub(crate) struct RowWords {
    pub(crate) texts: Vec<String>,
    pub(crate) style: Style,
}

impl RowWords {
    /// The words of the row whose latest Pod is `key`.
    pub(crate) fn for_row(context: &ViewContext<'_>, key: PodKey, rows: &PodRows) -> Option<Self> {
        let own = match rows.open_wait_after(key) {
            Some(open) => Some(Self::for_next_try(open, context.now)),
            None => Self::for_pod(context, key),
        };
        if rows.earlier_attempts(key).is_empty() {
            return own;
        }
        let try_mark = describe_try(context, key);
        let mut texts = Vec::new();
        if let Some(own) = &own {
            texts.extend(
                own.texts.iter().map(|words| format!("{try_mark}{}{words}", context.glyphs.separator)),
            );
        }
        texts.push(try_mark);
        Some(Self { texts, style: own.map_or(Style::Dim, |own| own.style) })
    }

    /// When the next attempt is expected, in a long and a short form.
    fn for_next_try(open: &OpenRetry, now: Timestamp) -> Self {
        let left = open.expected.map(|expected| expected.duration_since(now));
        let left = left.filter(SignedDuration::is_positive);
        let short = left.map(|left| format!("~{}", duration::format_elapsed(left)));
        let texts = std::iter::once(describe_next_try(open, now)).chain(short).collect();
        Self { texts, style: Style::BackOff }
    }

    /// Why a Pod waits or ended badly.
    fn for_pod(context: &ViewContext<'_>, key: PodKey) -> Option<Self> {
        let pod = context.timeline.pod(key);
        if let Some(words) = describe_special_end(context.timeline, key, context.state.clock.as_ref()) {
            let style = if pod.overview().is_lost { Style::Warning } else { Style::Terminating };
            return Some(Self { texts: with_shorter_ends(words), style });
        }
        if let Some(words) = describe_not_taken_up(&pod, context.now) {
            let short = words.split_once(" has ").map(|(_, short)| short.replace(" it", ""));
            let texts = [words].into_iter().chain(short).chain(["not taken up".to_owned()]).collect();
            return Some(Self { texts, style: Style::Warning });
        }
        let words = Self::for_reason(&pod)?;
        let style = if pod.overview().was_stopped() { Style::Terminating } else { words.style };
        Some(Self { style, ..words })
    }

    /// Why the Pod waits now, why it ended badly, or the sidecar that keeps it from ending.
    fn for_reason(pod: &TimelinePod) -> Option<Self> {
        let life = &pod.life;
        let warning = |words: String| Self { texts: vec![words], style: Style::Warning };
        if let Some(wait) = describe_stopping(life) {
            return Some(Self { texts: vec![wait], style: Style::Terminating });
        }
        if let Some(wait) = describe_waiting_main(life) {
            let style = if life.is_crash_looping() { Style::Failure } else { Style::Warning };
            let mut texts = with_cause(wait, life);
            texts.extend(life.is_crash_looping().then(|| "crash loop".to_owned()));
            return Some(Self { texts, style });
        }
        if let Some(failed) = label_failed_init(life) {
            let style = if life.outcome.has_failed() { Style::Failure } else { Style::Warning };
            return Some(Self { texts: vec![failed], style });
        }
        if life.open_phase().is_some_and(|open| open.kind == PhaseKind::PullFailing) {
            let cause = describe_cause(life).map(|cause| format!("cannot pull: {cause}"));
            let words = cause.unwrap_or_else(|| "cannot pull".into());
            return Some(Self { texts: with_cause(words, life), style: Style::Failure });
        }
        let of_phase = || {
            let reason = life.open_phase().and_then(Phase::wait_reason);
            reason.map(|reason| text::clean(reason).into_owned())
        };
        let wait = if life.instants.work_started.is_none() { describe_open_wait(life) } else { of_phase() };
        if let Some(words) = wait {
            return Some(Self { texts: with_cause(words, life), style: Style::Warning });
        }
        if let Some(cause) = describe_last_kill(life).filter(|_| !life.outcome.has_ended()) {
            let short = cause.split_once(": ").map(|(probe, _)| probe.to_owned());
            let texts = [cause].into_iter().chain(short).chain(["probe failed".to_owned()]).collect();
            return Some(Self { texts, style: Style::Failure });
        }
        let reason = life.reason.as_deref().filter(|reason| !matches!(*reason, "Error" | "Completed"));
        let described = reason.and_then(|_| describe_reason(life));
        if life.gone {
            let described = described.filter(|_| reason != Some("Deleted"));
            return Some(warning(described.map_or("gone".into(), |reason| format!("gone: {reason}"))));
        }
        let ended_badly = matches!(life.outcome, PodOutcome::Deleted | PodOutcome::Unknown);
        if !ended_badly && !life.outcome.has_failed() {
            return None;
        }
        let style = if life.outcome == PodOutcome::Deleted { Style::Terminating } else { Style::Failure };
        let cause = || describe_cause(life).map(Cow::into_owned);
        let other = || match (life.outcome == PodOutcome::NeverStarted, life.readiness) {
            (true, _) => Some("never started".to_owned()),
            (false, Readiness::NotYet) => Some("never ready".to_owned()),
            (false, Readiness::NotProbed | Readiness::Ready | Readiness::Lost) => None,
        };
        let words = described.or_else(cause).or_else(other)?;
        Some(Self { texts: with_cause(words, life), style })
    }
}

/// The words about a Pod that did not end by itself, and shorter forms: without the reason, without the time, and
/// without the object: `stopped by job/pi: suspended`, `stopped by job/pi`, `stopped`.
fn with_shorter_ends(words: String) -> Vec<String> {
    let without_reason = words.split(": ").next().unwrap_or_default();
    let without_time = without_reason.split(" since ").next().unwrap_or_default();
    let shortest = match without_time.split_once(", ") {
        Some((_, not_counted)) => not_counted,
        None => {
            without_time.split(" by ").next().and_then(|end| end.split(" with ").next()).unwrap_or_default()
        }
    };
    let shorter = [without_reason, without_time, shortest].map(str::to_owned);
    std::iter::once(words).chain(shorter).collect()
}

/// These words, and as a shorter form the cause alone.
fn with_cause(words: String, life: &Lifecycle) -> Vec<String> {
    let cause = describe_cause(life).map(Cow::into_owned).filter(|cause| *cause != words);
    std::iter::once(words).chain(cause).collect()
}

/// Names the attempt that the numbers of a row belong to: `try 2 of 3` if the number of attempts is limited for each
/// index, otherwise `try 2`.
fn describe_try(context: &ViewContext<'_>, key: PodKey) -> String {
    let attempt = context.timeline.identity(key).attempt;
    let limit = context.timeline.workload_of(key).and_then(|workload| workload.max_attempts_per_index);
    match limit.filter(|limit| *limit >= attempt) {
        Some(limit) => format!("try {attempt} of {limit}"),
        None => format!("try {attempt}"),
    }
}

/// The width of the words of a Pod, with a blank before and behind them. The words about a next try are not measured,
/// because they have a short form.
pub(crate) fn words_width(context: &ViewContext<'_>, key: PodKey) -> usize {
    let words = RowWords::for_pod(context, key);
    let width = words.and_then(|words| words.texts.first().map(|words| text::width(words)));
    let is_retried =
        context.timeline.identity(key).index.is_some() && context.timeline.identity(key).attempt > 1;
    let try_mark = if is_retried { text::width(&describe_try(context, key)) + 3 } else { 0 };
    width.map_or(try_mark, |width| width + 1 + try_mark)
}
