//! Connects the keys of the screen with the playback of a recording.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::app::run_options::Playback;
use crate::source::recording::{PlaybackCommand, PlaybackControls};
use crate::tui::playback::{PlaybackKey, PlaybackStatus};
use crate::tui::seek_time::SeekTarget;

/// The share of a recording by which an arrow key moves the playback.
const SEEK_SHARE: f64 = 0.05;

/// Returns the command that a key gives to the playback. `zone` is the zone of the clock times on the axis.
pub(crate) fn playback_command(
    key: PlaybackKey,
    controls: &PlaybackControls,
    zone: Option<&TimeZone>,
) -> PlaybackCommand {
    match key {
        PlaybackKey::TogglePause => PlaybackCommand::TogglePause,
        PlaybackKey::SeekBack => PlaybackCommand::Seek(-SEEK_SHARE),
        PlaybackKey::SeekForward => PlaybackCommand::Seek(SEEK_SHARE),
        PlaybackKey::SeekTo(target) => {
            let start = controls.start.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC));
            PlaybackCommand::SeekTo(time_of_target(target, &start, controls.end))
        }
        PlaybackKey::Slower => PlaybackCommand::ChangeSpeed(0.5),
        PlaybackKey::Faster => PlaybackCommand::ChangeSpeed(2.0),
    }
}

/// The time that the user typed. A clock time means the day on which the recording started or the next day, whichever is
/// nearer to the recording.
fn time_of_target(target: SeekTarget, start: &Zoned, end: Timestamp) -> Timestamp {
    let first = start.timestamp();
    match target {
        SeekTarget::Elapsed(elapsed) => first.saturating_add(elapsed).unwrap_or(end).min(end),
        SeekTarget::Share(share) => {
            let passed = SignedDuration::try_from_secs_f64(end.duration_since(first).as_secs_f64() * share);
            first.saturating_add(passed.unwrap_or_default()).unwrap_or(end)
        }
        SeekTarget::Clock(time) => {
            let on_day = |days: i64| {
                let day = start.date().checked_add(Span::new().days(days)).ok()?;
                let at = day.to_datetime(time).to_zoned(start.time_zone().clone()).ok()?;
                Some(at.timestamp())
            };
            let distance = |at: &Timestamp| at.duration_since((*at).clamp(first, end)).abs();
            [0, 1].into_iter().filter_map(on_day).min_by_key(distance).unwrap_or(first)
        }
    }
}

/// Returns the state of the playback at this time.
pub(crate) fn playback_status(playback: &Playback, now: Timestamp) -> PlaybackStatus {
    let controls = &playback.controls;
    PlaybackStatus {
        passed: now.duration_since(controls.start),
        length: controls.end.duration_since(controls.start),
        speed: controls.speed(),
        is_paused: controls.is_paused(),
        failures: playback.failures.iter().map(|&at| controls.share_before(at)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Time;

    use super::*;

    #[test]
    fn a_typed_time_is_a_time_of_the_recording() {
        let start: Zoned = "2026-11-25T23:50:10+01:00[Europe/Berlin]".parse().unwrap();
        let end: Timestamp = "2026-11-25T23:30:00Z".parse().unwrap();
        let at = |target| time_of_target(target, &start, end).to_string();
        let clock = |hour, minute| SeekTarget::Clock(Time::constant(hour, minute, 0, 0));
        assert_eq!(at(SeekTarget::Elapsed(SignedDuration::from_secs(90))), "2026-11-25T22:51:40Z");
        assert_eq!(at(SeekTarget::Elapsed(SignedDuration::MAX)), "2026-11-25T23:30:00Z");
        assert_eq!(at(SeekTarget::Share(0.5)), "2026-11-25T23:10:05Z");
        assert_eq!(at(clock(23, 55)), "2026-11-25T22:55:00Z");
        assert_eq!(at(clock(0, 15)), "2026-11-25T23:15:00Z");
        assert_eq!(at(clock(0, 45)), "2026-11-25T23:45:00Z");
        assert_eq!(at(clock(22, 0)), "2026-11-25T21:00:00Z");
    }
}
