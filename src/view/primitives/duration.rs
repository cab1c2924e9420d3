//! Durations as text. The model writes them too, so the code is in `lifecycle`.

use jiff::SignedDuration;

pub(crate) use crate::lifecycle::{
    MAX_DURATION_WIDTH as MAX_WIDTH, USUAL_DURATION_WIDTH as USUAL_WIDTH, format_elapsed,
    format_elapsed_millis, format_exact, format_ranged,
};

/// From this number of milliseconds on, a duration is written in whole seconds.
const MIN_FOR_SECONDS: i64 = 60_000;

/// Writes a duration: with tenths below a minute, in whole seconds above.
pub(crate) fn format_duration(millis: i64) -> String {
    if millis == 0 {
        "0.0s".to_owned()
    } else if millis < MIN_FOR_SECONDS {
        format_exact(SignedDuration::from_millis(millis))
    } else {
        format_elapsed_millis(millis)
    }
}
