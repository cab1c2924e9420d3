//! The playback of a recording: the keys that control it, and the progress bar.

use jiff::SignedDuration;

use crate::tui::seek_time::SeekTarget;
use crate::view;
use crate::view::primitives::text;
use crate::view::{Glyphs, Line, Style};

/// A key, or a typed time, that controls the playback.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PlaybackKey {
    /// Pauses time, or continues.
    TogglePause,
    /// Moves back by 5 % of the recording.
    SeekBack,
    /// Moves forward by 5 % of the recording.
    SeekForward,
    /// Moves to the time that the user typed.
    SeekTo(SeekTarget),
    /// Halves the speed.
    Slower,
    /// Doubles the speed.
    Faster,
}

/// The state of the playback.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlaybackStatus {
    /// The time since the start of the recording.
    pub passed: SignedDuration,
    /// The length of the recording.
    pub length: SignedDuration,
    /// Recorded seconds per second.
    pub speed: f64,
    /// Whether time is paused.
    pub is_paused: bool,
    /// The times of failures, as shares of the recording from 0 to 1.
    pub failures: Vec<f64>,
}

/// Composes the progress bar: `▶ 4×  ━━━━━━●──✗────✗──  12s of 54s`.
pub(crate) fn compose_progress_bar(status: &PlaybackStatus, columns: usize, glyphs: &Glyphs) -> Line {
    let is_ascii = *glyphs == Glyphs::ASCII;
    let [played, rest, knob] = if is_ascii { ['=', '-', 'o'] } else { ['━', '─', '●'] };
    // The speed is computed from the length of the recording, so it may have many digits.
    let speed = format!("{}{}", (status.speed * 100.0).round() / 100.0, glyphs.times);
    let state = if status.is_paused { format!("paused {speed}") } else { format!("{} {speed}", glyphs.now) };
    let times = format!("{} of {}", view::format_elapsed(status.passed), view::format_elapsed(status.length));
    let mut line = Line::new(state, if status.is_paused { Style::Warning } else { Style::Now });
    line.push("  ", Style::Text);
    let width = columns.saturating_sub(line.width() + text::width(&times) + 2);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share between 0 and 1 of a number of columns"
    )]
    let column_of = |share: f64| (share.clamp(0.0, 1.0) * width.saturating_sub(1) as f64).round() as usize;
    let length = status.length.as_secs_f64();
    let position = column_of(if length > 0.0 { status.passed.as_secs_f64() / length } else { 1.0 });
    let failures: Vec<usize> = status.failures.iter().map(|&share| column_of(share)).collect();
    for column in 0..width {
        // The position hides a failure at the same column, and the colour of the failure stays.
        let has_failed = failures.contains(&column);
        let glyph = match column {
            _ if column == position => knob,
            _ if has_failed => glyphs.failed,
            _ if column < position => played,
            _ => rest,
        };
        let style = match column {
            _ if has_failed => Style::Failure,
            _ if column <= position => Style::Strong,
            _ => Style::Dim,
        };
        line.push(glyph, style);
    }
    line.push(format!("  {times}"), Style::Dim);
    line.shorten_end(columns, glyphs.ellipsis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_bar_shows_the_position_and_the_failures() {
        let mut status = PlaybackStatus {
            passed: SignedDuration::from_secs(27),
            length: SignedDuration::from_secs(54),
            speed: 4.0,
            is_paused: false,
            failures: vec![0.25, 0.75],
        };
        let plain = |status: &PlaybackStatus, glyphs| compose_progress_bar(status, 40, glyphs).plain();
        assert_eq!(plain(&status, &Glyphs::UNICODE), "▶ 4×  ━━━━━✗━━━━━●────✗─────  27s of 54s");
        status.is_paused = true;
        assert_eq!(plain(&status, &Glyphs::ASCII), "paused 4x  ====X===o---X----  27s of 54s");
    }
}
